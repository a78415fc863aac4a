"""The error table: what each refusal is on the wire.

The domain raises typed errors without status codes; the rows here give each its
status, a machine-readable code, the exception name of sabre/dav that ownCloud clients
know, and the OCS v1 status code. `describe` finds the row by walking the error's
classes. What the answer looks like is up to the edge (`ocsync.renderings` has the
forms); a dialect that wants another status for one error says so in its own module.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from ocsync.wire import body, checksum, malformed, metadata, ranges
from spaces import errors
from spaces import upload_model as uploads

RETRY_SOON: Final = ("Retry-After", "1")

_CODES: Final[Mapping[int, tuple[str, str]]] = {
    400: ("bad_request", "BadRequest"),
    401: ("not_authenticated", "NotAuthenticated"),
    402: ("payment_required", "PaymentRequired"),
    403: ("forbidden", "Forbidden"),
    404: ("not_found", "NotFound"),
    405: ("method_not_allowed", "MethodNotAllowed"),
    409: ("conflict", "Conflict"),
    411: ("length_required", "LengthRequired"),
    412: ("precondition_failed", "PreconditionFailed"),
    413: ("too_large", "EntityTooLarge"),
    415: ("unsupported_media_type", "UnsupportedMediaType"),
    416: ("range_not_satisfiable", "RequestedRangeNotSatisfiable"),
    421: ("misdirected_request", "BadRequest"),
    423: ("locked", "Locked"),
    429: ("too_many_requests", "TooManyRequests"),
    460: ("checksum_mismatch", "BadRequest"),
    500: ("internal_error", "InternalServerError"),
    501: ("not_implemented", "NotImplemented"),
    503: ("unavailable", "ServiceUnavailable"),
    507: ("insufficient_storage", "InsufficientStorage"),
}
_OCS: Final[Mapping[int, int]] = {401: 997, 404: 998}
_OCS_SERVER_ERROR: Final = 996

_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus} | {
    460: "Checksum Mismatch"
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal, ready to be rendered in any form."""

    status: int
    code: str
    sabre: str
    ocs_code: int
    message: str
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def status_line(self) -> str:
        """Status and phrase, as WSGI wants them."""
        return status_line(self.status)

    @property
    def sabre_exception(self) -> str:
        """The full exception name for a WebDAV error body."""
        return f"Sabre\\DAV\\Exception\\{self.sabre}"


