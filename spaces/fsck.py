"""Checking an installation: do rows, counters and stored bytes agree?

The rows are looked at as they are at one moment, so writers do not disturb; what
looks wrong with stored bytes is looked at again before it is told, because it may
have been finished, replaced or swept meanwhile. Nothing is changed here; that is
what `spaces.repair` does.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection

from spaces.blobs.base import BlobStore
from spaces.checksums import RunningChecksums
from spaces.db import blobs as blob_rows
from spaces.db import fsck as rows
from spaces.db import uploads as upload_rows
from spaces.db.engine import Database
from spaces.errors import BlobNotFound
from spaces.findings import Finding, FindingKind
from spaces.ids import BlobId
from spaces.model import Content
from spaces.names import name_key
from spaces.upload_model import Upload, UploadState

_BLOCK_BYTES: Final = 256 * 1024
_BLOBS_AT_ONCE: Final = 500


class Fsck:
    """Finds what is wrong."""

    def __init__(self, *, database: Database, blobs: BlobStore) -> None:
        self._database = database
        self._blobs = blobs

    def check(self, *, deep: bool = False) -> Iterator[Finding]:
        """Everything that is not as it should be; `deep` also reads all content."""
        yield from self.check_rows()
        yield from self._check_content(deep=deep)
        yield from self._check_uploads()
        yield from self._check_strays()

    def check_rows(self) -> Iterator[Finding]:
        """What can be seen in the database alone."""
        with self._database.read() as connection:
            yield from _structure(connection)
            yield from _tree(connection)
            yield from _sizes(connection)
            yield from _counters(connection)
            yield from _unused(connection)

    def _check_content(self, *, deep: bool) -> Iterator[Finding]:
        """In many short looks, so that no old state of the database is kept long."""
        after = BlobId("")
        while promised := self._promised(after):
            for content in promised:
                finding = self._look_at(content, deep=deep)
                if finding is not None and self._is_known(content.blob_id):
                    yield finding
            after = promised[-1].blob_id

    def _promised(self, after: BlobId) -> list[Content]:
        with self._database.read() as connection:
            return rows.list_blobs(connection, after=after, limit=_BLOBS_AT_ONCE)

    def _look_at(self, content: Content, *, deep: bool) -> Finding | None:
        blob_id = content.blob_id
        try:
            size = self._blobs.size(blob_id)
            if size != content.size:
                detail = f"{size} bytes instead of {content.size}"
                return Finding(FindingKind.CONTENT_SIZE, blob_id, detail)
            wrong = self._wrong_digests(content) if deep else ""
        except BlobNotFound:
            detail = f"{content.size} bytes are lost"
            return Finding(FindingKind.CONTENT_MISSING, blob_id, detail)
        if wrong:
            return Finding(FindingKind.CONTENT_DAMAGED, blob_id, wrong)
        return None

    def _wrong_digests(self, content: Content) -> str:
        """Names of the digests that the stored bytes do not have."""
        known = content.checksums
        recorded = {
            "sha1": known.sha1,
            "adler32": known.adler32,
            "md5": known.md5,
            "sha256": known.sha256,
        }
        recorded = {name: digest for name, digest in recorded.items() if digest}
        checksums = RunningChecksums(recorded)
        buffer = memoryview(bytearray(_BLOCK_BYTES))
        with self._blobs.open(content.blob_id) as reader:
            while count := reader.readinto(buffer):
                checksums.update(buffer[:count])
        wrong = [
            name
            for name, digest in recorded.items()
            if checksums.hexdigest(name) != digest
        ]
        return ", ".join(wrong)

    def _is_known(self, blob_id: BlobId) -> bool:
        with self._database.read() as connection:
            return blob_rows.is_known(connection, blob_id)

    def _check_uploads(self) -> Iterator[Finding]:
        with self._database.read() as connection:
            uploads = [
                upload
                for upload in upload_rows.stream_open(connection)
                if upload.offset
            ]
        for upload in uploads:
            is_short = not self._blobs.holds(upload.blob_id, upload.offset)
            if is_short and self._is_unchanged(upload):
                detail = f"not all of its {upload.offset} bytes are there"
                yield Finding(FindingKind.UPLOAD_SHORT, upload.id, detail)

    def _is_unchanged(self, upload: Upload) -> bool:
        with self._database.read() as connection:
            present = upload_rows.find(connection, upload.id)
        return (
            present is not None
            and present.state is UploadState.OPEN
            and present.blob_id == upload.blob_id
        )

    def _check_strays(self) -> Iterator[Finding]:
        detail = "removed in time"
        for shard in self._blobs.shards():
            listed = list(self._blobs.blob_ids(shard))
            with self._database.read() as connection:
                needed = blob_rows.needed_by_uploads(connection)
                strays = [
                    blob_id
                    for blob_id in listed
                    if blob_id not in needed
                    and not blob_rows.is_known(connection, blob_id)
                ]
            for blob_id in strays:
                yield Finding(FindingKind.STRAY_CONTENT, blob_id, detail)
        staged = list(self._blobs.staged_ids())
        with self._database.read() as connection:
            needed = blob_rows.needed_by_uploads(connection)
        for blob_id in staged:
            if blob_id not in needed:
                yield Finding(FindingKind.STRAY_STAGING, blob_id, detail)


def _structure(connection: Connection) -> Iterator[Finding]:
    for line in rows.structural_damage(connection):
        yield Finding(FindingKind.DATABASE_DAMAGED, "", line)


def _tree(connection: Connection) -> Iterator[Finding]:
    for node_id, name in rows.unreached(connection):
        yield Finding(FindingKind.UNREACHABLE, node_id, repr(name))
    for node_id, name in rows.below_files(connection):
        yield Finding(FindingKind.BELOW_A_FILE, node_id, repr(name))
    for node_id, found, right in rows.in_wrong_space(connection):
        detail = f"{found} instead of {right}"
        yield Finding(FindingKind.WRONG_SPACE, node_id, detail)
    for node_id in rows.trashed_but_alive(connection):
        yield Finding(FindingKind.TRASHED_ALIVE, node_id, "")
    for space_id in rows.rootless(connection):
        yield Finding(FindingKind.NO_ROOT, space_id, "")
    for node_id, name, key in rows.stream_names(connection):
        if name_key(name) != key:
            yield Finding(FindingKind.NAME_KEY, node_id, repr(name))


def _sizes(connection: Connection) -> Iterator[Finding]:
    for node_id, found, right in rows.wrong_file_sizes(connection):
        yield Finding(FindingKind.FILE_SIZE, node_id, f"{found} instead of {right}")
    for node_id, found, right in rows.wrong_folder_sizes(connection):
        yield Finding(FindingKind.FOLDER_SIZE, node_id, f"{found} instead of {right}")


def _counters(connection: Connection) -> Iterator[Finding]:
    for space_id, found, right in rows.wrong_used(connection):
        yield Finding(FindingKind.USED_BYTES, space_id, f"{found} instead of {right}")
    for space_id, found, right in rows.wrong_reserved(connection):
        detail = f"{found} instead of {right}"
        yield Finding(FindingKind.RESERVED_BYTES, space_id, detail)
    for space_id, floor, seq, kept in rows.wrong_logs(connection):
        detail = f"{kept} changes from {floor + 1} to {seq}"
        yield Finding(FindingKind.CHANGE_LOG, space_id, detail)


def _unused(connection: Connection) -> Iterator[Finding]:
    for blob_id, is_told in rows.unused_blobs(connection):
        kind = FindingKind.CONTENT_UNUSED if is_told else FindingKind.CONTENT_UNTOLD
        yield Finding(kind, blob_id, "")
