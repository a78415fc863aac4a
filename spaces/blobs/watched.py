"""A blob store that says how long its steps took; the work is another store's.

Reading and writing single blocks is not timed: that would cost more than it tells,
and what takes long there is usually the client.
"""

from collections.abc import Iterator
from time import perf_counter
from types import TracebackType
from typing import Self

from spaces.blobs.base import BlobReader, BlobStore, Staged
from spaces.ids import BlobId
from spaces.watch import Step, Watch


class _WatchedStaged:
    """A staging area whose flushes are timed."""

    __slots__ = ("_staged", "_watch", "close", "discard", "truncate", "write")

    def __init__(self, staged: Staged, watch: Watch) -> None:
        self._staged = staged
        self._watch = watch
        self.write = staged.write
        self.truncate = staged.truncate
        self.discard = staged.discard
        self.close = staged.close

    @property
    def size(self) -> int:
        """Bytes staged so far."""
        return self._staged.size

    def flush(self) -> None:
        """Return when everything written so far is durable."""
        began = perf_counter()
        try:
            self._staged.flush()
        finally:
            self._watch.took(Step.FLUSH, began, perf_counter())

    def seal(self) -> None:
        """Turn everything written into a blob, durably, and close."""
        began = perf_counter()
        try:
            self._staged.seal()
        finally:
            self._watch.took(Step.SEAL, began, perf_counter())

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self._staged.__exit__(kind, error, trace)


class WatchedBlobs:
    """Passes everything on to a store; the protocol says what each method does."""

    def __init__(self, store: BlobStore, *, watch: Watch) -> None:
        self._store = store
        self._watch = watch
        self.require_ready = store.require_ready
        self.open_staged = store.open_staged
        self.holds = store.holds
        self.size = store.size
        self.discard = store.discard
        self.shards = store.shards
        self.free_bytes = store.free_bytes

    @property
    def reference(self) -> str | None:
        """What names the store."""
        return self._store.reference

    def stage(self, blob_id: BlobId) -> Staged:
        """Open a new, empty staging area."""
        began = perf_counter()
        try:
            return _WatchedStaged(self._store.stage(blob_id), self._watch)
        finally:
            self._watch.took(Step.STAGE, began, perf_counter())

    def resume(self, blob_id: BlobId, size: int) -> Staged:
        """Open a staging area again."""
        began = perf_counter()
        try:
            return _WatchedStaged(self._store.resume(blob_id, size), self._watch)
        finally:
            self._watch.took(Step.STAGE, began, perf_counter())

    def concatenate(
        self, blob_id: BlobId, parts: tuple[tuple[BlobId, int], ...]
    ) -> Staged:
        """Open a staging area that begins with the first bytes of the parts."""
        began = perf_counter()
        try:
            return _WatchedStaged(self._store.concatenate(blob_id, parts), self._watch)
        finally:
            self._watch.took(Step.STAGE, began, perf_counter())

    def put(self, blob_id: BlobId, data: bytes | bytearray | memoryview) -> None:
        """Keep a small content as a blob at once."""
        began = perf_counter()
        try:
            self._store.put(blob_id, data)
        finally:
            self._watch.took(Step.SEAL, began, perf_counter())

    def seal(self, blob_id: BlobId, size: int) -> None:
        """Turn the staged bytes into a blob, durably."""
        began = perf_counter()
        try:
            self._store.seal(blob_id, size)
        finally:
            self._watch.took(Step.SEAL, began, perf_counter())

    def open(
        self, blob_id: BlobId, start: int = 0, length: int | None = None
    ) -> BlobReader:
        """Read a sealed blob, or a range of it."""
        began = perf_counter()
        try:
            return self._store.open(blob_id, start, length)
        finally:
            self._watch.took(Step.OPEN, began, perf_counter())

    def remove(self, blob_id: BlobId) -> None:
        """Remove a sealed blob."""
        began = perf_counter()
        try:
            self._store.remove(blob_id)
        finally:
            self._watch.took(Step.REMOVE, began, perf_counter())

    def blob_ids(self, shard: str) -> Iterator[BlobId]:
        """The sealed blobs of one shard."""
        return self._store.blob_ids(shard)

    def staged_ids(self) -> Iterator[BlobId]:
        """All staging areas."""
        return self._store.staged_ids()
