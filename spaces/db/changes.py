"""Rows of the `changes` table: one per committed change."""

from typing import Final

from sqlalchemy import Connection, insert

from spaces.clock import Instant
from spaces.db.schema import changes
from spaces.db.statement import Statement
from spaces.ids import NodeId, SpaceId
from spaces.model import ChangeKind

_INSERT: Final = Statement(
    insert(changes),
    columns=(
        "space_id",
        "seq",
        "kind",
        "node_id",
        "old_parent_id",
        "old_name",
        "changed_at",
    ),
)


def insert_change(
    connection: Connection,
    *,
    space_id: SpaceId,
    seq: int,
    kind: ChangeKind,
    node_id: NodeId,
    old_parent_id: NodeId | None,
    old_name: str | None,
    changed_at: Instant,
) -> None:
    """Add a change under the number drawn for it."""
    _INSERT.run(
        connection,
        space_id=space_id,
        seq=seq,
        kind=kind.value,
        node_id=node_id,
        old_parent_id=old_parent_id,
        old_name=old_name,
        changed_at=changed_at,
    )
