"""`/metrics`: the numbers, for those who may see them.

They tell how much a server is used and how it is built, so by default only this very
machine may ask: a peer on loopback that no proxy speaks for. Others need the token
from the settings or an administrator's app token, as Bearer or as Basic password.
"""

import hmac
import ipaddress
from collections.abc import Iterable
from typing import Final
from wsgiref.types import StartResponse, WSGIEnvironment

from ocsync.auth.credentials import BasicCredentials, BearerToken, read_credentials
from ocsync.metrics.board import Board
from ocsync.metrics.exposition import Exposition
from ocsync.problems import HttpProblem, status_line
from ocsync.routes import Access, Mount
from ocsync.settings import MetricsSettings
from spaces.accounts import Accounts
from spaces.library import Library

_PROXY_FIELDS: Final = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)


def metrics_mounts(
    *, settings: MetricsSettings, board: Board, library: Library
) -> tuple[Mount, ...]:
    """The mount of this module; none if metrics are off."""
    if settings.access == "off":
        return ()
    app = _MetricsApp(
        exposition=Exposition(board=board, library=library),
        accounts=library.accounts,
        token=settings.token,
        is_local_open=settings.access == "local",
    )
    return (Mount(prefix="/metrics", app=app, access=Access.IGNORED, is_exact=True),)


class _MetricsApp:
    """Answers GET and HEAD."""

    def __init__(
        self,
        *,
        exposition: Exposition,
        accounts: Accounts,
        token: str | None,
        is_local_open: bool,
    ) -> None:
        self._exposition = exposition
        self._accounts = accounts
        self._token = token
        self._is_local_open = is_local_open

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer one request.

        Raises:
            HttpProblem: 403, whoever asks may not see them; 405.
        """
        method = environ["REQUEST_METHOD"]
        if method not in {"GET", "HEAD"}:
            raise HttpProblem(405, headers=(("Allow", "GET, HEAD"),))
        if not self._may_see(environ):
            raise HttpProblem(
                403,
                "Metrics are for this machine; from elsewhere send the metrics token"
                " or an administrator's app token",
            )
        body, content_type = self._exposition.render(environ.get("HTTP_ACCEPT", ""))
        start_response(
            status_line(200),
            [
                ("Content-Type", content_type),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
            ],
        )
        return [] if method == "HEAD" else [body]

    def _may_see(self, environ: WSGIEnvironment) -> bool:
        if self._is_local_open and _is_local(environ):
            return True
        match read_credentials(environ):
            case BearerToken(secret):
                return self._opens(secret, None)
            case BasicCredentials(name, secret):
                return self._opens(secret, name)
            case _:
                return False

    def _opens(self, secret: str, name: str | None) -> bool:
        if self._token is not None and hmac.compare_digest(
            secret.encode(), self._token.encode()
        ):
            return True
        actor = self._accounts.verify_token(secret, name)
        return actor is not None and actor.is_admin


def _is_local(environ: WSGIEnvironment) -> bool:
    """Whether the peer is on this machine and speaks for nobody else."""
    if any(name in environ for name in _PROXY_FIELDS):
        return False
    try:
        return ipaddress.ip_address(environ.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
