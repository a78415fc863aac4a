"""The trash over WebDAV: listing, looking inside, restoring, purging."""

import re

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Role, Space
from tests.wire.conftest import Person
from tests.wire.dav_client import OC, D, Dav, Row, dav_on, error_of, rows_of


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space, with a removed file and a removed folder."""
    connection = dav_on(app, library, admin, home)
    connection.mkcol("folder")
    connection.mkcol("folder/inner")
    connection.put("folder/inner/deep.txt", b"deep")
    connection.put("a b.txt", b"hello")
    connection.delete("a b.txt")
    connection.delete("folder/inner")
    return connection


@pytest.fixture
def trash(app: TestApp, library: Library, admin: Person, dav: Dav) -> Dav:
    """The trash of that space."""
    return Dav(app, library, admin, dav.base.replace("spaces/", "spaces/trash-bin/"))


def items(trash: Dav) -> dict[str, Row]:
    """What is in the trash, by original location."""
    rows = rows_of(trash.propfind("", depth="1"))[1:]
    return {row.text(f"{OC}trashbin-original-location"): row for row in rows}


def restore(trash: Dav, row: Row, destination: str, **headers: str) -> int:
    """MOVE an item out."""
    answer = trash.send(
        "MOVE", raw=row.href, headers={"Destination": destination, **headers}
    )
    return int(answer.status_int)


def test_the_trash_itself_comes_first(trash: Dav) -> None:
    """A made-up root, as clients expect."""
    rows = rows_of(trash.propfind("", "d:resourcetype", depth="1"))

    assert rows[0].href == trash.base
    assert len(rows[0].found[f"{D}resourcetype"]) == 1
    assert len(rows) == 3


def test_depth_zero(trash: Dav) -> None:
    """Only the root."""
    assert len(rows_of(trash.propfind("", depth="0"))) == 1


def test_properties(trash: Dav, library: Library, home: Space) -> None:
    """Where it was, how it was called, when it was removed."""
    row = items(trash)["a b.txt"]

    assert row.text(f"{OC}trashbin-original-filename") == "a b.txt"
    assert re.fullmatch(r"\d{10}", row.text(f"{OC}trashbin-delete-timestamp"))
    assert row.text(f"{OC}trashbin-delete-datetime").endswith(" GMT")
    assert row.text(f"{OC}size") == "5"
    assert row.text(f"{D}getcontentlength") == "5"
    assert row.text(f"{OC}spaceid") == f"{library.storage_id}${home.id}"
    assert row.href.startswith(trash.base)


def test_locations_have_no_leading_slash(trash: Dav) -> None:
    """Relative to the space's root."""
    assert set(items(trash)) == {"a b.txt", "folder/inner"}


def test_folders(trash: Dav) -> None:
    """Are folders, with the type that ownCloud gives them."""
    row = items(trash)["folder/inner"]

    assert len(row.found[f"{D}resourcetype"]) == 1
    assert row.text(f"{D}getcontenttype") == "httpd/unix-directory"
    assert row.href.endswith("/")


def test_looking_inside(trash: Dav) -> None:
    """A removed folder can be browsed, and what is in it read."""
    folder = items(trash)["folder/inner"]

    rows = rows_of(trash.propfind(raw=folder.href, depth="1"))

    assert [row.href for row in rows] == [folder.href, f"{folder.href}deep.txt"]
    location = rows[1].text(f"{OC}trashbin-original-location")
    assert location == "folder/inner/deep.txt"
    assert trash.send("GET", raw=rows[1].href).body == b"deep"


