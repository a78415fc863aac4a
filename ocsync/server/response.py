"""The answer to one request: its head, and how its body is framed on the wire.

Exactly one of four framings is chosen when the head goes out: nothing, a length,
chunks, or the end of the connection. An answer that breaks off never looks whole. It
knows nothing of the application that makes it.
"""

import time
from collections.abc import Sequence
from email.utils import formatdate
from enum import Enum
from http import HTTPStatus
from typing import Final

from ocsync.server.channel import Channel
from ocsync.server.scratch import Scratch

_UPLOAD_RESUMPTION_SUPPORTED: Final = 104
_BODILESS: Final = frozenset({204, 304})
_SPECIAL: Final = {
    "content-length": "length",
    "date": "date",
    "server": "server",
    "connection": "hop",
    "keep-alive": "hop",
    "proxy-connection": "hop",
    "transfer-encoding": "hop",
    "upgrade": "hop",
}
"""Fields that say how the message travels, or that are added where they lack."""
_JOIN_BYTES: Final = 64 * 1024
"""Up to this size one copy is cheaper than one more system call."""

Headers = Sequence[tuple[str, str]]


class Framing(Enum):
    """How the client learns where the body ends."""

    NOTHING = "there is no body"
    LENGTH = "Content-Length"
    CHUNKS = "chunked"
    CLOSE = "end of the connection"


class BrokenAnswer(Exception):
    """The application's answer cannot be sent as it promised."""


class HttpDate:
    """The Date field, made once a second."""

    def __init__(self) -> None:
        self._made: tuple[int, str] = (0, "")

    def line(self) -> str:
        """The whole line, for this second."""
        now = int(time.time())
        second, line = self._made
        if second != now:
            line = f"Date: {formatdate(now, usegmt=True)}\r\n"
            self._made = (now, line)
        return line


