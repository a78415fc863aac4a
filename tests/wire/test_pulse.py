"""Pulse Cam: the contract of its document, row by row, and what lies beside it."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from urllib.parse import parse_qs, urlsplit
from wsgiref.types import WSGIApplication

import pytest
from webtest import TestApp, TestResponse

from ocsync.auth.upload_tokens import UploadTokens
from ocsync.datadir import read_secrets
from ocsync.dialects.issuing import TokenIssuer
from ocsync.redaction import Redactor
from ocsync.settings import Settings, load_settings
from spaces.clock import HOUR
from spaces.errors import Forbidden, SpaceNotFound
from spaces.ids import UploadId
from spaces.library import Library
from spaces.model import Place, Role, Space
from spaces.upload_model import UploadState
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus, path_of

MIB = 1024 * 1024
NAME = "draft-f47ac10b-58cc-4372-a567-0e02b2c3d479.mp4"


@pytest.fixture
def overrides() -> dict[str, object]:
    """A pool for uploads without a token, as the app needs it."""
    return {
        "pulse.pool_size": "8MB",
        "pulse.pool_size_per_address": "6MB",
        "pulse.pool_size_per_upload": "4MB",
    }


@pytest.fixture
def tus(app: TestApp) -> Tus:
    """A client without credentials, as the app is one."""
    return Tus(app, "/uploads")


@pytest.fixture
def issuer(settings: Settings, library: Library) -> TokenIssuer:
    """Makes tokens as the command line does."""
    return TokenIssuer(
        settings=settings.pulse,
        catalog=library.catalog,
        tokens=UploadTokens(
            keys=read_secrets(settings).url_keys, clock=library.uploads.now
        ),
        audit=library.audit,
    )


@pytest.fixture
def token(issuer: TokenIssuer, admin: Person, home: Space) -> str:
    """A token of the admin's for the folder `Films`."""
    return issuer.issue(admin.actor, server="http://localhost", folder="Films").token


def begin(tus: Tus, length: int, *, status: int = 201) -> TestResponse:
    """Create an upload as the app does: with a length and nothing else."""
    return tus.create(length, None, status=status)


def send(tus: Tus, content: bytes) -> str:
    """Send a whole upload in pieces of 1 MiB; its id."""
    path, offset = path_of(begin(tus, len(content))), 0
    while offset < len(content):
        answer = tus.patch(path, offset, content[offset : offset + MIB])
        offset = int(answer.headers["Upload-Offset"])
    return path.rpartition("/")[2]


def finalize(
    app: TestApp,
    upload_id: object,
    token: str | None,
    name: object = NAME,
    *,
    status: int | str = 200,
    in_body: str | None = None,
) -> TestResponse:
    """The app's last request."""
    content = {"uploadId": upload_id, "filename": name, "userId": "anonymous"}
    if in_body is not None:
        content["uploadToken"] = in_body
    headers = {} if token is None else {"X-Upload-Token": token}
    return app.post_json("/uploads/finalize", content, headers=headers, status=status)


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

        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert (
            answer.headers["Access-Control-Allow-Methods"]
            == "GET, POST, PATCH, HEAD, OPTIONS"
        )
        assert answer.headers["Access-Control-Allow-Headers"] == (
            "Content-Type, Upload-Length, Upload-Offset, Tus-Resumable, X-Upload-Token"
        )
        assert answer.headers["Access-Control-Expose-Headers"] == (
            "Location, Upload-Offset, Upload-Length, Tus-Resumable"
        )
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert answer.headers["Tus-Version"] == "1.0.0"

    def test_p10_marks_are_on_refusals_too(self, app: TestApp) -> None:
        """A page can read why it was refused."""
        answer = app.get("/uploads/x", status=405)

        assert answer.headers["Access-Control-Allow-Origin"] == "*"

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


