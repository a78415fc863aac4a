"""Rows of `users` and `app_tokens`, and the epoch of all credentials.

The epoch is a random word in `installation` that every change of an account or
credential renews in its own transaction; what a process remembers about credentials
holds only while the word is the same.
"""

import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy import (
    Connection,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from spaces.clock import Instant
from spaces.db import installation
from spaces.db import spaces as space_rows
from spaces.db.schema import app_tokens, uploads, users
from spaces.db.statement import AnyRow, Statement
from spaces.ids import SpaceId, TokenId, UserId
from spaces.model import AppToken, User

_EPOCH_KEY: Final = "credentials_epoch"
_USER_COLUMNS: Final = (
    users.c.id,
    users.c.name,
    users.c.display_name,
    users.c.mail,
    users.c.is_admin,
    users.c.created_at,
    users.c.disabled_at,
    users.c.password_hash,
)
_TOKEN_COLUMNS: Final = (
    app_tokens.c.id,
    app_tokens.c.user_id,
    app_tokens.c.label,
    app_tokens.c.created_at,
    app_tokens.c.expires_at,
    app_tokens.c.last_used_at,
)

_OF_ID: Final = users.c.id == bindparam("user_id")
_BY_ID: Final = Statement(select(*_USER_COLUMNS).where(_OF_ID))
_BY_NAME: Final = Statement(
    select(*_USER_COLUMNS).where(users.c.name_key == bindparam("key"))
)
_BY_SUBJECT: Final = Statement(
    select(*_USER_COLUMNS).where(
        users.c.issuer == bindparam("issuer"), users.c.subject == bindparam("subject")
    )
)
_LIST: Final = Statement(select(*_USER_COLUMNS).order_by(users.c.name_key))
_INSERT: Final = Statement(
    insert(users),
    columns=(
        "id",
        "name",
        "name_key",
        "display_name",
        "mail",
        "password_hash",
        "is_admin",
        "issuer",
        "subject",
        "created_at",
    ),
)
_SET_PROFILE: Final = Statement(
    update(users)
    .where(_OF_ID)
    .values(
        display_name=bindparam("new_display_name"),
        mail=bindparam("new_mail"),
        is_admin=bindparam("new_is_admin"),
    )
)
_SET_PASSWORD: Final = Statement(
    update(users).where(_OF_ID).values(password_hash=bindparam("new_hash"))
)
_REPLACE_HASH: Final = Statement(
    update(users)
    .where(_OF_ID, users.c.password_hash == bindparam("old_hash"))
    .values(password_hash=bindparam("new_hash"))
)
_SET_DISABLED: Final = Statement(
    update(users).where(_OF_ID).values(disabled_at=bindparam("new_disabled_at"))
)
_REMOVE: Final = Statement(delete(users).where(_OF_ID))
_OTHER_ADMINS: Final = Statement(
    select(func.count()).where(
        users.c.is_admin, users.c.disabled_at.is_(None), users.c.id != bindparam("id")
    )
)
_RESERVATIONS: Final = Statement(
    select(uploads.c.space_id, func.sum(uploads.c.reserved_bytes))
    .where(
        uploads.c.owner_id == bindparam("user_id"),
        uploads.c.space_id.is_not(None),
        uploads.c.reserved_bytes > 0,
    )
    .group_by(uploads.c.space_id)
)

_TOKENS: Final = Statement(
    select(*_TOKEN_COLUMNS)
    .where(app_tokens.c.user_id == bindparam("user_id"))
    .order_by(app_tokens.c.created_at, app_tokens.c.id)
)
_BY_SECRET: Final = Statement(
    select(*_TOKEN_COLUMNS, *_USER_COLUMNS)
    .join(users, users.c.id == app_tokens.c.user_id)
    .where(
        app_tokens.c.secret_hash == bindparam("secret_hash"),
        or_(
            app_tokens.c.expires_at.is_(None),
            app_tokens.c.expires_at > bindparam("now"),
        ),
    )
)
_COUNT_TOKENS: Final = Statement(
    select(func.count()).where(app_tokens.c.user_id == bindparam("user_id"))
)
_INSERT_TOKEN: Final = Statement(
    insert(app_tokens),
    columns=("id", "user_id", "secret_hash", "label", "created_at", "expires_at"),
)
_REMOVE_TOKEN: Final = Statement(
    delete(app_tokens).where(
        app_tokens.c.id == bindparam("token_id"),
        app_tokens.c.user_id == bindparam("user_id"),
    )
)
_REMOVE_EXPIRED: Final = Statement(
    delete(app_tokens).where(
        app_tokens.c.user_id == bindparam("user_id"),
        app_tokens.c.expires_at <= bindparam("now"),
    )
)
_MARK_USED: Final = Statement(
    update(app_tokens)
    .where(app_tokens.c.id == bindparam("token_id"))
    .values(last_used_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user with the hash of the password, None where there is no password."""

    user: User
    password_hash: str | None


def epoch(connection: Connection) -> str:
    """The word of the present state of all credentials."""
    return installation.find_fact(connection, _EPOCH_KEY) or ""


def renew_epoch(connection: Connection) -> None:
    """Make everything void that any process remembers about credentials."""
    installation.set_fact(connection, _EPOCH_KEY, secrets.token_hex(8))


def find(connection: Connection, user_id: UserId) -> UserRow | None:
    """The user of this id."""
    return _user_row(_BY_ID.first(connection, user_id=user_id))


def find_by_name(connection: Connection, key: str) -> UserRow | None:
    """The user whose name has this key."""
    return _user_row(_BY_NAME.first(connection, key=key))


def find_by_subject(
    connection: Connection, issuer: str, subject: str
) -> UserRow | None:
    """The user whom an identity provider knows by this subject."""
    return _user_row(_BY_SUBJECT.first(connection, issuer=issuer, subject=subject))


def list_all(connection: Connection) -> list[User]:
    """Every user, by name."""
    return [_user(row) for row in _LIST.all(connection)]


def add(
    connection: Connection,
    user: User,
    password_hash: str | None,
    *,
    issuer: str | None,
    subject: str | None,
) -> None:
    """Store a new user; the name's freedom was asked before."""
    _INSERT.run(
        connection,
        id=user.id,
        name=user.name,
        name_key=user.name.lower(),
        display_name=user.display_name,
        mail=user.mail,
        password_hash=password_hash,
        is_admin=user.is_admin,
        issuer=issuer,
        subject=subject,
        created_at=user.created_at,
    )


def set_profile(connection: Connection, user: User) -> None:
    """Write what others see of the user, and the user's power."""
    _SET_PROFILE.run(
        connection,
        user_id=user.id,
        new_display_name=user.display_name,
        new_mail=user.mail,
        new_is_admin=user.is_admin,
    )


def set_password_hash(
    connection: Connection, user_id: UserId, password_hash: str | None
) -> None:
    """Write the hash of a new password; None: none is valid any more."""
    _SET_PASSWORD.run(connection, user_id=user_id, new_hash=password_hash)


def replace_hash(
    connection: Connection, user_id: UserId, *, old: str, new: str
) -> None:
    """Write another hash of the same password, unless it was changed meanwhile."""
    _REPLACE_HASH.run(connection, user_id=user_id, old_hash=old, new_hash=new)


def set_disabled(
    connection: Connection, user_id: UserId, disabled_at: Instant | None
) -> None:
    """Close the account, or open it again."""
    _SET_DISABLED.run(connection, user_id=user_id, new_disabled_at=disabled_at)


def hand_back_reservations(connection: Connection, user_id: UserId) -> None:
    """Give spaces back what the user's unfinished uploads were promised there."""
    for space_id, reserved in _RESERVATIONS.all(connection, user_id=user_id):
        space_rows.reserve(connection, SpaceId(space_id), -int(reserved))


def remove(connection: Connection, user_id: UserId) -> None:
    """Delete the user; memberships and tokens go along."""
    _REMOVE.run(connection, user_id=user_id)


def count_other_admins(connection: Connection, user_id: UserId) -> int:
    """How many active administrators there are beside this user."""
    return int(_OTHER_ADMINS.scalar(connection, id=user_id))


def tokens(connection: Connection, user_id: UserId) -> list[AppToken]:
    """The user's app tokens, oldest first."""
    return [_token(row) for row in _TOKENS.all(connection, user_id=user_id)]


def find_token(
    connection: Connection, secret_hash: str, now: Instant
) -> tuple[AppToken, User] | None:
    """The token of this secret and whose it is, unless it has expired."""
    row = _BY_SECRET.first(connection, secret_hash=secret_hash, now=now)
    if row is None:
        return None
    return _token(row), _user(row, len(_TOKEN_COLUMNS))


def count_tokens(connection: Connection, user_id: UserId) -> int:
    """How many app tokens the user has."""
    return int(_COUNT_TOKENS.scalar(connection, user_id=user_id))


def add_token(connection: Connection, token: AppToken, secret_hash: str) -> None:
    """Store a new token."""
    _INSERT_TOKEN.run(
        connection,
        id=token.id,
        user_id=token.user_id,
        secret_hash=secret_hash,
        label=token.label,
        created_at=token.created_at,
        expires_at=token.expires_at,
    )


def remove_token(connection: Connection, user_id: UserId, token_id: TokenId) -> bool:
    """Delete one of the user's tokens; whether there was one."""
    removed = _REMOVE_TOKEN.run(connection, user_id=user_id, token_id=token_id)
    return removed == 1


def remove_expired_tokens(
    connection: Connection, user_id: UserId, now: Instant
) -> None:
    """Delete those of the user's tokens whose time is up."""
    _REMOVE_EXPIRED.run(connection, user_id=user_id, now=now)


def mark_used(connection: Connection, token_id: TokenId, now: Instant) -> None:
    """Note when the token was used last."""
    _MARK_USED.run(connection, token_id=token_id, now=now)


def _user_row(row: AnyRow | None) -> UserRow | None:
    if row is None:
        return None
    return UserRow(_user(row), row[7])


def _user(row: AnyRow, start: int = 0) -> User:
    user_id, name, display_name, mail, is_admin, created_at, disabled_at, _ = row[
        start : start + len(_USER_COLUMNS)
    ]
    return User(
        id=UserId(user_id),
        name=name,
        display_name=display_name,
        mail=mail,
        is_admin=bool(is_admin),
        created_at=Instant(created_at),
        disabled_at=disabled_at,
    )


def _token(row: AnyRow) -> AppToken:
    token_id, user_id, label, created_at, expires_at, last_used_at = row[
        : len(_TOKEN_COLUMNS)
    ]
    return AppToken(
        id=TokenId(token_id),
        user_id=UserId(user_id),
        label=label,
        created_at=Instant(created_at),
        expires_at=expires_at,
        last_used_at=last_used_at,
    )
