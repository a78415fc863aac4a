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
)
from spaces.blobs.base import BlobStore
from spaces.checksums import RunningChecksums
from spaces.db import backup as rows
from spaces.db.backup import StagedUpload, StoredBlob
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


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back. `missing` contents were not in the backup."""

    blobs: int
    content_bytes: int
    uploads: int
    files: int
    missing: tuple[BlobId, ...]


def verify(source: Path, *, deep: bool, blobs: BlobStore | None = None) -> Verified:
    """Compare a backup with what its rows say; `deep` also reads every content.

    Args:
        source: the backup's folder.
        deep: whether to compare checksums.
        blobs: the store of contents that the backup only names, if it does.

    Raises:
        BackupError: it is no whole backup, its database is damaged, or its contents
            are in another store.
        OSError: reading failed.
    """
    folder = _opened(source)
    content = _content(folder, blobs)
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
        blobs: an empty blob store, or the one that the backup names.

    Raises:
        BackupError: there is something already, or it is no whole backup.
        StorageFull: there is no room for all of it.
        OSError: reading or writing failed.
    """
    folder = _opened(source)
    content = _content(folder, blobs)
    _require_empty(data, None if content is blobs else blobs)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with rows.open_copy(folder.metadata) as connection:
        uploads = rows.staged_uploads(connection)
        if content is blobs:
            missing = tuple(_gone(connection, blobs))
        else:
            missing = tuple(_bring_back(connection, content, blobs))
            _bring_uploads_back(uploads, content, blobs)
        count, content_bytes = rows.totals(connection)
    files = [path for path in folder.files.iterdir() if path.is_file()]
    for path in files:
        copy_private(path, data / path.name)
    copy_private(folder.metadata, data / database_name)
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


def _content(folder: BackupFolder, blobs: BlobStore | None) -> BlobStore:
    """Where the backup's contents are: in its folder, or in the store it names."""
    reference = folder.reference()
    if reference is None:
        return folder.content()
    if blobs is None or blobs.reference != reference:
        raise BackupError(
            f"the contents of this backup are in {reference}: name it in"
            " OCSYNC_BLOB_URL"
        )
    return blobs


def _require_empty(data: Path, blobs: BlobStore | None) -> None:
    if data.exists() and any(path.is_file() for path in data.iterdir()):
        raise BackupError(f"{data} holds something already; restore into a new folder")
    if blobs is None:
        return
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


def _bring_uploads_back(
    uploads: list[StagedUpload], content: BlobStore, blobs: BlobStore
) -> None:
    for upload in uploads:
        with (
            content.open_staged(upload.blob_id) as reader,
            blobs.stage(upload.blob_id) as staged,
        ):
            pour(reader, staged)
            staged.flush()


def _gone(connection: Connection, blobs: BlobStore) -> Iterator[BlobId]:
    """The contents that are no longer in the store that the backup names."""
    for blob in rows.stream_blobs(connection):
        try:
            if blobs.size(blob.id) != blob.size:
                yield blob.id
        except BlobNotFound:
            yield blob.id


def _is_as_stated(content: BlobStore, blob: StoredBlob, *, deep: bool) -> bool:
    if not deep:
        return content.size(blob.id) == blob.size
    checksums = RunningChecksums(("sha1",))
    buffer = memoryview(bytearray(_BLOCK_BYTES))
    with content.open(blob.id) as reader:
        while count := reader.readinto(buffer):
            checksums.update(buffer[:count])
    return checksums.size == blob.size and checksums.hexdigest("sha1") == blob.sha1
