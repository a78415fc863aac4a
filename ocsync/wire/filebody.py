"""Stored content as the body of an answer.

A `FileBody` is an ordinary WSGI iterable of blocks. ocsync's own server recognises it
and sends from one reused buffer instead, so whoever wraps answers (a log, a counter)
passes it on as it is.
"""

from collections.abc import Callable, Iterator
from typing import Final

from spaces.blobs.base import BlobReader

BLOCK_BYTES: Final = 256 * 1024


class FileBody:
    """The content of one reader, which is closed together with the answer."""

    __slots__ = ("_reader", "length", "on_close", "read_bytes")

    def __init__(self, reader: BlobReader, length: int | None = None) -> None:
        self._reader = reader
        self.length = reader.size if length is None else length
        """Bytes that the answer announces, and that the reader holds."""
        self.read_bytes = 0
        """Bytes handed on so far."""
        self.on_close: Callable[[], None] | None = None
        """Called once when the answer has ended, for whoever counts."""

    def readinto(self, buffer: bytearray | memoryview) -> int:
        """The next bytes; 0 at the end."""
        count = self._reader.readinto(buffer)
        self.read_bytes += count
        return count

    def __iter__(self) -> Iterator[bytes]:
        """Blocks of fresh bytes, for servers that know nothing better."""
        while block := self._reader.read(BLOCK_BYTES):
            self.read_bytes += len(block)
            yield block

    def close(self) -> None:
        """Close the reader; WSGI servers call it however the answer ends."""
        on_close, self.on_close = self.on_close, None
        try:
            self._reader.close()
        finally:
            if on_close is not None:
                on_close()
