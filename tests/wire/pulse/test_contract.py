"""Pulse Cam: the contract of its document, row by row."""

import hashlib

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Place, Space
from tests.wire.conftest import Person
from tests.wire.pulse.calls import MIB, NAME, begin, finalize, send
from tests.wire.tus_client import Tus, path_of

MARKS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, PATCH, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": (
        "Content-Type, Upload-Length, Upload-Offset, Tus-Resumable, X-Upload-Token"
    ),
    "Access-Control-Expose-Headers": (
        "Location, Upload-Offset, Upload-Length, Tus-Resumable"
    ),
}


class TestContract:
    """Rows P1 to P11 of the contract."""

    def test_p1_creation_needs_only_a_length(self, tus: Tus) -> None:
        """201 with a Location whose last part is a UUID, and no body."""
        answer = begin(tus, 5)

        assert answer.body == b""
        assert answer.headers["Tus-Resumable"] == "1.0.0"
        assert "Upload-Offset" not in answer.headers
        head, _, upload_id = path_of(answer).rpartition("/")
        assert (head, len(upload_id)) == ("/uploads", 36)

    def test_p2_pieces_move_the_offset(self, tus: Tus) -> None:
        """204 with the new offset and an HTTP date of expiry."""
        path = path_of(begin(tus, 2 * MIB))

        answer = tus.patch(path, 0, b"x" * MIB)

        assert answer.headers["Upload-Offset"] == str(MIB)
        assert answer.headers["Tus-Resumable"] == "1.0.0"
        assert answer.headers["Upload-Expires"].endswith(" GMT")

    def test_p3_unknown_upload(self, tus: Tus) -> None:
        """404 without a body."""
        for name in ("0", "finalize", "11111111-2222-4333-8444-555555555555"):
            answer = tus.patch(f"/uploads/{name}", 0, b"x", status="4*")
            assert answer.status_int == (405 if name == "finalize" else 404)
            assert name == "finalize" or answer.body == b""

    def test_p4_wrong_offset(self, tus: Tus) -> None:
        """409 in JSON, with the offset that the app's next try needs."""
        path = path_of(begin(tus, 10))
        tus.patch(path, 0, b"12345")

        answer = tus.patch(path, 0, b"12345", status=409)

        assert answer.json == {"error": "Offset mismatch"}
        assert answer.headers["Upload-Offset"] == "5"
        assert tus.offset(path) == 5

    def test_p5_head(self, tus: Tus) -> None:
        """Offset and length; without Tus-Resumable too, as the document's server."""
        path = path_of(begin(tus, 10))
        tus.patch(path, 0, b"12345")

        answer = tus.head(path, Tus_Resumable=None)

        assert answer.headers["Upload-Offset"] == "5"
        assert answer.headers["Upload-Length"] == "10"
        assert answer.headers["Tus-Resumable"] == "1.0.0"
        assert answer.headers["Cache-Control"] == "no-store"
        tus.head("/uploads/11111111-2222-4333-8444-555555555555", status=404)

    def test_p6_finalize_makes_the_file(
        self, app: TestApp, tus: Tus, token: str, admin: Person
    ) -> None:
        """The answer names id, size and SHA-256; the file is where the token says."""
        content = b"v" * (2 * MIB + 77)
        upload_id = send(tus, content)

        answer = finalize(app, upload_id, token)

        assert answer.json == {
            "videoId": upload_id,
            "status": "complete",
            "size": len(content),
            "checksum": f"sha256:{hashlib.sha256(content).hexdigest()}",
        }
        found = app.get(f"/dav/files/admin/Films/{NAME}", headers=admin.basic)
        assert found.body == content
        assert found.headers["Content-Type"].startswith("video/mp4")

    def test_p7_wrong_token(self, app: TestApp, tus: Tus) -> None:
        """401 for no token, a wrong one, and one of another kind."""
        upload_id = send(tus, b"12345")

        for token in (None, "x", "a.b.c", "x" * 5000):
            answer = finalize(app, upload_id, token, status=401)
            assert answer.json == {"error": "Invalid token"}

    def test_p8_unknown_upload(self, app: TestApp, token: str) -> None:
        """404 in JSON."""
        for upload_id in ("abc-123", "11111111-2222-4333-8444-555555555555", ""):
            answer = finalize(app, upload_id, token, status=404)
            assert answer.json == {"error": "Upload not found"}

    def test_p9_health(self, app: TestApp) -> None:
        """For whoever asks."""
        assert app.get("/health").json == {"status": "OK"}
        app.head("/health", status=200)
        app.post("/health", status=405)

    @pytest.mark.parametrize("url", ["/uploads", "/uploads/finalize", "/uploads/x"])
    def test_p10_cors(self, app: TestApp, url: str) -> None:
        """OPTIONS is 204 with the document's lists, on every URL."""
        answer = app.options(url, status=204)

        assert dict(answer.headers).items() >= MARKS.items()
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert answer.headers["Tus-Version"] == "1.0.0"

    def test_p10_every_answer_has_the_lists(self, app: TestApp) -> None:
        """As the document's server sends them; a page can read why it was refused."""
        health, refused = app.get("/health"), app.get("/uploads/x", status=405)

        for answer in (health, refused):
            assert dict(answer.headers).items() >= MARKS.items()

    def test_p11_a_lost_answer_costs_no_retry(self, tus: Tus) -> None:
        """Told the offset by 409, the app goes on from there."""
        path = path_of(begin(tus, 2 * MIB))
        tus.patch(path, 0, b"a" * MIB)  # its answer never arrives

        refused = tus.patch(path, 0, b"a" * MIB, status=409)
        offset = int(refused.headers["Upload-Offset"])

        assert tus.patch(path, offset, b"b" * MIB).headers["Upload-Offset"] == str(
            2 * MIB
        )


