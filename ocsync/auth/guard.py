"""The guard before a mount: finds out who asks, or answers 401.

Leaves `ocsync.actor` in the environ. A 401, whether from here or from a mount that
raised it, carries one challenge for each scheme (RFC 9110 §11.6.1), and none for
scripts in a page (`X-Requested-With: XMLHttpRequest`), where the browser would open
its own password box.
"""

from collections.abc import Iterable
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

from ocsync.auth.authenticators import Authenticator
from ocsync.auth.credentials import read_credentials
from ocsync.problems import HttpProblem
from ocsync.routes import Access, Mount
from ocsync.timings import TIMINGS
from spaces.model import Actor

MESSAGE: Final = "Authentication error"


class Guard:
    """Wraps one mount's application."""

    def __init__(
        self,
        mount: Mount,
        *,
        authenticators: tuple[Authenticator, ...],
        schemes: tuple[str, ...],
    ) -> None:
        """Take the mount, what proves identity, and the schemes to challenge with."""
        self._app = mount.app
        self._access = mount.access
        self._open_methods = mount.open_methods
        self._authenticators = authenticators
        self._schemes = schemes

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Serve the request as whoever it proves to come from.

        Raises:
            HttpProblem: 401 with challenges, or 429.
        """
        is_open = environ["REQUEST_METHOD"] in self._open_methods
        actor = None
        if self._access is not Access.IGNORED and not is_open:
            actor = self._identify(environ)
        environ["ocsync.actor"] = actor
        try:
            return self._app(environ, start_response)
        except HttpProblem as error:
            if error.problem.status == 401 and not error.problem.headers:  # noqa: PLR2004
                raise self._refusal(environ) from error
            raise

    def _identify(self, environ: WSGIEnvironment) -> Actor | None:
        began = perf_counter()
        try:
            credentials = read_credentials(environ)
            for authenticator in self._authenticators:
                actor = authenticator.authenticate(credentials, environ)
                if actor is not None:
                    return actor
        finally:
            timings = TIMINGS.get()
            if timings is not None:
                timings.authenticated(began, perf_counter())
        if self._access is Access.OPTIONAL and credentials is None:
            return None
        raise self._refusal(environ)

    def _refusal(self, environ: WSGIEnvironment) -> HttpProblem:
        is_script = environ.get("HTTP_X_REQUESTED_WITH", "") == "XMLHttpRequest"
        if is_script:
            return HttpProblem(401, MESSAGE)
        host = urlsplit(environ.get("ocsync.base_url", "")).netloc
        return HttpProblem(
            401,
            MESSAGE,
            headers=tuple(
                ("WWW-Authenticate", f'{scheme} realm="{host}", charset="UTF-8"')
                for scheme in self._schemes
            ),
        )
