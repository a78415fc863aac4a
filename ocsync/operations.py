"""The URLs that tell whether the server is well, for clients and for operators.

`/status.php` is the first thing every ownCloud client reads. `/healthz` says that the
process answers; `/readyz` that its database and its blob store take work, which is
what a load balancer wants to know before it sends any. `OPTIONS *` asks about the
server as a whole (RFC 9110 §9.3.7).
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from ocsync._version import __version__
from ocsync.log import Log
from ocsync.problems import HttpProblem, status_line
from ocsync.renderings import JSON_TYPE, Form
from ocsync.routes import Access, Mount
from spaces.ids import BlobId, new_id
from spaces.library import Library

PRODUCT: Final = "ocsync"

STATUS: Final[Mapping[str, object]] = {
    "installed": True,
    "maintenance": False,
    "needsDbUpgrade": False,
    # Legacy clients want at least 10; newer ones look at productversion.
    "version": "10.11.0.0",
    "versionstring": "10.11.0",
    "edition": "Community",
    "productname": PRODUCT,
    "product": PRODUCT,
    "productversion": __version__,
}

HEALTH_PATHS: Final = frozenset({"/healthz", "/readyz"})
"""Asked by machines that know the server by address only."""

SERVER_METHODS: Final = (
    "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, PROPFIND, PROPPATCH, MKCOL, COPY,"
    " MOVE, LOCK, UNLOCK, REPORT"
)
"""What answers at one URL or another."""

_READ_METHODS: Final = frozenset({"GET", "HEAD"})


def operation_mounts(*, library: Library, log: Log) -> tuple[Mount, ...]:
    """The mounts of this module."""
    readiness = _Readiness(library=library, log=log)
    return (
        _mount("/status.php", lambda: (200, STATUS)),
        _mount("/status", lambda: (200, STATUS)),
        _mount("/healthz", lambda: (200, {"status": "ok"})),
        _mount("/readyz", readiness.check),
        Mount(prefix="*", app=_server_app, access=Access.IGNORED, is_exact=True),
    )


def _mount(
    prefix: str, answer: Callable[[], tuple[int, Mapping[str, object]]]
) -> Mount:
    return Mount(
        prefix=prefix,
        app=_document_app(answer),
        form=Form.JSON,
        access=Access.IGNORED,
        is_exact=True,
    )


def _server_app(
    environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Answer `OPTIONS *`, the only method that is asked of the whole server."""
    if environ["REQUEST_METHOD"] != "OPTIONS":
        raise HttpProblem(405, headers=(("Allow", "OPTIONS"),))
    start_response(status_line(204), [("Allow", SERVER_METHODS)])
    return []


def _document_app(
    answer: Callable[[], tuple[int, Mapping[str, object]]],
) -> WSGIApplication:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer GET and HEAD with a JSON document."""
        method = environ["REQUEST_METHOD"]
        if method not in _READ_METHODS:
            raise HttpProblem(405, headers=(("Allow", "GET, HEAD"),))
        status, document = answer()
        body = json.dumps(document).encode()
        headers = [
            ("Content-Type", JSON_TYPE),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ]
        start_response(status_line(status), headers)
        return [] if method == "HEAD" else [body]

    return app


class _Readiness:
    """Tries the database and the blob store for real, by a small write to each."""

    def __init__(self, *, library: Library, log: Log) -> None:
        self._library = library
        self._log = log

    def check(self) -> tuple[int, Mapping[str, object]]:
        """200 with "ok" for each part, or 503."""
        parts = {
            "database": self._try("database", self._write_row),
            "blobs": self._try("blobs", self._write_blob),
        }
        is_ready = all(parts.values())
        words = {name: "ok" if is_well else "failed" for name, is_well in parts.items()}
        status = "ok" if is_ready else "unavailable"
        return 200 if is_ready else 503, {"status": status, **words}

    def _try(self, part: str, attempt: Callable[[], None]) -> bool:
        try:
            attempt()
        except Exception as error:  # noqa: BLE001
            self._log.error("not ready", part=part, exc_info=error)
            return False
        return True

    def _write_row(self) -> None:
        """An empty transaction: it takes the turn to write, and commits."""
        self._library.database.write(self._library.database.now)

    def _write_blob(self) -> None:
        blob_id = BlobId(new_id())
        try:
            with self._library.blobs.stage(blob_id) as staged:
                staged.write(b"ready")
        finally:
            self._library.blobs.discard(blob_id)
