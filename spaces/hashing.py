"""The background worker that adds the digests nobody had to wait for.

Content is answered for with SHA1 and ADLER32; MD5 and SHA-256 of large files are
computed here, from the stored bytes. The rows that lack them are the queue, so any
process can take it up, and doing a file twice does no harm.
"""

from threading import Event
from typing import Final

from spaces.blobs.base import BlobStore
from spaces.checksums import ALL_KEPT, RunningChecksums
from spaces.db import blobs as blob_rows
from spaces.db.engine import Database
from spaces.errors import BlobNotFound
from spaces.ids import BlobId

_BLOCK_BYTES: Final = 256 * 1024
_BLOBS_PER_ROUND: Final = 100


class Hashing:
    """Reads content once more and completes its row."""

    def __init__(self, *, database: Database, blobs: BlobStore) -> None:
        self._database = database
        self._blobs = blobs
        self._given_up: set[BlobId] = set()

    def complete(self, *, stop: Event | None = None) -> int:
        """Go through the queue once; how many contents were completed.

        What cannot be read, or no longer has the digests it had, stays as it is and
        is not tried again: to say so is for the check of the whole store.
        """
        count = 0
        after = BlobId("")
        while waiting := self._waiting(after):
            for blob_id in waiting:
                if stop is not None and stop.is_set():
                    return count
                if blob_id not in self._given_up and self._complete_one(blob_id, stop):
                    self._database.watch.hashed(1)
                    count += 1
            after = waiting[-1]
        return count

    def _complete_one(self, blob_id: BlobId, stop: Event | None) -> bool:
        try:
            checksums = self._read(blob_id, stop)
        except BlobNotFound:
            self._given_up.add(blob_id)
            return False
        if checksums is None:
            return False
        is_stored = self._store(blob_id, checksums)
        if not is_stored:
            self._given_up.add(blob_id)
        return is_stored

    def _waiting(self, after: BlobId) -> list[BlobId]:
        with self._database.read() as connection:
            return blob_rows.unhashed(connection, after=after, limit=_BLOBS_PER_ROUND)

    def _store(self, blob_id: BlobId, checksums: RunningChecksums) -> bool:
        kept = checksums.checksums()
        return self._database.write(
            lambda connection: blob_rows.complete(connection, blob_id, kept)
        )

    def _read(self, blob_id: BlobId, stop: Event | None) -> RunningChecksums | None:
        """All digests of a blob; None if time is up."""
        checksums = RunningChecksums(ALL_KEPT)
        buffer = memoryview(bytearray(_BLOCK_BYTES))
        with self._blobs.open(blob_id) as reader:
            while size := reader.readinto(buffer):
                if stop is not None and stop.is_set():
                    return None
                checksums.update(buffer[:size])
        return checksums
