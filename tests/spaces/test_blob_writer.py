"""When other threads help with checksums, and that nothing is lost on the way."""

import hashlib
import threading
from itertools import cycle

import pytest

from spaces.blobs.writer import BLOCK_BYTES, FileWriter
from spaces.checksums import RunningChecksums
from spaces.ids import BlobId, new_id
from tests.memory_blobs import MemoryBlobStore

MIB = 1024 * 1024
FAST = (BLOCK_BYTES,)
SLOW = (BLOCK_BYTES // 2, 1)


def helpers() -> int:
    """Threads that compute checksums now."""
    return sum(thread.name == "checksums" for thread in threading.enumerate())


@pytest.mark.parametrize(
    ("expected", "pieces", "count"),
    [
        pytest.param(8 * MIB, FAST, 1, id="much at once"),
        pytest.param(None, FAST, 1, id="nobody knows how much, but at once"),
        pytest.param(MIB, FAST, 0, id="too little to hand over"),
        pytest.param(8 * MIB, SLOW, 0, id="a buffer is never full"),
    ],
)
def test_threads_help_where_bytes_come_fast(
    expected: int | None, pieces: tuple[int, ...], count: int
) -> None:
    """A client that cannot fill a buffer costs neither threads nor more memory."""
    before = helpers()
    blobs, blob_id = MemoryBlobStore(), BlobId(new_id())
    with FileWriter(
        blobs, blob_id, RunningChecksums(), expected_bytes=expected
    ) as writer:
        for size in cycle(pieces):
            writer.advance(size)
            if writer.size >= MIB:
                break

        assert helpers() - before == count


@pytest.mark.parametrize("size", [1000, 16 * 1024, 100_000, BLOCK_BYTES])
def test_small_pieces_are_handed_over_together(size: int) -> None:
    """However a long run is cut, also as TLS cuts it, the checksums are right."""
    whole = hashlib.sha1(usedforsecurity=False)
    blobs, blob_id = MemoryBlobStore(), BlobId(new_id())
    with FileWriter(
        blobs, blob_id, RunningChecksums(), expected_bytes=8 * MIB
    ) as writer:
        for number in range(4):  # so that threads begin
            whole.update(block := bytes([number]) * BLOCK_BYTES)
            writer.write(block)
        for number in range(2 * MIB // size):
            room = writer.buffer()
            count = min(size, len(room))
            room[:count] = block = bytes([number % 251]) * count
            whole.update(block)
            writer.advance(count)
        content = writer.finish()

    assert content.checksums.sha1 == whole.hexdigest()
    with blobs.open(blob_id) as reader:
        assert hashlib.sha1(reader.read()).hexdigest() == content.checksums.sha1
