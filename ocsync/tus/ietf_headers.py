"""The headers of "Resumable Uploads for HTTP" (draft-ietf-httpbis-resumable-upload).

Requests to commands, and the pieces of answers. Pure text work; the interop version
is that of draft -09 to -12. Clients of the drafts since -03 differ only in what is
said here.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from ocsync.problems import HttpProblem
from ocsync.tus.headers import (
    GetHeader,
    has_body,
    parse_number,
    require_plain_coding,
)
from ocsync.uploads.commands import Append, Chunk, Create
from ocsync.wire.checksum import Checksum, ChecksumMalformed, parse_digest_field
from ocsync.wsgi import Headers
from spaces.clock import Instant, to_seconds
from spaces.upload_model import Upload, UploadState

INTEROP_VERSION: Final = "8"
PARTIAL_TYPE: Final = "application/partial-upload"
MISMATCHING_OFFSET: Final = (
    "https://iana.org/assignments/http-problem-types#mismatching-upload-offset"
)
INCONSISTENT_LENGTH: Final = (
    "https://iana.org/assignments/http-problem-types#inconsistent-upload-length"
)

_BEFORE_PARTIAL_TYPE: Final = frozenset({"3", "4", "5"})
"""Interop versions whose clients send parts without a type of their own."""
_BOOLEANS: Final[Mapping[str, bool]] = {"?0": False, "?1": True}
_NAME_EXTENDED: Final = re.compile(
    r"filename\*\s*=\s*UTF-8'[^']*'([^;\s]+)", re.IGNORECASE
)
_NAME_QUOTED: Final = re.compile(r'filename\s*=\s*"((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_NAME_TOKEN: Final = re.compile(r"filename\s*=\s*([^;\s\"]+)", re.IGNORECASE)


def speaks_draft(get: GetHeader) -> bool:
    """Whether the request is the draft's, rather than tus 1.0's."""
    if get("Tus-Resumable") is not None:
        return False
    is_draft = get("Upload-Draft-Interop-Version") is not None
    return is_draft or get("Upload-Complete") is not None


def wants_interim(get: GetHeader) -> bool:
    """Whether the client understands the 104 answers of our version."""
    return (get("Upload-Draft-Interop-Version") or "").strip() == INTEROP_VERSION


def parse_create(get: GetHeader) -> Create:
    """The creation that the headers of a POST ask for (§Upload Creation).

    Raises:
        HttpProblem: 400, they are malformed or contradict each other.
    """
    is_last = _parse_complete(get)
    length = _parse_length(get)
    body_length = _body_length(get)
    chunk = Chunk(body_length, _chunk_checksum(get), is_last=is_last)
    if not has_body(get) and not is_last:
        return Create(length)
    return Create(length, chunk=chunk)


def parse_append(get: GetHeader) -> Append:
    """The bytes that a PATCH brings (§Upload Append).

    Raises:
        HttpProblem: 400 or 415, the headers are malformed or missing.
    """
    media_type = (get("Content-Type") or "").partition(";")[0].strip().lower()
    version = (get("Upload-Draft-Interop-Version") or "").strip()
    if media_type != PARTIAL_TYPE and version not in _BEFORE_PARTIAL_TYPE:
        raise HttpProblem(415, f"Content-Type must be {PARTIAL_TYPE}")
    offset = get("Upload-Offset")
    if offset is None:
        raise HttpProblem(400, "Upload-Offset is missing")
    chunk = Chunk(_body_length(get), _chunk_checksum(get), is_last=_parse_complete(get))
    return Append(parse_offset(offset), chunk, _parse_length(get))


def parse_offset(text: str) -> int:
    """The value of Upload-Offset.

    Raises:
        HttpProblem: 400, it is no offset.
    """
    return parse_number(_item(text), "Upload-Offset")


def whole_checksum(get: GetHeader) -> Checksum | None:
    """The digest that the whole representation shall have (RFC 9530).

    Raises:
        HttpProblem: 400, the field is malformed.
    """
    return _strongest(get, "Repr-Digest")


def file_name(get: GetHeader) -> str | None:
    """The name in Content-Disposition (RFC 6266), if there is one."""
    text = get("Content-Disposition") or ""
    if match := _NAME_EXTENDED.search(text):
        return unquote(match[1], errors="replace")
    if match := _NAME_QUOTED.search(text):
        return (
            re.sub(r"\\(.)", r"\1", match[1])
            .encode("latin-1", "replace")
            .decode(errors="replace")
        )
    match = _NAME_TOKEN.search(text)
    return None if match is None else match[1]


def format_limit(upload: Upload | None, max_size: int | None, now: Instant) -> str:
    """Upload-Limit: what an upload may be, and for how many seconds it is kept."""
    members = ["min-size=0"]
    if max_size is not None:
        members.append(f"max-size={max_size}")
    if upload is not None and upload.state is UploadState.OPEN:
        seconds = max(to_seconds(upload.expires_at) - to_seconds(now), 0)
        members.append(f"max-age={seconds}")
    return ", ".join(members)


def state_headers(upload: Upload) -> Headers:
    """Where the upload stands."""
    is_finished = upload.state is UploadState.FINISHED
    return [
        ("Upload-Complete", "?1" if is_finished else "?0"),
        ("Upload-Offset", str(upload.offset)),
        ("Upload-Draft-Interop-Version", INTEROP_VERSION),
    ]


def offset_problem(upload: Upload, provided: int | None) -> dict[str, Any]:
    """The members that tell a client where to go on (RFC 9457)."""
    return {
        "type": MISMATCHING_OFFSET,
        "title": "offset from request does not match offset of resource",
        "expected-offset": upload.offset,
        "provided-offset": provided,
    }


def _parse_complete(get: GetHeader) -> bool:
    text = get("Upload-Complete")
    is_complete = _BOOLEANS.get(_item(text or ""))
    if is_complete is None:
        raise HttpProblem(400, "Upload-Complete must be ?0 or ?1")
    return is_complete


def _item(text: str) -> str:
    """A structured field's value without its parameters, of which we know none."""
    return text.partition(";")[0].strip()


def _parse_length(get: GetHeader) -> int | None:
    text = get("Upload-Length")
    return None if text is None else parse_number(_item(text), "Upload-Length")


def _body_length(get: GetHeader) -> int | None:
    require_plain_coding(get)
    if get("Transfer-Encoding") is not None:
        return None
    text = get("Content-Length")
    return 0 if text is None else parse_number(text, "Content-Length")


def _chunk_checksum(get: GetHeader) -> Checksum | None:
    return _strongest(get, "Content-Digest")


def _strongest(get: GetHeader, name: str) -> Checksum | None:
    text = get(name)
    if text is None:
        return None
    try:
        checksums = parse_digest_field(text)
    except ChecksumMalformed as error:
        raise HttpProblem(400, f"{name}: {error}") from None
    return max(checksums, key=lambda one: len(one.digest), default=None)
