"""PUT in chunks as ownCloud's first clients, and Nextcloud's today, send them."""

import hashlib
import itertools

import pytest
from sqlalchemy import text
from webtest import TestApp

from ocsync.settings import Settings
from spaces.clock import DAY, MINUTE
from spaces.library import Library
from spaces.model import Place, Space
from tests.wire.conftest import Person

PARTS = (b"a" * 1000, b"b" * 1000, b"c" * 37)
WHOLE = b"".join(PARTS)


def put(
    app: TestApp, index: int, *, status: int = 201, name: str = "f.txt", **headers: str
) -> dict[str, str]:
    """Send one chunk; the answer's headers."""
    sent = {"OC-Chunked": "1", "OC-Total-Length": str(len(WHOLE)), "X-OC-Mtime": "1"}
    answer = app.put(
        f"/remote.php/webdav/{name}-chunking-4711-3-{index}",
        PARTS[index],
        headers=sent | {k.replace("_", "-"): v for k, v in headers.items()},
        status=status,
    )
    return dict(answer.headers)


@pytest.fixture(autouse=True)
def logged_in(app: TestApp, admin: Person, home: Space) -> None:
    """The admin does all this."""
    admin.authorize(app)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_chunks_come_in_any_order(app: TestApp, order: tuple[int, ...]) -> None:
    """The one that completes the file is answered with its ETag and id."""
    answers = [put(app, index) for index in order]

    got = app.get("/remote.php/webdav/f.txt")
    assert got.body == WHOLE
    assert ["ETag" in answer for answer in answers] == [False, False, True]
    assert answers[-1]["ETag"] == got.headers["ETag"]
    assert answers[-1]["OC-FileId"] == got.headers["OC-FileId"]
    assert got.headers["Last-Modified"] == "Thu, 01 Jan 1970 00:00:01 GMT"


def test_nothing_is_left_behind(
    app: TestApp, library: Library, home: Space, admin: Person
) -> None:
    """No chunk stays visible, none holds quota, and an overwrite is 204."""
    for index in range(3):
        put(app, index)
    put(app, 0)
    put(app, 1)
    put(app, 2, status=204)

    space = library.catalog.get(admin.actor, home.id)
    root = library.tree.get(admin.actor, Place(home.id)).node
    assert [node.name for node in library.tree.children(admin.actor, root)] == ["f.txt"]
    assert (space.quota.used, space.quota.reserved) == (len(WHOLE), 0)
    assert library.uploads.list_open() == []


def test_a_chunk_may_be_sent_again(app: TestApp) -> None:
    """The later one counts."""
    for index in (0, 0, 1, 1, 2):
        put(app, index)

    assert app.get("/remote.php/webdav/f.txt").body == WHOLE


def test_the_checksum_of_the_whole_is_checked(app: TestApp) -> None:
    """The chunk that completes the file carries it."""
    digest = hashlib.sha1(WHOLE, usedforsecurity=False).hexdigest()

    put(app, 0)
    put(app, 1)
    put(app, 2, status=400, OC_Checksum=f"SHA1:{'0' * 40}")
    app.get("/remote.php/webdav/f.txt", status=404)
    for index in (0, 1):
        put(app, index)
    put(app, 2, OC_Checksum=f"SHA1:{digest}")

    assert app.get("/remote.php/webdav/f.txt").body == WHOLE


def test_conditions_hold_at_the_end(app: TestApp) -> None:
    """If-Match is judged when the file is made."""
    app.put("/remote.php/webdav/f.txt", b"old")
    for index in (0, 1):
        put(app, index)

    put(app, 2, status=412, If_Match='"another"')

    assert app.get("/remote.php/webdav/f.txt").body == b"old"


def test_sizes_must_add_up(app: TestApp) -> None:
    """A total that the chunks do not make is refused."""
    for index in (0, 1):
        put(app, index)

    put(app, 2, status=400, OC_Total_Length="5")


def test_each_chunk_gives_all_of_them_new_time(app: TestApp, library: Library) -> None:
    """A file that takes days comes whole, as long as no day passes without a chunk."""
    for index in range(3):
        put(app, index)
        library.database.write(
            lambda connection: connection.execute(
                text(
                    "UPDATE uploads SET created_at = created_at - :span,"
                    " active_at = active_at - :span, expires_at = expires_at - :span"
                ),
                {"span": DAY - MINUTE},
            )
        )
        assert library.sweeper.sweep().counts["uploads"] == 0

    assert app.get("/remote.php/webdav/f.txt").body == WHOLE


@pytest.mark.parametrize("name", ["f.txt", "f.txt-chunking-1-3-3", "f-chunking-x-1-0"])
def test_what_names_no_chunk_is_refused(
    app: TestApp, name: str, settings: Settings
) -> None:
    """With OC-Chunked the URL must name one."""
    app.put(f"/remote.php/webdav/{name}", b"x", headers={"OC-Chunked": "1"}, status=400)


def test_without_the_header_it_is_a_name(app: TestApp) -> None:
    """A file may be called so."""
    app.put("/remote.php/webdav/f.txt-chunking-1-3-0", b"x", status=201)
