"""What proves who asks: passwords and app tokens now, others beside them.

Each authenticator knows one kind of proof, and says None to what is not of its kind or
does not hold; the guard asks one after the other. Guessing passwords is slowed here,
since only here is known whether a guess was wrong.
"""

import math
from typing import Protocol
from wsgiref.types import WSGIEnvironment

from ocsync.auth.credentials import BasicCredentials, BearerToken, Credentials
from ocsync.auth.login_book import LoginBook
from ocsync.problems import HttpProblem
from spaces.accounts import Accounts
from spaces.model import Actor
from spaces.throttle import Throttle


class Authenticator(Protocol):
    """One kind of proof. Thread-safe."""

    def authenticate(
        self, credentials: Credentials | None, environ: WSGIEnvironment
    ) -> Actor | None:
        """Whom the request proves to come from; None if it proves nothing here.

        `credentials` are those of the Authorization header; None without one, for
        proofs that stand elsewhere (signed URLs).

        Raises:
            HttpProblem: the attempt itself is refused (429).
        """
        ...


class BasicAuthenticator:
    """Basic with an account's password, or with one of its app tokens."""

    def __init__(
        self, *, accounts: Accounts, throttle: Throttle, book: LoginBook
    ) -> None:
        """Take the accounts, what slows guessing, and who is told of attempts."""
        self._accounts = accounts
        self._throttle = throttle
        self._book = book

    def authenticate(
        self, credentials: Credentials | None, environ: WSGIEnvironment
    ) -> Actor | None:
        """Check name and password.

        Raises:
            HttpProblem: 429, too many wrong guesses lately.
        """
        if not isinstance(credentials, BasicCredentials):
            return None
        name, password = credentials.name, credentials.password
        known = self._accounts.recall(name, password)
        if known is not None:
            return known
        address = environ.get("REMOTE_ADDR", "")
        self._require_turn(name, address)
        actor = self._verify(name, password)
        if actor is None:
            self._throttle.failed(name, address)
            self._book.refused(name, method="basic")
            return None
        self._throttle.succeeded(name, address)
        return actor

    def _require_turn(self, name: str, address: str) -> None:
        try:
            require_turn(self._throttle, name, address)
        except HttpProblem:
            self._book.throttled()
            raise

    def _verify(self, name: str, password: str) -> Actor | None:
        actor = self._accounts.verify_token(password, name)
        if actor is not None:
            self._book.token_accepted()
            return actor
        actor = self._accounts.verify_password(name, password)
        if actor is not None:
            self._book.accepted(actor, method="basic")
        return actor


class AppTokenAuthenticator:
    """Bearer with an app token. They are too long to guess, so nothing slows it."""

    def __init__(self, *, accounts: Accounts) -> None:
        """Take the accounts."""
        self._accounts = accounts

    def authenticate(
        self,
        credentials: Credentials | None,
        environ: WSGIEnvironment,  # noqa: ARG002
    ) -> Actor | None:
        """Look the token up."""
        if not isinstance(credentials, BearerToken):
            return None
        return self._accounts.verify_token(credentials.token)


def require_turn(throttle: Throttle, name: str, address: str) -> None:
    """Refuse an attempt that comes too soon after wrong ones.

    Raises:
        HttpProblem: 429, with the seconds to wait.
    """
    wait = throttle.wait_seconds(name, address)
    if wait > 0:
        raise HttpProblem(
            429,
            "Too many failed logins; wait a moment before the next attempt",
            headers=(("Retry-After", str(math.ceil(wait))),),
        )
