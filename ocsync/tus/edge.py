"""An upload resource over WSGI: HEAD, PATCH, DELETE and OPTIONS of any tus dialect.

Parse, call the engine, render. Who may reach the upload has been decided before, by
whoever found it: a signed URL or a login.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final
from wsgiref.types import StartResponse

from ocsync.problems import HttpProblem, status_line
from ocsync.tus.dialect import Dialect
from ocsync.tus.headers import (
    CHECKSUM_ALGORITHMS,
    VERSION,
    Grammar,
    effective_method,
    header_reader,
    parse_append,
    require_version,
    trailer_reader,
)
from ocsync.uploads.runner import Engine
from ocsync.uploads.terms import Transfer
from ocsync.wire.body import BoundedBody
from ocsync.wsgi import Headers
from spaces.upload_model import Upload, UploadKind, UploadState

Environ = dict[str, Any]
FindUpload = Callable[[], Upload | None]

NO_STORE: Final = ("Cache-Control", "no-store")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer without a body."""

    status: int
    headers: Headers

    def send(self, start_response: StartResponse) -> Iterable[bytes]:
        """Send it."""
        headers = self.headers
        if self.status not in {204, 304}:
            headers = [*headers, ("Content-Length", "0")]
        start_response(status_line(self.status), headers)
        return []


class UploadEdge:
    """Serves the uploads of one dialect."""

    def __init__(self, *, engine: Engine, dialect: Dialect) -> None:
        self._engine = engine
        self._dialect = dialect

    def answer(self, environ: Environ, find: FindUpload) -> Reply:
        """What the request on an upload is answered with.

        Raises:
            UploadRefused, FinishFailed, HttpProblem, SpacesError, BodyError: see
                `ocsync.tus.refusals`.
        """
        get = header_reader(environ)
        method = effective_method(environ["REQUEST_METHOD"], get)
        is_told = method == "HEAD" and get("Tus-Resumable") is not None
        if is_told or method in self._dialect.versioned:
            require_version(get)
        match method:
            case "HEAD":
                return self._head(environ, find())
            case "PATCH":
                return self._patch(environ, find)
            case "DELETE":
                self._engine.abort(find(), self._dialect.terms)
                return Reply(204, [tus_resumable()])
            case "OPTIONS":
                return Reply(204, announcement(self._dialect))
            case _:
                raise HttpProblem(405, headers=(("Allow", self._dialect.allowed),))

    def _head(self, environ: Environ, upload: Upload | None) -> Reply:
        connection = environ.get("ocsync.connection")
        upload = self._engine.probe(upload, self._dialect.terms, connection)
        return Reply(200, status_headers(upload, self._dialect))

    def _patch(self, environ: Environ, find: FindUpload) -> Reply:
        dialect = self._dialect
        command = parse_append(header_reader(environ), dialect.grammar)
        upload = self._engine.append(
            find(), command, dialect.terms, transfer(environ, dialect.grammar)
        )
        return Reply(204, progress_headers(upload, dialect))


def transfer(environ: Environ, grammar: Grammar) -> Transfer:
    """What the engine needs of the request beside the command."""
    return Transfer(
        open_body=lambda limit: BoundedBody(environ, limit=limit),
        connection=environ.get("ocsync.connection"),
        read_trailer=trailer_reader(grammar),
    )


def tus_resumable() -> tuple[str, str]:
    """The header that every answer carries."""
    return ("Tus-Resumable", VERSION)


def announcement(dialect: Dialect) -> Headers:
    """What OPTIONS tells: version, extensions, algorithms, the largest size."""
    headers: Headers = [
        tus_resumable(),
        ("Tus-Version", VERSION),
        ("Tus-Extension", ",".join(dialect.extensions)),
        ("Tus-Checksum-Algorithm", CHECKSUM_ALGORITHMS),
    ]
    max_size = dialect.terms.limits.max_size
    if max_size is not None:
        headers.append(("Tus-Max-Size", str(max_size)))
    return headers


def progress_headers(upload: Upload, dialect: Dialect) -> Headers:
    """How far the upload is, after bytes have come."""
    headers: Headers = [tus_resumable()]
    is_finished = upload.state is UploadState.FINISHED
    is_waiting = upload.kind is UploadKind.FINAL and not is_finished
    if not is_waiting:  # for its parts; tus 1.0 §Concatenation
        headers.append(("Upload-Offset", str(upload.offset)))
    if not is_finished or dialect.expires_when_finished:
        headers.append(("Upload-Expires", dialect.format_expiry(upload.expires_at)))
    headers += dialect.progress_headers(upload)
    if is_finished:
        headers += dialect.result_headers(upload)
    return headers


def status_headers(upload: Upload, dialect: Dialect) -> Headers:
    """Everything there is to know of an upload, for HEAD."""
    headers = [NO_STORE, *progress_headers(upload, dialect)]
    if upload.length is None and upload.kind is not UploadKind.FINAL:
        headers.append(("Upload-Defer-Length", "1"))
    if upload.length is not None:
        headers.append(("Upload-Length", str(upload.length)))
    if upload.metadata:
        headers.append(("Upload-Metadata", upload.metadata))
    concat = upload.intent.notes.get("concat")
    if concat is not None:
        headers.append(("Upload-Concat", concat))
    return headers
