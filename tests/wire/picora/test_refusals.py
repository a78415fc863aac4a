"""Picora: what is refused, and in which words."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from wsgiref.types import WSGIApplication

import pytest
from webtest import TestApp

from spaces.api_key_model import ApiKey
from spaces.clock import HOUR
from spaces.ids import UploadId
from spaces.library import Library
from spaces.model import Space
from spaces.upload_model import UploadState
from tests.wire.conftest import Person
from tests.wire.picora.calls import (
    CHUNK,
    MISSING,
    bearer,
    begin,
    make_key,
    refuse,
    reserved,
)
from tests.wire.tus_client import Tus, path_of


class TestErrors:
    """Row Q7: every code of the document's table."""

    def test_400_missing_version(self, tus: Tus) -> None:
        """Not 412, which is for another version."""
        path = path_of(begin(tus, 5))

        for answer in (
            begin(tus, 5, status=400, Tus_Resumable=None),
            tus.patch(path, 0, b"12345", status=400, Tus_Resumable=None),
            tus.delete(path, status=400, Tus_Resumable=None),
        ):
            refuse(answer, "INVALID_TUS_HEADERS")
        tus.head(path, status=400, Tus_Resumable=None)

    @pytest.mark.parametrize("length", ["-1", "x", "1.5", ""])
    def test_400_length(self, tus: Tus, length: str) -> None:
        """What is no length."""
        refuse(begin(tus, length, status=400), "INVALID_TUS_HEADERS")

    @pytest.mark.parametrize("kind", ["document", None, "../image"])
    def test_400_metadata(self, tus: Tus, kind: str | None) -> None:
        """Of three kinds only."""
        refuse(begin(tus, 5, kind=kind, status=400), "INVALID_METADATA")

    def test_401(
        self, app: TestApp, tus: Tus, key: tuple[ApiKey, str], admin: Person
    ) -> None:
        """No key, a wrong one, another kind of credential."""
        for auth in (
            {},
            bearer("sk_live_wrong"),
            bearer("wrong"),
            admin.basic,
            {"Authorization": key[1]},
        ):
            other = Tus(app, "/v1/uploads", auth)
            refuse(begin(other, 5, status=401), "UNAUTHORIZED")
            other.head(path_of(begin(tus, 5)), status=401)

    def test_403_quota(self, app: TestApp, library: Library, admin: Person) -> None:
        """Held by open sessions too, until they are cancelled."""
        space = library.catalog.create_project(admin.actor, "Small", quota=100)
        tus = Tus(app, "/v1/uploads", bearer(make_key(library, admin, space)[1]))
        path = path_of(begin(tus, 60))

        refuse(begin(tus, 41, status=403), "QUOTA_EXCEEDED")
        tus.delete(path)

        begin(tus, 100)

    def test_404(self, app: TestApp, tus: Tus) -> None:
        """Unknown, and names that are no ids."""
        for name in (MISSING, "x", "../../etc"):
            answer = tus.patch(f"/v1/uploads/{name}", 0, b"x", status=404)
            refuse(answer, "SESSION_NOT_FOUND")

    def test_409(self, tus: Tus) -> None:
        """With the offset to go on from."""
        path = path_of(begin(tus, 5))

        answer = tus.patch(path, 3, b"45", status=409)

        refuse(answer, "OFFSET_MISMATCH")
        assert answer.headers["Upload-Offset"] == "0"

    def test_409_sent_again(self, tus: Tus) -> None:
        """The last part of a session that is complete, with where it stands."""
        path = path_of(begin(tus, 5))
        tus.patch(path, 0, b"12345")

        answer = tus.patch(path, 0, b"12345", status=409)

        refuse(answer, "OFFSET_MISMATCH")
        assert answer.headers["Upload-Offset"] == "5"

    def test_412(self, tus: Tus) -> None:
        """With the version that is spoken."""
        answer = begin(tus, 5, status=412, Tus_Resumable="0.2.2")

        refuse(answer, "UNSUPPORTED_TUS_VERSION")
        assert answer.headers["Tus-Version"] == "1.0.0"

    def test_413_small_part(self, tus: Tus) -> None:
        """Judged before a byte is taken; the last part may be small."""
        path = path_of(begin(tus, CHUNK + 10))

        answer = tus.patch(path, 0, b"a" * (CHUNK - 1), status=413)

        refuse(answer, "CHUNK_TOO_SMALL")
        assert answer.headers["Upload-Offset"] == "0"
        assert tus.offset(path) == 0

    def test_413_file_size(self, tus: Tus) -> None:
        """At the creation already."""
        refuse(begin(tus, 50_000_000_001, status=413), "FILE_TOO_LARGE")

    def test_413_beyond_the_length(self, tus: Tus) -> None:
        """Nothing of it is kept."""
        path = path_of(begin(tus, 5))

        answer = tus.patch(path, 0, b"123456", status=413)

        refuse(answer, "UPLOAD_LENGTH_EXCEEDED")

    @pytest.mark.parametrize("media_type", ["application/octet-stream", "image/jpeg"])
    def test_415(self, tus: Tus, media_type: str) -> None:
        """Another type of PATCH."""
        path = path_of(begin(tus, 5))

        answer = tus.patch(path, 0, b"12345", status=415, Content_Type=media_type)

        refuse(answer, "INVALID_CONTENT_TYPE")

    def test_405(self, app: TestApp, tus: Tus) -> None:
        """Methods of nobody."""
        headers = tus.headers({})
        refuse(
            app.put("/v1/uploads", b"", headers=headers, status=405),
            "METHOD_NOT_ALLOWED",
        )

    def test_460(self, tus: Tus) -> None:
        """A wrong checksum of a part."""
        path = path_of(begin(tus, 5))

        answer = tus.patch(
            path, 0, b"12345", status=460, Upload_Checksum="md5 " + "A" * 22 + "=="
        )

        refuse(answer, "CHECKSUM_MISMATCH")
        assert tus.offset(path) == 0


def test_quota_is_never_promised_twice(
    wsgi_app: WSGIApplication, library: Library, admin: Person
) -> None:
    """Of many creations at once only as many succeed as there is room for."""
    space = library.catalog.create_project(admin.actor, "Small", quota=50)
    secret = make_key(library, admin, space)[1]
    begin(Tus(TestApp(wsgi_app), "/v1/uploads", bearer(secret)), 1)
    barrier = Barrier(8)

    def run(_: int) -> int:
        tus = Tus(TestApp(wsgi_app), "/v1/uploads", bearer(secret))
        barrier.wait()
        return int(begin(tus, 10, status="*").status_int)

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(run, range(8)))

    assert statuses == [201] * 4 + [403] * 4
    assert reserved(library, admin, space) == 41


class TestExpiry:
    """With sessions that are over at once."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """No time at all."""
        return {"picora.expiry": "0s"}

    def test_over_before_it_is_swept(
        self, tus: Tus, library: Library, admin: Person, home: Space
    ) -> None:
        """404 at once; sweeping hands the quota back."""
        path = path_of(begin(tus, 5))

        refuse(tus.patch(path, 0, b"12345", status=404), "SESSION_NOT_FOUND")
        tus.head(path, status=404)
        library.uploads.sweep(HOUR)

        assert reserved(library, admin, home) == 0
        upload = library.uploads.get(UploadId(path.rpartition("/")[2]))
        assert upload.state is UploadState.EXPIRED
