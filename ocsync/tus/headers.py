"""The headers of tus 1.0.0: requests to commands.

Pure text work. What a header means for an upload is decided by `ocsync.uploads`;
which dialect demands what stands in its `Grammar`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ocsync.problems import HttpProblem
from ocsync.uploads.commands import Append, Chunk, Create
from ocsync.wire.checksum import (
    ALGORITHMS,
    Checksum,
    ChecksumMalformed,
    ChecksumUnknown,
    parse_upload_checksum,
)
from ocsync.wire.metadata import (
    NO_METADATA,
    Metadata,
    MetadataMalformed,
    parse_metadata,
)
from spaces.upload_model import UploadKind

VERSION: Final = "1.0.0"
CHUNK_TYPE: Final = "application/offset+octet-stream"
CHECKSUM_ALGORITHMS: Final = ",".join(ALGORITHMS)
OVERRIDABLE: Final = frozenset({"HEAD", "PATCH", "DELETE"})

_NUMBER: Final = re.compile(r"[0-9]{1,19}")
_MOST: Final = 2**63 - 1
_TRAILER: Final = "upload-checksum"

GetHeader = Callable[[str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """How a dialect reads headers.

    `is_lenient`: metadata pairs that break the grammar are passed over, checksums
    may be hexadecimal and their names in any case, and a creation's body of another
    type is none of it. `no_length`: the status where the length is missing, or
    deferred where it cannot be.
    """

    is_lenient: bool = False
    defers_length: bool = True
    concatenates: bool = True
    no_length: int = 400


def header_reader(environ: Mapping[str, Any]) -> GetHeader:
    """Headers by name, from a WSGI environ."""

    def get(name: str) -> str | None:
        key = name.upper().replace("-", "_")
        if key in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            return environ.get(key) or None
        return environ.get(f"HTTP_{key}")

    return get


def effective_method(method: str, get: GetHeader) -> str:
    """The method that is meant; only POST can be overridden (tus 1.0 §Headers).

    Raises:
        HttpProblem: 400, the override names a method that is not an upload's.
    """
    override = get("X-HTTP-Method-Override")
    if method != "POST" or override is None:
        return method
    meant = override.strip().upper()
    if meant not in OVERRIDABLE:
        raise HttpProblem(400, "X-HTTP-Method-Override: only HEAD, PATCH and DELETE")
    return meant


def require_version(get: GetHeader) -> None:
    """Refuse another version of the protocol, or none (tus 1.0 §Tus-Resumable).

    Raises:
        HttpProblem: 412, with the version that is spoken.
    """
    if (get("Tus-Resumable") or "").strip() != VERSION:
        raise HttpProblem(
            412,
            f"Tus-Resumable must be {VERSION}",
            code="tus_version",
            headers=(("Tus-Version", VERSION),),
        )


def parse_number(text: str, header: str) -> int:
    """A length or an offset.

    Raises:
        HttpProblem: 400, it is no number that a file can have.
    """
    text = text.strip(" \t")
    if _NUMBER.fullmatch(text) is None or int(text) > _MOST:
        raise HttpProblem(400, f"{header} must be a non-negative integer")
    return int(text)


def parse_create(get: GetHeader, grammar: Grammar) -> Create:
    """The creation that the headers of a POST ask for.

    Raises:
        HttpProblem: they are malformed or contradict each other.
    """
    kind, parts = _parse_concat(get, grammar)
    metadata = read_metadata(get, grammar)
    length = _parse_length(get, grammar, kind)
    chunk = None
    if has_body(get) and not (grammar.is_lenient and not _is_chunk_type(get)):
        require_chunk_type(get)
        if kind is UploadKind.FINAL:
            raise HttpProblem(400, "a concatenated upload takes no body")
        chunk = _parse_chunk(get, grammar)
    offset = get("Upload-Offset")
    if offset is not None and parse_number(offset, "Upload-Offset"):
        raise HttpProblem(400, "a new upload begins at offset 0")
    return Create(length, metadata, chunk, kind, parts)


def parse_append(get: GetHeader, grammar: Grammar) -> Append:
    """The bytes that a PATCH brings.

    Raises:
        HttpProblem: the headers are malformed or missing.
    """
    require_chunk_type(get)
    offset = get("Upload-Offset")
    if offset is None:
        raise HttpProblem(400, "Upload-Offset is missing")
    length = get("Upload-Length")
    return Append(
        parse_number(offset, "Upload-Offset"),
        _parse_chunk(get, grammar),
        None if length is None else parse_number(length, "Upload-Length"),
    )


def has_body(get: GetHeader) -> bool:
    """Whether bytes come with the request."""
    length = get("Content-Length")
    is_chunked = get("Transfer-Encoding") is not None
    return is_chunked or (length is not None and length.strip() not in {"", "0"})


def require_chunk_type(get: GetHeader) -> None:
    """Refuse bytes that are not declared as part of an upload (tus 1.0 §PATCH).

    Raises:
        HttpProblem: 415.
    """
    if not _is_chunk_type(get):
        raise HttpProblem(415, f"Content-Type must be {CHUNK_TYPE}")


def read_metadata(get: GetHeader, grammar: Grammar) -> Metadata:
    """The metadata of a creation; none if there is no header.

    Raises:
        HttpProblem: 400, it does not follow the grammar.
    """
    raw = get("Upload-Metadata")
    if raw is None or not raw.strip(" \t"):  # tuspy sends it empty if it has none
        return NO_METADATA
    try:
        return parse_metadata(raw, is_lenient=grammar.is_lenient)
    except MetadataMalformed as error:
        raise HttpProblem(400, f"Upload-Metadata: {error}") from None


def read_checksum(text: str, grammar: Grammar) -> Checksum:
    """A checksum as `Upload-Checksum` has it.

    Raises:
        HttpProblem: 400, it is malformed or its algorithm is not verified.
    """
    try:
        return parse_upload_checksum(text, is_lenient=grammar.is_lenient)
    except ChecksumUnknown as error:
        headers = (("Tus-Checksum-Algorithm", CHECKSUM_ALGORITHMS),)
        raise HttpProblem(400, str(error), headers=headers) from None
    except ChecksumMalformed as error:
        raise HttpProblem(400, f"Upload-Checksum: {error}") from None


def trailer_reader(
    grammar: Grammar,
) -> Callable[[Mapping[str, str]], Checksum | None]:
    """How the checksum after a body is read; None if it is missing or malformed."""

    def read(trailers: Mapping[str, str]) -> Checksum | None:
        text = trailers.get(_TRAILER)
        try:
            return None if text is None else read_checksum(text, grammar)
        except HttpProblem:
            return None

    return read


def _is_chunk_type(get: GetHeader) -> bool:
    media_type = (get("Content-Type") or "").partition(";")[0]
    return media_type.strip().lower() == CHUNK_TYPE


def _parse_length(get: GetHeader, grammar: Grammar, kind: UploadKind) -> int | None:
    text, deferred = get("Upload-Length"), get("Upload-Defer-Length")
    if kind is UploadKind.FINAL:
        if text is not None or deferred is not None:
            raise HttpProblem(400, "a concatenated upload is as long as its parts")
        return None
    if deferred is not None:
        if not grammar.defers_length:
            raise HttpProblem(
                grammar.no_length, "Upload-Defer-Length is not supported here"
            )
        if deferred.strip() != "1" or text is not None:
            raise HttpProblem(400, "Upload-Defer-Length must be 1, without a length")
        return None
    if text is None:
        raise HttpProblem(grammar.no_length, "Upload-Length is missing")
    return parse_number(text, "Upload-Length")


def require_plain_coding(get: GetHeader) -> None:
    """Refuse bytes that are not those of the file (RFC 9110 §8.4).

    Raises:
        HttpProblem: 415.
    """
    coding = (get("Content-Encoding") or "identity").strip().lower()
    if coding != "identity":
        raise HttpProblem(415, f"Content-Encoding: {coding} is not taken")


def _parse_chunk(get: GetHeader, grammar: Grammar) -> Chunk:
    require_plain_coding(get)
    checksum, trailer = get("Upload-Checksum"), get("Trailer") or ""
    is_trailed = _TRAILER in {name.strip().lower() for name in trailer.split(",")}
    return Chunk(
        _body_length(get),
        None if checksum is None else read_checksum(checksum, grammar),
        has_trailer=is_trailed and checksum is None,
    )


def _body_length(get: GetHeader) -> int | None:
    if get("Transfer-Encoding") is not None:
        return None
    text = get("Content-Length")
    return 0 if text is None else parse_number(text, "Content-Length")


def _parse_concat(
    get: GetHeader, grammar: Grammar
) -> tuple[UploadKind, tuple[str, ...]]:
    text = get("Upload-Concat")
    if text is None:
        return UploadKind.WHOLE, ()
    if not grammar.concatenates:
        raise HttpProblem(400, "Upload-Concat is not supported here")
    text = text.strip()
    if text == "partial":
        return UploadKind.PARTIAL, ()
    word, separator, urls = text.partition(";")
    parts = tuple(urls.split())
    if word.strip() != "final" or not separator or not parts:
        raise HttpProblem(400, "Upload-Concat must be partial or final;URLs")
    return UploadKind.FINAL, parts
