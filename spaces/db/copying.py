"""Copying subtrees: new ids for all nodes, the same blobs, in a fixed number of steps.

The pairs of old and new ids go into a temporary table; everything else is
`INSERT … SELECT` from it.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    Select,
    String,
    Table,
    Text,
    bindparam,
    case,
    delete,
    insert,
    select,
)

from spaces.clock import Instant
from spaces.db.schema import nodes, properties
from spaces.db.statement import Parameters, Statement
from spaces.db.subtrees import ids_of_tree
from spaces.ids import NodeId, SpaceId, new_id
from spaces.names import name_key

_CREATE_PAIRS: Final = (
    "CREATE TEMPORARY TABLE IF NOT EXISTS copied_nodes"
    " (old_id VARCHAR(36) PRIMARY KEY, new_id VARCHAR(36) NOT NULL)"
)
_pairs: Final = Table(
    "copied_nodes",
    MetaData(),
    Column("old_id", String(36), primary_key=True),
    Column("new_id", String(36), nullable=False),
)
_CLEAR_PAIRS: Final = Statement(delete(_pairs))
_INSERT_PAIR: Final = Statement(insert(_pairs), columns=("old_id", "new_id"))


def _copies() -> Select[Any]:
    parents = _pairs.alias("parents")
    is_top = nodes.c.id == bindparam("top_id")
    return (
        select(
            _pairs.c.new_id,
            bindparam("to_space_id", type_=Text),
            case(
                (is_top, bindparam("to_parent_id", type_=Text)), else_=parents.c.new_id
            ),
            case((is_top, bindparam("to_name", type_=Text)), else_=nodes.c.name),
            case(
                (is_top, bindparam("to_name_key", type_=Text)), else_=nodes.c.name_key
            ),
            nodes.c.blob_id,
            case((is_top, bindparam("to_size", type_=BigInteger)), else_=nodes.c.size),
            bindparam("to_etag", type_=Text),
            nodes.c.modified_at,
            bindparam("to_created_at", type_=BigInteger),
            nodes.c.media_type,
        )
        .select_from(_pairs)
        .join(nodes, nodes.c.id == _pairs.c.old_id)
        .outerjoin(parents, parents.c.old_id == nodes.c.parent_id)
    )


_COPY_NODES: Final = Statement(
    insert(nodes).from_select(
        [
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
        ],
        _copies(),
    )
)
_COPY_PROPERTIES: Final = Statement(
    insert(properties).from_select(
        ["node_id", "name", "value"],
        select(_pairs.c.new_id, properties.c.name, properties.c.value)
        .select_from(_pairs)
        .join(properties, properties.c.node_id == _pairs.c.old_id),
    )
)


def copy_tree(
    connection: Connection,
    top_id: NodeId,
    *,
    space_id: SpaceId,
    parent_id: NodeId,
    name: str,
    size: int,
    etag: str,
    now: Instant,
    deep: bool,
) -> NodeId:
    """Copy a node into a folder, with all below it if `deep`; the copy's id.

    Contents are shared, dead properties copied; versions stay with the original.
    `size` is what the copy of the node itself holds.
    """
    old_ids = ids_of_tree(connection, top_id) if deep else [top_id]
    pairs: list[Parameters] = [
        {"old_id": old_id, "new_id": new_id()} for old_id in old_ids
    ]
    connection.exec_driver_sql(_CREATE_PAIRS)
    _CLEAR_PAIRS.run(connection)
    _INSERT_PAIR.run_many(connection, pairs)
    _COPY_NODES.run(
        connection,
        top_id=top_id,
        to_space_id=space_id,
        to_parent_id=parent_id,
        to_name=name,
        to_name_key=name_key(name),
        to_size=size,
        to_etag=etag,
        to_created_at=now,
    )
    _COPY_PROPERTIES.run(connection)
    _CLEAR_PAIRS.run(connection)
    return NodeId(str(pairs[0]["new_id"]))
