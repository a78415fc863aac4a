"""The first and last to see a request.

It gives it an id, every answer the headers that all carry, and tells the observer when
it has ended. Knows nothing of what the request wants. Answers that are lists or stored
files are passed on as they are, so that the server can send them in one piece or from
its own buffer; others are counted while they stream.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from time import perf_counter
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from ocsync.log import REQUEST_ID
from ocsync.observer import Observer, Visit
from ocsync.timings import TIMINGS, Timings
from ocsync.wire.filebody import FileBody
from ocsync.wsgi import ExceptionInfo, Headers
from spaces.audit_model import CALLER
from spaces.ids import new_id

_SANE_ID: Final = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")

_ALWAYS: Final = (
    ("Content-Security-Policy", "default-src 'none';"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Download-Options", "noopen"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("X-Permitted-Cross-Domain-Policies", "none"),
    ("X-Robots-Tag", "none"),
)
_BY_LOWER_NAME: Final = {pair[0].lower(): pair for pair in _ALWAYS}
_OVER_TLS: Final = (
    "Strict-Transport-Security",
    "max-age=315360000; includeSubDomains; preload",
)


class Gatehouse:
    """Wraps the whole application."""

    def __init__(self, app: WSGIApplication, *, observer: Observer) -> None:
        """Take what to wrap and whom to tell."""
        self._app = app
        self._observer = observer

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Serve one request."""
        request_id = _request_id(environ)
        environ["ocsync.request_id"] = request_id
        REQUEST_ID.set(request_id)
        timings = Timings()
        TIMINGS.set(timings)
        visit = Visit(environ, _shown_path(environ), request_id, timings)
        CALLER.set(visit)
        if self._observer.traces:
            self._observer.began(visit)
        body = self._app(environ, _Answer(visit, start_response).start)
        if isinstance(body, FileBody):
            body.on_close = partial(self._end_file, visit, body, perf_counter())
            return body
        if isinstance(body, list | tuple):
            visit.sent_bytes = sum(map(len, body))
            self._end(visit)
            return body
        return _Counted(body, visit, self._end)

    def _end_file(self, visit: Visit, file: FileBody, began: float) -> None:
        visit.sent_bytes = file.read_bytes
        visit.send_seconds = perf_counter() - began
        self._end(visit)

    def _end(self, visit: Visit) -> None:
        self._observer.ended(visit)
        REQUEST_ID.set("")
        TIMINGS.set(None)
        CALLER.set(None)


class _Answer:
    """The head of an answer on its way out."""

    __slots__ = ("_start_response", "_visit")

    def __init__(self, visit: Visit, start_response: StartResponse) -> None:
        self._visit = visit
        self._start_response = start_response

    def start(
        self,
        status: str,
        headers: Headers,
        exc_info: ExceptionInfo | None = None,
        /,
    ) -> Callable[[bytes], object]:
        """Pass the answer's head on, with what every answer carries."""
        visit = self._visit
        visit.status = int(status[:3])
        missing = _BY_LOWER_NAME.copy()
        for name, _ in headers:
            missing.pop(name.lower(), None)
        complete = [*headers, *missing.values(), ("X-Request-Id", visit.request_id)]
        if visit.environ.get("ocsync.base_url", "").startswith("https:"):
            complete.append(_OVER_TLS)
        return self._start_response(status, complete, exc_info)


class _Counted:
    """An answer's body that is counted while it streams, and told of at its close."""

    def __init__(
        self,
        body: Iterable[bytes],
        visit: Visit,
        end: Callable[[Visit], None],
    ) -> None:
        self._body = body
        self._visit = visit
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        visit = self._visit
        for chunk in self._body:
            visit.sent_bytes += len(chunk)
            began = perf_counter()
            yield chunk
            visit.send_seconds += perf_counter() - began

    def close(self) -> None:
        """Close the body and tell the observer."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._end(self._visit)


def _request_id(environ: WSGIEnvironment) -> str:
    given = environ.get("HTTP_X_REQUEST_ID", "")
    return given if _SANE_ID.fullmatch(given) else new_id()


def _shown_path(environ: WSGIEnvironment) -> str:
    path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    if path.isascii():
        return path
    return path.encode("latin-1", "replace").decode("utf-8", "replace")
