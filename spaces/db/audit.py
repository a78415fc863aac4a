"""Rows of the `audit` table: added, found, and forgotten by age."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, or_, select

from spaces.audit_model import Action, Deed
from spaces.clock import Instant
from spaces.db.audit_schema import audit
from spaces.db.statement import AnyRow, Statement
from spaces.ids import SpaceId, UserId

_NAMES: Final = tuple(column.name for column in audit.c)
_INSERT: Final = Statement(insert(audit), columns=_NAMES)
_SINCE: Final[ColumnElement[Any]] = bindparam("since")
_USER: Final[ColumnElement[Any]] = bindparam("user")
_ACTION: Final[ColumnElement[Any]] = bindparam("action_prefix")
_FIND: Final = Statement(
    select(*audit.c)
    .where(
        audit.c.at >= _SINCE,
        or_(_USER == "", audit.c.user_name == _USER, audit.c.subject == _USER),
        audit.c.action.startswith(_ACTION),
    )
    .order_by(audit.c.at.desc(), audit.c.id.desc())
    .limit(bindparam("most"))
)
_OLDEST: Final = Statement(
    select(audit.c.at, audit.c.id)
    .where(audit.c.at < bindparam("before"))
    .order_by(audit.c.at, audit.c.id)
    .limit(bindparam("most"))
)
_DELETE: Final = Statement(
    delete(audit).where(
        audit.c.at == bindparam("old_at"), audit.c.id == bindparam("old_id")
    )
)


def insert_deed(connection: Connection, deed: Deed) -> None:
    """Add a row."""
    _INSERT.run(
        connection,
        at=deed.at,
        id=deed.id,
        action=deed.action.value,
        user_id=deed.user_id,
        user_name=deed.user_name,
        address=deed.address,
        request_id=deed.request_id,
        subject=deed.subject,
        subject_id=deed.subject_id,
        space_id=deed.space_id,
        detail=_as_json(deed.detail),
    )


def _as_json(detail: Mapping[str, object]) -> str:
    return json.dumps(dict(detail), ensure_ascii=False) if detail else "{}"


def find_deeds(
    connection: Connection, *, since: Instant, user: str, action: str, most: int
) -> Iterator[Deed]:
    """The latest ones first; `user` did it or had it done, "" is everybody."""
    rows = _FIND.all(
        connection, since=since, user=user, action_prefix=action, most=most
    )
    return map(_deed, rows)


def forget(connection: Connection, *, before: Instant, most: int) -> int:
    """Remove the oldest rows from before then; how many."""
    old = _OLDEST.all(connection, before=before, most=most)
    _DELETE.run_many(connection, [{"old_at": row[0], "old_id": row[1]} for row in old])
    return len(old)


def _deed(row: AnyRow) -> Deed:
    found: dict[str, Any] = dict(zip(_NAMES, row, strict=True))
    return Deed(
        id=found["id"],
        at=Instant(found["at"]),
        action=Action(found["action"]),
        user_id=None if found["user_id"] is None else UserId(found["user_id"]),
        user_name=found["user_name"],
        address=found["address"],
        request_id=found["request_id"],
        subject=found["subject"],
        subject_id=found["subject_id"],
        space_id=None if found["space_id"] is None else SpaceId(found["space_id"]),
        detail=json.loads(found["detail"]),
    )
