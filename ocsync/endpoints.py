"""Routes of the JSON faces: a table of paths, each with the function that answers.

`Endpoints` is a plain WSGI callable over werkzeug's routing and request parsing, to
be mounted under one prefix; its paths are what follows that prefix. It knows nothing
of any API. Refusals are raised, and rendered by the errors middleware in the form of
the mount.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from ocsync.problems import HttpProblem
from ocsync.wire.body import BoundedBody
from spaces.model import Actor

MAX_DOCUMENT_BYTES: Final = 1024 * 1024
"""More than any JSON or form body of these APIs needs."""

JSON_TYPE: Final = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Call:
    """One request to an endpoint: who asks, under which base URL, for what."""

    request: Request
    actor: Actor | None
    base_url: str
    request_id: str

    @property
    def host(self) -> str:
        """Host and port as the client knows them."""
        return self.base_url.partition("://")[2].partition("/")[0]

    @property
    def args(self) -> Mapping[str, str]:
        """The parameters of the query; of repeated ones the first."""
        return self.request.args

    def require_actor(self) -> Actor:
        """Who asks.

        Raises:
            HttpProblem: 401, nobody is logged in.
        """
        if self.actor is None:
            raise HttpProblem(401, "Authentication error")
        return self.actor

    def body(self) -> bytes:
        """The whole body.

        Raises:
            BodyError: it is too long or breaks off.
        """
        return BoundedBody(self.request.environ, limit=MAX_DOCUMENT_BYTES).read()

    def document(self) -> Mapping[str, Any]:
        """The body as a JSON object; an empty body is an empty object.

        Raises:
            HttpProblem: 400, it is no JSON object.
            BodyError: it is too long or breaks off.
        """
        data = self.body()
        if not data.strip():
            return {}
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            raise HttpProblem(400, "The body is not valid JSON") from None
        if not isinstance(document, dict):
            raise HttpProblem(400, "The body must be a JSON object")
        return document


@dataclass(frozen=True, slots=True)
class Route:
    """A method, a path in werkzeug's notation, and the function for both.

    The function takes the `Call`, and the path's variables by name.
    """

    method: str
    path: str
    answer: Callable[..., Response]


class Endpoints:
    """A WSGI callable that answers the routes it is given."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._map = Map(
            [
                Rule(route.path, methods=[route.method], endpoint=route.answer)
                for route in routes
            ],
            strict_slashes=False,
            merge_slashes=False,
            redirect_defaults=False,
        )

    def rules(self) -> Iterable[Rule]:
        """Every path with its methods, for documents and tests."""
        return self._map.iter_rules()

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer one request, or raise what keeps it from being answered."""
        response = self._answer(environ)
        return response(environ, start_response)

    def _answer(self, environ: WSGIEnvironment) -> Response:
        request = Request(environ)
        adapter = self._map.bind("localhost")
        path = _decoded(environ.get("PATH_INFO", "")) or "/"
        try:
            answer, variables = adapter.match(path, method=request.method)
        except MethodNotAllowed as error:
            allow = ", ".join(sorted({*(error.valid_methods or ()), "OPTIONS"}))
            if request.method == "OPTIONS":
                return empty_response(headers={"Allow": allow})
            raise HttpProblem(405, headers=(("Allow", allow),)) from None
        except HTTPException as error:
            raise HttpProblem(error.code or 500, "There is nothing here") from None
        call = Call(
            request=request,
            actor=environ.get("ocsync.actor"),
            base_url=environ.get("ocsync.base_url") or request.host_url.rstrip("/"),
            request_id=environ.get("ocsync.request_id", ""),
        )
        response: Response = answer(call, **variables)
        return response


def json_response(
    document: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer, compact and in UTF-8."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    response = Response(text, status=status, content_type=JSON_TYPE)
    response.headers.update(headers or {})
    return response


def empty_response(
    status: int = 204, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer without a body, and so without a type."""
    response = Response(status=status)
    response.headers.remove("Content-Type")
    response.headers.update(headers or {})
    return response


def _decoded(path: str) -> str:
    """The path as text; WSGI hands over its bytes as Latin-1."""
    try:
        return path.encode("latin-1").decode()
    except UnicodeError:
        raise HttpProblem(400, "The path is not valid UTF-8") from None
