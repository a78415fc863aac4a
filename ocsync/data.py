"""`/data/{token}`: the temporary URL of one upload on a space.

The token is the credential; what else the request says about who sends it is not
looked at. A token that is not valid is answered 403, with nothing in the body.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from wsgiref.types import StartResponse

from ocsync.data_urls import DataUrls
from ocsync.problems import status_line
from ocsync.signed_tokens import TokenRefused
from ocsync.tus import cors
from ocsync.tus.dialect import Dialect
from ocsync.tus.edge import UploadEdge, announcement, tus_resumable
from ocsync.tus.refusals import REFUSALS, send_problem, tus_problem
from ocsync.uploads.runner import Engine
from ocsync.wsgi import Headers
from spaces.ids import UploadId
from spaces.upload_model import Upload


class DataApp:
    """The WSGI callable below `/data`."""

    def __init__(self, *, engine: Engine, dialect: Dialect, urls: DataUrls) -> None:
        self._engine = engine
        self._dialect = dialect
        self._urls = urls
        self._edge = UploadEdge(engine=engine, dialect=dialect)
        self._page_dialect = replace(dialect, statuses={})

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer one request."""
        method, marks = environ["REQUEST_METHOD"], cors.marks(environ)
        if method == "OPTIONS":
            headers = [*announcement(self._dialect), *cors.preflight(environ)]
            start_response(status_line(204), [*headers, *marks])
            return []
        try:
            ticket = self._urls.read(environ["PATH_INFO"].removeprefix("/"))
        except TokenRefused:
            return _forbid(marks, start_response)

        def find() -> Upload | None:
            return self._engine.find(UploadId(ticket.target), self._dialect.terms)

        try:
            reply = self._edge.answer(environ, find)
        except REFUSALS as error:
            problem = tus_problem(error, self._dialect_for(environ))
            return send_problem(problem, method, marks, start_response)
        reply.headers.extend(marks)
        return reply.send(start_response)

    def _dialect_for(self, environ: dict[str, Any]) -> Dialect:
        """Pages get tus 1.0's own statuses.

        A browser sends a request again by itself when a connection breaks before its
        answer. If that was the last part, only 409 lets the page's script ask how far
        the upload is; at 404 it gives up on a file that is there.
        """
        return self._page_dialect if environ.get("HTTP_ORIGIN") else self._dialect


def _forbid(marks: Headers, start_response: StartResponse) -> Iterable[bytes]:
    headers = [tus_resumable(), *marks, ("Content-Length", "0")]
    start_response(status_line(403), headers)
    return []
