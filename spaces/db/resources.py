"""Rows of `resources`: short public ids of files that came in through a media API."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select

from spaces.clock import Instant
from spaces.db.api_schema import resources
from spaces.db.schema import blobs, nodes
from spaces.db.statement import Statement
from spaces.ids import NodeId, SpaceId

_INSERT: Final = Statement(
    insert(resources), columns=("id", "node_id", "kind", "created_at")
)
_GET: Final = Statement(
    select(resources.c.node_id, resources.c.created_at).where(
        resources.c.id == bindparam("resource_id"),
        resources.c.kind == bindparam("kind"),
    )
)
_WITH_CONTENT: Final = Statement(
    select(resources.c.id, resources.c.node_id)
    .join(nodes, nodes.c.id == resources.c.node_id)
    .join(blobs, blobs.c.id == nodes.c.blob_id)
    .where(
        blobs.c.sha256 == bindparam("sha256"),
        blobs.c.size == bindparam("size"),
        nodes.c.space_id == bindparam("space_id"),
        resources.c.kind == bindparam("kind"),
    )
    .order_by(resources.c.created_at, resources.c.id)
)


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """A resource: the file behind an id, and since when."""

    node_id: NodeId
    created_at: Instant


def insert_resource(
    connection: Connection,
    *,
    resource_id: str,
    node_id: NodeId,
    kind: str,
    created_at: Instant,
) -> None:
    """Give a file an id."""
    _INSERT.run(
        connection, id=resource_id, node_id=node_id, kind=kind, created_at=created_at
    )


def find(connection: Connection, resource_id: str, kind: str) -> ResourceRow | None:
    """The resource of this id and kind."""
    row = _GET.first(connection, resource_id=resource_id, kind=kind)
    return None if row is None else ResourceRow(NodeId(row[0]), Instant(row[1]))


def with_content(
    connection: Connection, space_id: SpaceId, kind: str, *, sha256: str, size: int
) -> Iterator[tuple[str, NodeId]]:
    """Resources of the kind with this content, oldest first, alive or in the trash."""
    rows = _WITH_CONTENT.all(
        connection, space_id=space_id, kind=kind, sha256=sha256, size=size
    )
    return ((row[0], NodeId(row[1])) for row in rows)
