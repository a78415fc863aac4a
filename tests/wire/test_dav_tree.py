"""MKCOL and DELETE: every status of each, and who may do what to a tree."""

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Role, Space
from tests.wire.conftest import Person
from tests.wire.dav_client import OC, Dav, dav_on, error_of, furnished


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space with a folder and a file."""
    return furnished(dav_on(app, library, admin, home))


class TestMkcol:
    """Making folders."""

    def test_new(self, dav: Dav) -> None:
        """201 with id and ETag, so that the client need not ask."""
        answer = dav.mkcol("new")

        assert answer.status_int == 201
        assert answer.headers["ETag"] == dav.etag("new")
        assert answer.headers["OC-FileId"] == dav.row("new", "oc:id").text(f"{OC}id")
        assert answer.body == b""

    def test_trailing_slash(self, dav: Dav) -> None:
        """Most clients send one."""
        assert dav.mkcol("new/").status_int == 201

    def test_existing(self, dav: Dav) -> None:
        """405 in the words that clients know."""
        for path in ("folder", "folder/a.txt", ""):
            answer = dav.mkcol(path)

            assert answer.status_int == 405
            assert error_of(answer).message == (
                "The resource you tried to create already exists"
            )

    def test_missing_parent(self, dav: Dav) -> None:
        """409, also below a file."""
        assert dav.mkcol("no/new").status_int == 409
        assert dav.mkcol("folder/a.txt/new").status_int == 409

    @pytest.mark.parametrize("chunked", [False, True])
    def test_body(self, dav: Dav, chunked: bool) -> None:
        """415: no body means anything here."""
        headers = {"Transfer-Encoding": "chunked"} if chunked else {}
        body = b"" if chunked else b"<x/>"

        assert dav.send("MKCOL", "new", body, headers=headers).status_int == 415

    @pytest.mark.parametrize("name", ["\r", "a\\b", " ", "x" * 256])
    def test_bad_names(self, dav: Dav, name: str) -> None:
        """400."""
        assert dav.mkcol(name).status_int == 400

    def test_mtime(self, dav: Dav) -> None:
        """A folder can come with its time."""
        answer = dav.mkcol("new", X_OC_Mtime="1000000000")

        assert answer.headers["X-OC-Mtime"] == "accepted"
        assert answer.headers["Last-Modified"] == "Sun, 09 Sep 2001 01:46:40 GMT"

    def test_too_deep(self, dav: Dav) -> None:
        """400 beyond the depth that any path may have."""
        path = ""
        for _ in range(200):
            path += "d/"
            assert dav.mkcol(path).status_int == 201

        assert dav.mkcol(path + "d").status_int == 400


class TestDelete:
    """Removing, which is moving to the trash."""

    def test_file_and_folder(self, dav: Dav) -> None:
        """204 without a body."""
        assert dav.delete("folder/a.txt").status_int == 204
        assert dav.delete("folder/").status_int == 204
        assert dav.names() == []

    def test_nothing(self, dav: Dav) -> None:
        """404."""
        assert dav.delete("nothing").status_int == 404

    def test_root(self, dav: Dav) -> None:
        """405: a space is not deleted over WebDAV, whatever URL names it."""
        for url in (dav.base, "/webdav/", "/remote.php/webdav", "/dav/files/admin"):
            assert dav.send("DELETE", raw=url).status_int == 405

    def test_body(self, dav: Dav) -> None:
        """415."""
        assert dav.send("DELETE", "folder", b"x").status_int == 415

    @pytest.mark.parametrize("depth", ["0", "1", "abc"])
    def test_depth(self, dav: Dav, depth: str) -> None:
        """RFC 4918 §9.6.1: a folder goes with all that is in it, or not at all."""
        assert dav.delete("folder", Depth=depth).status_int == 400
        assert dav.names() == ["folder"]

    def test_conditions(self, dav: Dav) -> None:
        """Only the state that the client knows."""
        etag = dav.etag("folder/a.txt")
        dav.put("folder/a.txt", b"changed")

        assert dav.delete("folder/a.txt", If_Match=etag).status_int == 412
        etag = dav.etag("folder/a.txt")
        assert dav.delete("folder/a.txt", If_Match=etag).status_int == 204

    def test_fragment(self, dav: Dav) -> None:
        """A request target with a fragment removes nothing."""
        url = dav.url("folder/")

        answer = dav.send("DELETE", raw=url, environ={"REQUEST_URI": f"{url}#ment"})

        assert answer.status_int == 400
        assert dav.names() == ["folder"]


def test_roles(app: TestApp, library: Library, admin: Person, alice: Person) -> None:
    """A viewer sees, and is refused every change with 403."""
    space = library.catalog.create_project(admin.actor, "Orbit")
    library.catalog.set_member(admin.actor, space.id, alice.actor.user_id, Role.VIEWER)
    dav_on(app, library, admin, space).put("a.txt", b"x")
    dav = dav_on(app, library, alice, space)

    answers = [
        dav.mkcol("b"),
        dav.delete("a.txt"),
        dav.move("a.txt", "b.txt"),
        dav.copy("a.txt", "b.txt"),
        dav.lock("a.txt"),
        dav.lock("new.txt"),
        dav.proppatch("a.txt", "<d:set><d:prop><oc:tags>t</oc:tags></d:prop></d:set>"),
    ]

    assert [answer.status_int for answer in answers] == [403] * len(answers)
    assert dav.names() == ["a.txt"]
