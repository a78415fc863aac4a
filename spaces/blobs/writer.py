"""Writing content: bytes go to a staging area and through the checksums at once.

`Appender` does that for one run of bytes; for long runs the checksums are computed
on a second thread, while the next bytes arrive. `FileWriter` makes a whole new blob
with it. Where the bytes come from is not known here.
"""

from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Final, Self

from spaces.blobs.base import BlobStore, Staged
from spaces.checksums import RunningChecksums
from spaces.ids import BlobId
from spaces.model import Content

BLOCK_BYTES: Final = 256 * 1024
_RING_BLOCKS: Final = 4
_THREAD_FROM_BYTES: Final = 4 * 1024 * 1024
"""Shorter runs are hashed before a second thread would have started."""


class Appender:
    """Appends to a staging area through buffers that the caller fills.

    `buffer` lends the next one, `advance` takes what was put into it; `write` does
    both for bytes that lie elsewhere. A buffer is valid until `advance`.
    """

    def __init__(
        self,
        staged: Staged,
        checksums: RunningChecksums,
        *,
        expected_bytes: int | None = None,
    ) -> None:
        """Write to `staged`; a small `expected_bytes` saves memory."""
        self._staged = staged
        self._checksums = checksums
        block = BLOCK_BYTES
        if expected_bytes is not None:
            block = max(min(expected_bytes, BLOCK_BYTES), 1)
        self._current = bytearray(block)
        self._appended = 0
        self._hasher: _HashingThread | None = None

    @property
    def size(self) -> int:
        """Bytes the staging area holds by now."""
        return self._staged.size

    @property
    def appended(self) -> int:
        """Bytes that came through here."""
        return self._appended

    def buffer(self) -> memoryview:
        """Room for the next bytes."""
        return memoryview(self._current)

    def advance(self, count: int) -> None:
        """Take the first `count` bytes of the buffer.

        Raises:
            StorageFull: not all of them found room.
        """
        before = self._staged.size
        try:
            self._staged.write(memoryview(self._current)[:count])
        finally:
            self._hash(self._staged.size - before)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append all of the data.

        Raises:
            StorageFull: not all of it found room.
        """
        rest = memoryview(data)
        while rest:
            count = min(len(rest), len(self._current))
            self._current[:count] = rest[:count]
            self.advance(count)
            rest = rest[count:]

    def settle(self) -> None:
        """Return when the checksums cover every byte that was appended."""
        hasher, self._hasher = self._hasher, None
        if hasher is not None:
            hasher.finish()

    def _hash(self, count: int) -> None:
        self._appended += count
        if self._hasher is None and self._appended >= _THREAD_FROM_BYTES:
            self._hasher = _HashingThread(self._checksums, len(self._current))
        if self._hasher is None:
            self._checksums.update(memoryview(self._current)[:count])
        else:
            self._current = self._hasher.swap(self._current, count)


class _HashingThread:
    """Computes checksums of full buffers and gives them back empty."""

    def __init__(self, checksums: RunningChecksums, block_bytes: int) -> None:
        self._checksums = checksums
        self._full: SimpleQueue[tuple[bytearray, int] | None] = SimpleQueue()
        self._empty: SimpleQueue[bytearray] = SimpleQueue()
        for _ in range(_RING_BLOCKS - 1):
            self._empty.put(bytearray(block_bytes))
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name="checksums", daemon=True)
        self._thread.start()

    def swap(self, full: bytearray, count: int) -> bytearray:
        """Hand over a buffer, and get an empty one as soon as there is one."""
        self._full.put((full, count))
        return self._empty.get()

    def finish(self) -> None:
        """Wait until all buffers are done with."""
        self._full.put(None)
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (item := self._full.get()) is not None:
            buffer, count = item
            if self._error is None:
                try:
                    self._checksums.update(memoryview(buffer)[:count])
                except BaseException as error:  # noqa: BLE001  raised in `finish`
                    self._error = error
            self._empty.put(buffer)


class FileWriter:
    """A new blob in the making; leaving the block without `finish` discards it."""

    def __init__(
        self,
        blobs: BlobStore,
        blob_id: BlobId,
        checksums: RunningChecksums,
        *,
        expected_bytes: int | None = None,
    ) -> None:
        """Open the staging area."""
        self.blob_id = blob_id
        self.checksums = checksums
        self._blobs = blobs
        self._staged = blobs.stage(blob_id)
        self._appender = Appender(
            self._staged, checksums, expected_bytes=expected_bytes
        )
        self._is_finished = False

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._appender.size

    def buffer(self) -> memoryview:
        """Room for the next bytes."""
        return self._appender.buffer()

    def advance(self, count: int) -> None:
        """Take the first `count` bytes of the buffer.

        Raises:
            StorageFull: not all of them found room.
        """
        self._appender.advance(count)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append all of the data.

        Raises:
            StorageFull: not all of it found room.
        """
        self._appender.write(data)

    def settle(self) -> RunningChecksums:
        """The checksums of everything written so far."""
        self._appender.settle()
        return self.checksums

    def finish(self) -> Content:
        """Seal the blob and return when it is durable.

        Raises:
            StorageFull: not everything found room.
        """
        self.settle()
        size = self._staged.size
        self._staged.close()
        self._blobs.seal(self.blob_id, size)
        self._is_finished = True
        return Content(self.blob_id, size, self.checksums.checksums())

    def discard(self) -> None:
        """Forget what was written; nothing happens after `finish`."""
        if not self._is_finished:
            self._is_finished = True
            self._appender.settle()
            self._staged.close()
            self._blobs.discard(self.blob_id)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Discard what is not finished."""
        self.discard()
