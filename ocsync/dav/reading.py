"""GET and HEAD of content: whole, in ranges, or not at all because unchanged.

One code path for files, versions and what lies in the trash: all have content and a
name. Bytes go from the blob store to the server; nothing here holds them.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from wsgiref.types import StartResponse

from ocsync.dav.node_properties import UNKNOWN_TYPE
from ocsync.dav.request import DavRequest, respond
from ocsync.problems import HttpProblem, status_line
from ocsync.wire.conditions import format_etag
from ocsync.wire.dates import format_http_date
from ocsync.wire.disposition import format_attachment
from ocsync.wire.filebody import BLOCK_BYTES, FileBody
from ocsync.wire.ranges import (
    ByteRange,
    MultipartRanges,
    RangeNotSatisfiable,
    format_content_range,
    format_unsatisfied_range,
    is_if_range_met,
    parse_ranges,
)
from spaces.blobs.base import BlobReader
from spaces.clock import Instant
from spaces.model import Content

Opener = Callable[[Content, int, int], BlobReader]

# Content comes from users. It is never to be run in this origin, whatever it is.
SAFE_CONTENT: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "sandbox; default-src 'none'"),
)


_OK: Final = status_line(200)
_PARTIAL: Final = status_line(206)


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """Content as a resource of HTTP."""

    content: Content
    name: str
    etag: str
    modified_at: Instant
    media_type: str | None
    file_id: str

    @property
    def content_type(self) -> str:
        """The Content-Type; text is UTF-8 as far as anyone can tell."""
        kind = self.media_type or UNKNOWN_TYPE
        if kind.startswith("text/") and "charset" not in kind:
            return f"{kind}; charset=UTF-8"
        return kind

    def state_headers(self) -> list[tuple[str, str]]:
        """What describes the state, also of a 304."""
        etag = format_etag(self.etag)
        return [
            ("ETag", etag),
            ("OC-ETag", etag),
            ("OC-FileId", self.file_id),
            ("Last-Modified", format_http_date(self.modified_at)),
        ]

    def headers(self) -> list[tuple[str, str]]:
        """What describes the content."""
        return [
            *self.state_headers(),
            ("OC-Checksum", f"SHA1:{self.content.checksums.sha1}"),
            ("Accept-Ranges", "bytes"),
            ("Content-Disposition", format_attachment(self.name)),
            ("Cache-Control", "private, no-cache"),
            *SAFE_CONTENT,
        ]


def send_content(
    request: DavRequest,
    start_response: StartResponse,
    download: Download,
    open_content: Opener,
) -> Iterable[bytes]:
    """Answer a GET or HEAD whose conditions hold."""
    size = download.content.size
    is_head = request.method == "HEAD"
    ranges = None if is_head else _asked_ranges(request, download)
    headers = download.headers()
    if ranges is None:
        headers += [
            ("Content-Type", download.content_type),
            ("Content-Length", str(size)),
        ]
        body = None if is_head else open_content(download.content, 0, size)
        start_response(_OK, headers)
        return [] if body is None else FileBody(body, size)
    if len(ranges) == 1:
        part = ranges[0]
        headers += [
            ("Content-Type", download.content_type),
            ("Content-Range", format_content_range(part, size)),
            ("Content-Length", str(part.length)),
        ]
        body = open_content(download.content, part.start, part.length)
        start_response(_PARTIAL, headers)
        return FileBody(body, part.length)
    return _send_multipart(start_response, download, ranges, open_content)


def _asked_ranges(
    request: DavRequest, download: Download
) -> tuple[ByteRange, ...] | None:
    text = request.header("Range")
    if text is None or not is_if_range_met(
        request.header("If-Range"), download.etag, download.modified_at
    ):
        return None
    size = download.content.size
    try:
        return parse_ranges(text, size)
    except RangeNotSatisfiable:
        raise HttpProblem(
            416,
            f"The content has {size} bytes",
            headers=(("Content-Range", format_unsatisfied_range(size)),),
        ) from None


def _send_multipart(
    start_response: StartResponse,
    download: Download,
    ranges: tuple[ByteRange, ...],
    open_content: Opener,
) -> Iterable[bytes]:
    frame = MultipartRanges(
        ranges, download.content.size, download.content_type, secrets.token_hex(16)
    )

    def parts() -> Iterator[bytes]:
        for part in ranges:
            yield frame.head(part)
            with open_content(download.content, part.start, part.length) as reader:
                while block := reader.read(BLOCK_BYTES):
                    yield block
        yield frame.tail

    headers = [
        *download.headers(),
        ("Content-Type", frame.content_type),
        ("Content-Length", str(frame.content_length)),
    ]
    start_response(_PARTIAL, headers)
    return parts()


def send_not_modified(
    start_response: StartResponse, headers: list[tuple[str, str]]
) -> Iterable[bytes]:
    """Answer that the client has the present state."""
    return respond(start_response, 304, headers)
