"""From names to nodes and back: walking down a path, climbing to the root.

Walking costs one statement per `STRIDE` names, climbing one whatever the depth.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, bindparam, literal, null, select

from spaces.db.node_reading import NODE_WIDTH, node_columns, read_node
from spaces.db.schema import blobs, nodes
from spaces.db.statement import AnyRow, SizedStatements, Statement, numbered
from spaces.ids import NodeId
from spaces.model import Node

STRIDE: Final = 24
"""SQLite joins at most 64 tables."""


@dataclass(frozen=True, slots=True)
class Walk:
    """How far a path led: the ids that were found, and the node at its very end."""

    ids: tuple[NodeId, ...]
    node: Node | None
    parent_is_folder: bool


def _steps(count: int) -> Select[Any]:
    steps = [nodes.alias(f"step_{index}") for index in range(count)]
    last = steps[-1]
    source: Any = steps[0]
    for index in range(1, count):
        here = steps[index]
        source = source.outerjoin(
            here,
            and_(
                here.c.parent_id == steps[index - 1].c.id,
                here.c.name_key == bindparam(f"key_{index}"),
            ),
        )
    before = steps[-2].c.blob_id if count > 1 else null()
    return (
        select(*node_columns(last), before, *(step.c.id for step in steps[:-1]))
        .select_from(source.outerjoin(blobs, blobs.c.id == last.c.blob_id))
        .where(
            steps[0].c.parent_id == bindparam("start_id"),
            steps[0].c.name_key == bindparam("key_0"),
        )
    )


_WALK: Final = SizedStatements(_steps)


def walk_width(count: int) -> int:
    """How many columns `read_walk` expects of a walk along so many names."""
    return NODE_WIDTH + max(count, 1)


def read_walk(row: AnyRow) -> Walk:
    """How far one statement's names led.

    The row has the columns of the last node, the blob of the one before it, and the
    ids of all before the last; what was not reached is None.
    """
    if row[0] is None:
        ids = tuple(found for found in row[NODE_WIDTH + 1 :] if found is not None)
        return Walk(ids, None, row[NODE_WIDTH] is None)
    node = read_node(row)
    return Walk((*row[NODE_WIDTH + 1 :], node.id), node, parent_is_folder=True)


def walk(connection: Connection, start_id: NodeId, keys: tuple[str, ...]) -> Walk:
    """Follow the names, given as compared, down from a folder."""
    assert keys
    ids: list[NodeId] = []
    node: Node | None = None
    for first in range(0, len(keys), STRIDE):
        part = keys[first : first + STRIDE]
        row = _WALK.of(len(part)).first(
            connection,
            start_id=ids[-1] if ids else start_id,
            **numbered("key", part),
        )
        if row is None:
            is_folder = node is None or node.is_folder
            return Walk(tuple(ids), None, is_folder)
        found = read_walk(row)
        ids.extend(found.ids)
        node = found.node
        if node is None:
            return Walk(tuple(ids), None, found.parent_is_folder)
    return Walk(tuple(ids), node, parent_is_folder=True)


def _climb() -> Select[Any]:
    climb = (
        select(nodes.c.id, nodes.c.parent_id, nodes.c.name, literal(0).label("height"))
        .where(nodes.c.id == bindparam("node_id"))
        .cte("climb", recursive=True)
    )
    above = nodes.alias("above")
    climb = climb.union_all(
        select(above.c.id, above.c.parent_id, above.c.name, climb.c.height + 1).where(
            above.c.id == climb.c.parent_id
        )
    )
    return select(climb.c.id, climb.c.name).order_by(climb.c.height.desc())


_CLIMB: Final = Statement(_climb())


def climb(connection: Connection, node_id: NodeId) -> list[tuple[NodeId, str]]:
    """Id and name of the node's ancestors and itself, the topmost first.

    The node is alive exactly when the topmost is the root of its space.
    """
    return [(row[0], row[1]) for row in _CLIMB.all(connection, node_id=node_id)]
