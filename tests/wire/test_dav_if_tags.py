"""The If header's tagged lists name resources by any URL that leads to them."""

from urllib.parse import quote

import pytest
from webtest import TestApp

from ocsync.dav.preconditions import Preconditions
from ocsync.dav.request import DavRequest
from spaces.library import Library
from spaces.model import Place, Space
from tests.wire.conftest import Person
from tests.wire.dav_client import Dav, dav_on

NAME = "ä b.txt"


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space, with a file."""
    connection = dav_on(app, library, admin, home)
    connection.put(NAME, b"a")
    return connection


def tags_of(dav: Dav) -> list[str]:
    """URLs of the file, in all forms."""
    name = quote(NAME)
    paths = [
        f"{prefix}{base}{name}"
        for prefix in ("", "/remote.php")
        for base in (dav.base, "/webdav/", "/dav/files/admin/")
    ]
    return [
        *paths,
        f"/webdav/{name.lower()}",
        "/webdav/" + "".join(f"%{byte:02x}" for byte in NAME.encode()),
        f"{dav.base.replace('$', '%24')}{name}",
        *(f"http://localhost{path}" for path in paths),
        f"http://localhost:80/webdav/{name}",
    ]


def test_any_form_means_the_same_resource(dav: Dav) -> None:
    """The token of the lock is found by each of them, whatever URL is asked."""
    token = str(dav.lock(NAME).headers["Lock-Token"])

    for tag in tags_of(dav):
        for asked in (dav.url(NAME), f"/remote.php/webdav/{quote(NAME)}"):
            answer = dav.send(
                "PUT", raw=asked, body=b"x", headers={"If": f"<{tag}> ({token})"}
            )
            assert answer.status_int == 204, (tag, asked)


def test_a_state_demanded_of_the_target_by_its_url_is_held_to_the_commit(
    dav: Dav, library: Library, home: Space
) -> None:
    """The transaction sees the ETag of a tagged list as it does that of a plain one."""
    entry = library.tree.get(dav.person.actor, Place(home.id, (NAME,)))
    for tag, is_held in (
        (f"/remote.php/webdav/{quote(NAME)}", True),
        ("/webdav/", False),
    ):
        request = DavRequest.parse(
            {
                "REQUEST_METHOD": "PUT",
                "SCRIPT_NAME": "/dav",
                "REQUEST_URI": dav.url(NAME),
                "HTTP_HOST": "localhost",
                "HTTP_IF": f'<{tag}> (["{entry.node.etag}"]) (Not ["x"])',
                "ocsync.actor": dav.person.actor,
            },
            storage_id=library.storage_id,
        )

        Preconditions(library, request).require(
            entry.node.etag,
            entry.node.modified_at,
            place=Place(home.id, (NAME,)),
            entry=entry,
        )

        assert (request.guard().if_match == (entry.node.etag,)) is is_held