class HttpProblem(Exception):
    """A refusal that an edge decides on by itself, with everything its answer needs.

    What is not given follows from the status.
    """

    def __init__(
        self,
        status: int,
        message: str = "",
        *,
        code: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Keep the parts as a problem."""
        self.problem = problem_of(status, message, code=code, headers=headers)
        super().__init__(f"{status} {self.problem.message}")


@dataclass(frozen=True, slots=True)
class _Row:
    status: int
    code: str
    sabre: str | None = None
    message: str | None = None
    """Said instead of the error's own text."""
    headers: tuple[tuple[str, str], ...] = ()


_ROWS: Final[Mapping[type[Exception], _Row]] = {
    errors.NotFound: _Row(404, "not_found"),
    errors.SpaceNotFound: _Row(404, "space_not_found"),
    errors.NodeNotFound: _Row(404, "item_not_found"),
    errors.ParentNotFound: _Row(409, "parent_not_found"),
    errors.VersionNotFound: _Row(404, "version_not_found"),
    errors.TrashItemNotFound: _Row(404, "trash_item_not_found"),
    errors.UploadNotFound: _Row(404, "upload_not_found"),
    errors.UserNotFound: _Row(404, "user_not_found"),
    errors.TokenNotFound: _Row(404, "token_not_found"),
    errors.LockNotFound: _Row(409, "lock_not_found"),
    errors.VideoNotFound: _Row(404, "video_not_found"),
    errors.BlobNotFound: _Row(500, "content_missing"),
    errors.Refused: _Row(400, "refused"),
    errors.NameRefused: _Row(400, "name_refused"),
    errors.TooDeep: _Row(400, "too_deep"),
    errors.NotAFolder: _Row(409, "not_a_folder"),
    errors.NotAFile: _Row(409, "not_a_file"),
    errors.IntoItself: _Row(409, "into_itself"),
    errors.RootRefused: _Row(405, "root_refused"),
    errors.LastManager: _Row(409, "last_manager"),
    errors.LastAdmin: _Row(409, "last_admin"),
    errors.PasswordRefused: _Row(400, "password_refused"),
    errors.QueryRefused: _Row(400, "query_refused"),
    errors.LimitExceeded: _Row(400, "limit_exceeded"),
    errors.Forbidden: _Row(403, "forbidden"),
    errors.SpaceDisabled: _Row(404, "space_disabled"),
    errors.AlreadyExists: _Row(409, "already_exists"),
    errors.PreconditionFailed: _Row(412, "precondition_failed"),
    errors.Locked: _Row(423, "locked"),
    errors.LockConflict: _Row(423, "lock_conflict"),
    errors.QuotaExceeded: _Row(507, "quota_exceeded"),
    errors.StorageFull: _Row(507, "storage_full"),
    errors.ChecksumMismatch: _Row(400, "checksum_mismatch"),
    errors.LengthMismatch: _Row(400, "length_mismatch"),
    errors.ContentDamaged: _Row(500, "content_damaged"),
    errors.StoreUnavailable: _Row(
        503,
        "store_unavailable",
        sabre="Busy",
        message="The store of file content does not answer",
        headers=(RETRY_SOON,),
    ),
    # The desktop client aborts its whole run on a 503 that names ServiceUnavailable:
    # that is for maintenance, not for one write that did not get its turn.
    errors.Busy: _Row(503, "busy", sabre="Busy", headers=(RETRY_SOON,)),
    errors.SyncTokenExpired: _Row(403, "sync_token_expired"),
    errors.SchemaMismatch: _Row(503, "schema_mismatch"),
    uploads.UploadUnbound: _Row(409, "upload_unbound"),
    uploads.LeaseLost: _Row(423, "upload_taken_over", headers=(RETRY_SOON,)),
    uploads.UploadHeld: _Row(423, "upload_held", headers=(RETRY_SOON,)),
    malformed.MalformedHeader: _Row(400, "header_malformed"),
    metadata.MetadataMalformed: _Row(400, "metadata_malformed"),
    checksum.ChecksumMalformed: _Row(400, "checksum_malformed"),
    checksum.ChecksumUnknown: _Row(400, "checksum_unknown"),
    ranges.RangeNotSatisfiable: _Row(416, "range_not_satisfiable"),
    body.TruncatedBody: _Row(400, "body_truncated"),
    body.BodyTimeout: _Row(408, "body_timeout"),
    body.BodyTooSlow: _Row(408, "body_too_slow"),
    body.BodyInterrupted: _Row(
        503, "body_interrupted", sabre="Busy", headers=(RETRY_SOON,)
    ),
    body.MalformedBody: _Row(400, "body_malformed"),
    body.BodyTooLarge: _Row(413, "body_too_large"),
    body.BodyError: _Row(400, "body_unreadable"),
}

_UNKNOWN: Final = _Row(500, "internal_error", message="An internal error occurred")


def describe(error: BaseException) -> Problem:
    """The problem that stands for the error; 500 without detail if it has no row."""
    if isinstance(error, HttpProblem):
        return error.problem
    row = find_row(type(error)) or _UNKNOWN
    message = row.message or _sentence(error)
    return problem_of(
        row.status, message, code=row.code, sabre=row.sabre, headers=row.headers
    )


def is_expected(error: BaseException) -> bool:
    """Whether the error is a refusal, rather than a fault of the program or store."""
    return isinstance(error, HttpProblem) or find_row(type(error)) is not None


def find_row(kind: type[BaseException]) -> _Row | None:
    """The row of the class or of its nearest base that has one."""
    for ancestor in kind.__mro__:
        row = _ROWS.get(ancestor)
        if row is not None:
            return row
    return None


def known_errors() -> Iterator[tuple[type[Exception], Problem]]:
    """Each error that has a row, with the problem it becomes."""
    for kind, row in _ROWS.items():
        yield kind, problem_of(row.status, code=row.code, headers=row.headers)


def usual_problems() -> Iterator[Problem]:
    """What refusals are that an edge decides on by their status alone."""
    return map(problem_of, _CODES)


def problem_of(
    status: int,
    message: str = "",
    *,
    code: str | None = None,
    sabre: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> Problem:
    """A problem from its status; what is not given follows from that."""
    family = status if status in _CODES else 500 if status >= 500 else 400
    usual_code, usual_sabre = _CODES[family]
    return Problem(
        status=status,
        code=code or usual_code,
        sabre=sabre or usual_sabre,
        ocs_code=_ocs_code(status),
        message=message or _PHRASES.get(status, "Error"),
        headers=headers,
    )


def status_line(status: int) -> str:
    """Status and phrase, as WSGI's start_response wants them."""
    return f"{status} {_PHRASES.get(status, 'Unknown')}"


def _ocs_code(status: int) -> int:
    if status >= 500:
        return _OCS_SERVER_ERROR
    return _OCS.get(status, status)


def _sentence(error: BaseException) -> str:
    text = str(error).strip().rstrip(".")
    return text[:1].upper() + text[1:]
