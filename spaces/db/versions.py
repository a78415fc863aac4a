"""Rows of the `versions` table: the former contents of files."""

from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from spaces.clock import Instant
from spaces.db.schema import blobs, versions
from spaces.db.statement import AnyRow, Statement
from spaces.ids import NodeId, VersionId, new_id
from spaces.model import Checksums, Content, Node, Version

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
_OF_NODE: Final = (
    select(
        versions.c.id,
        versions.c.node_id,
        versions.c.etag,
        versions.c.modified_at,
        versions.c.replaced_at,
        versions.c.media_type,
        versions.c.blob_id,
        blobs.c.size,
        blobs.c.sha1,
        blobs.c.adler32,
        blobs.c.md5,
        blobs.c.sha256,
    )
    .join(blobs, blobs.c.id == versions.c.blob_id)
    .where(versions.c.node_id == bindparam("of_node_id"))
)
_LIST: Final = Statement(
    _OF_NODE.order_by(versions.c.replaced_at.desc(), versions.c.id.desc())
)
_FIND: Final = Statement(_OF_NODE.where(versions.c.id == bindparam("of_version_id")))
_NODE_OF: Final = Statement(
    select(versions.c.node_id).where(versions.c.id == bindparam("of_version_id"))
)
_REMOVE: Final = Statement(
    delete(versions).where(versions.c.id == bindparam("of_version_id"))
)


def node_of(connection: Connection, version_id: VersionId) -> NodeId | None:
    """The file that has the version."""
    node_id = _NODE_OF.scalar(connection, of_version_id=version_id)
    return None if node_id is None else NodeId(node_id)


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


def list_versions(connection: Connection, node_id: NodeId) -> list[Version]:
    """The former contents of a file, the latest first."""
    return [_version(row) for row in _LIST.all(connection, of_node_id=node_id)]


def find_version(
    connection: Connection, node_id: NodeId, version_id: VersionId
) -> Version | None:
    """One former content of a file."""
    row = _FIND.first(connection, of_node_id=node_id, of_version_id=version_id)
    return None if row is None else _version(row)


def remove_version(connection: Connection, version_id: VersionId) -> None:
    """Forget a version; what becomes of its blob is the caller's matter."""
    _REMOVE.run(connection, of_version_id=version_id)


def _version(row: AnyRow) -> Version:
    version_id, node_id, etag, modified_at, replaced_at, media_type = row[:6]
    blob_id, size, sha1, adler32, md5, sha256 = row[6:]
    return Version(
        id=version_id,
        node_id=node_id,
        content=Content(blob_id, size, Checksums(sha1, adler32, md5, sha256)),
        etag=etag,
        modified_at=modified_at,
        replaced_at=replaced_at,
        media_type=media_type,
    )
