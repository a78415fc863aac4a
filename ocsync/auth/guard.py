"""The guard before a mount: finds out who asks, or answers 401.

Leaves `ocsync.actor` in the environ. A 401, whether from here or from a mount that
raised it, carries one challenge for each scheme (RFC 9110 §11.6.1), and none for
scripts in a page (`X-Requested-With: XMLHttpRequest`), where the browser would open
its own password box. Desktop clients that could not follow the offer of Bearer hear
of Basic alone.
"""

import re
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

_ASKS_ITSELF: Final = re.compile(r"mirall/[2-5]\.")
"""ownCloud's client while it still asks for passwords in its own window."""


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
            if error.problem.status == 401 and not error.problem.headers:
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
        base = urlsplit(environ.get("ocsync.base_url", ""))
        agent = environ.get("HTTP_USER_AGENT", "")
        return HttpProblem(
            401,
            MESSAGE,
            headers=tuple(
                ("WWW-Authenticate", f'{scheme} realm="{base.netloc}", charset="UTF-8"')
                for scheme in self._offered(agent, is_plain=base.scheme == "http")
            ),
        )

    def _offered(self, agent: str, *, is_plain: bool) -> tuple[str, ...]:
        """The schemes that the client can follow.

        Offered Bearer, Nextcloud's clients look for an app of ownCloud 10, and
        ownCloud's for OpenID Connect, which they refuse over plain HTTP, even on this
        machine. Offered Basic alone, they ask for name and password.
        """
        is_lost = "Nextcloud" in agent or (is_plain and _ASKS_ITSELF.search(agent))
        return ("Basic",) if is_lost and "Basic" in self._schemes else self._schemes
