"""Rows of the `nodes` table: reading them with their content, writing one."""

from collections.abc import Iterable, Iterator
from typing import Final

from sqlalchemy import (
    Connection,
    bindparam,
    insert,
    select,
    update,
)

from spaces.clock import Instant
from spaces.db.node_reading import node_columns, read_node
from spaces.db.schema import blobs, nodes
from spaces.db.statement import (
    SizedStatements,
    Statement,
    numbered,
)
from spaces.ids import NodeId
from spaces.model import Node
from spaces.names import name_key

_WITH_BLOB: Final = nodes.outerjoin(blobs, blobs.c.id == nodes.c.blob_id)
_GET: Final = Statement(
    select(*node_columns())
    .select_from(_WITH_BLOB)
    .where(nodes.c.id == bindparam("node_id"))
)
_CHUNK: Final = 256
_GET_MANY: Final = SizedStatements(
    lambda count: (
        select(*node_columns())
        .select_from(_WITH_BLOB)
        .where(nodes.c.id.in_([bindparam(f"id_{index}") for index in range(count)]))
    )
)
_CHILD: Final = Statement(
    select(*node_columns())
    .select_from(_WITH_BLOB)
    .where(
        nodes.c.parent_id == bindparam("parent_id"),
        nodes.c.name_key == bindparam("key"),
    )
)
_CHILDREN: Final = Statement(
    select(*node_columns())
    .select_from(_WITH_BLOB)
    .where(nodes.c.parent_id == bindparam("parent_id"))
    .order_by(nodes.c.name_key)
)
_INSERT: Final = Statement(
    insert(nodes),
    columns=(
        "id",
        "space_id",
        "parent_id",
        "name",
        "name_key",
        "blob_id",
        "size",
        "etag",
        "modified_at",
        "created_at",
        "media_type",
    ),
)
_OF_ID: Final = nodes.c.id == bindparam("node_id")
_SET_CONTENT: Final = Statement(
    update(nodes)
    .where(_OF_ID)
    .values(
        blob_id=bindparam("new_blob_id"),
        size=bindparam("new_size"),
        etag=bindparam("new_etag"),
        modified_at=bindparam("new_modified_at"),
        media_type=bindparam("new_media_type"),
    )
)
_SET_PLACE: Final = Statement(
    update(nodes)
    .where(_OF_ID)
    .values(
        space_id=bindparam("new_space_id"),
        parent_id=bindparam("new_parent_id"),
        name=bindparam("new_name"),
        name_key=bindparam("new_name_key"),
        etag=bindparam("new_etag"),
    )
)
_SET_STATE: Final = Statement(
    update(nodes)
    .where(_OF_ID)
    .values(etag=bindparam("new_etag"), modified_at=bindparam("new_modified_at"))
)
_DETACH: Final = Statement(
    update(nodes)
    .where(_OF_ID)
    .values(parent_id=bindparam("new_parent_id"), etag=bindparam("new_etag"))
)
_TOUCH: Final = SizedStatements(
    lambda count: (
        update(nodes)
        .where(nodes.c.id.in_([bindparam(f"id_{index}") for index in range(count)]))
        .values(
            etag=bindparam("new_etag"),
            modified_at=bindparam("new_modified_at"),
            size=nodes.c.size + bindparam("delta"),
        )
    )
)


def find(connection: Connection, node_id: NodeId) -> Node | None:
    """The node, alive or not."""
    row = _GET.first(connection, node_id=node_id)
    return None if row is None else read_node(row)


def find_many(connection: Connection, node_ids: Iterable[NodeId]) -> dict[NodeId, Node]:
    """Those of the nodes that exist, alive or not; one statement per `_CHUNK`."""
    found: dict[NodeId, Node] = {}
    wanted = tuple(dict.fromkeys(node_ids))
    for first in range(0, len(wanted), _CHUNK):
        part = wanted[first : first + _CHUNK]
        # Padded to a power of two: few statements to compile.
        size = 1 << (len(part) - 1).bit_length()
        padded = (*part, *(part[:1] * (size - len(part))))
        rows = _GET_MANY.of(size).all(connection, **numbered("id", padded))
        found.update((row[0], read_node(row)) for row in rows)
    return found


def find_child(connection: Connection, parent_id: NodeId, name: str) -> Node | None:
    """The member of a folder that has this name."""
    row = _CHILD.first(connection, parent_id=parent_id, key=name_key(name))
    return None if row is None else read_node(row)


def stream_children(connection: Connection, parent_id: NodeId) -> Iterator[Node]:
    """The members of a folder by name, in one statement."""
    return map(read_node, _CHILDREN.stream(connection, parent_id=parent_id))


def insert_node(connection: Connection, node: Node) -> None:
    """Add a node; its blob must be there."""
    _INSERT.run(
        connection,
        id=node.id,
        space_id=node.space_id,
        parent_id=node.parent_id,
        name=node.name,
        name_key=name_key(node.name),
        blob_id=None if node.content is None else node.content.blob_id,
        size=node.size,
        etag=node.etag,
        modified_at=node.modified_at,
        created_at=node.created_at,
        media_type=node.media_type,
    )


def set_content(connection: Connection, node: Node) -> None:
    """Write the content, etag, time and media type of a file."""
    assert node.content is not None
    _SET_CONTENT.run(
        connection,
        node_id=node.id,
        new_blob_id=node.content.blob_id,
        new_size=node.content.size,
        new_etag=node.etag,
        new_modified_at=node.modified_at,
        new_media_type=node.media_type,
    )


def set_place(connection: Connection, node: Node) -> None:
    """Write the space, parent, name and etag of a node."""
    _SET_PLACE.run(
        connection,
        node_id=node.id,
        new_space_id=node.space_id,
        new_parent_id=node.parent_id,
        new_name=node.name,
        new_name_key=name_key(node.name),
        new_etag=node.etag,
    )


def set_state(
    connection: Connection, node_id: NodeId, *, etag: str, modified_at: Instant
) -> None:
    """Write the etag and time of a node."""
    _SET_STATE.run(
        connection, node_id=node_id, new_etag=etag, new_modified_at=modified_at
    )


def detach(connection: Connection, node_id: NodeId, *, etag: str) -> None:
    """Take a node out of its folder, with all that is below it."""
    _DETACH.run(connection, node_id=node_id, new_parent_id=None, new_etag=etag)


def touch(
    connection: Connection,
    folder_ids: tuple[NodeId, ...],
    *,
    etag: str,
    modified_at: Instant,
    delta: int,
) -> None:
    """Give folders a new etag, time and size, in one statement."""
    if folder_ids:
        _TOUCH.of(len(folder_ids)).run(
            connection,
            new_etag=etag,
            new_modified_at=modified_at,
            delta=delta,
            **numbered("id", folder_ids),
        )
