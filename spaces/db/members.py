"""Rows of the `members` table: who may do what in a space."""

from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from spaces.clock import Instant
from spaces.db.schema import members, users
from spaces.db.statement import Statement
from spaces.ids import SpaceId, UserId
from spaces.model import Member, Role

_OF_SPACE: Final = members.c.space_id == bindparam("of_space_id")
_OF_BOTH: Final = (_OF_SPACE, members.c.user_id == bindparam("of_user_id"))
_LIST: Final = Statement(
    select(
        users.c.id,
        users.c.name,
        users.c.display_name,
        members.c.role,
        members.c.added_at,
    )
    .select_from(members)
    .join(users, users.c.id == members.c.user_id)
    .where(_OF_SPACE)
    .order_by(users.c.name_key)
)
_ROLE: Final = Statement(select(members.c.role).where(*_OF_BOTH))
_INSERT: Final = Statement(
    insert(members), columns=("space_id", "user_id", "role", "added_at")
)
_UPDATE: Final = Statement(
    update(members).where(*_OF_BOTH).values(role=bindparam("new_role"))
)
_DELETE: Final = Statement(delete(members).where(*_OF_BOTH))
_MANAGERS: Final = Statement(
    select(func.count())
    .select_from(members)
    .where(_OF_SPACE, members.c.role == Role.MANAGER.value)
)


def list_members(connection: Connection, space_id: SpaceId) -> list[Member]:
    """The members of a space, by name."""
    return [
        Member(UserId(row[0]), row[1], row[2], Role(row[3]), Instant(row[4]))
        for row in _LIST.all(connection, of_space_id=space_id)
    ]


def find_role(
    connection: Connection, space_id: SpaceId, user_id: UserId
) -> Role | None:
    """The user's role, None if the user is no member."""
    role = _ROLE.scalar(connection, of_space_id=space_id, of_user_id=user_id)
    return None if role is None else Role(role)


def set_role(
    connection: Connection,
    space_id: SpaceId,
    user_id: UserId,
    role: Role,
    now: Instant,
) -> None:
    """Add a member, or give one another role."""
    changed = _UPDATE.run(
        connection, of_space_id=space_id, of_user_id=user_id, new_role=role.value
    )
    if not changed:
        _INSERT.run(
            connection,
            space_id=space_id,
            user_id=user_id,
            role=role.value,
            added_at=now,
        )


def remove_member(connection: Connection, space_id: SpaceId, user_id: UserId) -> bool:
    """Delete a membership; False if there was none."""
    return _DELETE.run(connection, of_space_id=space_id, of_user_id=user_id) == 1


def count_managers(connection: Connection, space_id: SpaceId) -> int:
    """How many managers the space has."""
    return int(_MANAGERS.scalar(connection, of_space_id=space_id))