class Response:
    """Sends one answer; the first bytes of its body go out with the head."""

    framing = Framing.NOTHING
    status = ""
    headers: Headers = ()
    is_begun = False
    """Whether the head has gone out."""
    may_keep_alive = False
    """Whether the connection may go on; to be set before the head goes out."""
    keeps_alive = False
    """Whether the connection can serve another request; known after the head."""
    _left = 0

    def __init__(
        self,
        channel: Channel,
        *,
        method: str,
        minor: int,
        date: HttpDate,
    ) -> None:
        self._channel = channel
        self._is_head = method == "HEAD"
        self._minor = minor
        self._date = date

    def send_interim(self, code: int, headers: Headers) -> None:
        """Send a 1xx answer before the final one; nothing to an HTTP/1.0 client."""
        if self.is_begun or not self._minor:
            return
        lines = [f"HTTP/1.1 {code} {_phrase(code)}\r\n"]
        lines += [f"{name}: {value}\r\n" for name, value in headers]
        self._channel.send_all(_encode(lines))

    def send(
        self,
        data: bytes | memoryview,
        *,
        whole_length: int | None = None,
        within: Scratch | None = None,
    ) -> None:
        """Send a part of the body, after the head if that has not gone out.

        `whole_length` is that of the whole body, where it is known; `within` is the
        buffer whose content the part is, if it is.

        Raises:
            ClientGone: the client takes no more.
            BrokenAnswer: the application promised less.
        """
        head = b"" if self.is_begun else self._begin(whole_length)
        if self.framing is Framing.NOTHING:
            data = b""
        elif self.framing is Framing.CHUNKS and data:
            data = b"".join((b"%x\r\n" % len(data), data, b"\r\n"))
        elif self.framing is Framing.LENGTH:
            data = self._within_length(data)
        if head:
            whole = self._joined(head, data, within)
            if whole is None:
                self._channel.send_all(head, more=True)
            else:
                data = whole
        if len(data):
            self._channel.send_all(data)
        if self._left < 0:
            raise BrokenAnswer("the body is longer than its Content-Length")

    def finish(self) -> None:
        """Send what is missing after the last part of the body.

        Raises:
            ClientGone: the client takes no more.
            BrokenAnswer: the application promised more.
        """
        if self.framing is Framing.CHUNKS:
            self._channel.send_all(b"0\r\n\r\n")
        elif self.framing is Framing.LENGTH and self._left:
            raise BrokenAnswer(f"the body lacks {self._left} bytes of its length")

    def _joined(
        self, head: bytes, data: bytes | memoryview, within: Scratch | None
    ) -> bytes | memoryview | None:
        """Head and body in one piece, if that costs less than to send them apart."""
        if within is not None and self.framing is Framing.LENGTH:
            return within.joined(head, len(data))
        return b"".join((head, data)) if len(data) <= _JOIN_BYTES else None

    def _within_length(self, data: bytes | memoryview) -> bytes | memoryview:
        left = self._left
        self._left = left - len(data)
        return data[:left] if self._left < 0 else data

    def _begin(self, whole_length: int | None) -> bytes:
        """Choose the framing and make the head."""
        if not self.status:
            raise BrokenAnswer("the application has not called start_response")
        code = int(self.status[:3])
        lines = [f"HTTP/1.1 {self.status}\r\n"]
        length: int | None = None
        wants_close = False
        given: list[str] = []
        for name, value in self.headers:
            kind = _SPECIAL.get(name.lower())
            if kind is None:
                lines.append(f"{name}: {value}\r\n")
            elif kind == "length":
                length = _parse_length(value)
            elif kind == "hop":
                wants_close = wants_close or value.lower() == "close"
            else:
                lines.append(f"{name}: {value}\r\n")
                given.append(kind)
        lines += self._frame(code, declared=length, known=whole_length)
        if "date" not in given:
            lines.append(self._date.line())
        if "server" not in given:
            lines.append("Server: ocsync\r\n")
        is_open = self.framing is not Framing.CLOSE and not wants_close
        self.keeps_alive = is_open and self.may_keep_alive
        if not self.keeps_alive:
            lines.append("Connection: close\r\n")
        elif not self._minor:
            lines.append("Connection: keep-alive\r\n")
        head = _encode(lines)
        self.is_begun = True
        return head

    def _frame(
        self, code: int, *, declared: int | None, known: int | None
    ) -> list[str]:
        """Choose the framing (RFC 9112 §6.3); the fields that tell it."""
        if code in _BODILESS:
            self.framing = Framing.NOTHING
            # A 304 may say what a 200 would have; a 204 never (RFC 9110 §8.6).
            is_said = declared is not None and code != HTTPStatus.NO_CONTENT
            return [f"Content-Length: {declared}\r\n"] if is_said else []
        length = known if declared is None else declared
        if self._is_head:
            self.framing = Framing.NOTHING
            return [] if length is None else [f"Content-Length: {length}\r\n"]
        if length is not None:
            self.framing, self._left = Framing.LENGTH, length
            return [f"Content-Length: {length}\r\n"]
        if self._minor:
            self.framing = Framing.CHUNKS
            return ["Transfer-Encoding: chunked\r\n"]
        self.framing = Framing.CLOSE
        return []


def simple_answer(code: int, message: str) -> bytes:
    """A whole answer in plain text after which the connection closes."""
    body = f"{message}\n".encode()
    is_passing = code == HTTPStatus.SERVICE_UNAVAILABLE
    retry = ["Retry-After: 1\r\n"] if is_passing else []
    head = [
        f"HTTP/1.1 {code} {_phrase(code)}\r\n",
        f"Content-Length: {len(body)}\r\n",
        "Content-Type: text/plain; charset=utf-8\r\n",
        *retry,
        f"Date: {formatdate(usegmt=True)}\r\n",
        "Server: ocsync\r\n",
        "Connection: close\r\n",
    ]
    return _encode(head) + body


def _encode(lines: list[str]) -> bytes:
    """The bytes of a head from its lines, and the blank line.

    Raises:
        BrokenAnswer: a header would break out of its line, or is not latin-1.
    """
    text = "".join(lines)
    count = len(lines)
    if text.count("\n") != count or text.count("\r") != count or "\0" in text:
        raise BrokenAnswer("a header holds control characters")
    try:
        return f"{text}\r\n".encode("latin-1")
    except UnicodeEncodeError as error:
        raise BrokenAnswer("a header is not latin-1") from error


def _parse_length(value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise BrokenAnswer(f"Content-Length is no number: {value!r}")
    return int(value)


def _phrase(code: int) -> str:
    if code == _UPLOAD_RESUMPTION_SUPPORTED:
        return "Upload Resumption Supported"
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return "Unknown"
