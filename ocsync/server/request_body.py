"""The body of one request, framed by its length or in chunks.

It is `environ["ocsync.body"]` and `wsgi.input` in one. `readinto` receives straight
into the caller's buffer and hands out every byte that came before an error;
`read` and `readline` are what PEP 3333 asks for and gather in between.
"""

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Final

from ocsync.server.channel import Channel
from ocsync.server.chunks import LINE_BYTES, ChunkSizes, Trailers
from ocsync.server.pace import Pace
from ocsync.wire.body import BodyError, MalformedBody, TruncatedBody

_GATHER_BYTES: Final = 64 * 1024


class RequestBody:
    """A body that has nothing to read, and the file-like methods of all bodies."""

    is_chunked = False
    is_broken = False
    """Whether reading failed, so that nobody knows where the next request begins."""

    @property
    def length(self) -> int | None:
        """Bytes announced by Content-Length; None where the body is chunked."""
        return 0

    @property
    def remaining(self) -> int | None:
        """Bytes of the announced length not read yet; None where it is chunked."""
        return 0

    @property
    def is_finished(self) -> bool:
        """Whether everything of it has been read."""
        return True

    @property
    def received(self) -> int:
        """Bytes that have been read."""
        return 0

    @property
    def waited(self) -> float:
        """Seconds spent on receiving it."""
        return 0.0

    @property
    def trailers(self) -> dict[str, str]:
        """Fields after a chunked body, by lower-case name; filled at its end."""
        return {}

    def readinto(self, buffer: bytearray | memoryview, /) -> int:
        """What one receive gives, at most the buffer; 0 only at the true end.

        Raises:
            TruncatedBody: the body broke off, stalled, or was cut.
            MalformedBody: its chunks are malformed.
        """
        del buffer
        return 0

    def read(self, size: int = -1, /) -> bytes:
        """So many bytes, fewer only at the end; all the rest if negative."""
        gathered = bytearray()
        while size < 0 or len(gathered) < size:
            room = _GATHER_BYTES if size < 0 else min(size - len(gathered), 1 << 16)
            block = bytearray(room)
            count = self.readinto(block)
            if not count:
                break
            gathered += memoryview(block)[:count]
        return bytes(gathered)

    def readline(self, size: int = -1, /) -> bytes:
        """Up to and including the next line feed, at most so many bytes."""
        line = bytearray()
        while (size < 0 or len(line) < size) and not line.endswith(b"\n"):
            byte = self.read(1)
            if not byte:
                break
            line += byte
        return bytes(line)

    def readlines(self, hint: int = -1, /) -> list[bytes]:
        """All lines, or as many as hold so many bytes."""
        lines: list[bytes] = []
        total = 0
        for line in self:
            lines.append(line)
            total += len(line)
            if 0 < hint <= total:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        """Line by line."""
        return iter(self.readline, b"")


class StreamedBody(RequestBody):
    """A body that comes over a channel; subclasses know its framing."""

    def __init__(
        self, channel: Channel, pace: Pace, *, before_wait: Callable[[], None] | None
    ) -> None:
        self._channel = channel
        self._before_first = before_wait
        self._received = 0
        self._waited = 0.0
        self.pace = pace

    @property
    def received(self) -> int:
        """Bytes that have been read."""
        return self._received

    @property
    def waited(self) -> float:
        """Seconds spent on receiving it."""
        return self._waited

    @property
    def awaits_continue(self) -> bool:
        """Whether the client still waits for a word before it sends the body."""
        return self._before_first is not None and not self._channel.buffered

    def readinto(self, buffer: bytearray | memoryview, /) -> int:
        """As said above; the first call asks a waiting client to go on."""
        if self._before_first is not None:
            ask, self._before_first = self._before_first, None
            if not self._channel.buffered:
                ask()
        if self.is_broken:
            raise TruncatedBody("the body has broken off before")
        began = perf_counter()
        try:
            count = self._receive(memoryview(buffer).cast("B"))
        except BodyError:
            self.is_broken = True
            raise
        finally:
            self._waited += perf_counter() - began
        self._received += count
        return count

    def _receive(self, view: memoryview) -> int:
        raise NotImplementedError


class LengthBody(StreamedBody):
    """A body of announced length."""

    def __init__(
        self,
        channel: Channel,
        pace: Pace,
        *,
        length: int,
        before_wait: Callable[[], None] | None,
    ) -> None:
        super().__init__(channel, pace, before_wait=before_wait)
        self._length = self._remaining = length

    @property
    def length(self) -> int:
        """Bytes announced."""
        return self._length

    @property
    def remaining(self) -> int:
        """Bytes not read yet."""
        return self._remaining

    @property
    def is_finished(self) -> bool:
        """Whether everything of it has been read."""
        return not self._remaining

    def _receive(self, view: memoryview) -> int:
        remaining = self._remaining
        if not remaining or not len(view):
            return 0
        if len(view) > remaining:
            view = view[:remaining]
        count = self._channel.receive_into(view, self.pace)
        if not count:
            received = self._length - remaining
            raise TruncatedBody(f"the body ended after {received} of {self._length}")
        self._remaining = remaining - count
        return count


class ChunkedBody(StreamedBody):
    """A body in chunks; none is ever held whole."""

    is_chunked = True

    def __init__(
        self, channel: Channel, pace: Pace, *, before_wait: Callable[[], None] | None
    ) -> None:
        super().__init__(channel, pace, before_wait=before_wait)
        self._sizes = ChunkSizes()
        self._trailers = Trailers()
        self._left = 0
        self._is_first = True
        self._is_finished = False

    @property
    def length(self) -> None:
        """Nobody knows yet."""
        return

    @property
    def remaining(self) -> None:
        """Nobody knows yet."""
        return

    @property
    def is_finished(self) -> bool:
        """Whether everything, trailers too, has been read."""
        return self._is_finished

    @property
    def trailers(self) -> dict[str, str]:
        """Fields after the body, by lower-case name; filled at its end."""
        return self._trailers.fields

    def _receive(self, view: memoryview) -> int:
        if self._is_finished or not len(view):
            return 0
        if not self._left:
            self._begin_chunk()
            if self._is_finished:
                return 0
        if len(view) > self._left:
            view = view[: self._left]
        count = self._channel.receive_into(view, self.pace)
        if not count:
            raise TruncatedBody("the body ended within a chunk")
        self._left -= count
        return count

    def _begin_chunk(self) -> None:
        """Read the next size line, and after the last chunk the trailers.

        A line is taken from the buffer only whole, so a read that times out between
        chunks can be tried again.
        """
        receive_line = self._channel.receive_line
        if not self._is_first:
            if receive_line(LINE_BYTES, self.pace):
                raise MalformedBody("a chunk is longer than its size")
            self._is_first = True
        self._left = self._sizes.parse(receive_line(LINE_BYTES, self.pace))
        self._is_first = False
        if self._left:
            return
        while line := receive_line(LINE_BYTES, self.pace):
            self._trailers.add(line)
        self._is_finished = True
