"""Rows of `api_keys`: credentials of other upload APIs."""

from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from spaces.api_key_model import ApiKey
from spaces.clock import Instant
from spaces.db.api_schema import api_keys
from spaces.db.statement import AnyRow, Statement
from spaces.ids import SpaceId, TokenId, UserId

_COLUMNS: Final = (
    api_keys.c.id,
    api_keys.c.api,
    api_keys.c.user_id,
    api_keys.c.space_id,
    api_keys.c.folder,
    api_keys.c.label,
    api_keys.c.created_at,
    api_keys.c.expires_at,
)
_OF_API: Final = api_keys.c.api == bindparam("api")
_OF_ID: Final = (api_keys.c.id == bindparam("key_id")) & _OF_API
_VALID: Final = or_(
    api_keys.c.expires_at.is_(None), api_keys.c.expires_at > bindparam("now")
)

_INSERT: Final = Statement(
    insert(api_keys),
    columns=(
        *(column.name for column in _COLUMNS),
        "secret_hash",
        "sealed_secret",
    ),
)
_GET: Final = Statement(select(*_COLUMNS).where(_OF_ID))
_LIST: Final = Statement(
    select(*_COLUMNS).where(_OF_API).order_by(api_keys.c.created_at, api_keys.c.id)
)
_BY_SECRET: Final = Statement(
    select(*_COLUMNS).where(
        _OF_API, api_keys.c.secret_hash == bindparam("secret_hash"), _VALID
    )
)
_SEALED: Final = Statement(
    select(api_keys.c.sealed_secret)
    .where(
        _OF_API,
        _VALID,
        api_keys.c.user_id == bindparam("user_id"),
        api_keys.c.space_id == bindparam("space_id"),
        api_keys.c.sealed_secret.is_not(None),
    )
    .order_by(api_keys.c.created_at.desc(), api_keys.c.id)
    .limit(bindparam("most"))
)
_LIMIT: Final = Statement(
    update(api_keys).where(_OF_ID).values(expires_at=bindparam("new_expires_at"))
)
_REMOVE: Final = Statement(delete(api_keys).where(_OF_ID))
_REMOVE_EXPIRED: Final = Statement(
    delete(api_keys).where(_OF_API, api_keys.c.expires_at <= bindparam("now"))
)


def insert_key(
    connection: Connection, key: ApiKey, secret_hash: str, sealed_secret: str | None
) -> None:
    """Add a key."""
    values = {column.name: getattr(key, column.name) for column in _COLUMNS}
    _INSERT.run(
        connection, **values, secret_hash=secret_hash, sealed_secret=sealed_secret
    )


def find(connection: Connection, api: str, key_id: TokenId) -> ApiKey | None:
    """The key of this id, valid or not."""
    return _read(_GET.first(connection, api=api, key_id=key_id))


def list_all(connection: Connection, api: str) -> list[ApiKey]:
    """All keys of one API, oldest first."""
    return [key for row in _LIST.all(connection, api=api) if (key := _read(row))]


def find_by_secret(
    connection: Connection, api: str, secret_hash: str, now: Instant
) -> ApiKey | None:
    """The key with this secret, unless its time is up."""
    row = _BY_SECRET.first(connection, api=api, secret_hash=secret_hash, now=now)
    return _read(row)


def sealed_secrets(
    connection: Connection,
    api: str,
    *,
    user_id: UserId,
    space_id: SpaceId,
    now: Instant,
    most: int,
) -> list[str]:
    """The encrypted secrets of the user's valid keys for a space, newest first."""
    rows = _SEALED.all(
        connection, api=api, user_id=user_id, space_id=space_id, now=now, most=most
    )
    return [row[0] for row in rows]


def limit(
    connection: Connection, api: str, key_id: TokenId, expires_at: Instant
) -> None:
    """Let the key end at the instant."""
    _LIMIT.run(connection, api=api, key_id=key_id, new_expires_at=expires_at)


def remove(connection: Connection, api: str, key_id: TokenId) -> bool:
    """Delete a key; whether there was one."""
    return _REMOVE.run(connection, api=api, key_id=key_id) == 1


def remove_expired(connection: Connection, api: str, now: Instant) -> None:
    """Delete the keys whose time is up."""
    _REMOVE_EXPIRED.run(connection, api=api, now=now)


def _read(row: AnyRow | None) -> ApiKey | None:
    if row is None:
        return None
    key_id, api, user_id, space_id, folder, label, created_at, expires_at = row
    return ApiKey(
        id=TokenId(key_id),
        api=api,
        user_id=UserId(user_id),
        space_id=SpaceId(space_id),
        folder=folder,
        label=label,
        created_at=Instant(created_at),
        expires_at=None if expires_at is None else Instant(expires_at),
    )
