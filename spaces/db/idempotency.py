"""Rows of `idempotency_keys`: requests that must not be done twice."""

from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from spaces.clock import Instant
from spaces.db.api_schema import idempotency_keys as table
from spaces.db.schema import users
from spaces.db.statement import Statement
from spaces.ids import UserId

_OF_KEY: Final = (table.c.user_id == bindparam("user_id")) & (
    table.c.key == bindparam("of_key")
)
_LOCK_USER: Final = Statement(
    select(users.c.id).where(users.c.id == bindparam("user_id")).with_for_update()
)
_GET: Final = Statement(select(table.c.created_at, table.c.answer).where(_OF_KEY))
_INSERT: Final = Statement(insert(table), columns=("user_id", "key", "created_at"))
_ANSWER: Final = Statement(
    update(table).where(_OF_KEY).values(answer=bindparam("new_answer"))
)
_REMOVE: Final = Statement(delete(table).where(_OF_KEY))
_REMOVE_OLD: Final = Statement(
    delete(table).where(table.c.created_at <= bindparam("before"))
)


def find(
    connection: Connection, user_id: UserId, key: str
) -> tuple[Instant, str | None] | None:
    """Since when the key is in use, and the answer if there is one.

    Other requests of the user wait here until commit.
    """
    _LOCK_USER.first(connection, user_id=user_id)
    row = _GET.first(connection, user_id=user_id, of_key=key)
    return None if row is None else (Instant(row[0]), row[1])


def insert_key(
    connection: Connection, user_id: UserId, key: str, created_at: Instant
) -> None:
    """Note that a request with this key has begun."""
    _INSERT.run(connection, user_id=user_id, key=key, created_at=created_at)


def set_answer(connection: Connection, user_id: UserId, key: str, answer: str) -> None:
    """Keep the answer to the request."""
    _ANSWER.run(connection, user_id=user_id, of_key=key, new_answer=answer)


def remove(connection: Connection, user_id: UserId, key: str) -> None:
    """Forget the key."""
    _REMOVE.run(connection, user_id=user_id, of_key=key)


def remove_old(connection: Connection, before: Instant) -> None:
    """Forget keys whose requests began before the instant."""
    _REMOVE_OLD.run(connection, before=before)