class TestTus:
    """What tus asks for beyond the document."""

    def test_version_length_and_type(self, tus: Tus) -> None:
        """412, 400 and 415, in JSON, with nothing stored."""
        path = path_of(begin(tus, 5))

        for answer in (
            tus.create(5, None, Tus_Resumable=None, status=412),
            tus.create(5, None, Tus_Resumable="0.2", status=412),
            tus.create(None, None, status=400),
            tus.create("-1", None, status=400),
            tus.create(None, None, Upload_Defer_Length="1", status=400),
            tus.patch(path, 0, b"1", Content_Type="video/mp4", status=415),
            tus.patch(path, None, b"1", status=400),
            tus.patch(path, 0, b"1", Tus_Resumable="2", status=412),
        ):
            assert set(answer.json) == {"error"}
            assert answer.headers["Tus-Resumable"] == "1.0.0"
        assert tus.offset(path) == 0

    def test_body_beyond_the_length(self, tus: Tus) -> None:
        """413, and nothing of it is kept."""
        path = path_of(begin(tus, 5))

        tus.patch(path, 0, b"123456", status=413)

        assert tus.offset(path) == 0

    def test_uploads_cannot_be_deleted_or_read(self, app: TestApp, tus: Tus) -> None:
        """The document knows no DELETE."""
        path = path_of(begin(tus, 5))

        answer = tus.delete(path, status=405)

        assert answer.headers["Allow"] == "OPTIONS, HEAD, PATCH"
        app.get(path, status=405)
        tus.delete("/uploads/finalize", status=405)
        tus.head("/uploads/finalize", status=405)

    def test_first_bytes_may_come_with_the_creation(self, tus: Tus) -> None:
        """As announced; the upload still waits for its end to be told."""
        answer = tus.create(5, None, body=b"12345")

        assert answer.headers["Upload-Offset"] == "5"


def test_files_are_ordinary_files(
    *, app: TestApp, tus: Tus, token: str, library: Library, admin: Person, home: Space
) -> None:
    """Counted, in the change log, and versioned when they are overwritten."""
    before = library.catalog.get(admin.actor, home.id)
    root = library.tree.get(admin.actor, Place(home.id))
    since = library.changes.token(admin.actor, root.node)
    finalize(app, send(tus, b"12345"), token, "a.mp4")

    page = library.changes.since(admin.actor, root.node, since, limit=100)
    quota = library.catalog.get(admin.actor, home.id).quota
    assert quota.used == before.quota.used + 5
    assert "Films/a.mp4" in {path for path, _ in page.changed}
    url = "/dav/files/admin/Films/a.mp4"
    app.put(url, b"second", headers=admin.basic, status=204)
    node = library.tree.get(admin.actor, Place(home.id, ("Films", "a.mp4"))).node
    assert len(library.versions.list(admin.actor, node.id)) == 1
