"""Who a credential belongs to: passwords, app tokens, and remembered proofs.

After the first time, the same credential costs one read of the epoch and one keyed
hash. Nothing here slows a guesser down beyond the cost of a password
(`spaces.throttle` does), and nothing changes an account.
"""

import hashlib
import re
from contextlib import suppress
from typing import Final

from sqlalchemy import Connection

from spaces.account_names import account_key
from spaces.audit import record
from spaces.audit_model import Action
from spaces.clock import HOUR, Instant
from spaces.credentials import CredentialCache
from spaces.db import accounts as rows
from spaces.db.accounts import UserRow
from spaces.db.engine import Database
from spaces.errors import SpacesError
from spaces.ids import UserId
from spaces.model import Actor, AppToken, User
from spaces.passwords import Passwords

TOKEN_PREFIX: Final = "oct_"  # noqa: S105  # not a secret: what secrets begin with

_TOKEN: Final = re.compile(r"oct_[A-Za-z0-9_-]{43}")
_USE_NOTED_EVERY: Final = HOUR
_PASSWORD: Final = "password"  # noqa: S105  # kinds of credentials, as these two
_APP_TOKEN: Final = "token"  # noqa: S105
_BEARER: Final = "bearer"


def token_hash(secret: str) -> str:
    """What is stored of a token: it is random, so one pass of SHA-256 hides it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_token(secret: str) -> bool:
    """Whether the text has the form of an app token."""
    return _TOKEN.fullmatch(secret) is not None


def as_actor(user: User) -> Actor:
    """The user as the one who asks."""
    return Actor(user.id, user.name, user.display_name, is_admin=user.is_admin)


class Logins:
    """Verifies credentials; thread-safe."""

    def __init__(
        self, *, database: Database, passwords: Passwords, cache: CredentialCache
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._cache = cache

    def recall(self, name: str | None, secret: str) -> Actor | None:
        """Whom the credential was lately proven to belong to.

        Either a name with a password or token, or a token alone.
        """
        with self._database.read_once() as connection:
            epoch = rows.epoch(connection)
            now = self._database.now(connection)
        if is_token(secret):
            known = self._find_token(name, secret, epoch, now)
            if known is not None:
                return known
        if name is None:
            return None
        return self._cache.find(_PASSWORD, name, secret, epoch=epoch, now=now)

    def verify_password(self, name: str, password: str) -> Actor | None:
        """Whose password this is, if the account is active."""
        actor, _, _ = self._look_up(name, password)
        if actor is not None:
            return actor
        with self._passwords.turn:
            # While this thread waited, another one may have proven the same.
            actor, row, (epoch, now) = self._look_up(name, password)
            if actor is not None:
                return actor
            stored = None if row is None else row.password_hash
            is_right = self._passwords.matches(stored, password)
        if row is None or stored is None or not is_right:
            return None
        actor = as_actor(row.user)
        self._cache.remember(_PASSWORD, name, password, actor, epoch=epoch, now=now)
        if self._passwords.is_outdated(stored):
            self._rehash(row.user.id, stored, password)
        return actor

    def verify_token(self, secret: str, name: str | None = None) -> Actor | None:
        """Whose app token this is; with a name, only if it is that user's."""
        if not is_token(secret):
            return None
        with self._database.read() as connection:
            epoch, now = rows.epoch(connection), self._database.now(connection)
            known = self._find_token(name, secret, epoch, now)
            if known is not None:
                return known
            found = rows.find_token(connection, token_hash(secret), now)
        if found is None:
            return None
        token, user = found
        is_other = name is not None and account_key(name) != account_key(user.name)
        if user.disabled_at is not None or is_other:
            return None
        actor = as_actor(user)
        self._cache.remember(
            _BEARER if name is None else _APP_TOKEN,
            name or "",
            secret,
            actor,
            epoch=epoch,
            now=now,
            expires_at=token.expires_at,
        )
        self._note_use(token, user, now)
        return actor

    def actor(self, user_id: UserId) -> Actor | None:
        """The user of this id, if the account is active."""
        with self._database.read() as connection:
            row = rows.find(connection, user_id)
        if row is None or row.user.disabled_at is not None:
            return None
        return as_actor(row.user)

    def _find_token(
        self, name: str | None, secret: str, epoch: str, now: Instant
    ) -> Actor | None:
        """Whom the token is remembered to belong to; with a name or without one."""
        kind = _BEARER if name is None else _APP_TOKEN
        return self._cache.find(kind, name or "", secret, epoch=epoch, now=now)

    def _look_up(
        self, name: str, password: str
    ) -> tuple[Actor | None, UserRow | None, tuple[str, Instant]]:
        """The remembered proof, else the active account, as of one epoch."""
        with self._database.read() as connection:
            epoch, now = rows.epoch(connection), self._database.now(connection)
            known = self._cache.find(_PASSWORD, name, password, epoch=epoch, now=now)
            row = None if known else self._active(connection, name)
        return known, row, (epoch, now)

    def _active(self, connection: Connection, name: str) -> UserRow | None:
        key = account_key(name)
        row = None if key is None else rows.find_by_name(connection, key)
        return None if row is None or row.user.disabled_at is not None else row

    def _rehash(self, user_id: UserId, stored: str, password: str) -> None:
        renewed = self._passwords.hash(password)
        with suppress(SpacesError):  # logging in does not depend on it
            self._database.write(
                lambda connection: rows.replace_hash(
                    connection, user_id, old=stored, new=renewed
                )
            )

    def _note_use(self, token: AppToken, user: User, now: Instant) -> None:
        if token.last_used_at is not None and (
            now - token.last_used_at < _USE_NOTED_EVERY
        ):
            return

        def job(connection: Connection) -> None:
            rows.mark_used(connection, token.id, now)
            detail = {"token": token.id, "label": token.label}
            record(
                connection,
                now,
                Action.TOKEN_USED,
                user.name,
                user.id,
                by=user,
                detail=detail,
            )

        with suppress(SpacesError):  # logging in does not depend on it
            self._database.write(job)
