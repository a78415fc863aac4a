"""Refusals as tus tells them: a status, a short text, and where the upload stands.

Every 409 and 423 about an upload says its offset, and every 423 and 503 when to come
back, so that a client never has to guess. An upload made of parts has no offset before
it is finished.
"""

from collections.abc import Iterable
from typing import Final
from wsgiref.types import StartResponse

from ocsync.problems import HttpProblem, Problem, describe, problem_of
from ocsync.tus.dialect import Dialect
from ocsync.tus.headers import VERSION
from ocsync.uploads.rules import Reason
from ocsync.uploads.terms import FinishFailed, UploadRefused
from ocsync.wire.body import BodyError
from ocsync.wsgi import Headers
from spaces.errors import ChecksumMismatch, SpacesError
from spaces.upload_model import Upload, UploadHeld, UploadKind

LOCKED: Final = 423
_TELLS_OFFSET: Final = frozenset({400, 409, 413, LOCKED, 460, 503, 507})
_LATER: Final = frozenset({LOCKED, 503})
_RETRY: Final = ("Retry-After", "1")

Refusal = UploadRefused | FinishFailed | HttpProblem | SpacesError | BodyError
REFUSALS: Final = (UploadRefused, FinishFailed, HttpProblem, SpacesError, BodyError)
"""What an edge catches; anything else is a fault."""


def tus_problem(error: Refusal, dialect: Dialect) -> Problem:
    """The refusal with everything its answer needs."""
    problem, upload = _problem(error, dialect)
    headers: Headers = [("Tus-Resumable", VERSION)]
    is_final = upload is not None and upload.kind is UploadKind.FINAL
    if upload is not None and problem.status in _TELLS_OFFSET and not is_final:
        headers.append(("Upload-Offset", str(upload.offset)))
    if problem.status in _LATER:
        headers.append(_RETRY)
    present = {name.lower() for name, _ in problem.headers}
    added = tuple(pair for pair in headers if pair[0].lower() not in present)
    return problem_of(
        problem.status,
        problem.message,
        code=problem.code,
        sabre=problem.sabre,
        headers=(*problem.headers, *added),
    )


def _problem(error: Refusal, dialect: Dialect) -> tuple[Problem, Upload | None]:
    if isinstance(error, UploadRefused):
        status = dialect.status_of(error.reason)
        code = error.reason.name.lower()
        return problem_of(status, error.reason.value, code=code), error.upload
    if isinstance(error, UploadHeld):
        status = dialect.status_of(Reason.HELD)
        return problem_of(status, Reason.HELD.value), error.upload
    if isinstance(error, FinishFailed):
        problem = _domain_problem(error.cause, dialect, at_the_end=True)
        return problem, error.upload
    return _domain_problem(error, dialect, at_the_end=False), None


def _domain_problem(
    error: HttpProblem | SpacesError | BodyError,
    dialect: Dialect,
    *,
    at_the_end: bool,
) -> Problem:
    problem = describe(error)
    if isinstance(error, ChecksumMismatch):
        status: int | None = dialect.status_of(Reason.CHECKSUM_MISMATCH)
    elif at_the_end:
        status = None
    else:
        status = dialect.domain_statuses.get(type(error))
    if status is None:
        return problem
    return problem_of(
        status, problem.message, code=problem.code, headers=problem.headers
    )


def send_problem(
    problem: Problem, method: str, headers: Headers, start_response: StartResponse
) -> Iterable[bytes]:
    """Answer with the refusal as a short text; a HEAD gets its headers only."""
    body = b"" if method == "HEAD" else f"{problem.message}\n".encode()
    if method == "HEAD":
        headers = [*headers, ("Cache-Control", "no-store")]
    start_response(
        problem.status_line,
        [
            *problem.headers,
            *headers,
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
        ],
    )
    return [body] if body else []
