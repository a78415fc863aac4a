"""Rows of the `trash` table: nodes that were removed and can come back."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, delete, insert, select, update

from spaces.clock import Instant
from spaces.db.node_reading import NODE_WIDTH, node_columns, read_node
from spaces.db.schema import blobs, nodes, trash
from spaces.db.statement import AnyRow, Statement
from spaces.ids import NodeId, SpaceId, UserId
from spaces.model import TrashItem

_SPACE: Final = bindparam("of_space_id", type_=trash.c.space_id.type)


def _items() -> Select[Any]:
    return (
        select(
            *node_columns(),
            trash.c.original_path,
            trash.c.removed_at,
            trash.c.removed_by,
            trash.c.original_parent_id,
        )
        .select_from(
            trash.join(nodes, nodes.c.id == trash.c.node_id).outerjoin(
                blobs, blobs.c.id == nodes.c.blob_id
            )
        )
        .where(trash.c.space_id == _SPACE, trash.c.is_purged.is_(False))
    )


_LIST: Final = Statement(
    _items().order_by(trash.c.removed_at.desc(), trash.c.node_id.desc())
)
_FIND: Final = Statement(_items().where(trash.c.node_id == bindparam("of_node_id")))
_REMOVE: Final = Statement(
    delete(trash).where(trash.c.node_id == bindparam("of_node_id"))
)
_MARK_PURGED: Final = Statement(
    update(trash)
    .where(trash.c.node_id == bindparam("of_node_id"))
    .values(is_purged=bindparam("purged"))
)
_MARK_ALL_PURGED: Final = Statement(
    update(trash)
    .where(trash.c.space_id == _SPACE, trash.c.is_purged.is_(False))
    .values(is_purged=bindparam("purged"))
)
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


def stream_items(connection: Connection, space_id: SpaceId) -> Iterator[TrashItem]:
    """What is in the trash of a space, the last removed first, in one statement."""
    return map(_item, _LIST.stream(connection, of_space_id=space_id))


def find_item(
    connection: Connection, space_id: SpaceId, node_id: NodeId
) -> tuple[TrashItem, NodeId] | None:
    """One removed node, and the folder that held it."""
    row = _FIND.first(connection, of_space_id=space_id, of_node_id=node_id)
    return None if row is None else (_item(row), NodeId(row[NODE_WIDTH + 3]))


def remove_item(connection: Connection, node_id: NodeId) -> None:
    """Forget that the node was removed, because it is back."""
    _REMOVE.run(connection, of_node_id=node_id)


def mark_purged(connection: Connection, node_id: NodeId) -> None:
    """Make one item gone for everyone; the sweeper takes it apart."""
    _MARK_PURGED.run(connection, of_node_id=node_id, purged=True)


def mark_all_purged(connection: Connection, space_id: SpaceId) -> int:
    """Make every item of a space gone for everyone; how many there were."""
    return _MARK_ALL_PURGED.run(connection, of_space_id=space_id, purged=True)


def _item(row: AnyRow) -> TrashItem:
    original_path, removed_at, removed_by, _ = row[NODE_WIDTH:]
    return TrashItem(
        node=read_node(row),
        original_path=tuple(original_path.split("/")),
        removed_at=removed_at,
        removed_by=removed_by,
    )
