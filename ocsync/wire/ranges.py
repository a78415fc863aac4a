"""Byte ranges of RFC 9110 §14: Range, If-Range, Content-Range, multipart/byteranges.

Pure arithmetic on headers; reading the bytes is the edge's work.
"""

import re
from dataclasses import dataclass
from typing import Final

from ocsync.wire.dates import parse_http_date
from spaces.clock import SECOND, Instant

MAX_RANGES: Final = 64
"""More ranges than this make the header ignored (RFC 9110 §14.2 allows it)."""

_SPEC: Final = re.compile(r"\s*(?:(\d{1,19})-(\d{0,19})|-(\d{1,19}))\s*")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `start` up to, not including, `stop`."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """How many bytes that is."""
        return self.stop - self.start


class RangeNotSatisfiable(Exception):
    """No range of the request lies within the content."""


def format_content_range(part: ByteRange, size: int) -> str:
    """The Content-Range of one part."""
    return f"bytes {part.start}-{part.stop - 1}/{size}"


def format_unsatisfied_range(size: int) -> str:
    """The Content-Range of a 416."""
    return f"bytes */{size}"


def parse_ranges(text: str, size: int) -> tuple[ByteRange, ...] | None:
    """The ranges asked of content of this size; None if the header is to be ignored.

    Ignored are other units, bad syntax, and lists that are abusive: too many, or
    more than two that overlap (RFC 9110 §14.2). Ranges come in the order asked;
    what touches or overlaps a neighbour is merged.

    Raises:
        RangeNotSatisfiable: well-formed, but none lies within the content.
    """
    unit, separator, specs = text.partition("=")
    if not separator or unit.strip().lower() != "bytes":
        return None
    members = [member for member in specs.split(",") if member.strip()]
    if not members or len(members) > MAX_RANGES:
        return None
    ranges: list[ByteRange] = []
    for member in members:
        match = _SPEC.fullmatch(member)
        if match is None:
            return None
        first, last, suffix = match.groups()
        if first is None:
            start, stop = max(size - int(suffix), 0), size
        else:
            if last and int(last) < int(first):
                return None
            start = int(first)
            stop = min(int(last) + 1, size) if last else size
        if start < stop:
            ranges.append(ByteRange(start, stop))
    if not ranges:
        raise RangeNotSatisfiable
    return _merge(ranges)


def _merge(ranges: list[ByteRange]) -> tuple[ByteRange, ...]:
    if len(ranges) == 1:
        return tuple(ranges)
    merged: list[ByteRange] = []
    for part in sorted(ranges, key=lambda part: part.start):
        if merged and part.start <= merged[-1].stop:
            merged[-1] = ByteRange(merged[-1].start, max(merged[-1].stop, part.stop))
        else:
            merged.append(part)
    is_disjoint = len(merged) == len(ranges)
    return tuple(ranges) if is_disjoint else tuple(merged)


def is_if_range_met(text: str | None, etag: str, modified_at: Instant) -> bool:
    """Whether a Range may be honoured: the client's part is of this very state.

    Strong comparison of tags; a date must equal Last-Modified (RFC 9110 §13.1.5).
    """
    if text is None:
        return True
    text = text.strip()
    if text.startswith('"') and text.endswith('"'):
        return text[1:-1].removesuffix("-gzip") == etag
    date = parse_http_date(text)
    return date is not None and date // SECOND == modified_at // SECOND


@dataclass(frozen=True, slots=True)
class MultipartRanges:
    """The frame of a multipart/byteranges body around its parts."""

    parts: tuple[ByteRange, ...]
    size: int
    media_type: str
    boundary: str

    @property
    def content_type(self) -> str:
        """The Content-Type of the whole."""
        return f"multipart/byteranges; boundary={self.boundary}"

    def head(self, part: ByteRange) -> bytes:
        """What stands before the bytes of a part."""
        return (
            f"\r\n--{self.boundary}\r\n"
            f"Content-Type: {self.media_type}\r\n"
            f"Content-Range: {format_content_range(part, self.size)}\r\n\r\n"
        ).encode("latin-1")

    @property
    def tail(self) -> bytes:
        """What stands after the last part."""
        return f"\r\n--{self.boundary}--\r\n".encode("latin-1")

    @property
    def content_length(self) -> int:
        """Bytes of the whole body."""
        framed = sum(len(self.head(part)) + part.length for part in self.parts)
        return framed + len(self.tail)
