"""Reading bytes that lie in one or several objects, as they come, in constant memory.

A transfer that breaks off is taken up again where it was, a bounded number of times.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from spaces.blobs.s3.bucket import Bucket, Download
from spaces.errors import BlobNotFound, StoreUnavailable

_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes of one object."""

    key: str
    start: int
    length: int


class S3Reader:
    """Reads segments one after the other."""

    def __init__(
        self,
        bucket: Bucket,
        segments: Iterable[Segment],
        download: Download | None = None,
    ) -> None:
        """Begin; `download` is that of the first segment, where it runs already."""
        self._bucket = bucket
        self._segments = deque(each for each in segments if each.length)
        self._size = sum(each.length for each in self._segments)
        self._download = download
        self._position = 0
        self._failures = 0

    @classmethod
    def of_object(
        cls, bucket: Bucket, key: str, start: int, length: int | None
    ) -> Self:
        """Read a range of an object, which is asked for at once.

        So the transfer goes on when the object is removed meanwhile.

        Raises:
            BlobNotFound: there is no such object.
        """
        if length is not None and length <= 0:
            bucket.size(key)
            return cls(bucket, ())
        download = bucket.get(key, start, length)
        if download is None:
            return cls(bucket, ())
        return cls(bucket, [Segment(key, start, download.size)], download)

    @property
    def size(self) -> int:
        """Bytes that there are in all."""
        return self._size

    def read(self, size: int = -1, /) -> bytes:
        """Up to so many bytes, all that is left if negative; b"" at the end."""
        left = sum(each.length for each in self._segments) - self._position
        buffer = bytearray(left if size < 0 else min(size, left))
        filled = 0
        while filled < len(buffer) and (
            count := self.readinto(memoryview(buffer)[filled:])
        ):
            filled += count
        return bytes(buffer)

    def readinto(self, buffer: bytearray | memoryview, /) -> int:
        """Put the next bytes into the buffer; 0 at the end.

        Raises:
            BlobNotFound: an object is gone, or not as long as it was.
            StoreUnavailable: S3 does not answer any more.
        """
        room = len(buffer)
        while room and self._segments:
            segment = self._segments[0]
            left = segment.length - self._position
            try:
                count = self._receive(segment, memoryview(buffer)[: min(room, left)])
            except StoreUnavailable:
                self._stop()
                self._failures += 1
                if self._failures == _TRIES:
                    raise
                continue
            self._failures = 0
            self._position += count
            if self._position == segment.length:
                self._stop()
                self._segments.popleft()
                self._position = 0
            return count
        return 0

    def fileno(self) -> int | None:
        """There is no file."""
        return None

    def close(self) -> None:
        """Stop; what is under way is not read to its end."""
        self._stop()
        self._segments.clear()

    def _receive(self, segment: Segment, buffer: memoryview) -> int:
        if self._download is None:
            at = segment.start + self._position
            length = segment.length - self._position
            self._download = self._bucket.get(segment.key, at, length)
            if self._download is None or self._download.size != length:
                raise BlobNotFound
        count = self._download.readinto(buffer)
        if not count:
            raise StoreUnavailable("the transfer of content broke off")
        return count

    def _stop(self) -> None:
        download, self._download = self._download, None
        if download is not None:
            download.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.close()
