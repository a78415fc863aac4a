"""The digests that nobody waits for are added later."""

import hashlib
from threading import Event

from sqlalchemy import select

from spaces.db.schema import blobs
from spaces.hashing import Hashing
from spaces.ids import BlobId
from spaces.model import Content
from tests.domain import Desk


def _write(desk: Desk, path: str, data: bytes) -> Content:
    """As a large file arrives: with the digests that are waited for."""
    with desk.library.files.stage() as writer:
        writer.write(data)
        content = writer.finish()
    desk.library.files.commit(desk.actor, desk.place(path), content)
    return content


def _digests(desk: Desk, blob_id: BlobId) -> tuple[str | None, str | None]:
    with desk.library.database.read() as connection:
        row = connection.execute(
            select(blobs.c.md5, blobs.c.sha256).where(blobs.c.id == blob_id)
        ).one()
    return row[0], row[1]


def _hashing(desk: Desk) -> Hashing:
    return Hashing(database=desk.library.database, blobs=desk.library.blobs)


def test_missing_digests_are_added(desk: Desk) -> None:
    """MD5 and SHA-256 of the stored bytes."""
    content = _write(desk, "a", b"large")
    assert _digests(desk, content.blob_id) == (None, None)

    count = _hashing(desk).complete()

    assert count == 1
    assert _digests(desk, content.blob_id) == (
        hashlib.md5(b"large").hexdigest(),
        hashlib.sha256(b"large").hexdigest(),
    )
    assert _hashing(desk).complete() == 0


def test_what_cannot_be_read_keeps_nobody_waiting(desk: Desk) -> None:
    """Lost content is passed over, and the rest is done."""
    lost = _write(desk, "lost", b"lost")
    kept = _write(desk, "kept", b"kept")
    desk.library.blobs.remove(lost.blob_id)

    assert _hashing(desk).complete() == 1

    assert _digests(desk, lost.blob_id) == (None, None)
    assert _digests(desk, kept.blob_id)[0] == hashlib.md5(b"kept").hexdigest()


def test_damaged_content_gets_no_new_digests(desk: Desk) -> None:
    """Else the damage would look like what was stored."""
    content = _write(desk, "a", b"good")
    desk.library.blobs.remove(content.blob_id)
    with desk.library.blobs.stage(content.blob_id) as staged:
        staged.write(b"evil")
    desk.library.blobs.seal(content.blob_id, 4)

    assert _hashing(desk).complete() == 0

    assert _digests(desk, content.blob_id) == (None, None)


def test_stopping(desk: Desk) -> None:
    """The server ends without waiting for the queue."""
    content = _write(desk, "a", b"large")
    stop = Event()
    stop.set()

    assert _hashing(desk).complete(stop=stop) == 0
    assert _digests(desk, content.blob_id) == (None, None)


def test_lost_content_is_not_tried_again(desk: Desk) -> None:
    """A worker does not read the same damaged file for ever."""
    lost = _write(desk, "lost", b"back")
    hashing = _hashing(desk)
    desk.library.blobs.remove(lost.blob_id)
    hashing.complete()
    with desk.library.blobs.stage(lost.blob_id) as staged:
        staged.write(b"back")
    desk.library.blobs.seal(lost.blob_id, 4)

    assert hashing.complete() == 0
    assert _hashing(desk).complete() == 1
