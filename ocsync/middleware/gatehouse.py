"""The first and last to see a request.

It gives it an id, every answer the headers that all carry, and writes the access log.
Knows nothing of what the request wants. Answers that are lists or stored files are
passed on as they are, so that the server can send them in one piece or from its own
buffer; others are counted while they stream.
"""

import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from ocsync.log import REQUEST_ID, Log, redact_path, redact_query
from ocsync.wire.filebody import FileBody
from ocsync.wsgi import ExceptionInfo, Headers

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
_LOWER_ALWAYS: Final = tuple((name.lower(), (name, value)) for name, value in _ALWAYS)
_OVER_TLS: Final = (
    "Strict-Transport-Security",
    "max-age=315360000; includeSubDomains; preload",
)


class Gatehouse:
    """Wraps the whole application."""

    def __init__(self, app: WSGIApplication, *, log: Log) -> None:
        """Take what to wrap and where to write."""
        self._app = app
        self._log = log

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Serve one request."""
        request_id = _request_id(environ)
        environ["ocsync.request_id"] = request_id
        REQUEST_ID.set(request_id)
        visit = _Visit(environ, start_response, request_id)
        body = self._app(environ, visit.start_response)
        if isinstance(body, FileBody):
            body.on_close = partial(self._write_file, visit, body)
            return body
        if isinstance(body, list | tuple):
            visit.sent_bytes = sum(map(len, body))
            self._write(visit)
            return body
        return _Counted(body, visit, self._write)

    def _write_file(self, visit: "_Visit", file: FileBody) -> None:
        visit.sent_bytes = file.read_bytes
        self._write(visit)

    def _write(self, visit: "_Visit") -> None:
        environ = visit.environ
        actor = environ.get("ocsync.actor")
        self._log.access(
            {
                "method": environ["REQUEST_METHOD"],
                "path": redact_path(visit.path),
                "query": redact_query(environ.get("QUERY_STRING", "")),
                "status": visit.status,
                "bytes": visit.sent_bytes,
                "ms": round((time.perf_counter() - visit.began) * 1000, 1),
                "user": getattr(actor, "name", "-"),
                "address": environ.get("REMOTE_ADDR", ""),
                "agent": environ.get("HTTP_USER_AGENT", "")[:120],
                "request_id": visit.request_id,
            }
        )
        REQUEST_ID.set("")


class _Visit:
    """One request under way."""

    __slots__ = (
        "_start_response",
        "began",
        "environ",
        "path",
        "request_id",
        "sent_bytes",
        "status",
    )

    def __init__(
        self, environ: WSGIEnvironment, start_response: StartResponse, request_id: str
    ) -> None:
        self.environ = environ
        self.path = _shown_path(environ)
        self.request_id = request_id
        self.began = time.perf_counter()
        self.status = 0
        self.sent_bytes = 0
        self._start_response = start_response

    def start_response(
        self,
        status: str,
        headers: Headers,
        exc_info: ExceptionInfo | None = None,
        /,
    ) -> Callable[[bytes], object]:
        """Pass the answer's head on, with what every answer carries."""
        self.status = int(status[:3])
        present = {name.lower() for name, _ in headers}
        complete = [
            *headers,
            *(pair for lower, pair in _LOWER_ALWAYS if lower not in present),
            ("X-Request-Id", self.request_id),
        ]
        if self.environ.get("ocsync.base_url", "").startswith("https:"):
            complete.append(_OVER_TLS)
        return self._start_response(status, complete, exc_info)


class _Counted:
    """An answer's body that is counted while it streams, and logged at its close."""

    def __init__(
        self,
        body: Iterable[bytes],
        visit: _Visit,
        write: Callable[[_Visit], None],
    ) -> None:
        self._body = body
        self._visit = visit
        self._write = write

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._body:
            self._visit.sent_bytes += len(chunk)
            yield chunk

    def close(self) -> None:
        """Close the body and write the line."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._write(self._visit)


def _request_id(environ: WSGIEnvironment) -> str:
    given = environ.get("HTTP_X_REQUEST_ID", "")
    return given if _SANE_ID.fullmatch(given) else str(uuid.uuid4())


def _shown_path(environ: WSGIEnvironment) -> str:
    path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    if path.isascii():
        return path
    return path.encode("latin-1", "replace").decode("utf-8", "replace")
