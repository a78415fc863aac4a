"""Which web pages of other origins may call the API (Fetch standard, CORS protocol).

Only the configured origins, and never with cookies: there are none. Mounts can open
methods to every origin (uploads), or do all of their CORS themselves. Without
configured origins nothing else is announced, and browsers keep other pages out.
"""

from collections.abc import Callable, Iterable
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from ocsync.problems import status_line
from ocsync.routes import Mount, Routes
from ocsync.wsgi import ExceptionInfo, Headers

METHODS: Final = (
    "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, PROPFIND, PROPPATCH, MKCOL, COPY,"
    " MOVE, LOCK, UNLOCK, REPORT, SEARCH"
)
REQUEST_HEADERS: Final = (
    "Accept, Accept-Language, Authorization, Cache-Control, Content-Type, Depth,"
    " Destination, If, If-Match, If-Modified-Since, If-None-Match, Initiator-ID,"
    " Lock-Token, OC-Checksum, OC-Total-Length, OCS-APIREQUEST, Origin,"
    " Original-Request-ID, Overwrite, Prefer, Range, Restore, Purge, Timeout,"
    " Content-Digest, Content-Disposition, Repr-Digest, Tus-Checksum-Algorithm,"
    " Tus-Resumable, Upload-Checksum, Upload-Complete, Upload-Concat,"
    " Upload-Defer-Length, Upload-Draft-Interop-Version, Upload-Expires,"
    " Upload-Length, Upload-Metadata, Upload-Offset, X-HTTP-Method-Override,"
    " X-OC-Mtime, X-Request-Id, X-Requested-With"
)
EXPOSED_HEADERS: Final = (
    "Accept-Ranges, Content-Disposition, Content-Location, Content-Range, DAV, ETag,"
    " Location, Lock-Token, OC-Checksum, OC-ETag, OC-FileId, OC-Perm, Repr-Digest,"
    " Retry-After, Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, Tus-Resumable,"
    " Tus-Version,"
    " Upload-Complete, Upload-Concat, Upload-Defer-Length,"
    " Upload-Draft-Interop-Version, Upload-Expires, Upload-Length, Upload-Limit,"
    " Upload-Metadata, Upload-Offset, X-OC-Mtime, X-Request-Id"
)
_PREFLIGHT_SECONDS: Final = "7200"
_VARY: Final = ("Vary", "Origin")


class Cors:
    """Answers preflights and marks answers for the origins that are allowed."""

    def __init__(
        self, app: WSGIApplication, *, origins: tuple[str, ...], routes: Routes
    ) -> None:
        """Take what to wrap, the origins allowed, and the table of mounts."""
        self._app = app
        self._origins = frozenset(origins)
        self._routes = routes

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Serve one request."""
        origin = environ.get("HTTP_ORIGIN", "")
        if origin and _is_preflight(environ) and not self._is_open(environ):
            start_response(status_line(204), self._preflight(environ, origin))
            return []

        return self._app(environ, _Answer(self, environ, start_response).start)

    def _is_open(self, environ: WSGIEnvironment) -> bool:
        match = self._routes.find(environ.get("PATH_INFO", "") or "/")
        return match is not None and match.mount.any_origin

    def _opens(self, environ: WSGIEnvironment) -> bool:
        """Whether any page may use the method that the preflight is about."""
        match = self._routes.find(environ.get("PATH_INFO", "") or "/")
        method = environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"]
        return match is not None and method in match.mount.any_origin_methods

    def _allowed(self, origin: str) -> str | None:
        if origin.lower() in self._origins:
            return origin
        return "*" if "*" in self._origins else None

    def _preflight(self, environ: WSGIEnvironment, origin: str) -> Headers:
        headers = self.marks(origin)
        is_allowed = self._allowed(origin) is not None
        if not is_allowed and self._opens(environ):
            headers, is_allowed = _opened(headers[:1], origin), True
        if is_allowed:
            headers += [
                ("Access-Control-Allow-Methods", METHODS),
                ("Access-Control-Allow-Headers", REQUEST_HEADERS),
                ("Access-Control-Max-Age", _PREFLIGHT_SECONDS),
            ]
        return headers

    def marks(self, origin: str) -> Headers:
        """What an answer says to a page of this origin, or to none."""
        headers: Headers = [_VARY]
        if not origin:
            return headers
        allowed = self._allowed(origin)
        if allowed is not None:
            headers += [
                ("Access-Control-Allow-Origin", allowed),
                ("Access-Control-Expose-Headers", EXPOSED_HEADERS),
            ]
        return headers


class _Answer:
    """The head of an answer on its way out."""

    __slots__ = ("_cors", "_environ", "_start_response")

    def __init__(
        self, cors: Cors, environ: WSGIEnvironment, start_response: StartResponse
    ) -> None:
        self._cors = cors
        self._environ = environ
        self._start_response = start_response

    def start(
        self,
        status: str,
        headers: Headers,
        exc_info: ExceptionInfo | None = None,
        /,
    ) -> Callable[[bytes], object]:
        """Pass it on, marked."""
        environ = self._environ
        mount = environ.get("ocsync.mount")
        origin = environ.get("HTTP_ORIGIN", "")
        if not isinstance(mount, Mount):
            headers = [*headers, *self._cors.marks(origin)]
        elif environ["REQUEST_METHOD"] in mount.any_origin_methods:
            headers = _opened(headers, origin)
        elif not mount.any_origin:
            headers = [*headers, *self._cors.marks(origin)]
        return self._start_response(status, headers, exc_info)


def _opened(headers: Headers, origin: str) -> Headers:
    """The headers, readable for pages of any origin."""
    present = {name.lower() for name, _ in headers}
    marks = [_VARY]
    if origin:
        marks += [
            ("Access-Control-Allow-Origin", "*"),
            ("Access-Control-Expose-Headers", EXPOSED_HEADERS),
        ]
    return [*headers, *(pair for pair in marks if pair[0].lower() not in present)]


def _is_preflight(environ: WSGIEnvironment) -> bool:
    return (
        environ["REQUEST_METHOD"] == "OPTIONS"
        and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
    )
