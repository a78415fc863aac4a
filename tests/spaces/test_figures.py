"""Figures of the whole database, as operators see them."""

from spaces.clock import HOUR
from spaces.db import blobs, figures
from spaces.ids import BlobId, new_id
from spaces.model import Actor, Checksums, Content
from spaces.upload_model import Claim, Lifetime, NewUpload, Upload
from tests.domain import Desk, add_user


def begin(desk: Desk, dialect: str, *, length: int | None = 10) -> Upload:
    """An upload that has received nothing."""
    new = NewUpload(dialect=dialect, length=length, lifetime=Lifetime(HOUR))
    return desk.library.uploads.create(desk.actor, new, desk.place(new_id()))


def test_open_uploads_by_what_they_wait_for(desk: Desk) -> None:
    """Being received, waiting for more, or complete and not finished."""
    uploads = desk.library.uploads
    begin(desk, "plain")
    begin(desk, "plain", length=None)
    uploads.claim(begin(desk, "ocis"), "somebody", Claim.FREE)
    begin(desk, "ocis", length=0)

    with desk.library.database.read() as connection:
        found = figures.open_uploads(connection)

    assert found == {
        ("plain", "waiting"): 2,
        ("ocis", "receiving"): 1,
        ("ocis", "complete"): 1,
    }


def test_spaces_by_kind_and_state(desk: Desk) -> None:
    """With the bytes of their files."""
    library = desk.library
    desk.put("a", b"12345")
    add_user(library, "other")
    admin = Actor(desk.actor.user_id, desk.actor.name, is_admin=True)
    project = library.catalog.create_project(admin, "Orbit")
    library.catalog.disable(admin, project.id)

    with library.database.read() as connection:
        found = figures.spaces_by_kind(connection)

    assert found["personal", False][1] == 5
    assert found["personal", False][0] >= 2
    assert found["project", True] == (1, 0)


def test_the_queue_of_checksums_is_counted_to_a_limit(desk: Desk) -> None:
    """Those that lack a digest, and no further than is asked."""
    for number in range(3):
        content = Content(
            BlobId(new_id()), 1, Checksums(sha1=f"{number}" * 40, adler32="0" * 8)
        )
        desk.library.files.commit(desk.actor, desk.place(f"{number}"), content)

    with desk.library.database.read() as connection:
        assert figures.unhashed_count(connection, most=100) == 3
        assert figures.unhashed_count(connection, most=2) == 2
        assert len(blobs.unhashed(connection, after=BlobId(""), limit=9)) == 3
