"""Making a backup while the server runs.

The database is copied first, as it is at one moment; then the contents that its rows
name. Contents never change and, while a backup runs, are not removed, so what was
copied fits together. Open uploads are kept up to the byte that their row vouches for.
A backup into the folder of an earlier one copies only what is new; until it is whole,
the earlier one can still be restored. Contents that are kept apart from this machine,
in a bucket, are named and not copied: their safety is the bucket's own matter.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from spaces.backup_folder import (
    CONTENT_AT,
    BackupError,
    BackupFolder,
    copy_private,
    pour,
    replace_durably,
)
from spaces.blobs.base import BlobReader, BlobStore
from spaces.blobs.folder import FolderBlobStore
from spaces.clock import HOUR, Instant, to_datetime
from spaces.db import backup as rows
from spaces.db.backup import StagedUpload, StoredBlob
from spaces.db.engine import Database
from spaces.db.revision import revision_of
from spaces.errors import BlobNotFound
from spaces.ids import BlobId

_KEEP_AGE: Final = 6 * HOUR
"""After so long without a word from it, a backup is taken to have died."""
_BLOBS_PER_RENEWAL: Final = 1_000
_BYTES_PER_RENEWAL: Final = 4 << 30


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup holds. `missing` contents are lost in the store itself.

    `reference` names the store where contents stay that were not copied.
    """

    blobs: int
    content_bytes: int
    copied_blobs: int
    uploads: int
    files: int
    missing: tuple[BlobId, ...]
    reference: str | None = None


def back_up(
    destination: Path,
    *,
    database: Database,
    blobs: BlobStore,
    files: Iterable[Path] = (),
) -> BackedUp:
    """Copy an installation to a folder: new, empty, or with an earlier backup of it.

    Args:
        destination: where to.
        database: a SQLite file.
        blobs: the contents.
        files: further files, such as secrets and settings, kept by their names.

    Raises:
        BackupError: the folder or the database cannot be used for this.
        StorageFull: the folder has no room for all of it.
        OSError: reading or writing failed.
    """
    if not database.is_sqlite:
        raise BackupError(
            "the metadata is in PostgreSQL: copy that with pg_dump first, then the"
            " blob store; contents are only ever added and removed, never changed"
        )
    folder = BackupFolder(destination)
    folder.prepare()
    keeper = _Keeper(database)
    keeper.renew()
    try:
        return _Making(folder, database, blobs, keeper).run(tuple(files))
    finally:
        keeper.end()


