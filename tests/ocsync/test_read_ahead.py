"""Blocks that another thread reads come in order, and errors where they happened."""

import threading
from contextlib import closing
from itertools import pairwise

import pytest

from ocsync.server.read_ahead import read_ahead
from ocsync.wire.filebody import BLOCK_BYTES, FileBody
from spaces.blobs.verified import VerifiedReader
from spaces.checksums import step_adler32
from spaces.errors import ContentDamaged
from spaces.ids import BlobId, new_id
from tests.memory_blobs import MemoryBlobStore

WHOLE = b"".join(bytes([number]) * (BLOCK_BYTES - number) for number in range(9))


def body_of(data: bytes, *, adler32: int | None = None) -> FileBody:
    """Stored content, proven against a sum."""
    blobs, blob_id = MemoryBlobStore(), BlobId(new_id())
    with blobs.stage(blob_id) as staged:
        staged.write(data)
        staged.seal()
    value = step_adler32(data) if adler32 is None else adler32
    reader = blobs.open(blob_id)
    return FileBody(VerifiedReader(reader, size=len(data), expected=f"{value:08x}"))


def readers() -> int:
    """Threads that read ahead now."""
    return sum(thread.name == "read-ahead" for thread in threading.enumerate())


def test_all_blocks_come_in_order() -> None:
    """However many there are, and no thread is left over."""
    with closing(read_ahead(body_of(WHOLE), len(WHOLE))) as blocks:
        sent = b"".join(bytes(block) for block in blocks)

    assert sent == WHOLE
    assert readers() == 0


def test_damage_is_told_before_the_last_block() -> None:
    """What would make wrong content complete is not given out."""
    whole_blocks = len(WHOLE) // BLOCK_BYTES
    body = body_of(WHOLE, adler32=1)

    with closing(read_ahead(body, len(WHOLE))) as blocks:
        sent = b"".join(bytes(next(blocks)) for _ in range(whole_blocks))
        with pytest.raises(ContentDamaged):
            next(blocks)

    assert WHOLE.startswith(sent)
    assert readers() == 0


def test_whoever_stops_early_leaves_no_thread() -> None:
    """A client that goes away ends the reading too."""
    body = body_of(WHOLE)

    with closing(read_ahead(body, len(WHOLE))) as blocks:
        next(blocks)

    assert readers() == 0
    body.close()


def test_content_that_is_too_short_ends() -> None:
    """The sender finds out that bytes are missing, and breaks off."""
    reader = MemoryBlobStore()
    blob_id = BlobId(new_id())
    with reader.stage(blob_id) as staged:
        staged.write(b"short")
        staged.seal()

    with closing(read_ahead(FileBody(reader.open(blob_id), 9), 9)) as blocks:
        assert [bytes(block) for block in blocks] == [b"short"]


def test_a_block_stays_until_the_next_is_asked_for() -> None:
    """The other thread does not write over what is being sent."""
    with closing(read_ahead(body_of(WHOLE), len(WHOLE))) as blocks:
        seen = [(bytes(block[:1]), bytes(block[-1:])) for block in blocks]

    assert all(first[0] <= then[0] for first, then in pairwise(seen))