class TestFinalizing:
    """The request that makes the file."""

    def test_empty_file(self, app: TestApp, tus: Tus, token: str) -> None:
        """No bytes are a file too."""
        upload_id = send(tus, b"")

        assert finalize(app, upload_id, token).json["size"] == 0

    def test_incomplete(self, app: TestApp, tus: Tus, token: str) -> None:
        """409 with the offset; afterwards the upload goes on."""
        path = path_of(begin(tus, 10))
        tus.patch(path, 0, b"12345")
        upload_id = path.rpartition("/")[2]

        answer = finalize(app, upload_id, token, status=409)
        tus.patch(path, 5, b"67890")

        assert answer.json == {"error": "Upload incomplete"}
        assert answer.headers["Upload-Offset"] == "5"
        assert finalize(app, upload_id, token).json["size"] == 10

    def test_twice_is_the_same_answer(self, app: TestApp, tus: Tus, token: str) -> None:
        """A lost answer can be fetched again; another name is a conflict."""
        upload_id = send(tus, b"12345")

        first = finalize(app, upload_id, token)
        second = finalize(app, upload_id, token)
        other = finalize(app, upload_id, token, "other.mp4", status=409)

        assert first.json == second.json
        assert "another name" in other.json["error"]

    def test_a_name_that_is_taken(
        self, app: TestApp, tus: Tus, token: str, admin: Person
    ) -> None:
        """409, nothing is overwritten, and the upload can get another name."""
        finalize(app, send(tus, b"first"), token, "a.mp4")
        upload_id = send(tus, b"other")

        answer = finalize(app, upload_id, token, "a.mp4", status=409)
        finalize(app, upload_id, token, "b.mp4")

        assert answer.json == {"error": "File already exists"}
        for name, content in (("a.mp4", b"first"), ("b.mp4", b"other")):
            url = f"/dav/files/admin/Films/{name}"
            assert app.get(url, headers=admin.basic).body == content

    def test_two_finalize_the_same_name_at_once(
        self, library: Library, wsgi_app: WSGIApplication, tus: Tus, token: str
    ) -> None:
        """One gets it; the bytes of the other are not lost."""
        ids = [send(tus, b"one"), send(tus, b"two")]
        barrier = Barrier(2)

        def run(upload_id: str) -> int:
            barrier.wait()
            app = TestApp(wsgi_app)
            answer = finalize(app, upload_id, token, "a.mp4", status="*")
            return int(answer.status_int)

        with ThreadPoolExecutor(2) as pool:
            statuses = list(pool.map(run, ids))

        assert sorted(statuses) == [200, 409]
        loser = ids[statuses.index(409)]
        finalize(TestApp(wsgi_app), loser, token, "b.mp4")

    def test_f14_many_finalize_the_same_upload_at_once(
        self, wsgi_app: WSGIApplication, tus: Tus, token: str, library: Library
    ) -> None:
        """One file, one change, the same answer for all."""
        upload_id = send(tus, b"12345")
        barrier = Barrier(8)

        def run(_: int) -> object:
            barrier.wait()
            return finalize(TestApp(wsgi_app), upload_id, token).json

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(run, range(8)))

        assert all(answer == answers[0] for answer in answers)

    @pytest.mark.parametrize(
        "name",
        [
            "../evil.mp4",
            "a/b.mp4",
            "/etc/passwd",
            "..",
            ".",
            "a\\b.mp4",
            "a\0.mp4",
            "a\n.mp4",
            "",
            " ",
            "x" * 256,
        ],
    )
    def test_a_path_is_no_name(
        self, app: TestApp, tus: Tus, token: str, name: str
    ) -> None:
        """400, and the upload can still be finalised."""
        upload_id = send(tus, b"12345")

        answer = finalize(app, upload_id, token, name, status=400)

        assert answer.json == {"error": "Invalid filename"}
        finalize(app, upload_id, token)

    def test_what_is_no_request(self, app: TestApp, token: str) -> None:
        """400 for JSON that makes no sense, 415 for other types, 413 for too much."""
        url, auth = "/uploads/finalize", {"X-Upload-Token": token}
        for body in (b"", b"{", b"[]", b'{"uploadId": 5}', b"\xff"):
            headers = {**auth, "Content-Type": "application/json"}
            answer = app.post(url, body, headers=headers, status=400)
            assert answer.json == {"error": "Invalid request"}
        app.post(url, b"a=b", headers=auth, status=415)
        headers = {**auth, "Content-Type": "application/json"}
        app.post(url, b" " * 70_000, headers=headers, status=413)
        app.get(url, status=405)
        finalize(app, ["x"], token, status=400)

    def test_the_header_wins(self, app: TestApp, tus: Tus, token: str) -> None:
        """Over the token in the body, which is enough by itself."""
        upload_id = send(tus, b"12345")

        finalize(app, upload_id, "wrong", in_body=token, status=401)
        finalize(app, upload_id, None, in_body=token)
        finalize(app, upload_id, token, in_body="wrong")

    def test_user_is_only_a_label(
        self, app: TestApp, tus: Tus, token: str, library: Library, admin: Person
    ) -> None:
        """It is kept, and decides nothing."""
        upload_id = send(tus, b"12345")

        finalize(app, upload_id, token)

        upload = library.uploads.get(UploadId(upload_id))
        assert (upload.label, upload.owner_id) == ("anonymous", admin.actor.user_id)


