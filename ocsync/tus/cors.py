"""Which web pages may upload: all, for nothing here is done by a cookie.

Without an Origin the answers are those that oCIS gives; a page of another origin is
told of more headers, because its script sees no others.
"""

from typing import Any, Final

from ocsync.wsgi import Headers

ANY_ORIGIN: Final = ("Access-Control-Allow-Origin", "*")
VARY: Final = ("Vary", "Origin")

CREATED: Final[tuple[tuple[str, str], ...]] = (
    (
        "Access-Control-Allow-Headers",
        "Tus-Resumable, Upload-Length, Upload-Metadata, If-Match",
    ),
    ANY_ORIGIN,
)
"""What the answer to a creation on a space carries, as oCIS sends it."""

_EXPOSED_ALWAYS: Final = "Tus-Resumable, Upload-Offset, Location"
_EXPOSED_TO_PAGES: Final = (
    f"{_EXPOSED_ALWAYS}, Content-Location, ETag, Last-Modified, Link, OC-ETag,"
    " OC-FileId, OC-Perm, Retry-After, Tus-Checksum-Algorithm, Tus-Extension,"
    " Tus-Max-Size, Tus-Version, Upload-Complete, Upload-Concat,"
    " Upload-Defer-Length, Upload-Draft-Interop-Version, Upload-Expires,"
    " Upload-Length, Upload-Limit, Upload-Metadata, X-Request-Id"
)
_METHODS: Final = "GET, HEAD, POST, PATCH, DELETE, OPTIONS"
_TAKEN: Final = (
    "Accept, Accept-Language, Authorization, Cache-Control, Content-Digest,"
    " Content-Disposition, Content-Type, If-Match, If-None-Match, Initiator-ID,"
    " Origin, Original-Request-ID, Repr-Digest, Tus-Resumable, Upload-Checksum,"
    " Upload-Complete, Upload-Concat, Upload-Defer-Length,"
    " Upload-Draft-Interop-Version, Upload-Length, Upload-Metadata, Upload-Offset,"
    " Want-Repr-Digest, X-HTTP-Method-Override, X-Request-Id, X-Requested-With"
)
_SECONDS: Final = "86400"


def exposed(environ: dict[str, Any]) -> tuple[str, str]:
    """Which headers a page's script may read."""
    names = _EXPOSED_TO_PAGES if environ.get("HTTP_ORIGIN") else _EXPOSED_ALWAYS
    return ("Access-Control-Expose-Headers", names)


def marks(environ: dict[str, Any]) -> Headers:
    """What every answer carries: to pages, that they may read it."""
    if not environ.get("HTTP_ORIGIN"):
        return [VARY]
    return [VARY, ANY_ORIGIN, exposed(environ)]


def preflight(environ: dict[str, Any]) -> Headers:
    """What a browser wants to know before it sends a page's request."""
    if "HTTP_ACCESS_CONTROL_REQUEST_METHOD" not in environ:
        return []
    return [
        ("Access-Control-Allow-Methods", _METHODS),
        ("Access-Control-Allow-Headers", _TAKEN),
        ("Access-Control-Max-Age", _SECONDS),
    ]
