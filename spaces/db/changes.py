"""Rows of the `changes` table: one per committed change, numbered in each space."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select

from spaces.clock import Instant
from spaces.db.schema import changes
from spaces.db.statement import Statement
from spaces.ids import NodeId, SpaceId
from spaces.model import ChangeKind


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change: what happened to which node, and where it was before."""

    seq: int
    kind: ChangeKind
    node_id: NodeId
    old_parent_id: NodeId | None
    old_name: str | None


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
_AFTER: Final = Statement(
    select(
        changes.c.seq,
        changes.c.kind,
        changes.c.node_id,
        changes.c.old_parent_id,
        changes.c.old_name,
    )
    .where(
        changes.c.space_id == bindparam("space_id"), changes.c.seq > bindparam("after")
    )
    .order_by(changes.c.seq)
    .limit(bindparam("row_limit"))
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


def list_after(
    connection: Connection, space_id: SpaceId, seq: int, *, limit: int
) -> list[ChangeRow]:
    """The next changes after a number, in their order."""
    rows = _AFTER.all(connection, space_id=space_id, after=seq, row_limit=limit)
    return [
        ChangeRow(row[0], ChangeKind(row[1]), row[2], row[3], row[4]) for row in rows
    ]