class TestTokens:
    """Who may finalise what."""

    def test_a_token_serves_many_uploads(
        self, app: TestApp, tus: Tus, token: str
    ) -> None:
        """Until it expires."""
        for name in ("a.mp4", "b.mp4"):
            finalize(app, send(tus, b"12345"), token, name)

    def test_expired(
        self, app: TestApp, tus: Tus, issuer: TokenIssuer, admin: Person, home: Space
    ) -> None:
        """401 once its time is up."""
        age = timedelta(seconds=-1)
        old = issuer.issue(admin.actor, server="http://x", age=age).token

        answer = finalize(app, send(tus, b"12345"), old, status=401)

        assert answer.json == {"error": "Invalid token"}

    def test_signed_by_another_server(
        self, app: TestApp, tus: Tus, library: Library, admin: Person, home: Space
    ) -> None:
        """401, however well formed."""
        other = TokenIssuer(
            settings=Settings().pulse,
            catalog=library.catalog,
            tokens=UploadTokens(keys=[b"x" * 32], clock=library.uploads.now),
            audit=library.audit,
        )
        forged = other.issue(admin.actor, server="http://x").token

        finalize(app, send(tus, b"12345"), forged, status=401)

    def test_the_largest_size(
        self, app: TestApp, tus: Tus, issuer: TokenIssuer, admin: Person, home: Space
    ) -> None:
        """413 at finalize, and at a creation with the token."""
        small = issuer.issue(admin.actor, server="http://x", max_bytes=4).token

        finalize(app, send(tus, b"12345"), small, status=413)
        tus.create(5, None, X_Upload_Token=small, status=413)
        finalize(app, send(tus, b"1234"), small)

    def test_rights_are_asked_when_it_is_used(
        self,
        *,
        app: TestApp,
        tus: Tus,
        issuer: TokenIssuer,
        library: Library,
        admin: Person,
        alice: Person,
    ) -> None:
        """A maker who may no longer write has made no use of it."""
        space = library.catalog.create_project(admin.actor, "Orbit")
        library.catalog.set_member(
            admin.actor, space.id, alice.actor.user_id, Role.EDITOR
        )
        token = issuer.issue(alice.actor, server="http://x", space=space.alias).token
        finalize(app, send(tus, b"1"), token, "a.mp4")

        library.catalog.set_member(
            admin.actor, space.id, alice.actor.user_id, Role.VIEWER
        )
        finalize(app, send(tus, b"2"), token, "b.mp4", status=403)
        library.catalog.remove_member(admin.actor, space.id, alice.actor.user_id)
        finalize(app, send(tus, b"3"), token, "c.mp4", status=404)
        library.accounts.disable(alice.actor.user_id)
        finalize(app, send(tus, b"4"), token, "d.mp4", status=401)

    def test_someone_elses_upload(
        self,
        *,
        app: TestApp,
        tus: Tus,
        issuer: TokenIssuer,
        library: Library,
        token: str,
        alice: Person,
    ) -> None:
        """What began or ended with one token is not there for that of another."""
        foreign = issuer.issue(alice.actor, server="http://x").token
        begun = path_of(tus.create(5, None, body=b"12345", X_Upload_Token=token))
        upload_id = begun.rpartition("/")[2]

        finalize(app, upload_id, foreign, status=404)
        finalize(app, upload_id, token)
        finalize(app, upload_id, foreign, status=404)

    def test_creation_with_a_token(
        self, tus: Tus, token: str, library: Library, admin: Person, home: Space
    ) -> None:
        """It holds the space's quota instead of the pool's, by either header."""
        tus.create(7_000_000, None, X_Upload_Token=token)
        tus.create(5, None, Authorization=f"Bearer {token}")
        tus.create(5, None, X_Upload_Token="wrong", status=401)

        assert library.catalog.get(admin.actor, home.id).quota.reserved == 7_000_005

    def test_issuing_over_http(
        self, app: TestApp, tus: Tus, admin: Person, alice: Person, home: Space
    ) -> None:
        """Whoever is logged in gets a token for a folder of theirs, and its link."""
        app.post_json("/uploads/tokens", {}, status=401)
        answer = app.post_json(
            "/uploads/tokens",
            {"folder": "Films/2026", "maxSize": 100, "expiresIn": 60},
            headers=alice.basic,
            status=201,
        )

        query = parse_qs(urlsplit(answer.json["link"]).query)
        assert answer.json["link"].startswith("pulsecam://?mode=upload&draftId=")
        assert query["server"] == ["http://localhost"]
        assert query["token"] == [answer.json["token"]]
        finalize(app, send(tus, b"12345"), answer.json["token"], "a.mp4")
        url = "/dav/files/alice/Films/2026/a.mp4"
        assert app.get(url, headers=alice.basic).body == b"12345"

    @pytest.mark.parametrize(
        "content",
        [
            {"folder": "../x"},
            {"folder": 5},
            {"maxSize": "big"},
            {"expiresIn": -1},
            {"expiresIn": True},
        ],
    )
    def test_mistakes_in_issuing(
        self, app: TestApp, alice: Person, content: dict[str, object]
    ) -> None:
        """400."""
        app.post_json("/uploads/tokens", content, headers=alice.basic, status=400)

    def test_only_where_one_may_write(
        self, issuer: TokenIssuer, library: Library, admin: Person, alice: Person
    ) -> None:
        """Not in others' spaces, and not as a viewer."""
        space = library.catalog.create_project(admin.actor, "Orbit")
        with pytest.raises(SpaceNotFound):
            issuer.issue(alice.actor, server="http://x", space=space.id)
        library.catalog.set_member(
            admin.actor, space.id, alice.actor.user_id, Role.VIEWER
        )
        with pytest.raises(Forbidden):
            issuer.issue(alice.actor, server="http://x", space=space.id)


