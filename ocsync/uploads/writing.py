"""The bytes of one upload as they grow: staging area, checksums and row in step.

A `Writing` belongs to one request that has the lease. The order is always: bytes
durable, then the row, then whatever is answered; so a crash leaves at worst bytes
beyond the row's offset, which are cut away when the upload is opened again.
"""

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from spaces.blobs.base import BlobStore, Staged
from spaces.blobs.writer import Appender
from spaces.checksums import ALL_KEPT, KEPT, RunningChecksums
from spaces.errors import BlobNotFound, ChecksumMismatch, StorageFull
from spaces.ids import BlobId
from spaces.model import Content
from spaces.upload_model import Lifetime, Upload
from spaces.uploads import Uploads
from spaces.watch import UNWATCHED, Watch

_READ_BYTES: Final = 1024 * 1024
_BEAT_SECONDS: Final = 2.0
"""How often it is said that bytes are still being read, which may take minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Depot:
    """Where rows and bytes go. `eager_bytes`: up to which size all digests are made."""

    uploads: Uploads
    blobs: BlobStore
    eager_bytes: int
    watch: Watch = UNWATCHED

    def drop_duplicate(self, finished: Upload, blob_id: BlobId) -> None:
        """Remove the bytes of an upload whose result is a file that had them."""
        if finished.result is not None and finished.result.is_duplicate:
            self.blobs.remove(blob_id)


class Writing:
    """Appends to an upload; leaving the block lets go of the staging area.

    What is written in one go, with no row, needs no checksums that can be saved.
    """

    def __init__(
        self,
        depot: Depot,
        upload: Upload,
        *,
        lifetime: Lifetime | None = None,
        in_one_go: bool = False,
    ) -> None:
        self._depot = depot
        self._in_one_go = in_one_go
        self._lifetime = lifetime
        self._upload = upload
        self._staged: Staged | None = None
        self._checksums: RunningChecksums | None = None
        self._appender: Appender | None = None

    @property
    def upload(self) -> Upload:
        """The upload as its row is now."""
        return self._upload

    @property
    def watch(self) -> Watch:
        """Who is told of what goes wrong."""
        return self._depot.watch

    @property
    def size(self) -> int:
        """Bytes staged, whether recorded or not."""
        return self._upload.offset if self._staged is None else self._staged.size

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close; what was staged but not recorded is cut away at the next opening."""
        self._settle()
        if self._staged is not None:
            self._staged.__exit__(kind, error, trace)

    def discard(self) -> None:
        """Throw all of it away."""
        self._settle()
        staged, self._staged = self._staged, None
        if staged is not None:
            staged.discard()
        else:
            self._depot.blobs.discard(self._upload.blob_id)

    def open(self) -> None:
        """Make ready to append at the row's offset.

        Raises:
            BlobNotFound: the staged bytes are gone, or fewer than recorded.
        """
        upload, blobs = self._upload, self._depot.blobs
        self._checksums = self._checksums_at_offset()
        if upload.offset:
            self._staged = blobs.resume(upload.blob_id, upload.offset)
        else:
            if upload.epoch > 1:
                blobs.discard(upload.blob_id)
            self._staged = blobs.stage(upload.blob_id)
        self._appender = Appender(
            self._staged,
            self._checksums,
            expected_bytes=None if upload.length is None else upload.length - self.size,
        )

    def buffer(self) -> memoryview:
        """Room for the next bytes, until `advance`."""
        assert self._appender is not None
        return self._appender.buffer()

    def advance(self, count: int) -> None:
        """Append the first `count` bytes of the buffer.

        Raises:
            StorageFull: the store took only some; `size` says how many.
        """
        assert self._appender is not None
        self._appender.advance(count)

    def reserve(self, total_bytes: int) -> None:
        """Hold so much quota in all.

        Raises:
            QuotaExceeded: the space has no room for that.
            LeaseLost: another writer has taken over.
        """
        self._upload = self._depot.uploads.reserve(self._upload, total_bytes)

    def join(self, parts: tuple[Upload, ...]) -> None:
        """Begin with the bytes of other uploads, one after the other.

        Raises:
            BlobNotFound: the bytes of a part are gone.
            StorageFull: there is no room for them.
            QuotaExceeded: they are more than the space has left.
            LeaseLost: another writer has taken over.
        """
        blob_id = self._upload.blob_id
        self._depot.blobs.discard(blob_id)
        self._upload = self._depot.uploads.absorb(self._upload, parts)
        filled = tuple(part for part in parts if part.offset)
        self._checksums, unread = self._begun_with(filled)
        for part in unread:
            self._catch_up(self._checksums, part.blob_id, part.offset)
        self._staged = self._depot.blobs.concatenate(
            blob_id, tuple((part.blob_id, part.offset) for part in filled)
        )
        self.keep(length=self._upload.length)

    def keep(self, *, length: int | None, keeps_lease: bool = True) -> None:
        """Make everything written durable and move the row's offset to its end.

        Raises:
            LeaseLost: another writer has taken over; the row is as it left it.
            StorageFull: the database has no room; the bytes give theirs back.
        """
        state = None
        if self._staged is not None and self._checksums is not None:
            self._staged.flush()
            self._settle()
            state = self._checksums.state()
        try:
            self._upload = self._depot.uploads.advance(
                self._upload,
                offset=self.size,
                length=length,
                hash_state=self._upload.hash_state if state is None else state,
                lifetime=self._lifetime,
                keeps_lease=keeps_lease,
            )
        except StorageFull:
            # Else these bytes keep the disk full, and no row can be deleted either.
            if self._staged is not None:
                self._staged.truncate(self._upload.offset)
            raise

    def beat(self) -> None:
        """Record that the upload is being written to, and nothing else.

        Raises:
            LeaseLost: another writer has taken over.
        """
        upload = self._upload
        self._upload = self._depot.uploads.advance(
            upload,
            offset=upload.offset,
            length=upload.length,
            hash_state=upload.hash_state,
            lifetime=self._lifetime,
        )

    def cut_back(self, offset: int, hash_state: bytes | None) -> None:
        """Throw away what came after the offset, at which the hash state was so.

        Raises:
            LeaseLost: another writer has taken over.
        """
        assert self._staged is not None
        self._staged.truncate(offset)
        if self._upload.offset != offset:
            self._upload = self._depot.uploads.advance(
                self._upload,
                offset=offset,
                length=self._upload.length,
                hash_state=hash_state,
            )

    def seal(self) -> Content:
        """Turn the bytes into content, durably, and verify its checksum.

        Raises:
            BlobNotFound: the bytes are gone.
            ChecksumMismatch: they are not those that the client meant.
        """
        self._settle()
        upload, size = self._upload, self.size
        if self._checksums is None:
            self._checksums = self._checksums_at_offset()
        wanted = upload.intent
        if wanted.algorithm is not None and wanted.digest is not None:
            try:
                self._checksums.verify(wanted.algorithm, wanted.digest)
            except ChecksumMismatch:
                self.watch.mismatched("file")
                raise
        staged, self._staged = self._staged, None
        if staged is None and not size:
            staged = self._depot.blobs.stage(upload.blob_id)
        if staged is None:
            self._depot.blobs.seal(upload.blob_id, size)
        else:
            staged.seal()
        return Content(upload.blob_id, size, self._checksums.checksums())

    def _begun_with(
        self, parts: tuple[Upload, ...]
    ) -> tuple[RunningChecksums, tuple[Upload, ...]]:
        """Checksums that go on where the first part's ended, and the parts to read.

        Those of the others cannot be joined: they began at their own first bytes.
        """
        algorithms = self._algorithms()
        saved = _saved_checksums(parts[0]) if parts else None
        if saved is not None and set(saved.algorithms) == set(algorithms):
            return saved, parts[1:]
        return RunningChecksums(algorithms, is_resumable=True), parts

    def _checksums_at_offset(self) -> RunningChecksums:
        upload = self._upload
        saved = _saved_checksums(upload)
        if saved is not None:
            return saved
        checksums = RunningChecksums(
            self._algorithms(), is_resumable=not self._in_one_go
        )
        if upload.offset:
            self._catch_up(checksums, upload.blob_id, upload.offset)
        return checksums

    def _settle(self) -> None:
        """See that the checksums cover every byte that was appended."""
        if self._appender is not None:
            self._appender.settle()

    def _algorithms(self) -> tuple[str, ...]:
        upload = self._upload
        is_small = (
            upload.length is not None and upload.length <= self._depot.eager_bytes
        )
        wanted = upload.intent.algorithm
        return (
            *(ALL_KEPT if is_small else KEPT),
            *(() if wanted is None else (wanted,)),
        )

    def _catch_up(
        self, checksums: RunningChecksums, blob_id: BlobId, size: int
    ) -> None:
        blobs = self._depot.blobs
        try:
            reader = blobs.open_staged(blob_id, size)
        except BlobNotFound:
            reader = blobs.open(blob_id)
        with reader:
            beat_at = time.monotonic() + _BEAT_SECONDS
            while size and (data := reader.read(min(size, _READ_BYTES))):
                checksums.update(memoryview(data))
                size -= len(data)
                if time.monotonic() >= beat_at:
                    self.beat()
                    beat_at = time.monotonic() + _BEAT_SECONDS
        if size:
            raise BlobNotFound


def _saved_checksums(upload: Upload) -> RunningChecksums | None:
    """Those of all bytes so far, if they were saved by a program like this."""
    if not upload.offset or upload.hash_state is None:
        return None
    try:
        saved = RunningChecksums.from_state(upload.hash_state)
    except ValueError:
        return None  # the program has changed: catch up instead
    return saved if saved.size == upload.offset else None
