"""Deleting the nodes of a space for good, in bounded steps, from the leaves up."""

from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    exists,
    or_,
    select,
    update,
)

from spaces.clock import Instant
from spaces.db import spaces as space_rows
from spaces.db.schema import blobs, nodes, trash, versions
from spaces.db.statement import Parameters, Statement
from spaces.ids import SpaceId

_NODES_AT_ONCE: Final = 2_000

_member = nodes.alias("member")
_LEAVES: Final = Statement(
    select(nodes.c.id)
    .where(
        nodes.c.space_id == bindparam("space_id"),
        nodes.c.id != bindparam("space_id"),
        ~exists().where(_member.c.parent_id == nodes.c.id),
    )
    .limit(bindparam("row_limit"))
)
_LEAF: Final[ColumnElement[str]] = bindparam("leaf_id")
_RELEASE_BLOBS: Final = Statement(
    update(blobs)
    .where(
        or_(
            blobs.c.id.in_(select(nodes.c.blob_id).where(nodes.c.id == _LEAF)),
            blobs.c.id.in_(
                select(versions.c.blob_id).where(versions.c.node_id == _LEAF)
            ),
        )
    )
    .values(released_at=bindparam("now"))
)
_DELETE_TRASH: Final = Statement(delete(trash).where(trash.c.node_id == _LEAF))
_DELETE_NODE: Final = Statement(delete(nodes).where(nodes.c.id == _LEAF))


def purge_some(connection: Connection, space_id: SpaceId, now: Instant) -> bool:
    """Delete some nodes of a space, at last the space itself; whether it is gone.

    Contents are released for the sweeper; all else goes with the nodes.
    """
    leaves: list[Parameters] = [
        {"leaf_id": row[0], "now": now}
        for row in _LEAVES.all(connection, space_id=space_id, row_limit=_NODES_AT_ONCE)
    ]
    if not leaves:
        space_rows.remove(connection, space_id)
        return True
    _RELEASE_BLOBS.run_many(connection, leaves)
    _DELETE_TRASH.run_many(connection, leaves)
    _DELETE_NODE.run_many(connection, leaves)
    return False
