"""Errors of the domain, the wire and wsgidav, as WebDAV refusals.

The statuses come from `ocsync.problems`; here they get the condition elements that
RFC 4918, RFC 3253, RFC 4331 and RFC 6578 name, and sabre's error document.
"""

from dataclasses import replace
from http import HTTPStatus
from typing import Final

from wsgidav.dav_error import (
    DAVError,
    PRECONDITION_CODE_LockConflict,
    PRECONDITION_CODE_LockTokenMismatch,
    PRECONDITION_CODE_MissingLockToken,
    PRECONDITION_CODE_PropfindFiniteDepth,
)

from ocsync.problems import HttpProblem, Problem, describe, is_expected, problem_of
from ocsync.wire.malformed import MalformedHeader
from ocsync.wire.sabre import error_body, escape
from spaces import errors


class ConditionProblem(HttpProblem):
    """A refusal with a precondition element, named as `{namespace}name`."""

    def __init__(self, status: int, message: str, condition: str) -> None:
        """Keep the condition beside the problem."""
        super().__init__(status, message)
        self.condition = condition


FINITE_DEPTH: Final = PRECONDITION_CODE_PropfindFiniteDepth
LOCK_TOKEN_MATCHES: Final = PRECONDITION_CODE_LockTokenMismatch
VALID_SYNC_TOKEN: Final = "{DAV:}valid-sync-token"  # noqa: S105 -- an element's name
SUPPORTED_REPORT: Final = "{DAV:}supported-report"

_CONDITIONS: Final[dict[type[BaseException], str]] = {
    errors.Locked: PRECONDITION_CODE_MissingLockToken,
    errors.LockConflict: PRECONDITION_CODE_LockConflict,
    errors.LockNotFound: PRECONDITION_CODE_LockTokenMismatch,
    errors.QuotaExceeded: "{DAV:}quota-not-exceeded",
    errors.StorageFull: "{DAV:}sufficient-disk-space",
    errors.SyncTokenExpired: VALID_SYNC_TOKEN,
}
_WITH_HREF: Final = {PRECONDITION_CODE_MissingLockToken, PRECONDITION_CODE_LockConflict}


_MISSING: Final = "The resource could not be found"


def unwrapped(error: BaseException) -> BaseException:
    """The error that wsgidav has wrapped in one of its own, if it has."""
    while isinstance(error, DAVError) and error.src_exception is not None:
        error = error.src_exception
    return error


def dav_problem(error: BaseException) -> Problem:
    """The problem that stands for an error raised anywhere below the edge."""
    error = unwrapped(error)
    if isinstance(error, MalformedHeader):
        return problem_of(400, str(error))
    if isinstance(error, DAVError):
        # Of what is missing wsgidav says no more than the path.
        is_missing = error.value == HTTPStatus.NOT_FOUND
        text = _MISSING if is_missing else error.context_info or ""
        return problem_of(error.value, text)
    if isinstance(error, errors.ChecksumMismatch):
        return replace(describe(error), message=str(error))
    if isinstance(error, errors.PreconditionFailed):
        return replace(describe(error), message=f"{error.header} does not hold")
    return describe(error)


def is_refusal(error: BaseException) -> bool:
    """Whether the error says what the client should know, rather than a fault."""
    return isinstance(error, MalformedHeader | DAVError) or is_expected(error)


def refusal(error: BaseException, *, href: str) -> tuple[Problem, bytes]:
    """The problem and its document.

    `href` is the encoded path that conditions on locks name: of the locked resource.
    """
    error = unwrapped(error)
    problem = dav_problem(error)
    condition = _condition(error)
    xml = ""
    if condition is not None:
        inside = ""
        if condition in _WITH_HREF:
            inside = f"<d:href>{escape(href)}</d:href>"
        name = condition.removeprefix("{DAV:}")
        xml = f"<d:{name}>{inside}</d:{name}>"
    body = error_body(
        exception=problem.sabre,
        message=problem.message,
        code=problem.code,
        condition_xml=xml,
    )
    return problem, body


def _condition(error: BaseException) -> str | None:
    if isinstance(error, ConditionProblem):
        return error.condition
    if isinstance(error, DAVError):
        return error.err_condition.condition_code if error.err_condition else None
    for kind in type(error).__mro__:
        if kind in _CONDITIONS:
            return _CONDITIONS[kind]
    return None
