"""Reading whole content, with the last of it held back until the rest is proven.

Bytes that are not what arrived once never leave as if they were: the block that would
make the content complete is not given out unless the checksum is right. Content of one
block is proven before a byte of it is seen.
"""

from types import TracebackType
from typing import Self

from spaces.blobs.base import BlobReader
from spaces.checksums import step_adler32
from spaces.errors import ContentDamaged


class VerifiedReader:
    """A reader of all of a blob that compares as it goes.

    Args:
        reader: at the blob's start.
        size: bytes that the content has.
        expected: its ADLER32, in hex.
    """

    __slots__ = ("_expected", "_left", "_reader", "_running", "close", "fileno", "size")

    def __init__(self, reader: BlobReader, *, size: int, expected: str) -> None:
        """Take over the reader."""
        self._reader = reader
        self._left = size
        self._running = 1
        self._expected = int(expected, 16)
        self.size = size
        self.close = reader.close
        self.fileno = reader.fileno

    def read(self, size: int = -1, /) -> bytes:
        """As the reader.

        Raises:
            ContentDamaged: with these bytes the content would be complete, and wrong;
                or it is shorter than it was.
        """
        block = self._reader.read(size)
        if block:
            self._check(block, len(block))
        elif self._left and size:
            raise ContentDamaged
        return block

    def readinto(self, buffer: bytearray | memoryview, /) -> int:
        """As the reader.

        Raises:
            ContentDamaged: as `read`.
        """
        count = self._reader.readinto(buffer)
        if count:
            self._check(memoryview(buffer)[:count], count)
        elif self._left and len(buffer):
            raise ContentDamaged
        return count

    def _check(self, block: bytes | memoryview, count: int) -> None:
        self._running = step_adler32(block, self._running)
        self._left -= count
        if not self._left and self._running != self._expected:
            raise ContentDamaged

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()