class _Keeper:
    """Tells the sweepers of all processes to let contents be, and keeps telling."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._blobs_left = 0
        self._bytes_left = 0

    def count(self, size: int) -> None:
        """Note so much work done; renew once in a while."""
        self._blobs_left -= 1
        self._bytes_left -= size
        if self._blobs_left < 0 or self._bytes_left < 0:
            self.renew()

    def renew(self) -> None:
        """Ask for some hours more."""
        self._blobs_left = _BLOBS_PER_RENEWAL
        self._bytes_left = _BYTES_PER_RENEWAL

        def job(connection: Connection) -> None:
            until = Instant(self._database.now(connection) + _KEEP_AGE)
            rows.keep_blobs_until(connection, until)

        self._database.write(job)

    def end(self) -> None:
        """Let the sweepers work."""
        self._database.write(lambda c: rows.keep_blobs_until(c, None))


class _Making:
    """One backup being made."""

    def __init__(
        self,
        folder: BackupFolder,
        database: Database,
        blobs: BlobStore,
        keeper: _Keeper,
    ) -> None:
        self._folder = folder
        self._database = database
        self._source = blobs
        self._keeper = keeper
        self._content: FolderBlobStore = folder.content()

    def run(self, files: tuple[Path, ...]) -> BackedUp:
        """All steps, in the order that makes them fit together."""
        copy = self._folder.new_metadata
        copy.unlink(missing_ok=True)
        copy.touch(mode=0o600)
        with self._database.read() as connection:
            now = self._database.now(connection)
            rows.copy_database(connection, copy)
        with rows.open_copy(copy) as connection:
            rows.forget_the_running_server(connection)
            copied, missing, uploads = self._copy_content(connection)
            count, content_bytes = rows.totals(connection)
            revision = revision_of(connection) or ""
        kept_files = self._copy_files(files)
        _sync(copy)
        replace_durably(copy, self._folder.metadata)
        self._folder.write_manifest(
            {
                "made_at": to_datetime(now).isoformat(),
                "schema": revision,
                "contents": count,
                "content_bytes": content_bytes,
                "uploads": uploads,
                **self._named(),
            }
        )
        self._remove_unnamed()
        return BackedUp(
            blobs=count,
            content_bytes=content_bytes,
            copied_blobs=copied,
            uploads=uploads,
            files=kept_files,
            missing=missing,
            reference=self._source.reference,
        )

    def _named(self) -> dict[str, str]:
        """What the manifest says of contents that are elsewhere."""
        reference = self._source.reference
        return {} if reference is None else {CONTENT_AT: reference}

    def _copy_content(
        self, connection: Connection
    ) -> tuple[int, tuple[BlobId, ...], int]:
        """How many contents were copied, which are lost, and how many uploads kept."""
        if self._source.reference is not None:
            return 0, (), len(rows.staged_uploads(connection))
        copied, missing = self._copy_blobs(connection)
        return copied, missing, self._copy_uploads(connection)

    def _copy_blobs(self, connection: Connection) -> tuple[int, tuple[BlobId, ...]]:
        count = 0
        missing: list[BlobId] = []
        for blob in rows.stream_blobs(connection):
            try:
                count += self._copy_blob(blob)
            except BlobNotFound:
                missing.append(blob.id)
            self._keeper.count(blob.size)
        return count, tuple(missing)

    def _copy_blob(self, blob: StoredBlob) -> bool:
        """Whether there was anything to copy."""
        if self._has(blob):
            return False
        with self._source.open(blob.id) as reader:
            if reader.size != blob.size:
                raise BlobNotFound
            self._content.remove(blob.id)
            with self._content.stage(blob.id) as staged:
                pour(reader, staged)
        self._content.seal(blob.id, blob.size)
        return True

    def _has(self, blob: StoredBlob) -> bool:
        try:
            return self._content.size(blob.id) == blob.size
        except BlobNotFound:
            return False

    def _copy_uploads(self, connection: Connection) -> int:
        """Keep what open uploads have so far; forget those that have just ended."""
        count = 0
        for upload in rows.staged_uploads(connection):
            try:
                self._copy_upload(upload)
                count += 1
            except BlobNotFound:
                self._content.discard(upload.blob_id)
                rows.forget_upload(connection, upload.id)
            self._keeper.count(upload.offset)
        return count

    def _copy_upload(self, upload: StagedUpload) -> None:
        with self._open_bytes(upload.blob_id) as reader:
            with self._content.stage(upload.blob_id) as staged:
                pour(reader, staged)
            with self._content.resume(upload.blob_id, upload.offset) as staged:
                staged.flush()

    def _open_bytes(self, blob_id: BlobId) -> BlobReader:
        try:
            return self._source.open_staged(blob_id)
        except BlobNotFound:
            return self._source.open(blob_id)

    def _copy_files(self, files: tuple[Path, ...]) -> int:
        present = [path for path in files if path.is_file()]
        self._folder.files.mkdir(mode=0o700, exist_ok=True)
        for path in present:
            copy_private(path, self._folder.files / path.name)
        return len(present)

    def _remove_unnamed(self) -> None:
        """Remove what only an earlier backup in this folder needed."""
        with rows.open_copy(self._folder.metadata) as connection:
            for shard in self._content.shards():
                for blob_id in list(self._content.blob_ids(shard)):
                    if not rows.is_named(connection, blob_id):
                        self._content.remove(blob_id)
            for blob_id in list(self._content.staged_ids()):
                if not rows.is_staged(connection, blob_id):
                    self._content.discard(blob_id)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
