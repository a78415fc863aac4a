"""tus on spaces, as ownCloud's clients speak it: POST on a folder's WebDAV URL.

The file lands where the URL and `filename` say; no other metadata decides that. The
answer names a signed data URL, below which the upload goes on (`ocsync.data`).
Errors of a creation are raised, and phrased by WebDAV; those of the data URL are
short texts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from wsgiref.types import StartResponse

from ocsync.data_urls import DataUrls
from ocsync.problems import HttpProblem
from ocsync.tus import cors
from ocsync.tus.dialect import Dialect
from ocsync.tus.edge import Reply, announcement, progress_headers, transfer
from ocsync.tus.headers import (
    GetHeader,
    Grammar,
    effective_method,
    header_reader,
    parse_create,
    require_version,
)
from ocsync.tus.refusals import REFUSALS, tus_problem
from ocsync.uploads.commands import Create
from ocsync.uploads.rules import Limits, Reason
from ocsync.uploads.runner import Engine
from ocsync.uploads.terms import Target, Terms
from ocsync.wire.checksum import (
    Checksum,
    ChecksumMalformed,
    ChecksumUnknown,
    parse_upload_checksum,
)
from ocsync.wire.conditions import format_etag, parse_if_match, parse_if_none_match
from ocsync.wire.dates import format_http_date, parse_unix_seconds
from ocsync.wire.malformed import MalformedHeader
from ocsync.wire.media_types import media_type_of
from ocsync.wire.metadata import Metadata, MetadataMalformed
from ocsync.wire.permissions import permission_letters
from ocsync.wsgi import Headers
from spaces import errors
from spaces.clock import Instant, to_seconds
from spaces.ids import ResourceId
from spaces.model import Actor, Place
from spaces.names import require_name
from spaces.upload_model import Intent, Lifetime, Result, Upload, UploadState

DIALECT: Final = "ocis"
EXTENSIONS: Final = ("creation", "creation-with-upload", "checksum", "expiration")
GRAMMAR: Final = Grammar(
    is_lenient=True, defers_length=False, concatenates=False, no_length=412
)
_STATUSES: Final[Mapping[type[Exception], int]] = {
    errors.NameRefused: 412,
    errors.ParentNotFound: 412,
    errors.TooDeep: 412,
}
"""How oCIS refuses targets; its clients look again at the folder after a 412."""


def ocis_dialect(
    *,
    storage_id: str,
    span: int,
    max_size: int | None,
    reuses_content: bool,
) -> Dialect:
    """The dialect; `span` is how long an upload is kept, in microseconds."""
    return Dialect(
        terms=Terms(
            dialect=DIALECT,
            limits=Limits(max_size=max_size),
            lifetime=Lifetime(span),
            reuses_content=reuses_content,
        ),
        grammar=GRAMMAR,
        extensions=EXTENSIONS,
        format_expiry=_unix_seconds,
        # The desktop client asks with a bare HEAD when it resumes.
        versioned=frozenset({"PATCH", "DELETE"}),
        statuses={Reason.COMPLETE: 404},
        domain_statuses=_STATUSES,
        expires_when_finished=True,
        progress_headers=lambda upload: [("OC-FileId", _file_id(storage_id, upload))],
        result_headers=result_headers,
    )


def result_headers(upload: Upload) -> Headers:
    """The state of the finished file, which spares clients a PROPFIND."""
    result = upload.result
    if result is None:
        return []
    etag = format_etag(result.etag)
    return [
        ("ETag", etag),
        ("OC-ETag", etag),
        ("OC-Perm", permission_letters(result.role, is_folder=False)),
        ("Last-Modified", format_http_date(result.modified_at)),
    ]


def space_announcement(dialect: Dialect) -> tuple[tuple[str, str], ...]:
    """The headers of OPTIONS and PROPFIND on WebDAV URLs where uploads can begin."""
    exposed = (
        "Access-Control-Expose-Headers",
        "Tus-Resumable, Tus-Version, Tus-Extension",
    )
    return (*announcement(dialect), exposed)


@dataclass(frozen=True, slots=True)
class SpaceUploads:
    """Answers POST on a WebDAV URL; a WSGI callable.

    The environ names the folder (`ocsync.place`), who asks (`ocsync.actor`) and the
    lock tokens that were given (`ocsync.lock_tokens`).
    """

    engine: Engine
    dialect: Dialect
    urls: DataUrls

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Begin an upload.

        Raises:
            HttpProblem: whatever keeps it from beginning.
        """
        try:
            reply = self._create(environ)
        except REFUSALS as error:
            problem = tus_problem(error, self.dialect)
            raise HttpProblem(
                problem.status,
                problem.message,
                code=problem.code,
                headers=problem.headers,
            ) from error
        return reply.send(start_response)

    def _create(self, environ: dict[str, Any]) -> Reply:
        get = header_reader(environ)
        if effective_method("POST", get) != "POST":
            raise HttpProblem(405, "X-HTTP-Method-Override is for uploads, not folders")
        require_version(get)
        actor: Actor | None = environ.get("ocsync.actor")
        folder: Place | None = environ.get("ocsync.place")
        if actor is None or folder is None:
            raise HttpProblem(405, "uploads begin in the folder of a space")
        command = _parse(get)
        time = _time(command.metadata, get)
        target = _target(command.metadata, time, actor, folder)
        target = _with_guard(target, get, environ.get("ocsync.lock_tokens", ()))
        upload = self.engine.create(
            command, target, self.dialect.terms, transfer(environ, GRAMMAR)
        )
        headers = self._headers(upload, environ)
        if get("X-OC-Mtime") is not None:
            headers.append(("X-OC-Mtime", "accepted"))
        if upload.state is UploadState.FINISHED or command.chunk is not None:
            headers += progress_headers(upload, self.dialect)[1:]
        if upload.result is not None:
            headers.append(("Content-Type", _media_type(upload.result)))
        return Reply(201, headers)

    def _headers(self, upload: Upload, environ: dict[str, Any]) -> Headers:
        token = self.urls.sign(
            upload.id, issued_at=upload.created_at, expires_at=upload.expires_at
        )
        return [
            ("Location", f"{environ['ocsync.base_url']}/data/{token}"),
            ("Tus-Resumable", "1.0.0"),
            ("Tus-Extension", ",".join(self.dialect.extensions)),
            *cors.CREATED,
            cors.exposed(environ),
        ]


