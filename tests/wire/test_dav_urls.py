"""Which URLs there are, and what each form of them names."""

import pytest
from webtest import TestApp

from spaces.ids import new_id
from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.dav_client import OC, Dav, dav_on, error_of, rows_of, space_url


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space."""
    return dav_on(app, library, admin, home)


@pytest.mark.parametrize(
    "base",
    [
        "/dav/files/admin/",
        "/remote.php/dav/files/admin/",
        "/webdav/",
        "/remote.php/webdav/",
        "/dav/files/ADMIN/",
    ],
)
def test_old_urls_are_the_personal_space(
    app: TestApp, library: Library, admin: Person, dav: Dav, base: str
) -> None:
    """Older clients know no spaces."""
    old = Dav(app, library, admin, base)

    old.put("a.txt", b"x")

    assert dav.get("a.txt").body == b"x"


def test_files_by_the_users_id(
    app: TestApp, library: Library, admin: Person, dav: Dav
) -> None:
    """The user's id names the same as the user's name."""
    dav.put("a.txt", b"x")
    by_id = Dav(app, library, admin, f"/dav/files/{admin.actor.user_id}/")

    assert by_id.get("a.txt").body == b"x"


def test_any_node_can_stand_for_the_space(
    app: TestApp, library: Library, admin: Person, home: Space, dav: Dav
) -> None:
    """`/dav/spaces/{storage}${space}!{node}/rest` begins at that node."""
    dav.mkcol("a")
    dav.put("a/b.txt", b"x")
    folder_id = dav.row("a", "oc:id").text(f"{OC}id")
    file_id = dav.row("a/b.txt", "oc:id").text(f"{OC}id")

    below = Dav(app, library, admin, f"/dav/spaces/{folder_id}/")

    assert below.get("b.txt").body == b"x"
    assert dav.send("GET", raw=f"/dav/spaces/{file_id}").body == b"x"
    assert below.put("c.txt", b"y").status_int == 201
    assert below.mkcol("d").status_int == 201
    hrefs = [row.href for row in rows_of(below.propfind("", "oc:id", depth="1"))]
    assert hrefs == [
        f"/dav/spaces/{folder_id}/",
        f"/dav/spaces/{folder_id}/b.txt",
        f"/dav/spaces/{folder_id}/c.txt",
        f"/dav/spaces/{folder_id}/d/",
    ]


def test_everything_works_by_file_id(
    app: TestApp, library: Library, admin: Person, home: Space, dav: Dav
) -> None:
    """PUT, PROPPATCH, LOCK, MOVE, COPY and DELETE on a file's own id."""
    dav.mkcol("target")
    dav.put("a.txt", b"one")
    file_id = dav.row("a.txt", "oc:id").text(f"{OC}id")
    target_id = dav.row("target", "oc:id").text(f"{OC}id")
    file = Dav(app, library, admin, f"/dav/spaces/{file_id}")

    assert file.put("", b"two").status_int == 204
    assert dav.get("a.txt").body == b"two"
    destination = {"Destination": f"/dav/spaces/{target_id}/copy.txt"}
    assert file.send("COPY", headers=destination).status_int == 201
    destination = {"Destination": f"/dav/spaces/{target_id}/moved.txt"}
    assert file.send("MOVE", headers=destination).status_int == 201
    assert dav.names("target") == ["copy.txt", "moved.txt"]
    assert file.delete("").status_int == 204
    assert dav.names("target") == ["copy.txt"]
    assert file.get("").status_int == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/dav", 405),
        ("/dav/", 405),
        ("/dav/spaces", 405),
        ("/dav/spaces/", 405),
        ("/dav/spaces/trash-bin", 405),
        ("/dav/spaces/trash-bin/", 405),
        ("/dav/files", 405),
        ("/dav/meta/", 405),
        ("/dav/trash-bin", 405),
        ("/dav/nothing/x", 404),
        ("/dav/avatars/admin/128.png", 404),
        ("/dav/files/somebody/x", 404),
        ("/dav/files/admin/Shares", 404),
        ("/dav/spaces/bad", 400),
        ("/dav/spaces/bad$id/x", 400),
        ("/dav/spaces/trash-bin/bad", 400),
        ("/dav/meta/bad/v", 400),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PROPFIND"])
def test_what_is_nowhere(dav: Dav, method: str, path: str, status: int) -> None:
    """405 above all spaces, 400 for ids that are none, else 404."""
    answer = dav.send(method, raw=path)

    assert answer.status_int == status
    error_of(answer)


def test_errors_that_clients_know_by_code(dav: Dav) -> None:
    """The old clients' two cases have codes of their own."""
    listing = dav.send("PROPFIND", raw="/dav/files")
    other = dav.send("PROPFIND", raw="/dav/files/somebody")

    assert error_of(listing).code == "ERR_LISTING_MEMBERS_NOT_ALLOWED"
    assert error_of(other).code == "ERR_FILE_NOT_FOUND_IN_ROOT"


def test_unknown_spaces_and_nodes(dav: Dav, library: Library, home: Space) -> None:
    """Well-formed ids of nothing: 404, also of another storage."""
    unknown = [
        f"/dav/spaces/{library.storage_id}${new_id()}/",
        f"/dav/spaces/{new_id()}${home.id}/",
        f"/dav/spaces/{library.storage_id}${home.id}!{new_id()}/",
        f"/dav/spaces/trash-bin/{library.storage_id}${new_id()}",
        f"/dav/meta/{library.storage_id}${home.id}!{new_id()}/v",
    ]

    for url in unknown:
        assert dav.send("PROPFIND", raw=url).status_int == 404


def test_others_spaces_do_not_exist(
    app: TestApp, library: Library, alice: Person, home: Space, dav: Dav
) -> None:
    """Nobody learns what spaces others have: 404 for every method."""
    dav.put("a.txt", b"x")
    theirs = dav_on(app, library, alice, home)

    for method in ("GET", "PROPFIND", "PUT", "DELETE", "MKCOL", "LOCK", "REPORT"):
        for path in ("", "a.txt", "b.txt"):
            assert theirs.send(method, path).status_int in {400, 404}
    assert theirs.get("a.txt").status_int == 404
    assert theirs.propfind("").status_int == 404
    assert dav.names() == ["a.txt"]


def test_an_id_of_another_space_in_the_same_url(
    app: TestApp, library: Library, admin: Person, home: Space, dav: Dav
) -> None:
    """A node is only found in its own space."""
    project = library.catalog.create_project(admin.actor, "Orbit")

    url = space_url(library, project.id, home.root_id)

    assert dav.send("PROPFIND", raw=url).status_int == 404


def test_a_disabled_space(app: TestApp, library: Library, admin: Person) -> None:
    """A space that is closed answers 404."""
    space = library.catalog.create_project(admin.actor, "Orbit")
    dav = dav_on(app, library, admin, space)
    library.catalog.disable(admin.actor, space.id)

    assert dav.propfind("").status_int == 404
    assert dav.put("a", b"x").status_int == 404
