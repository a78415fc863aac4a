"""Whole subtrees, each in a fixed number of statements: read, copied, re-housed."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import (
    CTE,
    Connection,
    Select,
    bindparam,
    exists,
    literal,
    select,
    update,
)

from spaces.db.node_reading import node_columns, read_node
from spaces.db.schema import blobs, nodes
from spaces.db.statement import Statement
from spaces.ids import NodeId, SpaceId
from spaces.model import Node

_WITH_BLOB: Final = nodes.outerjoin(blobs, blobs.c.id == nodes.c.blob_id)
_FOLDERS_MEASURED: Final = 10_000
"""Beyond so many folders a subtree is taken to be wide rather than too deep."""


def _with_paths() -> Select[Any]:
    """Everything below a folder with its path.

    All columns go through the recursion and nothing is joined to its result, so the
    rows come in the order in which they are found: parents before their members.
    """
    below = (
        select(*node_columns(), nodes.c.name.label("path"))
        .select_from(_WITH_BLOB)
        .where(nodes.c.parent_id == bindparam("folder_id"))
        .cte("below", recursive=True)
    )
    below = below.union_all(
        select(*node_columns(), below.c.path.concat("/").concat(nodes.c.name))
        .select_from(
            below.join(nodes, nodes.c.parent_id == below.c.id).outerjoin(
                blobs, blobs.c.id == nodes.c.blob_id
            )
        )
        .where(below.c.blob_id.is_(None))
    )
    return select(*below.c)


def _ids_of_tree() -> CTE:
    tree = (
        select(nodes.c.id)
        .where(nodes.c.id == bindparam("top_id"))
        .cte("tree", recursive=True)
    )
    return tree.union_all(select(nodes.c.id).where(nodes.c.parent_id == tree.c.id))


def _folder_levels() -> Select[Any]:
    folders = (
        select(nodes.c.id, literal(0).label("level"))
        .where(nodes.c.id == bindparam("top_id"), nodes.c.blob_id.is_(None))
        .cte("folders", recursive=True)
    )
    folders = folders.union_all(
        select(nodes.c.id, folders.c.level + 1).where(
            nodes.c.parent_id == folders.c.id, nodes.c.blob_id.is_(None)
        )
    )
    measured = select(folders.c.id, folders.c.level).limit(_FOLDERS_MEASURED).subquery()
    member = nodes.alias("member")
    has_member = exists().where(member.c.parent_id == measured.c.id)
    return select(measured.c.level, has_member).order_by(measured.c.level.desc())


_DESCENDANTS: Final = Statement(_with_paths())
_IDS: Final = Statement(select(_ids_of_tree().c.id))
_FOLDER_LEVELS: Final = Statement(_folder_levels())
_REHOUSE: Final = Statement(
    update(nodes)
    .where(nodes.c.id.in_(select(_ids_of_tree().c.id)))
    .values(space_id=bindparam("new_space_id"))
)


def stream_descendants(
    connection: Connection, folder_id: NodeId
) -> Iterator[tuple[str, Node]]:
    """Everything below a folder with its path from there, names joined by `/`.

    One statement; folders come before what is in them.
    """
    for row in _DESCENDANTS.stream(connection, folder_id=folder_id):
        yield row[-1], read_node(row)


def height(connection: Connection, node_id: NodeId) -> int:
    """How many levels lie below a node; a lower bound for very large subtrees."""
    for level, has_member in _FOLDER_LEVELS.stream(connection, top_id=node_id):
        return int(level) + bool(has_member)
    return 0


def ids_of_tree(connection: Connection, node_id: NodeId) -> list[NodeId]:
    """The node first, then everything below it."""
    return [row[0] for row in _IDS.all(connection, top_id=node_id)]


def rehouse(connection: Connection, node_id: NodeId, space_id: SpaceId) -> None:
    """Give a node and all below it to another space."""
    _REHOUSE.run(connection, top_id=node_id, new_space_id=space_id)
