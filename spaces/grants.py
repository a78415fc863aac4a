"""Grants: browser sessions, and what users let client programs do in their name.

A grant begins with an authorization code, which is good once and for a minute, and
lives on by refresh tokens, each good once. A code or token that comes a second time
has been stolen, by this one or by the one before; which of them cannot be known, so
the grant is revoked (RFC 9700 §4.14.2). Access tokens name their grant and are void
with it. Knows no HTTP and nothing of how tokens are signed.
"""

import hashlib
import re
import secrets
from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection

from spaces.clock import DAY, HOUR, MINUTE, Instant
from spaces.credentials import CredentialCache
from spaces.db import accounts, oidc
from spaces.db.engine import Database
from spaces.errors import UserNotFound
from spaces.grant_model import (
    Authorization,
    BrowserSession,
    Grant,
    GrantId,
    IssuedGrant,
)
from spaces.ids import UserId, new_id
from spaces.logins import as_actor
from spaces.model import Actor

CODE_AGE: Final = MINUTE
SESSION_AGE: Final = 12 * HOUR
GRANT_IDLE_AGE: Final = 30 * DAY
"""A grant whose refresh token is not used for so long is over."""

_SECRET_BYTES: Final = 32
_REFRESH_TOKEN: Final = re.compile(r"ocr_([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})")
_KIND: Final = "access"


