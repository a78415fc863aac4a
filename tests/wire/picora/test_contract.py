"""Picora: the contract of its document, row by row, and the public SDK's calls."""

import re

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Place, Space
from tests.wire.conftest import Person
from tests.wire.picora.calls import CHUNK, MISSING, begin, refuse, reserved, send
from tests.wire.tus_client import Tus, path_of


class TestContract:
    """Rows Q1 to Q9 of the contract."""

    @pytest.mark.parametrize("url", ["/v1/uploads", f"/v1/uploads/{MISSING}"])
    def test_q1_options_needs_no_key(self, app: TestApp, url: str) -> None:
        """Version, extensions and the largest size."""
        answer = app.options(url, status=204)

        assert answer.headers["Tus-Version"] == "1.0.0"
        assert answer.headers["Tus-Max-Size"] == "50000000000"
        extensions = answer.headers["Tus-Extension"].split(",")
        assert {"creation", "expiration", "termination"} <= set(extensions)
        assert "creation-defer-length" not in extensions

    def test_q2_creation(
        self, tus: Tus, library: Library, admin: Person, home: Space
    ) -> None:
        """Location and an ISO 8601 expiry; the quota is held in full."""
        answer = begin(tus, 12_345)

        assert re.fullmatch(r"/v1/uploads/[0-9a-f-]{36}", path_of(answer))
        expires = answer.headers["Upload-Expires"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", expires)
        assert answer.headers["Tus-Resumable"] == "1.0.0"
        assert reserved(library, admin, home) == 12_345

    @pytest.mark.parametrize("method", ["head", "get"])
    def test_q3_head(self, app: TestApp, tus: Tus, method: str) -> None:
        """Offset, length and expiry; GET tells the same."""
        created = begin(tus, 10)
        path = path_of(created)

        call = app.head if method == "head" else app.get
        answer = call(path, headers=tus.headers({}))

        assert answer.headers["Upload-Offset"] == "0"
        assert answer.headers["Upload-Length"] == "10"
        assert answer.headers["Upload-Expires"] == created.headers["Upload-Expires"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.body == b""

    def test_q4_parts_of_5_mib(self, tus: Tus) -> None:
        """The first part is at least that large, the last one as it comes."""
        path = path_of(begin(tus, CHUNK + 1))

        first = tus.patch(path, 0, b"a" * CHUNK)
        last = tus.patch(path, CHUNK, b"b")

        assert first.headers["Upload-Offset"] == str(CHUNK)
        assert "X-Picora-Resource-Id" not in first.headers
        assert last.headers["Upload-Offset"] == str(CHUNK + 1)

    def test_q5_the_end_names_the_resource(self, app: TestApp, tus: Tus) -> None:
        """A nanoid, on the last PATCH and on HEAD; a duplicate names the first."""
        first = send(tus, b"picture")
        path = path_of(begin(tus, 7, "again.jpg"))
        second = tus.patch(path, 0, b"picture")
        other = send(tus, b"another")

        resource_id = first.headers["X-Picora-Resource-Id"]
        assert re.fullmatch(r"[A-Za-z0-9_-]{21}", resource_id)
        assert "X-Picora-Duplicate" not in first.headers
        for answer in (second, tus.head(path), tus.patch(path, 7, b"")):
            assert answer.headers["X-Picora-Resource-Id"] == resource_id
            assert answer.headers["X-Picora-Duplicate"] == "true"
        assert other.headers["X-Picora-Resource-Id"] != resource_id

    def test_q6_abort_hands_the_quota_back(
        self, tus: Tus, library: Library, admin: Person, home: Space
    ) -> None:
        """204, and afterwards there is nothing."""
        path = path_of(begin(tus, CHUNK * 2))
        tus.patch(path, 0, b"a" * CHUNK)

        tus.delete(path)

        assert reserved(library, admin, home) == 0
        for answer in (
            tus.head(path, status=404),
            tus.patch(path, CHUNK, b"a", status=404),
            tus.delete(path, status=404),
        ):
            assert answer.headers["Tus-Resumable"] == "1.0.0"

    def test_q8_length_is_required(self, tus: Tus) -> None:
        """400 without it and with Upload-Defer-Length."""
        refuse(begin(tus, None, status=400), "INVALID_TUS_HEADERS")
        answer = begin(tus, None, status=400, Upload_Defer_Length="1")
        refuse(answer, "INVALID_TUS_HEADERS")


def test_files_are_ordinary_files(
    *, app: TestApp, tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """Counted, in the change log, and versioned when they are overwritten."""
    root = library.tree.get(admin.actor, Place(home.id))
    since = library.changes.token(admin.actor, root.node)
    send(tus, b"12345", "a.jpg")

    page = library.changes.since(admin.actor, root.node, since, limit=100)
    path = "Picora/Images/a.jpg"
    assert path in {each for each, _ in page.changed}
    assert library.catalog.get(admin.actor, home.id).quota.used == 5
    app.put(f"/dav/files/admin/{path}", b"new", headers=admin.basic, status=204)
    node = library.tree.get(admin.actor, Place(home.id, tuple(path.split("/")))).node
    assert len(library.versions.list(admin.actor, node.id)) == 1
