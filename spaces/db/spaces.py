"""Rows of the `spaces` table, seen by one user: with role, root and counters."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from spaces.db.schema import locks, members, nodes, spaces
from spaces.db.statement import AnyRow, Parameters, Statement
from spaces.ids import SpaceId, UserId
from spaces.model import Quota, Role, Space, SpaceKind


@dataclass(frozen=True, slots=True)
class SpaceRow:
    """A space as one user sees it, with what only the domain needs to know."""

    space: Space
    change_seq: int
    change_floor: int
    has_locks: bool


_HAS_LOCKS: Final[ColumnElement[Any]] = (
    exists().where(locks.c.space_id == spaces.c.id).correlate(spaces).label("has_locks")
)
_COLUMNS: Final[tuple[ColumnElement[Any], ...]] = (
    spaces.c.id,
    spaces.c.kind,
    spaces.c.name,
    spaces.c.alias,
    spaces.c.description,
    spaces.c.owner_id,
    spaces.c.quota_bytes,
    spaces.c.used_bytes,
    spaces.c.reserved_bytes,
    nodes.c.etag,
    nodes.c.modified_at,
    spaces.c.created_at,
    spaces.c.disabled_at,
    members.c.role,
    spaces.c.image_id,
    spaces.c.readme_id,
    spaces.c.change_seq,
    spaces.c.change_floor,
    _HAS_LOCKS,
)


def seen_by_user(*columns: ColumnElement[Any]) -> Select[Any]:
    """Spaces with their roots (`nodes`): the columns, then those of a `SpaceRow`."""
    membership = and_(
        members.c.space_id == spaces.c.id, members.c.user_id == bindparam("user_id")
    )
    return (
        select(*columns, *_COLUMNS)
        .select_from(spaces)
        .join(nodes, nodes.c.id == spaces.c.id)
        .outerjoin(members, membership)
    )


_KINDS: Final = {kind.value: kind for kind in SpaceKind}
_ROLES: Final[dict[str | None, Role | None]] = {
    None: None,
    **{role.value: role for role in Role},
}
_ONE: Final = seen_by_user().where(spaces.c.id == bindparam("space_id"))
_FIND: Final = Statement(_ONE)
_FIND_LOCKED: Final = Statement(_ONE.with_for_update(of=spaces))
_IN_ORDER: Final = (func.lower(spaces.c.name), spaces.c.id)
_QUOTA: Final = Statement(
    select(spaces.c.quota_bytes, spaces.c.used_bytes, spaces.c.reserved_bytes).where(
        spaces.c.id == bindparam("space_id")
    )
)
_LIST_ALL: Final = Statement(seen_by_user().order_by(*_IN_ORDER))
_LIST_OF_MEMBER: Final = Statement(
    seen_by_user().where(members.c.role.is_not(None)).order_by(*_IN_ORDER)
)
_INSERT: Final = Statement(
    insert(spaces),
    columns=(
        "id",
        "kind",
        "name",
        "alias",
        "description",
        "owner_id",
        "quota_bytes",
        "created_at",
    ),
)
_DELETE: Final = Statement(delete(spaces).where(spaces.c.id == bindparam("space_id")))
_ALIAS_TAKEN: Final = Statement(
    select(spaces.c.id).where(
        spaces.c.alias == bindparam("alias"), spaces.c.id != bindparam("space_id")
    )
)
_CHANGEABLE: Final = frozenset(
    {
        "name",
        "alias",
        "description",
        "quota_bytes",
        "image_id",
        "readme_id",
        "disabled_at",
        "owner_id",
    }
)

_GROWTH: Final[ColumnElement[Any]] = bindparam(
    "used_delta", type_=BigInteger
) + bindparam("reserved_delta", type_=BigInteger)
_MOST_BYTES: Final = 2**63 - 1
"""What the columns can count, which bounds spaces without a quota as well."""
_HAS_ROOM: Final = or_(
    _GROWTH <= 0,
    func.coalesce(spaces.c.quota_bytes, _MOST_BYTES)
    - spaces.c.used_bytes
    - spaces.c.reserved_bytes
    >= _GROWTH,
)
_ADVANCE: Final = Statement(
    update(spaces)
    .where(spaces.c.id == bindparam("space_id"), _HAS_ROOM)
    .values(
        change_seq=spaces.c.change_seq + 1,
        used_bytes=spaces.c.used_bytes + bindparam("used_delta"),
        reserved_bytes=spaces.c.reserved_bytes + bindparam("reserved_delta"),
    )
    .returning(spaces.c.change_seq)
)
_RESERVE: Final = Statement(
    update(spaces)
    .where(spaces.c.id == bindparam("space_id"), _HAS_ROOM)
    .values(reserved_bytes=spaces.c.reserved_bytes + bindparam("reserved_delta"))
)


def read_space_row(row: AnyRow) -> SpaceRow:
    """The space in the columns of a row."""
    # Every request reads one; by position, for names cost a third more.
    return SpaceRow(
        Space(
            row[0],
            _KINDS[row[1]],
            row[2],
            row[3],
            row[4],
            row[5],
            Quota(row[6], row[7], row[8]),
            row[9],
            row[10],
            row[11],
            row[12],
            _ROLES[row[13]],
            row[14],
            row[15],
        ),
        row[16],
        row[17],
        bool(row[18]),
    )


def find(
    connection: Connection, space_id: SpaceId, user_id: UserId, *, lock: bool = False
) -> SpaceRow | None:
    """The space as the user sees it; `lock` keeps other writers out until commit."""
    statement = _FIND_LOCKED if lock else _FIND
    row = statement.first(connection, space_id=space_id, user_id=user_id)
    return None if row is None else read_space_row(row)


def find_quota(connection: Connection, space_id: SpaceId) -> Quota | None:
    """What the space may hold and does hold."""
    row = _QUOTA.first(connection, space_id=space_id)
    return None if row is None else Quota(row[0], row[1], row[2])


def list_all(connection: Connection, user_id: UserId) -> list[Space]:
    """Every space, by name; `role` is the user's where there is one."""
    return [
        read_space_row(row).space for row in _LIST_ALL.all(connection, user_id=user_id)
    ]


