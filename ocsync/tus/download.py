"""GET of a finished upload: the content as it was uploaded, as an attachment.

Never rendered by a browser as a page of this server. One byte range is served, for
downloads that are resumed; other ranges get the whole.
"""

from collections.abc import Iterable
from typing import Any, Final
from wsgiref.types import StartResponse

from ocsync.problems import HttpProblem, status_line
from ocsync.tus.edge import tus_resumable
from ocsync.uploads.rules import Reason
from ocsync.uploads.terms import UploadRefused
from ocsync.wire.checksum import Checksum, format_digest_field
from ocsync.wire.conditions import format_etag
from ocsync.wire.dates import format_http_date
from ocsync.wire.disposition import format_attachment
from ocsync.wire.filebody import FileBody
from ocsync.wire.ranges import (
    ByteRange,
    RangeNotSatisfiable,
    format_content_range,
    format_unsatisfied_range,
    parse_ranges,
)
from ocsync.wsgi import Headers
from spaces.errors import BlobNotFound
from spaces.files import Files
from spaces.model import Content
from spaces.upload_model import Result, Upload, UploadState

_SAFE: Final = (
    ("Content-Security-Policy", "default-src 'none'; sandbox"),
    ("Cache-Control", "private, no-cache"),
    ("Accept-Ranges", "bytes"),
)


def send_upload(
    files: Files,
    upload: Upload | None,
    environ: dict[str, Any],
    start_response: StartResponse,
) -> Iterable[bytes]:
    """Answer a GET on an upload.

    Raises:
        UploadRefused: it is not there, or not finished.
        HttpProblem: 416, or 404 when its content has gone.
    """
    result = _require_result(upload)
    assert upload is not None
    content = Content(upload.blob_id, result.size, result.checksums)
    part = _asked_range(environ.get("HTTP_RANGE"), result.size)
    start, length = (0, result.size) if part is None else (part.start, part.length)
    try:
        reader = files.open(content, start, length)
    except BlobNotFound:
        raise HttpProblem(404, "the content is no longer there") from None
    headers = _headers(result)
    if part is not None:
        headers.append(("Content-Range", format_content_range(part, result.size)))
    headers.append(("Content-Length", str(length)))
    start_response(status_line(200 if part is None else 206), headers)
    return FileBody(reader, length)


def _require_result(upload: Upload | None) -> Result:
    if upload is None:
        raise UploadRefused(Reason.NOT_FOUND)
    if upload.state is UploadState.OPEN:
        raise UploadRefused(Reason.NOT_COMPLETE, upload)
    if upload.result is None:
        raise UploadRefused(Reason.GONE, upload)
    return upload.result


def _asked_range(text: str | None, size: int) -> ByteRange | None:
    try:
        ranges = None if text is None else parse_ranges(text, size)
    except RangeNotSatisfiable:
        unsatisfied = ("Content-Range", format_unsatisfied_range(size))
        raise HttpProblem(416, headers=(unsatisfied,)) from None
    return ranges[0] if ranges is not None and len(ranges) == 1 else None


def _headers(result: Result) -> Headers:
    sums = result.checksums
    digests = [
        format_digest_field(Checksum(name, bytes.fromhex(digest)))
        for name, digest in (("sha256", sums.sha256), ("sha1", sums.sha1))
        if digest is not None
    ]
    return [
        tus_resumable(),
        ("Content-Type", result.media_type or "application/octet-stream"),
        ("Content-Disposition", format_attachment(result.name)),
        ("ETag", format_etag(result.etag)),
        ("Last-Modified", format_http_date(result.modified_at)),
        ("Repr-Digest", ", ".join(digests)),
        *_SAFE,
    ]
