"""Rows of `properties`, `tags` and `favorites`: what hangs on nodes.

Whatever is read for a folder with all its members takes one statement per table,
and next to nothing where a table is empty or a user has no favourites.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    union_all,
    update,
)

from spaces.db.batches import BatchStatement
from spaces.db.node_reading import node_columns, read_node
from spaces.db.schema import blobs, favorites, nodes, properties, tags
from spaces.db.statement import AnyRow, Statement
from spaces.ids import NodeId, UserId
from spaces.model import Node

_NODE: Final = bindparam("of_node_id", type_=nodes.c.id.type)


def _around(table: Table, *columns: ColumnElement[Any]) -> Statement:
    """What the table has on a folder and on its members."""
    anything = exists(select(table.c.node_id))
    own = select(table.c.node_id, *columns).where(table.c.node_id == _NODE)
    of_members = (
        select(table.c.node_id, *columns)
        .join(nodes, nodes.c.id == table.c.node_id)
        .where(anything, nodes.c.parent_id == _NODE)
    )
    return Statement(union_all(own, of_members))


def _favorites_around() -> Select[Any]:
    return (
        select(favorites.c.node_id)
        .join(nodes, nodes.c.id == favorites.c.node_id)
        .where(
            favorites.c.user_id == bindparam("user_id"),
            or_(nodes.c.id == _NODE, nodes.c.parent_id == _NODE),
        )
    )


_DEAD: Final = Statement(
    select(properties.c.name, properties.c.value).where(properties.c.node_id == _NODE)
)
_DEAD_AROUND: Final = _around(properties, properties.c.name, properties.c.value)
_DEAD_OF: Final = BatchStatement(
    select(properties.c.node_id, properties.c.name, properties.c.value),
    properties.c.node_id,
)
_ONE_DEAD: Final = (
    properties.c.node_id == _NODE,
    properties.c.name == bindparam("of_name"),
)
_INSERT_DEAD: Final = Statement(
    insert(properties), columns=("node_id", "name", "value")
)
_UPDATE_DEAD: Final = Statement(
    update(properties).where(*_ONE_DEAD).values(value=bindparam("new_value"))
)
_DELETE_DEAD: Final = Statement(delete(properties).where(*_ONE_DEAD))

_TAGS: Final = Statement(
    select(tags.c.tag).where(tags.c.node_id == _NODE).order_by(tags.c.tag)
)
_TAGS_AROUND: Final = _around(tags, tags.c.tag)
_TAGS_OF: Final = BatchStatement(select(tags.c.node_id, tags.c.tag), tags.c.node_id)
_INSERT_TAG: Final = Statement(insert(tags), columns=("node_id", "tag"))
_DELETE_TAG: Final = Statement(
    delete(tags).where(tags.c.node_id == _NODE, tags.c.tag == bindparam("of_tag"))
)
_IS_FAVORITE: Final = (
    favorites.c.user_id == bindparam("of_user_id"),
    favorites.c.node_id == _NODE,
)
_FAVORITE: Final = Statement(select(favorites.c.node_id).where(*_IS_FAVORITE))
_FAVORITES_AROUND: Final = Statement(_favorites_around())
_FAVORITES_OF: Final = BatchStatement(
    select(favorites.c.node_id).where(favorites.c.user_id == bindparam("user_id")),
    favorites.c.node_id,
)
_INSERT_FAVORITE: Final = Statement(insert(favorites), columns=("user_id", "node_id"))
_DELETE_FAVORITE: Final = Statement(delete(favorites).where(*_IS_FAVORITE))
_COUNT_FAVORITES: Final = Statement(
    select(func.count()).where(favorites.c.user_id == bindparam("user_id"))
)
_FAVORITE_NODES: Final = Statement(
    select(*node_columns())
    .select_from(
        favorites.join(nodes, nodes.c.id == favorites.c.node_id).outerjoin(
            blobs, blobs.c.id == nodes.c.blob_id
        )
    )
    .where(favorites.c.user_id == bindparam("user_id"))
    .order_by(nodes.c.name_key, nodes.c.id)
)


def dead_properties(connection: Connection, node_id: NodeId) -> dict[str, str]:
    """The dead properties of a node: `{namespace}name` to XML."""
    return {row[0]: row[1] for row in _DEAD.all(connection, of_node_id=node_id)}


def dead_properties_around(
    connection: Connection, folder_id: NodeId
) -> dict[NodeId, dict[str, str]]:
    """The dead properties of a folder and of its members."""
    return _dead_by_node(_DEAD_AROUND.all(connection, of_node_id=folder_id))


def dead_properties_of(
    connection: Connection, node_ids: Collection[NodeId]
) -> dict[NodeId, dict[str, str]]:
    """The dead properties of these nodes."""
    return _dead_by_node(_DEAD_OF.stream(connection, node_ids))


def _dead_by_node(rows: Iterable[AnyRow]) -> dict[NodeId, dict[str, str]]:
    found: dict[NodeId, dict[str, str]] = {}
    for node_id, name, value in rows:
        found.setdefault(node_id, {})[name] = value
    return found


def write_dead_properties(
    connection: Connection, node_id: NodeId, changes: Mapping[str, str | None]
) -> None:
    """Set the properties that have a value, remove the others."""
    for name, value in changes.items():
        if value is None:
            _DELETE_DEAD.run(connection, of_node_id=node_id, of_name=name)
            continue
        changed = _UPDATE_DEAD.run(
            connection, of_node_id=node_id, of_name=name, new_value=value
        )
        if not changed:
            _INSERT_DEAD.run(connection, node_id=node_id, name=name, value=value)


def tags_of(connection: Connection, node_id: NodeId) -> tuple[str, ...]:
    """The tags of a node, in order."""
    return tuple(row[0] for row in _TAGS.all(connection, of_node_id=node_id))


def tags_around(
    connection: Connection, folder_id: NodeId
) -> dict[NodeId, tuple[str, ...]]:
    """The tags of a folder and of its members."""
    return _tags_by_node(_TAGS_AROUND.all(connection, of_node_id=folder_id))


def tags_of_all(
    connection: Connection, node_ids: Collection[NodeId]
) -> dict[NodeId, tuple[str, ...]]:
    """The tags of these nodes."""
    return _tags_by_node(_TAGS_OF.stream(connection, node_ids))


def _tags_by_node(rows: Iterable[AnyRow]) -> dict[NodeId, tuple[str, ...]]:
    found: dict[NodeId, tuple[str, ...]] = {}
    for node_id, tag in sorted((row[0], row[1]) for row in rows):
        found[node_id] = (*found.get(node_id, ()), tag)
    return found


def write_tags(
    connection: Connection,
    node_id: NodeId,
    *,
    added: Iterable[str],
    removed: Iterable[str],
) -> None:
    """Add tags that are not there and remove some that are."""
    for tag in removed:
        _DELETE_TAG.run(connection, of_node_id=node_id, of_tag=tag)
    _INSERT_TAG.run_many(
        connection, [{"node_id": node_id, "tag": tag} for tag in added]
    )


def is_favorite(connection: Connection, user_id: UserId, node_id: NodeId) -> bool:
    """Whether the user has marked the node."""
    row = _FAVORITE.first(connection, of_user_id=user_id, of_node_id=node_id)
    return row is not None


def favorites_around(
    connection: Connection, user_id: UserId, folder_id: NodeId
) -> set[NodeId]:
    """Which of a folder and its members the user has marked."""
    rows = _FAVORITES_AROUND.all(connection, user_id=user_id, of_node_id=folder_id)
    return {row[0] for row in rows}


def favorites_among(
    connection: Connection, user_id: UserId, node_ids: Collection[NodeId]
) -> set[NodeId]:
    """Which of these nodes the user has marked."""
    rows = _FAVORITES_OF.stream(connection, node_ids, user_id=user_id)
    return {row[0] for row in rows}


def add_favorite(connection: Connection, user_id: UserId, node_id: NodeId) -> None:
    """Mark a node that is not marked."""
    _INSERT_FAVORITE.run(connection, user_id=user_id, node_id=node_id)


def remove_favorite(connection: Connection, user_id: UserId, node_id: NodeId) -> None:
    """Take the mark away, if there is one."""
    _DELETE_FAVORITE.run(connection, of_user_id=user_id, of_node_id=node_id)


def count_favorites(connection: Connection, user_id: UserId) -> int:
    """How many nodes the user has marked."""
    return int(_COUNT_FAVORITES.scalar(connection, user_id=user_id))


def favorite_nodes(connection: Connection, user_id: UserId) -> list[Node]:
    """The nodes that the user has marked, by name; also those in the trash."""
    rows = _FAVORITE_NODES.all(connection, user_id=user_id)
    return [read_node(row) for row in rows]
