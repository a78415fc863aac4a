"""The page at `/` and its files below `/web`, for everybody: they hold no secrets.

Nothing inline runs in the page, nothing is loaded from elsewhere, and the only other
origin it may ask is that of an external issuer, where one is configured. Frames hold
nothing but what the page itself has made a PDF of, for the browser's own viewer.
"""

import hashlib
from collections.abc import Callable
from html import escape
from typing import Final
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from ocsync.endpoints import Call, Endpoints, Route, empty_response
from ocsync.problems import HttpProblem
from ocsync.renderings import Form
from ocsync.routes import Access, Mount
from ocsync.web.assets import PAGE, Asset, Assets, as_asset, read_assets

PREFIX: Final = "/web"

_FOREVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " media-src 'self'; frame-src blob:; connect-src {connect}; form-action 'none';"
    " frame-ancestors 'none'; base-uri 'none'"
)
# A worker obeys the policy that its own file comes with, and imports modules.
_FILE_POLICY: Final = "default-src 'none'; script-src 'self'"


def web_mounts(*, issuer_of: Callable[[Call], str | None]) -> tuple[Mount, ...]:
    """The mounts of this module; `issuer_of` says where people log in."""
    page = _Page(read_assets(), issuer_of)
    return (
        _mount(
            "",
            (Route("GET", "/", page.show), Route("OPTIONS", "/", _announce)),
            is_exact=True,
        ),
        _mount(PREFIX, (Route("GET", "/<revision>/<path:path>", page.file),)),
    )


class _Page:
    """Answers the URLs of the page."""

    def __init__(self, assets: Assets, issuer_of: Callable[[Call], str | None]) -> None:
        self._assets = assets
        self._issuer_of = issuer_of

    def show(self, call: Call) -> Response:
        """The page, which names its files by the base URL it is reached under."""
        folder = f"{urlsplit(call.base_url).path}{PREFIX}/{self._assets.revision}"
        text = self._assets.page.replace("{folder}", escape(folder))
        response = _answer(call, as_asset(PAGE, text.encode()), cache=_ASK_AGAIN)
        response.headers["Content-Security-Policy"] = _POLICY.format(
            connect=" ".join(self._connects_to(call))
        )
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def file(self, call: Call, revision: str, path: str) -> Response:
        """A file of this revision; others are gone."""
        asset = self._assets.files.get(path)
        if asset is None or revision != self._assets.revision:
            raise HttpProblem(404, "There is nothing at this URL")
        response = _answer(call, asset, cache=_FOREVER)
        response.headers["Content-Security-Policy"] = _FILE_POLICY
        return response

    def _connects_to(self, call: Call) -> tuple[str, ...]:
        """Where the page's requests may go."""
        parts = urlsplit(self._issuer_of(call) or call.base_url)
        ours = urlsplit(call.base_url)
        if (parts.scheme, parts.netloc) == (ours.scheme, ours.netloc):
            return ("'self'",)
        return ("'self'", f"{parts.scheme}://{parts.netloc}")


def _announce(_call: Call) -> Response:
    """Say that there is WebDAV on this server.

    Windows asks at the root whatever folder is to be mounted, and without this looks
    no further: "The network name cannot be found".
    """
    headers = {
        "Allow": "GET, HEAD, OPTIONS",
        "DAV": "1, 2, 3",
        "MS-Author-Via": "DAV",
        "Content-Length": "0",
    }
    return empty_response(200, headers)


def _answer(call: Call, asset: Asset, *, cache: str) -> Response:
    """The file, compressed for those who take that, or 304."""
    is_compressed = call.request.accept_encodings["gzip"] > 0
    response = Response(
        asset.compressed if is_compressed else asset.content,
        content_type=asset.media_type,
    )
    if is_compressed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = cache
    coding = "-gzip" if is_compressed else ""
    response.set_etag(hashlib.sha256(asset.content).hexdigest()[:32] + coding)
    response.make_conditional(call.request)
    return response


def _mount(prefix: str, routes: tuple[Route, ...], *, is_exact: bool = False) -> Mount:
    return Mount(
        prefix=prefix,
        app=Endpoints(routes),
        form=Form.TEXT,
        access=Access.IGNORED,
        is_exact=is_exact,
    )
