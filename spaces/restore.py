"""Checking a backup, and making an installation of it again.

A restore goes only where there is nothing: contents first, then the further files,
the database last, so that one that broke off is never taken for an installation.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from spaces.backup_folder import (
    BackupError,
    BackupFolder,
    copy_private,
    pour,
    replace_durably,
)
from spaces.blobs.base import BlobStore
from spaces.checksums import RunningChecksums
from spaces.db import backup as rows
from spaces.db.backup import StoredBlob
from spaces.errors import BlobNotFound
from spaces.ids import BlobId

_BLOCK_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Verified:
    """What is in a backup, and what of it is missing or not as its row says."""

    blobs: int
    content_bytes: int
    missing: tuple[BlobId, ...]
    damaged: tuple[BlobId, ...]

    @property
    def is_sound(self) -> bool:
        """Whether all of it can be restored."""
        return not self.missing and not self.damaged


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back. `missing` contents were not in the backup."""

    blobs: int
    content_bytes: int
    uploads: int
    files: int
    missing: tuple[BlobId, ...]


def verify(source: Path, *, deep: bool) -> Verified:
    """Compare a backup with what its rows say; `deep` also reads every content.

    Raises:
        BackupError: it is no whole backup, or its database is damaged.
        OSError: reading failed.
    """
    folder = _opened(source)
    content = folder.content()
    missing: list[BlobId] = []
    damaged: list[BlobId] = []
    with rows.open_copy(folder.metadata) as connection:
        for blob in rows.stream_blobs(connection):
            try:
                if not _is_as_stated(content, blob, deep=deep):
                    damaged.append(blob.id)
            except BlobNotFound:
                missing.append(blob.id)
        count, content_bytes = rows.totals(connection)
    return Verified(count, content_bytes, tuple(missing), tuple(damaged))


def restore(
    source: Path, *, data: Path, database_name: str, blobs: BlobStore
) -> Restored:
    """Make an installation of a backup.

    Args:
        source: the backup's folder.
        data: the folder for the database and the further files: a new or empty one,
            but for the folder of the blob store.
        database_name: of the database's file.
        blobs: an empty blob store.

    Raises:
        BackupError: there is something already, or it is no whole backup.
        StorageFull: there is no room for all of it.
        OSError: reading or writing failed.
    """
    folder = _opened(source)
    _require_empty(data, blobs)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = folder.content()
    with rows.open_copy(folder.metadata) as connection:
        missing = tuple(_bring_back(connection, content, blobs))
        uploads = rows.staged_uploads(connection)
        for upload in uploads:
            with (
                content.open_staged(upload.blob_id) as reader,
                blobs.stage(upload.blob_id) as staged,
            ):
                pour(reader, staged)
                staged.flush()
        count, content_bytes = rows.totals(connection)
    files = [path for path in folder.files.iterdir() if path.is_file()]
    for path in files:
        copy_private(path, data / path.name)
    unfinished = data / f"{database_name}.new"
    copy_private(folder.metadata, unfinished)
    replace_durably(unfinished, data / database_name)
    return Restored(
        count - len(missing), content_bytes, len(uploads), len(files), missing
    )


def _opened(source: Path) -> BackupFolder:
    folder = BackupFolder(source)
    folder.require_whole()
    with rows.open_copy(folder.metadata) as connection:
        if not rows.is_intact(connection):
            raise BackupError(f"the database in {source} is damaged")
    return folder


def _require_empty(data: Path, blobs: BlobStore) -> None:
    if data.exists() and any(path.is_file() for path in data.iterdir()):
        raise BackupError(f"{data} holds something already; restore into a new folder")
    has_blobs = any(True for shard in blobs.shards() for _ in blobs.blob_ids(shard))
    if has_blobs or any(True for _ in blobs.staged_ids()):
        raise BackupError("the blob store holds something already")


def _bring_back(
    connection: Connection, content: BlobStore, blobs: BlobStore
) -> Iterator[BlobId]:
    """Copy all contents, and yield those that the backup lacks."""
    for blob in rows.stream_blobs(connection):
        try:
            reader = content.open(blob.id)
        except BlobNotFound:
            yield blob.id
            continue
        with reader, blobs.stage(blob.id) as staged:
            pour(reader, staged)
            staged.seal()


def _is_as_stated(content: BlobStore, blob: StoredBlob, *, deep: bool) -> bool:
    if not deep:
        return content.size(blob.id) == blob.size
    checksums = RunningChecksums(("sha1",))
    buffer = memoryview(bytearray(_BLOCK_BYTES))
    with content.open(blob.id) as reader:
        while count := reader.readinto(buffer):
            checksums.update(buffer[:count])
    return checksums.size == blob.size and checksums.hexdigest("sha1") == blob.sha1
