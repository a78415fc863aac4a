"""The head of a request, from bytes to values, strictly (RFC 9112).

Whatever two readers could understand in different ways is refused: bare line feeds,
folded lines, spaces before a colon, lengths that conflict or are no plain numbers,
repeated fields that are no lists. It does no input or output, and knows nothing of
what follows the head but how it is framed.
"""

import re
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from ocsync.server.fields import DROPPED, FieldNames, join_values
from ocsync.server.options import Limits

_CONTROLS: Final = bytes(set(range(0x20)) - {0x09, 0x0A, 0x0D}) + b"\x7f"
_REQUEST_LINE: Final = re.compile(
    r"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,40}) ([!\"$-~]+) HTTP/([0-9])\.([0-9])"
)
_ABSOLUTE: Final = re.compile(r"(?i:https?)://([^/?]+)((?:[/?].*)?)")
_HOST: Final = re.compile(
    r"(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._~!$&'()*+,;=%-]+)(?::[0-9]{0,5})?"
)
_FIRST_BYTES: Final = frozenset(b"!#$%&'*+-.^_`|~\r") | frozenset(
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)
_LENGTH_DIGITS: Final = 18

END: Final = b"\r\n\r\n"


class HeadError(Exception):
    """The head cannot be understood or is not accepted; the connection must close."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class RequestHead(NamedTuple):
    """One request without its body; fields are keyed as in a WSGI environ."""

    method: str
    target: str
    path: str
    """Decoded once from its percent form; each character is one byte (latin-1)."""
    query: str
    minor: int
    """0 or 1, of HTTP/1.x."""
    fields: dict[str, str]
    length: int
    """Bytes of the body; 0 where it is chunked."""
    is_chunked: bool
    has_body: bool
    keeps_alive: bool
    expects_continue: bool


class HeadParser:
    """Parses heads within limits; one instance serves all threads."""

    def __init__(self, *, limits: Limits) -> None:
        self._limits = limits
        self._names = FieldNames()

    def find_end(self, buffer: bytes) -> int:
        """Where the blank line begins that ends the head; -1 if it has not come yet.

        Raises:
            HeadError: what has come can never become an acceptable head.
        """
        end = buffer.find(END)
        if end < 0:
            self._require_promising(buffer)
        elif end > self._limits.head_bytes:
            raise HeadError(431, "the header is too large")
        return end

    def parse(self, head: bytes) -> RequestHead:
        """Understand a head, given without the blank line that ends it.

        Raises:
            HeadError: with the status to answer.
        """
        lines = self._split(head)
        method, target, minor = self._parse_request_line(lines[0])
        fields = self._parse_fields(lines)
        raw_path, query = _parse_target(method, target, fields)
        if minor and "HTTP_HOST" not in fields:
            raise HeadError(400, "Host is missing")
        host = fields.get("HTTP_HOST")
        if host is not None and not _HOST.fullmatch(host):
            raise HeadError(400, "Host is malformed")
        length, is_chunked = 0, False
        if "CONTENT_LENGTH" in fields or "HTTP_TRANSFER_ENCODING" in fields:
            length, is_chunked = _parse_framing(fields, minor)
        has_body = is_chunked or length > 0
        expects = fields.get("HTTP_EXPECT")
        if expects is not None and expects.lower() != "100-continue":
            raise HeadError(417, "Expect asks for something unknown")
        return RequestHead(
            method,
            target,
            unquote_to_bytes(raw_path).decode("latin-1")
            if "%" in raw_path
            else raw_path,
            query,
            minor,
            fields,
            length,
            is_chunked,
            has_body,
            _keeps_alive(fields, minor) if "HTTP_CONNECTION" in fields else minor > 0,
            bool(expects and minor and has_body),
        )

    def _require_promising(self, buffer: bytes) -> None:
        """Refuse early what would otherwise only end in a time-out."""
        if buffer and buffer[0] not in _FIRST_BYTES:
            raise HeadError(400, "this is no HTTP request")
        if buffer.count(b"\n") != buffer.count(b"\r\n"):
            raise HeadError(400, "a line ends in a bare line feed")
        first_line = buffer.find(b"\r\n", 2)
        if (len(buffer) if first_line < 0 else first_line) > self._limits.target_bytes:
            raise HeadError(414, "the request line is too long")
        if len(buffer) > self._limits.head_bytes:
            raise HeadError(431, "the header is too large")

    def _split(self, head: bytes) -> list[str]:
        if head.startswith(b"\r\n"):
            head = head[2:]  # RFC 9112 §2.2: one empty line before is ignored
        if len(head.translate(None, _CONTROLS)) != len(head):
            raise HeadError(400, "the header holds control characters")
        text = head.decode("latin-1")
        lines = text.split("\r\n")
        breaks = len(lines) - 1
        if text.count("\n") != breaks or text.count("\r") != breaks:
            raise HeadError(400, "a line does not end in CR LF")
        if breaks > self._limits.fields:
            raise HeadError(431, "there are too many header fields")
        return lines

    def _parse_request_line(self, line: str) -> tuple[str, str, int]:
        match = _REQUEST_LINE.fullmatch(line)
        if match is None:
            raise HeadError(400, "the request line is malformed")
        method, target, major, minor = match.groups()
        if major != "1" or minor not in "01":
            raise HeadError(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
        if len(target) > self._limits.target_bytes:
            raise HeadError(414, "the request line is too long")
        return method, target, int(minor)

    def _parse_fields(self, lines: list[str]) -> dict[str, str]:
        fields: dict[str, str] = {}
        find, learn = self._names.find, self._names.learn
        try:
            for line in lines[1:]:
                name, colon, value = line.partition(":")
                key = find(name)
                if key is None:
                    key = learn(name)
                if not colon:
                    raise HeadError(400, "a header field has no colon")
                if key == DROPPED:
                    continue
                value = value.strip(" \t")
                if key in fields:
                    value = join_values(key, fields[key], value)
                fields[key] = value
        except ValueError as error:
            raise HeadError(400, str(error)) from None
        return fields


def _parse_target(method: str, target: str, fields: dict[str, str]) -> tuple[str, str]:
    """The raw path and the query of a request target (RFC 9112 §3.2)."""
    if target[0] != "/":
        if target == "*" and method == "OPTIONS":
            return "*", ""
        if method == "CONNECT":
            raise HeadError(501, "this server is no proxy")
        match = _ABSOLUTE.fullmatch(target)
        if match is None:
            raise HeadError(400, "the request target is malformed")
        authority, target = match.groups()
        if "HTTP_HOST" in fields:
            fields["HTTP_HOST"] = authority
        target = target if target.startswith("/") else "/" + target
    path, _, query = target.partition("?")
    return path, query


def _parse_framing(fields: dict[str, str], minor: int) -> tuple[int, bool]:
    """The length of the body, and whether it is chunked (RFC 9112 §6)."""
    length = fields.get("CONTENT_LENGTH")
    coding = fields.get("HTTP_TRANSFER_ENCODING")
    if coding is None:
        if length is None:
            return 0, False
        if not (
            length.isascii() and length.isdigit() and len(length) <= _LENGTH_DIGITS
        ):
            raise HeadError(400, "Content-Length is no number")
        return int(length), False
    if length is not None:
        raise HeadError(400, "Content-Length and Transfer-Encoding conflict")
    if minor == 0:
        raise HeadError(400, "HTTP/1.0 knows no Transfer-Encoding")
    codings = [name.strip(" \t").lower() for name in coding.split(",")]
    if codings == ["chunked"]:
        return 0, True
    if "" in codings or "chunked" in codings[:-1]:
        raise HeadError(400, "Transfer-Encoding is malformed")
    raise HeadError(501, "of transfer codings only chunked is known here")


def _keeps_alive(fields: dict[str, str], minor: int) -> bool:
    connection = fields["HTTP_CONNECTION"]
    options = {option.strip(" \t").lower() for option in connection.split(",")}
    return "close" not in options and (bool(minor) or "keep-alive" in options)
