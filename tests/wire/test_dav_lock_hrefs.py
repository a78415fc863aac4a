"""RFC 4918 §16: a refusal names the resource that holds the lock."""

import pytest
from lxml import etree
from webtest import TestApp, TestResponse

from spaces.library import Library
from spaces.model import Role, Space
from tests.wire.conftest import Person
from tests.wire.dav_client import OC, D, Dav, dav_on


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space, with a file two folders down."""
    connection = dav_on(app, library, admin, home)
    connection.mkcol("top")
    connection.mkcol("top/folder")
    connection.put("top/folder/ä.txt", b"a")
    return connection


def locked_href(answer: TestResponse, condition: str = "lock-token-submitted") -> str:
    """The href in the condition of a 423."""
    assert answer.status_int == 423
    found = etree.fromstring(answer.body).findall(f"{D}{condition}/{D}href")
    assert len(found) == 1
    return str(found[0].text)


def test_the_target(dav: Dav) -> None:
    """The lock is on what was asked."""
    dav.lock("top/folder/ä.txt")

    answer = dav.put("top/folder/ä.txt", b"x")

    assert locked_href(answer) == dav.url("top/folder/ä.txt")


def test_a_folder_above(dav: Dav) -> None:
    """A deep lock covers the target, which may not even be there."""
    dav.lock("top")

    for path in ("top/folder/ä.txt", "top/folder/new.txt"):
        assert locked_href(dav.put(path, b"x")) == dav.url("top/")


def test_the_root(dav: Dav) -> None:
    """The URL of the space itself."""
    dav.lock("")

    assert locked_href(dav.delete("top")) == dav.base


@pytest.mark.parametrize("method", ["DELETE", "MOVE"])
def test_something_below(dav: Dav, method: str) -> None:
    """What goes along with a folder."""
    dav.lock("top/folder/ä.txt")

    answer = dav.send(method, "top", headers={"Destination": dav.url("b")})

    assert locked_href(answer) == dav.url("top/folder/ä.txt")


def test_conflicts(dav: Dav) -> None:
    """DAV:no-conflicting-lock names the lock that is there."""
    dav.lock("top/folder")

    for path in ("top", "top/folder/ä.txt"):
        href = locked_href(dav.lock(path), "no-conflicting-lock")
        assert href == dav.url("top/folder/")


@pytest.mark.parametrize(
    "base",
    [
        "/webdav/",
        "/remote.php/webdav/",
        "/dav/files/admin/",
        "/remote.php/dav/files/admin/",
    ],
)
def test_the_form_that_was_asked(dav: Dav, base: str) -> None:
    """Hrefs begin as the URL of the request."""
    dav.lock("top/folder")

    answer = dav.send("PUT", raw=f"{base}top/folder/new.txt")

    assert locked_href(answer) == f"{base}top/folder/"


def test_below_an_anchor(dav: Dav) -> None:
    """A URL that begins at a node leads on to the lock from there."""
    top, folder = (
        dav.row(path, "oc:id").text(f"{OC}id") for path in ("top", "top/folder")
    )
    dav.lock("top/folder")

    below = dav.send("PUT", raw=f"/dav/spaces/{top}/folder/new.txt")
    at = dav.send("PUT", raw=f"/dav/spaces/{folder}/new.txt")

    assert locked_href(below) == f"/dav/spaces/{top}/folder/"
    assert locked_href(at) == f"/dav/spaces/{folder}/"


def test_above_an_anchor(dav: Dav) -> None:
    """The URL does not lead to the lock, so that its id does."""
    top, folder = (
        dav.row(path, "oc:id").text(f"{OC}id") for path in ("top", "top/folder")
    )
    dav.lock("top")

    answer = dav.send("PUT", raw=f"/remote.php/dav/spaces/{folder}/new.txt")

    assert locked_href(answer) == f"/remote.php/dav/spaces/{top}"


def test_at_the_destination(
    app: TestApp, library: Library, admin: Person, dav: Dav
) -> None:
    """A lock in another space is named as the Destination names it."""
    project = library.catalog.create_project(admin.actor, "Orbit")
    there = dav_on(app, library, admin, project)
    there.mkcol("inbox")
    there.lock("inbox")

    for method in ("COPY", "MOVE"):
        answer = dav.send(
            method,
            "top/folder/ä.txt",
            headers={
                "Destination": f"http://localhost/remote.php{there.url('inbox/b')}"
            },
        )
        assert locked_href(answer) == f"/remote.php{there.url('inbox/')}"


def test_of_others(
    app: TestApp, library: Library, admin: Person, alice: Person
) -> None:
    """A member sees whose lock it is in the space that both see."""
    project = library.catalog.create_project(admin.actor, "Orbit")
    library.catalog.set_member(
        admin.actor, project.id, alice.actor.user_id, Role.EDITOR
    )
    mine, hers = (dav_on(app, library, who, project) for who in (admin, alice))
    mine.mkcol("folder")
    mine.lock("folder")

    assert locked_href(hers.put("folder/a.txt", b"x")) == hers.url("folder/")
