"""A space as a user sees it and what a path leads to in it, in one statement.

Every request for a file begins with this, and each statement costs more than the rows
it reads. For what it cannot do, there are `spaces.db.spaces` and `spaces.db.paths`.
"""

from typing import Any, Final

from sqlalchemy import Connection, Select, and_, bindparam, null

from spaces.db.node_reading import node_columns
from spaces.db.paths import STRIDE, Walk, read_walk, walk_width
from spaces.db.schema import blobs, nodes, spaces
from spaces.db.spaces import SpaceRow, read_space_row, seen_by_user
from spaces.db.statement import SizedStatements, numbered
from spaces.ids import SpaceId, UserId

MOST_NAMES: Final = STRIDE


def _look_up(count: int) -> Select[Any]:
    steps = [nodes, *(nodes.alias(f"step_{index}") for index in range(count))]
    root_or_last = steps[-1]
    before = steps[-2].c.blob_id if count else null()
    found = seen_by_user(
        *node_columns(root_or_last), before, *(step.c.id for step in steps[1:-1])
    )
    for index in range(count):
        here = steps[index + 1]
        found = found.outerjoin(
            here,
            and_(
                here.c.parent_id == steps[index].c.id,
                here.c.name_key == bindparam(f"key_{index}"),
            ),
        )
    return found.outerjoin(blobs, blobs.c.id == root_or_last.c.blob_id).where(
        spaces.c.id == bindparam("space_id")
    )


_FIND: Final = SizedStatements(_look_up)
_FIND_LOCKED: Final = SizedStatements(
    lambda count: _look_up(count).with_for_update(of=spaces)
)


def find(
    connection: Connection,
    space_id: SpaceId,
    user_id: UserId,
    keys: tuple[str, ...],
    *,
    lock: bool = False,
) -> tuple[SpaceRow, Walk] | None:
    """The space, and how far at most `MOST_NAMES` names lead from its root.

    The names are given as compared.
    `lock` keeps other writers out until the transaction ends.
    """
    count = len(keys)
    row = (
        (_FIND_LOCKED if lock else _FIND)
        .of(count)
        .first(connection, space_id=space_id, user_id=user_id, **numbered("key", keys))
    )
    if row is None:
        return None
    width = walk_width(count)
    return read_space_row(row[width:]), read_walk(row[:width])
