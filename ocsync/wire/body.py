"""The body of a request, read so that a short one is never taken for a whole one.

`BoundedBody` reads from the server's own body object (`environ["ocsync.body"]`,
which receives straight into the caller's buffer) or, under any other WSGI server,
from `wsgi.input`. Both end in the same errors. It knows nothing of what the bytes
mean, and never holds more of them than the caller's buffer.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol, cast

BLOCK_BYTES: Final = 256 * 1024
"""A good size for the buffer that bodies are read into."""

_NO_TRAILERS: Final[Mapping[str, str]] = {}


class BodyError(Exception):
    """The body of the request could not be read to its end."""


class TruncatedBody(BodyError):
    """The body ended before its announced length; what was read so far is good."""


class BodyTimeout(TruncatedBody):
    """Nothing more of the body came for too long."""


class BodyTooSlow(TruncatedBody):
    """The body came more slowly than the server's minimum rate."""


class BodyInterrupted(TruncatedBody):
    """The server stopped reading: it shuts down, or another request took over."""


class MalformedBody(BodyError):
    """The chunks of the body are not framed as HTTP demands."""


class BodyTooLarge(BodyError):
    """The body is longer than its reader allows."""


class ServerBody(Protocol):
    """What ocsync's own server offers as `environ["ocsync.body"]`."""

    @property
    def length(self) -> int | None:
        """Bytes announced by Content-Length; None where the body is chunked."""
        ...

    @property
    def trailers(self) -> Mapping[str, str]:
        """Fields after a chunked body, by lower-case name; filled at its end."""
        ...

    def readinto(self, buffer: bytearray | memoryview, /) -> int:
        """What one receive gives, at most the buffer; 0 only at the true end.

        Raises:
            TruncatedBody: nothing is lost: all earlier bytes were handed out.
            MalformedBody: as its name says.
        """
        ...


class BoundedBody:
    """A request's body, with an announced length, a limit, or both.

    `limit` is the most bytes that the reader will take. A longer body raises
    `BodyTooLarge`: at once where its length was announced, else when the limit is
    passed, before any byte beyond it is handed out.
    """

    __slots__ = ("_body", "_input", "_is_ended", "_length", "_limit", "_received")

    def __init__(self, environ: Mapping[str, Any], *, limit: int | None = None) -> None:
        self._body: ServerBody | None = environ.get("ocsync.body")
        self._input = environ.get("wsgi.input")
        self._limit = limit
        self._length = _announced_length(environ, self._body)
        self._received = 0
        self._is_ended = self._length == 0
        if limit is not None and self._length is not None and self._length > limit:
            raise BodyTooLarge(
                f"the body has {self._length} bytes, at most {limit} are taken"
            )

    @property
    def length(self) -> int | None:
        """Bytes announced; None where only the end of the body will tell."""
        return self._length

    @property
    def received(self) -> int:
        """Bytes handed out so far."""
        return self._received

    @property
    def trailers(self) -> Mapping[str, str]:
        """Fields after a chunked body, by lower-case name; known at its end."""
        return _NO_TRAILERS if self._body is None else self._body.trailers

    def readinto(self, buffer: bytearray | memoryview) -> int:
        """Read once into the buffer; 0 only when the whole body has been read.

        Raises:
            TruncatedBody: the body broke off; every byte received was handed out.
            MalformedBody: its chunks are malformed.
            BodyTooLarge: it goes on beyond the limit.
        """
        if self._is_ended or not len(buffer):
            return 0
        room = self._room()
        if room == 0:
            self._require_end()
            return 0
        view = memoryview(buffer)
        count = self._receive(view if room is None else view[:room])
        self._received += count
        if count == 0:
            self._is_ended = True
            if self._length is not None and self._received < self._length:
                raise TruncatedBody(
                    f"the body ended after {self._received} of {self._length} bytes"
                )
        elif self._received == self._length:
            self._is_ended = True
        return count

    def read(self, size: int = -1) -> bytes:
        """The next bytes, up to so many; all the rest if negative; b"" at the end.

        Raises:
            BodyError: as `readinto`; a long read that fails loses what it gathered,
                so whoever keeps partial bodies uses `readinto`.
        """
        if size >= 0:
            buffer = bytearray(min(size, BLOCK_BYTES))
            return bytes(buffer[: self.readinto(buffer)])
        room = self._room()
        buffer = bytearray(
            BLOCK_BYTES if room is None else max(1, min(room, BLOCK_BYTES))
        )
        parts: list[bytes] = []
        while count := self.readinto(buffer):
            parts.append(bytes(buffer[:count]))
        return b"".join(parts)

    def blocks(self, buffer: bytearray) -> Iterator[memoryview]:
        """Each read as a view of the one buffer, valid until the next is asked for."""
        view = memoryview(buffer)
        while count := self.readinto(view):
            yield view[:count]

    def __iter__(self) -> Iterator[memoryview]:
        """Blocks in a buffer of its own."""
        return self.blocks(bytearray(BLOCK_BYTES))

    def _room(self) -> int | None:
        """Bytes that may still be handed out; None without a bound."""
        if self._length is not None:
            return self._length - self._received
        return None if self._limit is None else self._limit - self._received

    def _require_end(self) -> None:
        if self._receive(memoryview(bytearray(1))):
            raise BodyTooLarge(f"the body has more than {self._limit} bytes")
        self._is_ended = True

    def _receive(self, view: memoryview) -> int:
        if self._body is not None:
            return self._body.readinto(view)
        if self._input is None:
            return 0
        try:
            data = cast("bytes", self._input.read(len(view)))
        except OSError as error:
            raise TruncatedBody(f"the connection broke: {error}") from error
        view[: len(data)] = data
        return len(data)


def _announced_length(
    environ: Mapping[str, Any], body: ServerBody | None
) -> int | None:
    if body is not None:
        return body.length
    text = environ.get("CONTENT_LENGTH") or ""
    if text:
        if not (text.isascii() and text.isdigit()):
            raise MalformedBody(f"Content-Length is no number: {text!r}")
        return int(text)
    return None if environ.get("wsgi.input_terminated") else 0
