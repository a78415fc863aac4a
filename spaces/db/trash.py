"""Rows of the `trash` table: nodes that were removed and can come back."""

from typing import Final

from sqlalchemy import Connection, insert

from spaces.clock import Instant
from spaces.db.schema import trash
from spaces.db.statement import Statement
from spaces.ids import NodeId, SpaceId, UserId

_INSERT: Final = Statement(
    insert(trash),
    columns=(
        "node_id",
        "space_id",
        "original_parent_id",
        "original_path",
        "removed_at",
        "removed_by",
    ),
)


def insert_item(
    connection: Connection,
    *,
    node_id: NodeId,
    space_id: SpaceId,
    original_parent_id: NodeId,
    original_path: tuple[str, ...],
    removed_at: Instant,
    removed_by: UserId,
) -> None:
    """Note where a node was that is taken out of its folder."""
    _INSERT.run(
        connection,
        node_id=node_id,
        space_id=space_id,
        original_parent_id=original_parent_id,
        original_path="/".join(original_path),
        removed_at=removed_at,
        removed_by=removed_by,
    )