def _parse(get: GetHeader) -> Create:
    """The creation; a body of another type is no part of it, as in oCIS."""
    return parse_create(get, GRAMMAR)


def _time(metadata: Metadata, get: GetHeader) -> Instant | None:
    """The file's time; ownCloud's desktop client 2.x tells it as with PUT.

    Raises:
        MalformedHeader: X-OC-Mtime is no time.
    """
    header = get("X-OC-Mtime")
    told = None if header is None else parse_unix_seconds(header, header="X-OC-Mtime")
    named = metadata.time("mtime")
    return told if named is None else named


def _target(
    metadata: Metadata, modified_at: Instant | None, actor: Actor, folder: Place
) -> Target:
    names = parse_file_path(_text(metadata, "filename", "name"))
    checksum = _whole_checksum(metadata)
    intent = Intent(
        modified_at=modified_at,
        media_type=media_type_of(names[-1], _text(metadata, "filetype", "type")),
        algorithm=None if checksum is None else checksum.algorithm,
        digest=None if checksum is None else checksum.hex,
    )
    place = Place(folder.space_id, (*folder.path, *names), folder.anchor)
    return Target(actor=actor, place=place, intent=intent)


def parse_file_path(text: str | None) -> tuple[str, ...]:
    """The names in a `filename`, which may be a path below the folder.

    Raises:
        HttpProblem: 412, there is none, or it has parts that nothing may be called.
    """
    names = tuple((text or "").removeprefix("/").split("/"))
    try:
        return tuple(map(require_name, names))
    except errors.NameRefused as error:
        raise HttpProblem(412, f"filename: {error}", code="name_refused") from None


def _text(metadata: Metadata, *keys: str) -> str | None:
    try:
        return metadata.text(*keys)
    except MetadataMalformed as error:
        raise HttpProblem(412, f"Upload-Metadata: {error}") from None


def _whole_checksum(metadata: Metadata) -> Checksum | None:
    text = _text(metadata, "checksum")
    if text is None:
        return None
    try:
        return parse_upload_checksum(text, is_lenient=True)
    except (ChecksumMalformed, ChecksumUnknown) as error:
        raise HttpProblem(400, f"checksum: {error}") from None


def _with_guard(target: Target, get: GetHeader, tokens: Iterable[str]) -> Target:
    if_match, if_none_match = get("If-Match"), get("If-None-Match")
    try:
        intent = replace(
            target.intent,
            if_match=parse_if_match(if_match) if if_match else None,
            if_none_match=parse_if_none_match(if_none_match) if if_none_match else None,
            lock_tokens=tuple(sorted(tokens)),
        )
    except MalformedHeader as error:
        raise HttpProblem(400, str(error)) from None
    return replace(target, intent=intent)


def _file_id(storage_id: str, upload: Upload) -> str:
    assert upload.space_id is not None
    return str(ResourceId(storage_id, upload.space_id, upload.node_id))


def _media_type(result: Result) -> str:
    return media_type_of(result.name, result.media_type) or "application/octet-stream"


def _unix_seconds(instant: Instant) -> str:
    return str(to_seconds(instant))