class TestPool:
    """What uploads without a token may hold."""

    def test_bounds(self, tus: Tus, app: TestApp) -> None:
        """413 for one that is too large; 507 when address or pool is full."""
        begin(tus, 4_000_001, status=413)
        begin(tus, 4_000_000)
        begin(tus, 2_000_001, status=507)
        begin(tus, 2_000_000)
        begin(tus, 1, status=507)
        elsewhere = Tus(TestApp(app.app, {"REMOTE_ADDR": "192.0.2.7"}), "/uploads")
        begin(elsewhere, 2_000_001, status=507)
        begin(elsewhere, 2_000_000)

    def test_one_network_of_ipv6_is_one_address(self, app: TestApp) -> None:
        """Else one customer would have more addresses than there are bytes."""
        for host in ("1", "2"):
            there = TestApp(app.app, {"REMOTE_ADDR": f"2001:db8::{host}"})
            answer = Tus(there, "/uploads").create(4_000_000, None, status="*")
            assert answer.status_int == (201 if host == "1" else 507)

    def test_finalising_frees_the_pool_and_charges_the_space(
        self,
        *,
        app: TestApp,
        tus: Tus,
        token: str,
        library: Library,
        admin: Person,
        home: Space,
    ) -> None:
        """The bytes count where the file is."""
        upload_id = send(tus, b"x" * 4_000_000)
        finalize(app, upload_id, token)

        quota = library.catalog.get(admin.actor, home.id).quota
        assert (quota.used, quota.reserved) == (4_000_000, 0)
        begin(tus, 4_000_000)

    def test_quota_of_the_space(
        self,
        app: TestApp,
        tus: Tus,
        issuer: TokenIssuer,
        library: Library,
        admin: Person,
    ) -> None:
        """A full space refuses; the upload stays and can go elsewhere."""
        space = library.catalog.create_project(admin.actor, "Orbit", quota=4)
        full = issuer.issue(admin.actor, server="http://x", space=space.id).token
        upload_id = send(tus, b"12345")

        answer = finalize(app, upload_id, full, status=507)

        assert "error" in answer.json
        other = issuer.issue(admin.actor, server="http://x").token
        finalize(app, upload_id, other)


