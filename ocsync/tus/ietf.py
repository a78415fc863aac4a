"""`/files` for clients of the IETF draft "Resumable Uploads for HTTP".

The same engine and landing folder as tus 1.0 there; what differs is that the client
says which request is the last, and that problems are JSON (RFC 9457). Before the
first bytes are read, a client that understands it is told the upload's URL by a 104.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final
from wsgiref.types import StartResponse

from ocsync.problems import HttpProblem
from ocsync.tus import ietf_headers as draft
from ocsync.tus.dialect import Dialect
from ocsync.tus.edge import NO_STORE, Reply, transfer
from ocsync.tus.headers import Grammar, effective_method, header_reader
from ocsync.tus.landing import Landing, landing_name
from ocsync.tus.refusals import Refusal, tus_problem
from ocsync.uploads.rules import Limits, Reason
from ocsync.uploads.runner import Engine
from ocsync.uploads.terms import Target, Terms, UploadRefused
from ocsync.wire.checksum import Checksum, format_digest_field
from ocsync.wire.conditions import format_etag
from ocsync.wire.dates import format_http_date
from ocsync.wire.media_types import media_type_of
from ocsync.wsgi import Headers
from spaces.clock import Clock
from spaces.model import Actor
from spaces.upload_model import Intent, Lifetime, OnExisting, Upload, UploadState

DIALECT: Final = "ietf"
ALLOWED: Final = "OPTIONS, GET, HEAD, PATCH, DELETE"
PROBLEM_TYPE: Final = "application/problem+json"
_INTERIM: Final = 104

FindUpload = Callable[[], Upload | None]


def ietf_dialect(*, lifetime: Lifetime, max_size: int | None) -> Dialect:
    """The dialect, as far as it is one of tus."""
    return Dialect(
        terms=Terms(
            dialect=DIALECT,
            limits=Limits(max_size=max_size, finishes_by_length=False),
            lifetime=lifetime,
        ),
        grammar=Grammar(),
        extensions=(),
        format_expiry=format_http_date,
        versioned=frozenset(),
        statuses={Reason.CHECKSUM_MISMATCH: 400},
    )


@dataclass(frozen=True, slots=True)
class DraftUploads:
    """Answers what comes to `/files` in the draft's words."""

    engine: Engine
    dialect: Dialect
    landing: Landing
    clock: Clock

    def create(self, environ: dict[str, Any], actor: Actor, collection: str) -> Reply:
        """Answer a POST to the collection.

        Raises:
            UploadRefused, FinishFailed, HttpProblem, SpacesError, BodyError: see
                `ocsync.tus.refusals`.
        """
        get = header_reader(environ)
        command = draft.parse_create(get)
        name = landing_name(draft.file_name(get))
        checksum = draft.whole_checksum(get)
        intent = Intent(
            on_existing=OnExisting.KEEP_BOTH,
            media_type=media_type_of(name, get("Content-Type")),
            algorithm=None if checksum is None else checksum.algorithm,
            digest=None if checksum is None else checksum.hex,
        )
        target = Target(
            actor=actor, place=self.landing.place(actor, name), intent=intent
        )
        moving = transfer(environ, self.dialect.grammar)
        send_interim = environ.get("ocsync.send_interim")
        if send_interim is not None and draft.wants_interim(get) and command.chunk:
            moving = replace(
                moving,
                on_created=lambda upload: send_interim(
                    _INTERIM, self._created(upload, collection)
                ),
            )
        upload = self.engine.create(command, target, self.dialect.terms, moving)
        headers = [*draft.state_headers(upload)[:2], *self._created(upload, collection)]
        return Reply(201, [*headers, *_result_headers(upload)])

    def answer(self, environ: dict[str, Any], find: FindUpload) -> Reply:
        """Answer a request to an upload.

        Raises:
            UploadRefused, FinishFailed, HttpProblem, SpacesError, BodyError: see
                `ocsync.tus.refusals`.
        """
        get = header_reader(environ)
        match effective_method(environ["REQUEST_METHOD"], get):
            case "HEAD":
                return self._head(environ, find())
            case "PATCH":
                return self._patch(environ, find)
            case "DELETE":
                self.engine.abort(find(), self.dialect.terms)
                return Reply(204, [])
            case "OPTIONS":
                return Reply(204, self.announcement())
            case _:
                raise HttpProblem(405, headers=(("Allow", ALLOWED),))

    def announcement(self) -> Headers:
        """What OPTIONS tells of the draft (§Upload-Limit)."""
        return [
            ("Upload-Limit", self._limit(None)),
            ("Accept-Patch", draft.PARTIAL_TYPE),
        ]

    def _head(self, environ: dict[str, Any], upload: Upload | None) -> Reply:
        connection = environ.get("ocsync.connection")
        upload = self.engine.probe(upload, self.dialect.terms, connection)
        headers = [NO_STORE, *draft.state_headers(upload)]
        if upload.length is not None:
            headers.append(("Upload-Length", str(upload.length)))
        headers.append(("Upload-Limit", self._limit(upload)))
        return Reply(204, [*headers, *_result_headers(upload)])

    def _patch(self, environ: dict[str, Any], find: FindUpload) -> Reply:
        command = draft.parse_append(header_reader(environ))
        upload = self.engine.append(
            find(),
            command,
            self.dialect.terms,
            transfer(environ, self.dialect.grammar),
        )
        headers = draft.state_headers(upload)
        if upload.state is UploadState.FINISHED:
            return Reply(200, [*headers, *_result_headers(upload)])
        return Reply(204, [*headers, ("Upload-Limit", self._limit(upload))])

    def _created(self, upload: Upload, collection: str) -> Headers:
        return [
            ("Location", f"{collection}{upload.id}"),
            ("Upload-Limit", self._limit(upload)),
            ("Upload-Draft-Interop-Version", draft.INTEROP_VERSION),
        ]

    def _limit(self, upload: Upload | None) -> str:
        max_size = self.dialect.terms.limits.max_size
        return draft.format_limit(upload, max_size, self.clock())


