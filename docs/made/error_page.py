"""The page of errors, from the table that answers are made from."""

from typing import Final

from ocsync.problems import known_errors, usual_problems
from ocsync.renderings import GRAPH_CODES

_HEAD: Final = """\
# Errors

What the server says when it refuses, and what it means.
The form is the protocol's own:

| where | form of a refusal |
|---|---|
| WebDAV | `<d:error>`, the code in `s:errorcode`, beside RFC 4918's conditions |
| `/ocs/…` | the OCS envelope, XML or JSON, with OCS's own number in `statuscode` |
| `/graph/…` | `{"error": {"code": …, "message": …}}` with Graph's codes, below |
| tus, the IETF draft | a line of text; `application/problem+json` for the draft |
| Pulse Cam, Omegastream, Picora | the JSON of each, see [dialects](dialects.md) |
| other JSON | `{"error": message, "code": code}` |

Every answer has an `X-Request-Id`, and the server's log has a line with the same id.
423, 429, 503 and 507 pass: send the same request again, after `Retry-After` where the
answer has one.

## Codes

| status | code | what happened |
|---|---|---|
"""
_USUAL: Final = """
What has no code of its own has that of its status:

| status | code |
|---|---|
"""
_PARTS: Final = """
Codes that one part of the server has for itself
(Picora shows them in capitals, as its document does):

| status | code | what happened |
|---|---|---|
| 405 | `ERR_LISTING_MEMBERS_NOT_ALLOWED` | `/dav/files` lists no users |
| 404 | `ERR_FILE_NOT_FOUND_IN_ROOT` | `/dav/files/{user}` of somebody else |
| 412 | `tus_version` | `Tus-Resumable` is not 1.0.0 |
| 400 | `tus_version_missing` | `Tus-Resumable` is missing, on Picora |
| 400 | `invalid_request` | a value in a JSON body is not what it should be |
| 400 | `invalid_metadata` | `Upload-Metadata` lacks what Picora needs |
| 401 | `invalid_key` | the API key is unknown, revoked, or its account is closed |
| 400 | `file_missing` | a form without a file |
| 400 | `invalid_idempotency_key` | an empty, too long or unprintable key |
| 409 | `idempotency_key_in_use` | the first request with this key still runs |
| 422 | `idempotency_key_reused` | the key was used for another request |
"""
_GRAPH: Final = """
## Codes of Graph

| status | code |
|---|---|
"""
_FOOT: Final = """| any other | `generalException` |

This page is made from the code by `python -m docs.made`.
"""


def error_page() -> str:
    """One row for each kind of error, by status."""
    known = sorted(
        (problem.status, problem.code, _first_line(kind))
        for kind, problem in known_errors()
    )
    own = [f"| {status} | `{code}` | {text} |\n" for status, code, text in known]
    usual = [f"| {each.status} | `{each.code}` |\n" for each in usual_problems()]
    graph = [f"| {status} | `{code}` |\n" for status, code in GRAPH_CODES.items()]
    return "".join((_HEAD, *own, _USUAL, *usual, _PARTS, _GRAPH, *graph, _FOOT))


def _first_line(kind: type[Exception]) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0]
