"""Rows of the `blobs` table: what content is known, and when it was let go."""

from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from spaces.clock import Instant
from spaces.db.schema import blobs
from spaces.db.statement import Statement
from spaces.ids import BlobId
from spaces.model import Content

_INSERT: Final = Statement(
    insert(blobs),
    columns=("id", "size", "sha1", "adler32", "md5", "sha256", "created_at"),
)
_KNOWN: Final = Statement(select(blobs.c.id).where(blobs.c.id == bindparam("blob_id")))
_RELEASE: Final = Statement(
    update(blobs)
    .where(blobs.c.id == bindparam("blob_id"))
    .values(released_at=bindparam("now"))
)


def insert_blob(connection: Connection, content: Content, now: Instant) -> None:
    """Make content known that has just been sealed in the store."""
    _INSERT.run(
        connection,
        id=content.blob_id,
        size=content.size,
        sha1=content.checksums.sha1,
        adler32=content.checksums.adler32,
        md5=content.checksums.md5,
        sha256=content.checksums.sha256,
        created_at=now,
    )


def is_known(connection: Connection, blob_id: BlobId) -> bool:
    """Whether a row has the blob."""
    return _KNOWN.first(connection, blob_id=blob_id) is not None


def release(connection: Connection, blob_id: BlobId, now: Instant) -> None:
    """Note that a reference to the blob was dropped, for the sweeper to look at."""
    _RELEASE.run(connection, blob_id=blob_id, now=now)
