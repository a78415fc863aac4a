"""Reading a blob that is a file."""

import os
from types import TracebackType
from typing import Self


class FolderReader:
    """A range of a file, read by position, so that the descriptor can be shared."""

    def __init__(self, descriptor: int, start: int, length: int) -> None:
        """Take over the descriptor."""
        self._descriptor = descriptor
        self._position = start
        self._end = start + length
        self._size = length

    @property
    def size(self) -> int:
        """Bytes that the range holds in all."""
        return self._size

    def read(self, size: int = -1, /) -> bytes:
        """Up to so many bytes, all that is left if negative; b"" at the end."""
        left = self._end - self._position
        wanted = left if size < 0 else min(size, left)
        parts: list[bytes] = []
        while wanted and (data := os.pread(self._descriptor, wanted, self._position)):
            parts.append(data)
            self._position += len(data)
            wanted -= len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readinto(self, buffer: bytearray | memoryview, /) -> int:
        """Fill the buffer as far as the range goes; 0 at the end."""
        room = min(len(buffer), self._end - self._position)
        if room <= 0:
            return 0
        count = os.preadv(self._descriptor, [memoryview(buffer)[:room]], self._position)
        self._position += count
        return count

    def fileno(self) -> int | None:
        """The file's descriptor."""
        return self._descriptor

    def close(self) -> None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

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
