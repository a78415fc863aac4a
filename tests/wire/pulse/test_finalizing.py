"""Pulse Cam: naming what was sent, once and for good."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from wsgiref.types import WSGIApplication

import pytest
from webtest import TestApp

from spaces.ids import UploadId
from spaces.library import Library
from tests.wire.conftest import Person
from tests.wire.pulse.calls import begin, finalize, send
from tests.wire.tus_client import Tus, path_of


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
