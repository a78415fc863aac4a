"""What all URLs of one dialect share: CORS, and errors in the dialect's own words.

A `Window` stands around a small function that answers with a `Reply` or a `Document`;
what the function refuses becomes the dialect's JSON. Uploads themselves are served by
`ocsync.dialects.face`.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from wsgiref.types import StartResponse

from ocsync.dialects.cors import Cors
from ocsync.problems import HttpProblem, Problem, status_line
from ocsync.renderings import JSON_TYPE
from ocsync.tus.dialect import Dialect
from ocsync.tus.edge import Reply, announcement
from ocsync.tus.refusals import REFUSALS, tus_problem
from ocsync.wire.body import BoundedBody
from ocsync.wsgi import Headers

Environ = dict[str, Any]
Phrase = Callable[[Problem], object]
"""The JSON document by which a dialect tells a problem; None for no body at all."""

_MOST_JSON: Final = 64 * 1024


class Answer(Protocol):
    """What can be sent."""

    @property
    def headers(self) -> Headers:
        """Its headers, which may be added to."""
        ...

    def send(self, start_response: StartResponse) -> Iterable[bytes]:
        """Send it."""
        ...


@dataclass(frozen=True, slots=True)
class Document:
    """An answer in JSON; None is no body."""

    status: int
    content: object
    headers: Headers = field(default_factory=list)

    def send(self, start_response: StartResponse) -> Iterable[bytes]:
        """Send it."""
        body, headers = b"", [*self.headers, ("Cache-Control", "no-store")]
        if self.content is not None:
            body = json.dumps(self.content, separators=(",", ":")).encode()
            headers.append(("Content-Type", JSON_TYPE))
        headers.append(("Content-Length", str(len(body))))
        start_response(status_line(self.status), headers)
        return [body] if body else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Answers requests on behalf of a function."""

    dialect: Dialect
    cors: Cors
    phrase: Phrase

    def serve(
        self,
        environ: Environ,
        start_response: StartResponse,
        answer: Callable[[Environ], Answer],
    ) -> Iterable[bytes]:
        """Answer one request; OPTIONS here, all else by the function."""
        if environ["REQUEST_METHOD"] == "OPTIONS":
            headers = [*announcement(self.dialect), *self.cors.preflight(environ)]
            return Reply(204, headers).send(start_response)
        try:
            given = answer(environ)
        except REFUSALS as error:
            given = self._refusal(tus_problem(error, self.dialect), environ)
        given.headers.extend(self.cors.marks(environ))
        return given.send(start_response)

    def _refusal(self, problem: Problem, environ: Environ) -> Document:
        is_head = environ["REQUEST_METHOD"] == "HEAD"
        content = None if is_head else self.phrase(problem)
        return Document(problem.status, content, list(problem.headers))


def read_json(environ: Environ) -> dict[str, Any]:
    """The JSON object in the request.

    Raises:
        HttpProblem: 415, it is declared as something else; 400, it is no object.
        BodyError: it is too large or broke off.
    """
    media_type = (environ.get("CONTENT_TYPE") or "").partition(";")[0]
    if media_type.strip().lower() != "application/json":
        raise HttpProblem(415, "Content-Type must be application/json")
    body = BoundedBody(environ, limit=_MOST_JSON).read()
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise HttpProblem(400, "Invalid request", code="invalid_request")
    return content