class Grants:
    """Sessions, codes and grants; thread-safe."""

    def __init__(self, *, database: Database, cache: CredentialCache) -> None:
        self._database = database
        self._cache = cache

    # Browsers

    def start_session(self, user_id: UserId) -> str:
        """Remember that somebody has logged in, and return the session's secret."""
        secret = secrets.token_urlsafe(_SECRET_BYTES)

        def job(connection: Connection) -> None:
            now = self._database.now(connection)
            oidc.remove_expired(connection, now)
            session = BrowserSession(user_id, now, Instant(now + SESSION_AGE))
            oidc.add_session(connection, _digest(secret), session)

        self._database.write(job)
        return secret

    def session(self, secret: str) -> BrowserSession | None:
        """The session of this secret, while it lasts."""
        with self._database.read() as connection:
            now = self._database.now(connection)
            return oidc.find_session(connection, _digest(secret), now)

    def end_session(self, secret: str) -> None:
        """Log the browser out."""
        digest = _digest(secret)
        self._database.write(lambda c: oidc.remove_session(c, digest))

    # Grants

    def authorize(self, authorization: Authorization) -> str:
        """Keep what a user has allowed, and return the code that fetches it."""
        code = secrets.token_urlsafe(_SECRET_BYTES)
        grant_id = GrantId(new_id())

        def job(connection: Connection) -> None:
            now = self._database.now(connection)
            oidc.add_code(
                connection,
                _digest(code),
                authorization,
                grant_id=grant_id,
                expires_at=Instant(now + CODE_AGE),
            )

        self._database.write(job)
        return code

    def redeem(
        self, code: str, *, accepts: Callable[[Authorization], bool]
    ) -> IssuedGrant | None:
        """Turn a code into a grant; None if it is no good or not accepted.

        The code is used up whatever the outcome. `accepts` tells whether whoever
        brings it is the client it was made for.
        """
        digest = _digest(code)
        family, secret = _new_secret(), _new_secret()

        def job(connection: Connection) -> IssuedGrant | None:
            now = self._database.now(connection)
            is_fresh = oidc.redeem_code(connection, digest, now)
            found = oidc.find_code(connection, digest)
            if found is None:
                return None
            grant_id, authorization = found
            if not is_fresh:
                self._revoke(connection, grant_id)
                return None
            if not accepts(authorization):
                return None
            grant = Grant(
                id=grant_id,
                user_id=authorization.user_id,
                client_id=authorization.client_id,
                scope=authorization.scope,
                authenticated_at=authorization.authenticated_at,
                created_at=now,
                expires_at=Instant(now + GRANT_IDLE_AGE),
            )
            oidc.add_grant(
                connection,
                grant,
                family_hash=_digest(family),
                token_hash=_digest(secret),
            )
            return IssuedGrant(grant, _token(family, secret), authorization.nonce)

        return self._database.write(job)

    def refresh(self, token: str, client_id: str) -> IssuedGrant | None:
        """Exchange a refresh token for its successor; None if it is no good.

        A token that was good before revokes its grant.
        """
        match = _REFRESH_TOKEN.fullmatch(token)
        if match is None:
            return None
        family, secret = match.groups()
        successor = _new_secret()

        def job(connection: Connection) -> IssuedGrant | None:
            now = self._database.now(connection)
            is_latest = oidc.rotate(
                connection,
                family_hash=_digest(family),
                old_hash=_digest(secret),
                new_hash=_digest(successor),
                client_id=client_id,
                now=now,
                expires_at=Instant(now + GRANT_IDLE_AGE),
            )
            grant = oidc.find_family(connection, _digest(family))
            if grant is None:
                return None
            if not is_latest:
                self._revoke(connection, grant.id)
                return None
            return IssuedGrant(grant, _token(family, successor))

        return self._database.write(job)

    def revoke(self, grant_id: GrantId) -> None:
        """End a grant and everything issued for it; idempotent."""
        self._database.write(lambda connection: self._revoke(connection, grant_id))

    def revoke_token(self, token: str, client_id: str) -> None:
        """End the grant of a refresh token, if it is this client's; idempotent."""
        match = _REFRESH_TOKEN.fullmatch(token)
        if match is None:
            return
        digest = _digest(match.group(1))

        def job(connection: Connection) -> None:
            grant = oidc.find_family(connection, digest)
            if grant is not None and grant.client_id == client_id:
                self._revoke(connection, grant.id)

        self._database.write(job)

    # Access tokens

    def recall(self, token: str) -> Actor | None:
        """Whom this access token was lately proven to stand for."""
        with self._database.read() as connection:
            epoch = accounts.epoch(connection)
            now = self._database.now(connection)
        return self._cache.find(_KIND, "", token, epoch=epoch, now=now)

    def confirm(
        self,
        token: str,
        user_id: UserId,
        *,
        expires_at: Instant,
        grant_id: GrantId | None,
    ) -> Actor | None:
        """The active user whom a verified access token names, now remembered.

        None if the account is not active, the token's time is up by the clock of the
        database, or its grant is revoked; tokens of other issuers have no grant.
        """
        with self._database.read() as connection:
            epoch = accounts.epoch(connection)
            now = self._database.now(connection)
            row = accounts.find(connection, user_id)
            if row is None or row.user.disabled_at is not None or now >= expires_at:
                return None
            if grant_id is not None and oidc.find_grant(connection, grant_id) is None:
                return None
        actor = as_actor(row.user)
        self._cache.remember(
            _KIND, "", token, actor, epoch=epoch, now=now, expires_at=expires_at
        )
        return actor

    # Keys that follow from credentials

    def stamp(self, user_id: UserId) -> str:
        """A text that is another one as soon as the user's password is.

        For keys derived from it, which a new password shall make void.

        Raises:
            UserNotFound: there is no such account.
        """
        with self._database.read() as connection:
            row = accounts.find(connection, user_id)
        if row is None:
            raise UserNotFound
        return _digest(f"{user_id}\0{row.password_hash or ''}")

    def _revoke(self, connection: Connection, grant_id: GrantId) -> None:
        if oidc.remove_grant(connection, grant_id):
            accounts.renew_epoch(connection)


def _new_secret() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)


def _token(family: str, secret: str) -> str:
    return f"ocr_{family}.{secret}"


def _digest(secret: str) -> str:
    """What is stored of a secret: it is random, so one pass of SHA-256 hides it."""
    return hashlib.sha256(secret.encode()).hexdigest()
