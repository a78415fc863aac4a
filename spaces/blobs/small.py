"""Writing small content: held in memory until it is whole, then kept in one go.

For what fits into one buffer a staging area, its renaming and checksums on the way
cost more than the content itself. Used like `spaces.blobs.writer.FileWriter`.
"""

from types import TracebackType
from typing import Final, Self

from spaces.blobs.base import BlobStore
from spaces.blobs.writer import BLOCK_BYTES
from spaces.checksums import RunningChecksums
from spaces.ids import BlobId
from spaces.model import Content

SMALL_BYTES: Final = BLOCK_BYTES
"""The most that is held in memory for one writer: no more than a larger one needs."""


class SmallWriter:
    """A new blob of at most so many bytes; nothing is written before `finish`."""

    def __init__(
        self,
        blobs: BlobStore,
        blob_id: BlobId,
        checksums: RunningChecksums,
        *,
        room: int,
    ) -> None:
        """Make room for the content."""
        self.blob_id = blob_id
        self.checksums = checksums
        self._blobs = blobs
        self._data = memoryview(bytearray(room))
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._size

    def buffer(self) -> memoryview:
        """Room for the next bytes; empty when all that was expected has come."""
        return self._data[self._size :]

    def advance(self, count: int) -> None:
        """Take the first `count` bytes of the buffer."""
        self._size += count

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append all of the data.

        Raises:
            ValueError: it is more than was expected.
        """
        self._data[self._size : self._size + len(data)] = data
        self._size += len(data)

    def settle(self) -> RunningChecksums:
        """The checksums of everything written so far."""
        if self.checksums.size < self._size:
            self.checksums.update(self._data[self.checksums.size : self._size])
        return self.checksums

    def finish(self) -> Content:
        """Keep the blob and return when it is durable.

        Raises:
            StorageFull: it found no room.
        """
        checksums = self.settle().checksums()
        self._blobs.put(self.blob_id, self._data[: self._size])
        return Content(self.blob_id, self._size, checksums)

    def discard(self) -> None:
        """Forget what was written; there is nothing to be cleared away."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing was written that would have to be discarded."""