class TestWithoutAPool:
    """The defaults: nothing begins without a token."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Plain settings."""
        return {}

    def test_creation_needs_a_token(self, app: TestApp, tus: Tus, token: str) -> None:
        """401 without one."""
        answer = begin(tus, 5, status=401)
        created = tus.create(5, None, body=b"12345", X_Upload_Token=token)

        assert answer.json == {"error": "Upload token required"}
        finalize(app, path_of(created).rpartition("/")[2], token)


class TestExpiry:
    """With uploads that are kept for no time at all."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Expire at once."""
        return {"pulse.pool_size": "4MB", "pulse.idle": "0s"}

    def test_expired_uploads_are_gone(
        self, app: TestApp, tus: Tus, token: str, library: Library
    ) -> None:
        """404 everywhere, and sweeping frees the pool."""
        path = path_of(begin(tus, 0))
        upload_id = path.rpartition("/")[2]

        tus.head(path, status=404)
        tus.patch(path, 0, b"", status=404)
        answer = finalize(app, upload_id, token, status=404)
        library.uploads.sweep(HOUR)

        assert answer.json == {"error": "Upload not found"}
        state = library.uploads.get(UploadId(upload_id)).state
        assert state is UploadState.EXPIRED


class TestOff:
    """Switched off."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Off."""
        return {"pulse.enabled": False}

    def test_there_is_nothing(self, app: TestApp) -> None:
        """404 on every URL."""
        for url in ("/uploads", "/uploads/x", "/health", "/uploads/finalize"):
            app.get(url, status=404)


class TestElsewhere:
    """Under another prefix, in another folder, for chosen pages."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """All of these."""
        return {
            "pulse.prefix": "/pulse",
            "pulse.pool_size": "4MB",
            "pulse.folder": "From/Phones",
            "pulse.origins": "https://a.example",
        }

    def test_everything_moves(
        self, app: TestApp, issuer: TokenIssuer, admin: Person, home: Space
    ) -> None:
        """Locations and links name the prefix."""
        issued = issuer.issue(admin.actor, server="http://localhost")
        tus = Tus(app, "/pulse/uploads")
        path = path_of(tus.create(5, None, body=b"12345"))

        assert path.startswith("/pulse/uploads/")
        assert "server=http%3A%2F%2Flocalhost%2Fpulse&" in issued.link
        content = {"uploadId": path.rpartition("/")[2], "filename": "a.mp4"}
        headers = {"X-Upload-Token": issued.token}
        app.post_json("/pulse/uploads/finalize", content, headers=headers)
        app.get("/dav/files/admin/From/Phones/a.mp4", headers=admin.basic)
        app.get("/pulse/health", status=200)
        app.get("/health", status=404)

    def test_only_chosen_pages(self, app: TestApp) -> None:
        """Others are told nothing."""
        name = "Access-Control-Allow-Origin"
        for origin, allowed in (
            ("https://a.example", "https://a.example"),
            ("https://b.example", None),
        ):
            answer = app.options("/pulse/uploads", headers={"Origin": origin})
            assert answer.headers.get(name) == allowed
            assert answer.headers["Vary"] == "Origin"


def test_location_follows_the_proxy(wsgi_app: WSGIApplication, tus: Tus) -> None:
    """Behind a proxy that nobody told us of it is http, as the app expects."""
    answer = begin(tus, 5)

    assert answer.headers["Location"].startswith("http://localhost/uploads/")


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


def test_other_dialects_do_not_see_it(
    app: TestApp, tus: Tus, admin: Person, home: Space
) -> None:
    """An upload is there for its own dialect only."""
    path = path_of(begin(tus, 5))
    name = path.rpartition("/")[2]

    headers = {**admin.basic, "Tus-Resumable": "1.0.0"}
    app.head(f"/files/{name}", headers=headers, status=404)


@pytest.mark.parametrize("prefix", ["", "/cam/api"])
def test_log_shows_no_upload_id(prefix: str) -> None:
    """The id is the credential, wherever the uploads lie."""
    overrides = {"pulse.prefix": prefix}
    redactor = Redactor.of(load_settings(environ={}, overrides=overrides).settings)

    shown = redactor.path(f"{prefix}/uploads/0123456789abcdef")

    assert shown == f"{prefix}/uploads/01234567…"
