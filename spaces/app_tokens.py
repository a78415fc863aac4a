"""App tokens: credentials for one program each, made and taken back.

256 random bits, shown once and stored as a hash. Who a token belongs to when it is
used is the matter of `spaces.logins`.
"""

import secrets
from typing import Final

from sqlalchemy import Connection

from spaces.account_names import require_text
from spaces.audit import record
from spaces.audit_model import Action
from spaces.clock import Instant
from spaces.db import accounts as rows
from spaces.db.engine import Database
from spaces.errors import LimitExceeded, TokenNotFound, UserNotFound
from spaces.ids import TokenId, UserId, secret_id
from spaces.logins import TOKEN_PREFIX, is_token, token_hash
from spaces.model import AppToken, User

MAX_TOKENS: Final = 500
"""Of one user; those whose time is up do not count."""

_SECRET_BYTES: Final = 32


class AppTokens:
    """The app tokens of all users; thread-safe."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def list(self, user_id: UserId) -> list[AppToken]:
        """The user's tokens, oldest first."""
        with self._database.read() as connection:
            return rows.tokens(connection, user_id)

    def create(
        self, user_id: UserId, *, label: str, expires_at: Instant | None
    ) -> tuple[AppToken, str]:
        """Make a token; it and its secret.

        Raises:
            UserNotFound: there is no such account.
            NameRefused: the label cannot be kept.
            LimitExceeded: the user has too many.
        """
        require_text(label, "a label")
        secret = TOKEN_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        token_id = TokenId(secret_id())

        def job(connection: Connection) -> AppToken:
            row = rows.find(connection, user_id)
            if row is None:
                raise UserNotFound
            now = self._database.now(connection)
            rows.remove_expired_tokens(connection, user_id, now)
            if rows.count_tokens(connection, user_id) >= MAX_TOKENS:
                raise LimitExceeded("app tokens", MAX_TOKENS)
            token = AppToken(token_id, user_id, label, now, expires_at, None)
            rows.add_token(connection, token, token_hash(secret))
            _note(connection, now, Action.TOKEN_CREATED, row.user, token)
            return token

        return self._database.write(job), secret

    def revoke(self, user_id: UserId, token: TokenId | str) -> None:
        """Make a token void, at once and in every process; named by id or secret.

        Raises:
            TokenNotFound: the user has no such token.
        """

        def job(connection: Connection) -> None:
            token_id, now = TokenId(token), self._database.now(connection)
            if is_token(token):
                found = rows.find_token(connection, token_hash(token), now)
                token_id = token_id if found is None else found[0].id
            row = rows.find(connection, user_id)
            held = {each.id: each for each in rows.tokens(connection, user_id)}
            if row is None or token_id not in held:
                raise TokenNotFound
            rows.remove_token(connection, user_id, token_id)
            rows.renew_epoch(connection)
            _note(connection, now, Action.TOKEN_REVOKED, row.user, held[token_id])

        self._database.write(job)


def _note(
    connection: Connection, now: Instant, action: Action, user: User, token: AppToken
) -> None:
    detail = {"token": token.id, "label": token.label}
    record(connection, now, action, user.name, user.id, detail=detail)
