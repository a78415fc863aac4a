"""Reading nodes out of rows: which columns, and how they become a `Node`.

Listings make these values by the ten thousand. The constructor of a frozen dataclass
takes twice as long as setting the slots through their descriptors, as is done here;
the result is the same.
"""

from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause

from spaces.db.schema import blobs, nodes
from spaces.db.statement import AnyRow
from spaces.model import Checksums, Content, Node

NODE_WIDTH: Final = 14
"""How many columns `node_columns` has."""


def node_columns(node: FromClause = nodes) -> tuple[ColumnElement[Any], ...]:
    """The columns that `read_node` expects, of a node outer-joined to its blob."""
    return (
        node.c.id,
        node.c.space_id,
        node.c.parent_id,
        node.c.name,
        node.c.size,
        node.c.etag,
        node.c.modified_at,
        node.c.created_at,
        node.c.media_type,
        node.c.blob_id,
        blobs.c.sha1,
        blobs.c.adler32,
        blobs.c.md5,
        blobs.c.sha256,
    )


def _setters(kind: type, names: tuple[str, ...]) -> tuple[Any, ...]:
    assert names == kind.__slots__  # type: ignore[attr-defined]  # made by dataclass
    return tuple(getattr(kind, name).__set__ for name in names)


_new: Final = object.__new__
_sha1, _adler32, _md5, _sha256 = _setters(
    Checksums, ("sha1", "adler32", "md5", "sha256")
)
_blob_id, _content_size, _checksums = _setters(
    Content, ("blob_id", "size", "checksums")
)
(
    _id,
    _space_id,
    _parent_id,
    _name,
    _size,
    _etag,
    _modified_at,
    _created_at,
    _media_type,
    _content,
) = _setters(
    Node,
    (
        "id",
        "space_id",
        "parent_id",
        "name",
        "size",
        "etag",
        "modified_at",
        "created_at",
        "media_type",
        "content",
    ),
)


def read_node(row: AnyRow) -> Node:
    """The node in the first columns of a row."""
    node = _new(Node)
    _id(node, row[0])
    _space_id(node, row[1])
    _parent_id(node, row[2])
    _name(node, row[3])
    _size(node, row[4])
    _etag(node, row[5])
    _modified_at(node, row[6])
    _created_at(node, row[7])
    _media_type(node, row[8])
    _content(node, None if row[9] is None else _read_content(row))
    return node


def _read_content(row: AnyRow) -> Content:
    checksums = _new(Checksums)
    _sha1(checksums, row[10])
    _adler32(checksums, row[11])
    _md5(checksums, row[12])
    _sha256(checksums, row[13])
    content = _new(Content)
    _blob_id(content, row[9])
    _content_size(content, row[4])
    _checksums(content, checksums)
    return content
