"""How a problem looks in each protocol's own form.

The middleware answers with these when a request never reached its edge (no
credentials, no such URL, an unexpected fault); edges may use them too. Nothing here
decides what the problem is.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Final
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment
from xml.sax.saxutils import escape

from ocsync.problems import Problem

XML_TYPE: Final = "application/xml; charset=utf-8"
JSON_TYPE: Final = "application/json; charset=utf-8"
TEXT_TYPE: Final = "text/plain; charset=utf-8"

GRAPH_CODES: Final = {
    400: "invalidRequest",
    401: "unauthenticated",
    403: "accessDenied",
    404: "itemNotFound",
    405: "notAllowed",
    409: "nameAlreadyExists",
    412: "preconditionFailed",
    423: "resourceLocked",
    429: "tooManyRequests",
    501: "notSupported",
    503: "serviceNotAvailable",
    507: "quotaLimitReached",
}
"""The code that Graph has for a status; `generalException` for any other."""


class Form(Enum):
    """The form in which a part of the service talks about problems."""

    TEXT = "text"
    DAV = "dav"
    OCS = "ocs"
    GRAPH = "graph"
    JSON = "json"


def answer_problem(
    problem: Problem,
    form: Form,
    environ: WSGIEnvironment,
    start_response: StartResponse,
) -> list[bytes]:
    """Answer the request with the problem, in the form asked for."""
    content_type, body = _FORMS[form](problem, environ)
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        *problem.headers,
    ]
    start_response(problem.status_line, headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def dav_error(problem: Problem) -> bytes:
    """The error document of sabre/dav, which ownCloud's clients read."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">'
        f"<s:exception>{escape(problem.sabre_exception)}</s:exception>"
        f"<s:message>{escape(problem.message)}</s:message>"
        f"<s:errorcode>{escape(problem.code)}</s:errorcode>"
        "</d:error>\n"
    ).encode()


def _render_dav(problem: Problem, _environ: WSGIEnvironment) -> tuple[str, bytes]:
    return XML_TYPE, dav_error(problem)


def _render_text(problem: Problem, _environ: WSGIEnvironment) -> tuple[str, bytes]:
    return TEXT_TYPE, f"{problem.message}\n".encode()


def _render_json(problem: Problem, _environ: WSGIEnvironment) -> tuple[str, bytes]:
    document = {"error": problem.message, "code": problem.code}
    return JSON_TYPE, json.dumps(document).encode()


def _render_ocs(problem: Problem, environ: WSGIEnvironment) -> tuple[str, bytes]:
    meta: dict[str, object] = {
        "status": "failure",
        "statuscode": problem.ocs_code,
        "message": problem.message,
    }
    if "json" in parse_qs(environ.get("QUERY_STRING", "")).get("format", []):
        return JSON_TYPE, json.dumps({"ocs": {"meta": meta, "data": []}}).encode()
    lines = "".join(f"<{k}>{escape(str(v))}</{k}>" for k, v in meta.items())
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return XML_TYPE, f"{head}<ocs><meta>{lines}</meta><data/></ocs>\n".encode()


def _render_graph(problem: Problem, environ: WSGIEnvironment) -> tuple[str, bytes]:
    document = {
        "error": {
            "code": GRAPH_CODES.get(problem.status, "generalException"),
            "message": problem.message,
            "innererror": {
                "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "request-id": environ.get("ocsync.request_id", ""),
            },
        }
    }
    return JSON_TYPE, json.dumps(document).encode()


_FORMS: Final[
    Mapping[Form, Callable[[Problem, WSGIEnvironment], tuple[str, bytes]]]
] = {
    Form.TEXT: _render_text,
    Form.DAV: _render_dav,
    Form.OCS: _render_ocs,
    Form.GRAPH: _render_graph,
    Form.JSON: _render_json,
}
