"""Writing content: bytes go to a staging area and through the checksums at once.

`Appender` does that for one run of bytes; where many come fast the checksums are
computed on other threads, while the next bytes arrive. `FileWriter` makes a whole new
blob with it. Where the bytes come from is not known here.
"""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Final, Self

from spaces.blobs.base import BlobStore, Staged
from spaces.checksums import RunningChecksums
from spaces.ids import BlobId
from spaces.model import Content

BLOCK_BYTES: Final = 256 * 1024
_SPARE_BLOCKS: Final = 3
_HAND_OVER_BYTES: Final = BLOCK_BYTES * 3 // 4
"""A buffer so full goes to the other threads: less is not worth waking them for."""
_THREADS_FOR_BYTES: Final = 1024 * 1024
"""What is left is hashed by this thread before others would have helped."""
_THREADS_FROM_BYTES: Final = 4 * 1024 * 1024
"""Even bytes that come slowly are hashed by others after so many."""


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
        self._filled = 0
        self._appended = 0
        self._expected = expected_bytes
        self._threads: _HashingThreads | None = None

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
        return memoryview(self._current)[self._filled :]

    def advance(self, count: int) -> None:
        """Take the first `count` bytes of the buffer.

        Raises:
            StorageFull: not all of them found room.
        """
        before = self._staged.size
        block = memoryview(self._current)[self._filled : self._filled + count]
        try:
            self._staged.write(block)
        finally:
            self._take(block[: self._staged.size - before])

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append all of the data.

        Raises:
            StorageFull: not all of it found room.
        """
        rest = memoryview(data)
        while rest:
            room = self.buffer()
            count = min(len(room), len(rest))
            room[:count] = rest[:count]
            self.advance(count)
            rest = rest[count:]

    def settle(self) -> None:
        """Return when the checksums cover every byte that was appended."""
        threads, self._threads = self._threads, None
        if threads is not None:
            threads.finish(self._current, self._filled)
            self._filled = 0

    def _take(self, block: memoryview) -> None:
        """Let the checksums have what was written."""
        self._appended += len(block)
        if self._threads is None:
            if not self._is_worth_threads(len(block)):
                self._checksums.update(block)
                return
            self._threads = _HashingThreads(self._checksums.lanes, len(self._current))
        self._filled += len(block)
        if self._filled >= min(_HAND_OVER_BYTES, len(self._current)):
            self._current = self._threads.swap(self._current, self._filled)
            self._filled = 0

    def _is_worth_threads(self, count: int) -> bool:
        """Whether bytes come so fast, and so many of them, that hashing holds them up.

        A client that cannot fill a buffer at once needs no more threads and memory.
        """
        if self._appended > _THREADS_FROM_BYTES:
            return True
        if count < BLOCK_BYTES:
            return False
        if self._expected is None:
            return self._appended >= _THREADS_FOR_BYTES
        return self._expected - self._appended >= _THREADS_FOR_BYTES


class _HashingThreads:
    """One thread for each lane; full buffers pass through all, and come back."""

    def __init__(
        self, steps: tuple[Callable[[memoryview], None], ...], block_bytes: int
    ) -> None:
        self._error: BaseException | None = None
        self._queues: list[SimpleQueue[tuple[bytearray, int] | None]] = [
            SimpleQueue() for _ in range(len(steps) + 1)
        ]
        for _ in range(_SPARE_BLOCKS + len(steps) - 1):
            self._queues[-1].put((bytearray(block_bytes), 0))
        self._threads = [
            Thread(target=self._run, args=(number, step), name="checksums", daemon=True)
            for number, step in enumerate(steps)
        ]
        for thread in self._threads:
            thread.start()

    def swap(self, full: bytearray, count: int) -> bytearray:
        """Hand over a buffer, and get an empty one as soon as there is one."""
        self._queues[0].put((full, count))
        back = self._queues[-1].get()
        assert back is not None
        return back[0]

    def finish(self, last: bytearray, count: int) -> None:
        """Hand over the last buffer, and wait until all are done with."""
        self._queues[0].put((last, count))
        self._queues[0].put(None)
        for thread in self._threads:
            thread.join()
        if self._error is not None:
            raise self._error

    def _run(self, number: int, step: Callable[[memoryview], None]) -> None:
        source, target = self._queues[number], self._queues[number + 1]
        while (item := source.get()) is not None:
            buffer, count = item
            if self._error is None:
                try:
                    step(memoryview(buffer)[:count])
                except BaseException as error:  # noqa: BLE001  raised in `finish`
                    self._error = error
            target.put(item)
        target.put(None)


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
        self._staged.seal()
        self._is_finished = True
        return Content(self.blob_id, size, self.checksums.checksums())

    def discard(self) -> None:
        """Forget what was written; nothing happens after `finish`."""
        if not self._is_finished:
            self._is_finished = True
            self._appender.settle()
            self._staged.discard()

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