class TestRestoring:
    """MOVE out of the trash."""

    def test_where_it_was(self, dav: Dav, trash: Dav) -> None:
        """201; the file has its id and content again."""
        row = items(trash)["a b.txt"]

        assert restore(trash, row, dav.url("a b.txt")) == 201
        assert dav.get("a b.txt").body == b"hello"
        assert dav.row("a b.txt", "oc:id").text(f"{OC}id") == row.text(f"{OC}id")
        assert set(items(trash)) == {"folder/inner"}

    def test_elsewhere(self, dav: Dav, trash: Dav) -> None:
        """Anywhere in the space, by path or absolute URL."""
        row = items(trash)["folder/inner"]

        assert restore(trash, row, f"http://localhost{dav.url('new')}") == 201
        assert dav.get("new/deep.txt").body == b"deep"

    def test_over_something(self, dav: Dav, trash: Dav) -> None:
        """412 with Overwrite F, else 204."""
        dav.put("a b.txt", b"newer")
        row = items(trash)["a b.txt"]

        assert restore(trash, row, dav.url("a b.txt"), Overwrite="F") == 412
        assert dav.get("a b.txt").body == b"newer"
        assert restore(trash, row, dav.url("a b.txt"), Overwrite="T") == 204
        assert dav.get("a b.txt").body == b"hello"

    def test_missing_parent(self, dav: Dav, trash: Dav) -> None:
        """409: the client makes the folder first."""
        row = items(trash)["folder/inner"]
        dav.delete("folder")

        assert restore(trash, row, dav.url("folder/inner")) == 409

    def test_a_part_of_a_removed_folder(self, dav: Dav, trash: Dav) -> None:
        """One file out of it."""
        folder = items(trash)["folder/inner"]
        answer = trash.send(
            "MOVE",
            raw=f"{folder.href}deep.txt",
            headers={"Destination": dav.url("deep.txt")},
        )

        assert answer.status_int == 201
        assert dav.get("deep.txt").body == b"deep"
        assert len(rows_of(trash.propfind(raw=folder.href, depth="1"))) == 1

    def test_bad_destinations(self, dav: Dav, trash: Dav) -> None:
        """400 for another place in the trash, or elsewhere."""
        row = items(trash)["a b.txt"]

        assert restore(trash, row, trash.base) == 400
        assert restore(trash, row, "http://elsewhere.example.org/x") == 400
        assert restore(trash, row, f"{dav.base}../x") == 400
        assert "a b.txt" in items(trash)


class TestPurging:
    """DELETE in the trash."""

    def test_one(self, trash: Dav) -> None:
        """204, and it is gone for good."""
        row = items(trash)["a b.txt"]

        assert trash.send("DELETE", raw=row.href).status_int == 204
        assert set(items(trash)) == {"folder/inner"}
        assert trash.send("DELETE", raw=row.href).status_int == 404

    def test_all(self, trash: Dav) -> None:
        """204 on the trash itself."""
        assert trash.delete("").status_int == 204
        assert items(trash) == {}


@pytest.mark.parametrize("method", ["PUT", "MKCOL", "LOCK", "PROPPATCH", "COPY"])
def test_nothing_is_written_in_the_trash(trash: Dav, method: str) -> None:
    """405 or another refusal, never a change."""
    row = items(trash)["a b.txt"]

    answer = trash.send(method, raw=row.href, headers={"Destination": trash.base})

    assert 400 <= answer.status_int < 500
    assert items(trash).keys() == {"a b.txt", "folder/inner"}


def test_unknown_items(trash: Dav) -> None:
    """404 for keys that are none."""
    assert trash.propfind("nonsense").status_int == 404
    assert trash.delete("0198c0de-0000-7000-8000-000000000000").status_int == 404


def test_the_old_url(app: TestApp, library: Library, admin: Person, dav: Dav) -> None:
    """`/dav/trash-bin/{user}` and a Destination below files."""
    old = Dav(app, library, admin, "/remote.php/dav/trash-bin/admin/")
    row = items(old)["a b.txt"]

    assert restore(old, row, "/remote.php/dav/files/admin/back.txt") == 201
    assert dav.get("back.txt").body == b"hello"


def test_roles(app: TestApp, library: Library, admin: Person, alice: Person) -> None:
    """Viewers look, editors restore, managers purge, nobody else sees it."""
    space = library.catalog.create_project(admin.actor, "Orbit")
    manager = dav_on(app, library, admin, space)
    manager.put("a.txt", b"x")
    manager.delete("a.txt")
    theirs = Dav(
        app, library, alice, manager.base.replace("spaces/", "spaces/trash-bin/")
    )

    assert theirs.propfind("", depth="1").status_int == 404
    library.catalog.set_member(admin.actor, space.id, alice.actor.user_id, Role.VIEWER)
    row = items(theirs)["a.txt"]
    assert restore(theirs, row, manager.url("a.txt")) == 403
    library.catalog.set_member(admin.actor, space.id, alice.actor.user_id, Role.EDITOR)
    answer = theirs.send("DELETE", raw=row.href)
    assert answer.status_int == 403
    assert error_of(answer).exception == "Forbidden"
    assert theirs.delete("").status_int == 403
    assert restore(theirs, row, manager.url("a.txt")) == 201