def list_of_member(connection: Connection, user_id: UserId) -> list[Space]:
    """The spaces of which the user is a member, by name."""
    rows = _LIST_OF_MEMBER.all(connection, user_id=user_id)
    return [read_space_row(row).space for row in rows]


def insert_space(connection: Connection, row: Parameters) -> None:
    """Add a space, without its root."""
    _INSERT.run(connection, **row)


def change(connection: Connection, space_id: SpaceId, values: Parameters) -> None:
    """Set columns of a space that are not counters."""
    assert values.keys() <= _CHANGEABLE
    connection.execute(
        update(spaces).where(spaces.c.id == space_id).values(dict(values))
    )


def remove(connection: Connection, space_id: SpaceId) -> None:
    """Delete the row; whatever refers to it goes with it."""
    _DELETE.run(connection, space_id=space_id)


def alias_is_taken(connection: Connection, alias: str, *, but_by: SpaceId) -> bool:
    """Whether another space has the alias."""
    taken = _ALIAS_TAKEN.first(connection, alias=alias, space_id=but_by)
    return taken is not None


def advance(
    connection: Connection, space_id: SpaceId, *, used_delta: int, reserved_delta: int
) -> int | None:
    """Draw the next change number and count bytes; None if the quota has no room."""
    seq = _ADVANCE.scalar(
        connection,
        space_id=space_id,
        used_delta=used_delta,
        reserved_delta=reserved_delta,
    )
    return None if seq is None else int(seq)


def reserve(connection: Connection, space_id: SpaceId, delta: int) -> bool:
    """Change the bytes promised to uploads; False if the quota has no room."""
    changed = _RESERVE.run(
        connection, space_id=space_id, used_delta=0, reserved_delta=delta
    )
    return changed == 1
