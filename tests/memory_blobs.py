"""A blob store in memory, for tests: it keeps the contract and leaves no files."""

import io
from collections.abc import Iterator
from threading import Lock
from types import TracebackType
from typing import Self

from spaces.blobs.layout import SHARDS, require_blob_id, shard_of
from spaces.errors import BlobNotFound, LengthMismatch
from spaces.ids import BlobId


class MemoryStaged:
    """Bytes that grow in a bytearray of the store."""

    def __init__(
        self, store: "MemoryBlobStore", blob_id: BlobId, content: bytearray
    ) -> None:
        self._store = store
        self._blob_id = blob_id
        self._content = content

    @property
    def size(self) -> int:
        """Bytes staged so far."""
        return len(self._content)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append all of the data."""
        self._content += data

    def flush(self) -> None:
        """Nothing outlives the process here."""

    def truncate(self, size: int) -> None:
        """Cut back to the size."""
        if size > self.size:
            raise ValueError("a staging area cannot be cut to more than it holds")
        del self._content[size:]

    def seal(self) -> None:
        """Turn the bytes into a blob."""
        self._store.seal(self._blob_id, self.size)

    def discard(self) -> None:
        """Forget them."""
        self._store.discard(self._blob_id)

    def close(self) -> None:
        """Nothing to let go of."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to let go of."""


class MemoryReader(io.BytesIO):
    """A range of bytes."""

    @property
    def size(self) -> int:
        """Bytes that the range holds in all."""
        return len(self.getbuffer())

    def fileno(self) -> int | None:  # type: ignore[override]  # None: no descriptor
        """There is no file."""
        return None


class MemoryBlobStore:
    """Blobs in dictionaries."""

    def __init__(self) -> None:
        self._staged: dict[BlobId, bytearray] = {}
        self._sealed: dict[BlobId, bytes] = {}
        self._mutex = Lock()

    @property
    def reference(self) -> str | None:
        """It is nowhere else."""
        return None

    def require_ready(self) -> None:
        """It always is."""

    def stage(self, blob_id: BlobId) -> MemoryStaged:
        """Open a new, empty staging area."""
        content = self._staged[require_blob_id(blob_id)] = bytearray()
        return MemoryStaged(self, blob_id, content)

    def resume(self, blob_id: BlobId, size: int) -> MemoryStaged:
        """Open a staging area again, cut back to the size."""
        content = self._staged.get(blob_id)
        if content is None or len(content) < size:
            raise BlobNotFound
        staged = MemoryStaged(self, blob_id, content)
        staged.truncate(size)
        return staged

    def open_staged(self, blob_id: BlobId, size: int | None = None) -> MemoryReader:
        """Read what is staged so far, or the first bytes of it."""
        content = self._staged.get(blob_id)
        if content is None or (size is not None and len(content) < size):
            raise BlobNotFound
        return MemoryReader(bytes(content[:size]))

    def holds(self, blob_id: BlobId, size: int) -> bool:
        """Whether at least so many bytes are staged or sealed."""
        content = self._staged.get(blob_id, self._sealed.get(blob_id))
        return content is not None and len(content) >= size

    def put(self, blob_id: BlobId, data: bytes | bytearray | memoryview) -> None:
        """Keep a small content as a blob at once."""
        with self._mutex:
            self._sealed[require_blob_id(blob_id)] = bytes(data)

    def seal(self, blob_id: BlobId, size: int) -> None:
        """Turn the staged bytes into a blob."""
        with self._mutex:
            content = self._staged.get(blob_id, self._sealed.get(blob_id))
            if content is None:
                raise BlobNotFound
            if len(content) != size:
                raise LengthMismatch(expected=size, received=len(content))
            self._sealed[blob_id] = bytes(content)
            self._staged.pop(blob_id, None)

    def concatenate(
        self, blob_id: BlobId, parts: tuple[tuple[BlobId, int], ...]
    ) -> MemoryStaged:
        """Open a staging area that begins with the first bytes of the parts."""
        if not all(self.holds(part, size) for part, size in parts):
            raise BlobNotFound
        found = [
            bytes(self._staged.get(part, self._sealed.get(part, b""))[:size])
            for part, size in parts
        ]
        staged = self.stage(blob_id)
        staged.write(b"".join(found))
        return staged

    def discard(self, blob_id: BlobId) -> None:
        """Remove a staging area."""
        self._staged.pop(blob_id, None)

    def open(
        self, blob_id: BlobId, start: int = 0, length: int | None = None
    ) -> MemoryReader:
        """Read a sealed blob, or a range of it."""
        content = self._sealed.get(blob_id)
        if content is None:
            raise BlobNotFound
        end = len(content) if length is None else start + length
        return MemoryReader(content[start:end])

    def size(self, blob_id: BlobId) -> int:
        """Bytes of a sealed blob."""
        content = self._sealed.get(blob_id)
        if content is None:
            raise BlobNotFound
        return len(content)

    def remove(self, blob_id: BlobId) -> None:
        """Remove a sealed blob."""
        self._sealed.pop(blob_id, None)

    def shards(self) -> tuple[str, ...]:
        """As in a folder."""
        return SHARDS

    def blob_ids(self, shard: str) -> Iterator[BlobId]:
        """The sealed blobs of one shard."""
        yield from [blob for blob in list(self._sealed) if shard_of(blob) == shard]

    def staged_ids(self) -> Iterator[BlobId]:
        """All staging areas."""
        yield from list(self._staged)

    def free_bytes(self) -> int | None:
        """Nobody can tell."""
        return None
