"""The framing of chunked bodies: size lines and trailer fields (RFC 9112 §7.1).

Strict and bounded; no input or output, and no chunk data passes through here.
"""

import re
from typing import Final

from ocsync.wire.body import MalformedBody

_SIZE_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;[\t\x20-\x7e\x80-\xff]*)?")
_TRAILER: Final = re.compile(
    rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)"
)
_TRAILER_FIELDS: Final = 32
_TRAILER_BYTES: Final = 16 * 1024
_FREE_OVERHEAD: Final = 16 * 1024
_OVERHEAD_PER_CHUNK: Final = 16

LINE_BYTES: Final = 4 * 1024
"""The longest size line or trailer line that is taken."""

_FORBIDDEN_NAMES: Final = (
    "authorization cache-control connection content-encoding content-length"
    " content-range content-type cookie expect host if-match if-none-match"
    " keep-alive max-forwards proxy-authorization range te trailer"
    " transfer-encoding upgrade"
)
_FORBIDDEN: Final = frozenset(_FORBIDDEN_NAMES.split())
"""Fields that frame, route or authenticate and so cannot come late (RFC 9110 §6.5)."""


class ChunkSizes:
    """Reads size lines, and refuses bodies that are mostly framing."""

    def __init__(self) -> None:
        self._excess = 0

    def parse(self, line: bytes) -> int:
        """The size that a line, without its end, announces.

        Raises:
            MalformedBody: it is no size line, or extensions outweigh the content.
        """
        match = _SIZE_LINE.fullmatch(line)
        if match is None:
            raise MalformedBody("a chunk has a malformed size")
        size = int(match[1], 16)
        allowed = _OVERHEAD_PER_CHUNK + 2 * size
        self._excess = max(0, self._excess + len(line) - allowed)
        if self._excess > _FREE_OVERHEAD:
            raise MalformedBody("the chunks carry too many extensions")
        return size


class Trailers:
    """Gathers trailer fields."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self._count = 0
        self._bytes = 0

    def add(self, line: bytes) -> None:
        """Take one line, without its end; forbidden fields are left out.

        Raises:
            MalformedBody: it is no field, one too many, or came twice.
        """
        match = _TRAILER.fullmatch(line)
        if match is None:
            raise MalformedBody("a trailer field is malformed")
        self._count += 1
        self._bytes += len(line)
        if self._count > _TRAILER_FIELDS or self._bytes > _TRAILER_BYTES:
            raise MalformedBody("there are too many trailer fields")
        name = match[1].decode("ascii").lower()
        if name in self.fields:
            raise MalformedBody(f"the trailer field {name} came twice")
        if name not in _FORBIDDEN:
            self.fields[name] = match[2].decode("latin-1").rstrip(" \t")
