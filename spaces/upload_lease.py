"""Who writes to an upload: looking at it, becoming its one writer, getting on.

Each function is one step inside a transaction that `spaces.uploads` opens.
"""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from spaces.db import uploads as rows
from spaces.db.engine import Database
from spaces.errors import UploadNotFound
from spaces.ids import BlobId, UploadId
from spaces.upload_finish import require_allowed
from spaces.upload_model import (
    Claim,
    LeaseLost,
    Lifetime,
    Upload,
    UploadHeld,
    UploadState,
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the bytes of an upload are, and their checksums at that point."""

    offset: int
    length: int | None
    hash_state: bytes | None


def find(
    database: Database,
    connection: Connection,
    upload_id: UploadId,
    *,
    lock: bool = False,
) -> Upload:
    """The upload as it is now, expired as soon as its time is up.

    Raises:
        UploadNotFound: there is none.
    """
    upload = rows.find(connection, upload_id, lock=lock)
    if upload is None:
        raise UploadNotFound
    is_late = upload.expires_at <= database.now(connection)
    if is_late and upload.state is UploadState.OPEN and upload.holder is None:
        return replace(upload, state=UploadState.EXPIRED)
    return upload


def claim(
    database: Database,
    connection: Connection,
    upload: Upload,
    *,
    holder: str,
    by: Claim,
    blob_id: BlobId,
) -> Upload:
    """Become the one writer of an open upload, as it was seen.

    Raises:
        SpacesError: as `Uploads.claim`.
    """
    present = find(database, connection, upload.id, lock=True)
    if present.state is not UploadState.OPEN:
        raise UploadNotFound
    is_taken = present.holder is not None and by is Claim.FREE
    has_moved = (present.epoch, present.offset) != (upload.epoch, upload.offset)
    if has_moved or is_taken:
        raise UploadHeld(present)
    require_allowed(connection, present)
    now = database.now(connection)
    if present.expires_at <= now:
        raise UploadNotFound
    rows.claim(connection, present, holder=holder, blob_id=blob_id, now=now)
    return replace(
        present,
        holder=holder,
        held_at=now,
        epoch=present.epoch + 1,
        blob_id=blob_id,
    )


def advance(
    database: Database,
    connection: Connection,
    upload: Upload,
    progress: Progress,
    *,
    lifetime: Lifetime | None,
    keeps_lease: bool,
) -> Upload:
    """Record bytes that are durable, under the lease; extend a sliding expiry.

    Raises:
        LeaseLost: another writer has taken over.
    """
    now = database.now(connection)
    expires_at = upload.expires_at
    if lifetime is not None:
        expires_at = max(expires_at, lifetime.expiry(upload.created_at, now))
    advanced = replace(
        upload,
        offset=progress.offset,
        length=progress.length,
        hash_state=progress.hash_state,
        holder=upload.holder if keeps_lease else None,
        held_at=now,
        active_at=now,
        expires_at=expires_at,
    )
    if not rows.advance(connection, advanced):
        raise LeaseLost
    return advanced
