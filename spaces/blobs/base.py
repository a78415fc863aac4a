"""The port to content: staging areas that grow, and immutable blobs.

A blob is first staged under its future id, then sealed. Staged bytes survive the
process (an upload continues them later); a sealed blob never changes. The order for
content is always: bytes durable, then the database commit, then the answer; so a
crash leaves at worst blobs that no row names, which the sweeper removes.
"""

from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, Self

from spaces.ids import BlobId


class Staged(Protocol):
    """A staging area that is open for appending, by one writer at a time.

    Closing it keeps the bytes that were written; leaving its block by an error keeps
    at least those that were flushed.
    """

    @property
    def size(self) -> int:
        """Bytes staged so far."""
        ...

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append all of the data.

        Raises:
            StorageFull: the disk or bucket took less; what it took is kept and
                counted in `size`.
        """
        ...

    def flush(self) -> None:
        """Return when everything written so far survives a power cut.

        In the `fast` durability mode: when it survives the process.
        """
        ...

    def truncate(self, size: int) -> None:
        """Cut back to the size at opening, or within what was written since a flush.

        A store MAY be able to cut back to any size.

        Raises:
            ValueError: the size exceeds the present one, or is not to be had.
        """
        ...

    def seal(self) -> None:
        """Turn everything written into a blob, durably, and close.

        Raises:
            StorageFull: there is no room for it.
        """
        ...

    def discard(self) -> None:
        """Forget everything, and close; idempotent, and harmless after `seal`."""
        ...

    def close(self) -> None:
        """Let go of the staging area; idempotent."""
        ...

    def __enter__(self) -> Self:
        """Return itself; leaving the block closes it."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        ...


class BlobReader(Protocol):
    """Sequential reading of one range of a blob; a context manager like a file."""

    @property
    def size(self) -> int:
        """Bytes that the range holds in all."""
        ...

    def read(self, size: int = -1, /) -> bytes:
        """Up to so many bytes, all that is left if negative; b"" at the end."""
        ...

    def readinto(self, buffer: bytearray | memoryview, /) -> int:
        """Fill the buffer as far as the range goes; 0 at the end."""
        ...

    def fileno(self) -> int | None:
        """A descriptor for sendfile or pread, positions counted from the blob's start.

        None where the content is not a local file. It belongs to the reader.
        """
        ...

    def close(self) -> None:
        """Idempotent."""
        ...

    def __enter__(self) -> Self:
        """Return itself; leaving the block closes it."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        ...


class BlobStore(Protocol):
    """Content by id. Thread-safe, and safe beside other processes on the same store.

    Every method MAY raise StoreUnavailable where the store is reached over a network.
    """

    @property
    def reference(self) -> str | None:
        """What names the store, where it is kept apart from this machine.

        A backup then names it too, instead of copying it. None for a local store.
        """
        ...

    def require_ready(self) -> None:
        """Refuse a store that cannot be used.

        Raises:
            StoreUnavailable: says why in one line, for whoever runs the server.
        """
        ...

    def stage(self, blob_id: BlobId) -> Staged:
        """Open a new, empty staging area."""
        ...

    def resume(self, blob_id: BlobId, size: int) -> Staged:
        """Open a staging area again, cut back to the size that is known to be good.

        Raises:
            BlobNotFound: there is none, or it holds fewer bytes than that.
        """
        ...

    def open_staged(self, blob_id: BlobId, size: int | None = None) -> BlobReader:
        """Read what is staged, or the first bytes of it, to catch up with checksums.

        Nobody may be writing to it; a store MAY keep a writer that has it open from
        writing any more.

        Raises:
            BlobNotFound: there is no such staging area, or it holds fewer bytes.
        """
        ...

    def put(self, blob_id: BlobId, data: bytes | bytearray | memoryview) -> None:
        """Keep a small content as a blob at once, durably, under an id never used.

        A crash meanwhile may leave a part of it as a blob, which no row names.

        Raises:
            StorageFull: it found no room; nothing of it is kept.
        """
        ...

    def holds(self, blob_id: BlobId, size: int) -> bool:
        """Whether at least so many bytes are staged, or sealed; disturbs no writer."""
        ...

    def seal(self, blob_id: BlobId, size: int) -> None:
        """Turn the staged bytes into a blob, durably; returns when that is done.

        Idempotent: sealing what is sealed with the same size does nothing.

        Raises:
            BlobNotFound: neither staged nor sealed.
            LengthMismatch: the bytes are not as many as stated.
        """
        ...

    def concatenate(
        self, blob_id: BlobId, parts: tuple[tuple[BlobId, int], ...]
    ) -> Staged:
        """Open a staging area that begins with the first bytes of other blobs.

        Each part is staged or sealed. They are copied by reference (reflink,
        copy_file_range) where the store can. Writers that have one open MAY be kept
        from writing any more.

        Raises:
            BlobNotFound: a part is not there, or holds fewer bytes.
        """
        ...

    def discard(self, blob_id: BlobId) -> None:
        """Remove a staging area; nothing happens if there is none."""
        ...

    def open(
        self, blob_id: BlobId, start: int = 0, length: int | None = None
    ) -> BlobReader:
        """Read a sealed blob, or a range of it.

        Raises:
            BlobNotFound: there is no such blob.
        """
        ...

    def size(self, blob_id: BlobId) -> int:
        """Bytes of a sealed blob.

        Raises:
            BlobNotFound: there is no such blob.
        """
        ...

    def remove(self, blob_id: BlobId) -> None:
        """Remove a sealed blob; nothing happens if there is none."""
        ...

    def shards(self) -> tuple[str, ...]:
        """Names of the parts into which listings are divided, in a fixed order."""
        ...

    def blob_ids(self, shard: str) -> Iterator[BlobId]:
        """The sealed blobs of one shard."""
        ...

    def staged_ids(self) -> Iterator[BlobId]:
        """All staging areas."""
        ...

    def free_bytes(self) -> int | None:
        """Room left in the store; None where nobody can tell."""
        ...
