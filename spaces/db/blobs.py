"""Rows of the `blobs` table: what content is known, and when it was let go."""

from typing import Final

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from spaces.clock import Instant
from spaces.db.schema import blobs, uploads
from spaces.db.statement import Statement
from spaces.ids import BlobId
from spaces.model import Checksums, Content
from spaces.upload_model import UploadKind, UploadState

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
_NEEDED_BY_UPLOADS: Final = Statement(
    select(uploads.c.blob_id).where(
        or_(
            uploads.c.state == UploadState.OPEN.value,
            uploads.c.kind == UploadKind.PARTIAL.value,
        )
    )
)
_UNHASHED: Final = Statement(
    select(blobs.c.id)
    .where(
        or_(blobs.c.md5.is_(None), blobs.c.sha256.is_(None)),
        blobs.c.id > bindparam("after_id"),
    )
    .order_by(blobs.c.id)
    .limit(bindparam("row_limit"))
)
_COMPLETE: Final = Statement(
    update(blobs)
    .where(
        blobs.c.id == bindparam("blob_id"),
        blobs.c.sha1 == bindparam("known_sha1"),
        blobs.c.adler32 == bindparam("known_adler32"),
    )
    .values(md5=bindparam("new_md5"), sha256=bindparam("new_sha256"))
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


def needed_by_uploads(connection: Connection) -> set[BlobId]:
    """What uploads are made of, be it staged or sealed, while no row has it yet."""
    return {BlobId(row[0]) for row in _NEEDED_BY_UPLOADS.stream(connection)}


def release(connection: Connection, blob_id: BlobId, now: Instant) -> None:
    """Note that a reference to the blob was dropped, for the sweeper to look at."""
    _RELEASE.run(connection, blob_id=blob_id, now=now)


def unhashed(connection: Connection, *, after: BlobId, limit: int) -> list[BlobId]:
    """Blobs that lack a digest, in the order of their ids, which is that of age."""
    rows = _UNHASHED.all(connection, after_id=after, row_limit=limit)
    return [row[0] for row in rows]


def complete(connection: Connection, blob_id: BlobId, checksums: Checksums) -> bool:
    """Add the digests that were missing; False if the known ones differ."""
    return bool(
        _COMPLETE.run(
            connection,
            blob_id=blob_id,
            known_sha1=checksums.sha1,
            known_adler32=checksums.adler32,
            new_md5=checksums.md5,
            new_sha256=checksums.sha256,
        )
    )