def send_draft_problem(
    error: Refusal,
    dialect: Dialect,
    environ: dict[str, Any],
    start_response: StartResponse,
) -> Iterable[bytes]:
    """Answer with a problem document."""
    problem = tus_problem(error, dialect)
    members: dict[str, Any] = {"title": problem.message, "status": problem.status}
    headers = [pair for pair in problem.headers if pair[0] != "Tus-Resumable"]
    headers.append(("Upload-Draft-Interop-Version", draft.INTEROP_VERSION))
    if isinstance(error, UploadRefused):
        if error.reason in _MISMATCHES and error.upload is not None:
            provided = header_reader(environ)("Upload-Offset") or "0"
            offset = draft.parse_offset(provided)
            members |= draft.offset_problem(error.upload, offset)
            headers.append(draft.state_headers(error.upload)[0])
        elif error.reason in _INCONSISTENT:
            members["type"] = draft.INCONSISTENT_LENGTH
    is_head = environ["REQUEST_METHOD"] == "HEAD"
    body = b"" if is_head else json.dumps(members).encode()
    start_response(
        problem.status_line,
        [
            *headers,
            NO_STORE,
            ("Content-Type", PROBLEM_TYPE),
            ("Content-Length", str(len(body))),
        ],
    )
    return [body] if body else []


_MISMATCHES: Final = frozenset({Reason.OFFSET_MISMATCH, Reason.COMPLETE})
_INCONSISTENT: Final = frozenset(
    {
        Reason.LENGTH_INCONSISTENT,
        Reason.LENGTH_FIXED,
        Reason.LENGTH_BELOW_OFFSET,
        Reason.PAST_LENGTH,
    }
)


def _result_headers(upload: Upload) -> Headers:
    result = upload.result
    if result is None:
        return []
    digests = [
        format_digest_field(Checksum(name, bytes.fromhex(digest)))
        for name, digest in (
            ("sha256", result.checksums.sha256),
            ("sha1", result.checksums.sha1),
        )
        if digest is not None
    ]
    return [
        ("ETag", format_etag(result.etag)),
        ("Last-Modified", format_http_date(result.modified_at)),
        ("Repr-Digest", ", ".join(digests)),
    ]
