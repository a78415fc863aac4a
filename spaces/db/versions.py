"""Rows of the `versions` table: the former contents of files."""

from typing import Final

from sqlalchemy import Connection, bindparam, insert, select

from spaces.clock import Instant
from spaces.db.schema import blobs, versions
from spaces.db.statement import Statement
from spaces.ids import new_id
from spaces.model import Node

_INSERT: Final = Statement(
    insert(versions),
    columns=(
        "id",
        "node_id",
        "blob_id",
        "etag",
        "modified_at",
        "replaced_at",
        "media_type",
    ),
)
_LATEST: Final = Statement(
    select(versions.c.modified_at, blobs.c.sha1, blobs.c.size)
    .join(blobs, blobs.c.id == versions.c.blob_id)
    .where(versions.c.node_id == bindparam("node_id"))
    .order_by(versions.c.replaced_at.desc())
    .limit(1)
)


def insert_version(connection: Connection, node: Node, now: Instant) -> None:
    """Keep the present content of a file as a version."""
    assert node.content is not None
    _INSERT.run(
        connection,
        id=new_id(),
        node_id=node.id,
        blob_id=node.content.blob_id,
        etag=node.etag,
        modified_at=node.modified_at,
        replaced_at=now,
        media_type=node.media_type,
    )


def latest_equals(connection: Connection, node: Node) -> bool:
    """Whether the latest version has the file's present content and time."""
    assert node.content is not None
    row = _LATEST.first(connection, node_id=node.id)
    return row is not None and tuple(row) == (
        node.modified_at,
        node.content.checksums.sha1,
        node.content.size,
    )
