"""API keys: credentials that stand for a user, for one folder of one space.

Random, shown once, stored as a hash. Where clients sign with the key itself it must
be recoverable, so there it is stored encrypted too, by a `Sealer` whose key is not in
the database. How a key travels is not known here.
"""

import hashlib
import secrets
from dataclasses import replace
from typing import Final, Protocol

from sqlalchemy import Connection

from spaces.access import Permission
from spaces.account_names import require_text
from spaces.api_key_model import ApiKey
from spaces.audit import record
from spaces.audit_model import Action
from spaces.clock import Instant
from spaces.db import api_keys as rows
from spaces.db.engine import Database
from spaces.errors import TokenNotFound
from spaces.ids import SpaceId, TokenId, UserId, secret_id
from spaces.lookup import find_space
from spaces.model import Actor
from spaces.names import require_name

MAX_SIGNING_KEYS: Final = 5
"""So many keys of one user and space can sign; of more, the newest."""

_SECRET_BYTES: Final = 32


class Sealer(Protocol):
    """Encrypts small secrets with a key of its own."""

    def seal(self, secret: str) -> str:
        """The secret, encrypted."""
        ...

    def unseal(self, sealed: str) -> str | None:
        """The secret; None if it was sealed with another key or is damaged."""
        ...


class ApiKeys:
    """The keys of one API, all of which begin with its prefix."""

    def __init__(
        self, *, database: Database, api: str, prefix: str, sealer: Sealer | None
    ) -> None:
        self._database = database
        self._api = api
        self._prefix = prefix
        self._sealer = sealer

    def create(
        self, actor: Actor, space_id: SpaceId, *, folder: str, label: str
    ) -> tuple[ApiKey, str]:
        """Make a key that stands for the actor; it and its secret.

        Raises:
            SpaceNotFound, SpaceDisabled, Forbidden: the actor may not write there.
            NameRefused: the folder or the label cannot be called so.
        """
        require_text(label, "a label")
        path = tuple(map(require_name, folder.split("/")))
        secret = self._new_secret()

        def job(connection: Connection) -> ApiKey:
            find_space(connection, actor, space_id, Permission.WRITE)
            now = self._database.now(connection)
            rows.remove_expired(connection, self._api, now)
            key = ApiKey(
                id=TokenId(secret_id()),
                api=self._api,
                user_id=actor.user_id,
                space_id=space_id,
                folder="/".join(path),
                label=label,
                created_at=now,
            )
            self._insert(connection, key, secret)
            self._note(connection, now, Action.KEY_CREATED, key)
            return key

        return self._database.write(job), secret

    def list(self) -> list[ApiKey]:
        """All keys, oldest first."""
        with self._database.read() as connection:
            return rows.list_all(connection, self._api)

    def verify(self, secret: str) -> ApiKey | None:
        """The key with this secret, unless it has been revoked or has expired."""
        if not secret.startswith(self._prefix):
            return None
        with self._database.read() as connection:
            now = self._database.now(connection)
            return rows.find_by_secret(connection, self._api, _hash(secret), now)

    def signing_secrets(self, user_id: UserId, space_id: SpaceId) -> tuple[str, ...]:
        """The secrets with which the user's clients may sign for the space."""
        if self._sealer is None:
            return ()
        with self._database.read() as connection:
            sealed = rows.sealed_secrets(
                connection,
                self._api,
                user_id=user_id,
                space_id=space_id,
                now=self._database.now(connection),
                most=MAX_SIGNING_KEYS,
            )
        opened = map(self._sealer.unseal, sealed)
        return tuple(secret for secret in opened if secret is not None)

    def revoke(self, key_id: TokenId) -> None:
        """Make a key void, at once and in every process.

        Raises:
            TokenNotFound: there is no such key.
        """

        def job(connection: Connection) -> None:
            key = rows.find(connection, self._api, key_id)
            if key is None or not rows.remove(connection, self._api, key_id):
                raise TokenNotFound
            now = self._database.now(connection)
            self._note(connection, now, Action.KEY_REVOKED, key)

        self._database.write(job)

    def rotate(self, key_id: TokenId, *, overlap: int) -> tuple[ApiKey, str]:
        """Make a key in place of another, which ends after so many microseconds.

        Raises:
            TokenNotFound: there is no such key.
        """
        secret = self._new_secret()

        def job(connection: Connection) -> ApiKey:
            old = rows.find(connection, self._api, key_id)
            if old is None:
                raise TokenNotFound
            now = self._database.now(connection)
            end = Instant(now + overlap)
            if old.expires_at is None or end < old.expires_at:
                rows.limit(connection, self._api, key_id, end)
            new_id = TokenId(secret_id())
            key = replace(old, id=new_id, created_at=now, expires_at=None)
            self._insert(connection, key, secret)
            self._note(connection, now, Action.KEY_ROTATED, old)
            return key

        return self._database.write(job), secret

    def _note(
        self, connection: Connection, now: Instant, action: Action, key: ApiKey
    ) -> None:
        record(
            connection,
            now,
            action,
            key.label,
            key.id,
            space_id=key.space_id,
            detail={"api": self._api, "stands_for": key.user_id},
        )

    def _insert(self, connection: Connection, key: ApiKey, secret: str) -> None:
        sealed = None if self._sealer is None else self._sealer.seal(secret)
        rows.insert_key(connection, key, _hash(secret), sealed)

    def _new_secret(self) -> str:
        return f"{self._prefix}{secrets.token_hex(_SECRET_BYTES)}"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
