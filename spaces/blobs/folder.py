"""A blob store in a folder: files that grow in `staging/` and stay in `blobs/`.

Both lie on one filesystem, so that sealing is a rename. A sealed file is never
written to again. Nothing here knows what a row says about a blob.
"""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, NoReturn, Self

from spaces.blobs.directories import DirectorySync
from spaces.blobs.folder_reader import FolderReader
from spaces.blobs.layout import (
    SEALED,
    SHARDS,
    STAGING,
    sealed_folder,
    sealed_path,
    staged_path,
)
from spaces.blobs.writeback import Writeback
from spaces.errors import BlobNotFound, LengthMismatch, StorageFull
from spaces.ids import BlobId, is_id

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_READ_BYTES: Final = 256 * 1024
_COPY_BYTES: Final = 64 * 1024 * 1024


def _raise(error: OSError) -> NoReturn:
    if error.errno in _NO_ROOM:
        raise StorageFull from error
    raise error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Syncing:
    """What makes a file durable."""

    directories: DirectorySync
    writeback: Writeback


class FolderStaged:
    """A file in `staging/`, open for appending."""

    def __init__(
        self,
        store: "FolderBlobStore",
        blob_id: BlobId,
        *,
        descriptor: int,
        size: int,
        syncing: "_Syncing | None",
    ) -> None:
        """Take over the descriptor; without `syncing`, flushing does nothing."""
        self._store = store
        self._blob_id = blob_id
        self._descriptor = descriptor
        self._size = self._on_its_way = size
        self._syncing = syncing
        self.is_named_durably = False
        """Whether a power cut would not take the file's name away."""
        self._has_failed = False

    @property
    def size(self) -> int:
        """Bytes staged so far."""
        return self._size

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append all of the data, however few bytes each write takes."""
        rest = memoryview(data)
        while rest:
            try:
                count = os.pwrite(self._descriptor, rest, self._size)
            except OSError as error:
                _raise(error)
            self._size += count
            rest = rest[count:]
        if self._syncing is not None:
            self._on_its_way = self._syncing.writeback.begin(
                self._descriptor, self._on_its_way, self._size
            )

    def flush(self) -> None:
        """Sync the file, and once its name.

        A sync that failed is never tried again: the kernel may have dropped the
        pages and would report success. The area must be resumed at a size that is
        known to be good.
        """
        if self._syncing is None:
            return
        if self._has_failed:
            raise OSError(errno.EIO, "an earlier sync of this file failed")
        try:
            os.fdatasync(self._descriptor)
            if not self.is_named_durably:
                self._syncing.directories.sync(STAGING)
                self.is_named_durably = True
        except OSError as error:
            self._has_failed = True
            _raise(error)

    def truncate(self, size: int) -> None:
        """Cut back to the size."""
        if size > self._size:
            raise ValueError("a staging area cannot be cut to more than it holds")
        os.ftruncate(self._descriptor, size)
        self._size = self._on_its_way = size

    def seal(self) -> None:
        """Close the file and give it its name."""
        self.close()
        self._store.seal(self._blob_id, self._size)

    def discard(self) -> None:
        """Close the file and remove it."""
        self.close()
        self._store.discard(self._blob_id)

    def close(self) -> None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def append_file(self, path: Path, size: int) -> None:
        """Append so much of a file, by reference where the filesystem can share blocks.

        Raises:
            BlobNotFound: it is shorter.
        """
        source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            position = 0
            while position < size:
                count = self._copy(source, position, size - position)
                if not count:
                    raise BlobNotFound
                position += count
                self._size += count
        finally:
            os.close(source)

    def _copy(self, source: int, position: int, most: int) -> int:
        try:
            return os.copy_file_range(
                source, self._descriptor, min(most, _COPY_BYTES), position, self._size
            )
        except OSError as error:
            if error.errno not in {errno.EXDEV, errno.EINVAL, errno.ENOSYS}:
                _raise(error)
        data = os.pread(source, min(most, _READ_BYTES), position)
        self.write(data)
        self._size -= len(data)  # counted by the caller
        return len(data)

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
        self.close()


class FolderBlobStore:
    """Blobs as files below one folder."""

    def __init__(self, folder: Path, *, is_safe: bool) -> None:
        """Make the folder ready.

        Args:
            folder: made if missing, readable for its owner only.
            is_safe: whether what is flushed and sealed must survive a power cut.
        """
        self._folder = folder
        self._root = str(folder)
        self._is_safe = is_safe
        self._directories = DirectorySync(folder)
        self._syncing: _Syncing | None = None
        if is_safe:
            self._syncing = _Syncing(
                directories=self._directories, writeback=Writeback()
            )
        if not (folder / SEALED / SHARDS[-1]).is_dir():
            self._make_folders()
        elif is_safe and (folder / STAGING).is_dir():
            # What was staged by a process that did not sync has a durable name now.
            self._directories.sync(STAGING)

    @property
    def reference(self) -> str | None:
        """It lies on this machine."""
        return None

    def require_ready(self) -> None:
        """The folder was made ready at once."""

    def stage(self, blob_id: BlobId) -> FolderStaged:
        """Open a new, empty staging area."""
        return self._staged(blob_id, os.O_CREAT | os.O_TRUNC, 0)

    def resume(self, blob_id: BlobId, size: int) -> FolderStaged:
        """Open a staging area again, cut back to the size that is known to be good.

        Whatever is known to be good was flushed before, and so was the file's name.
        """
        with _missing_is_not_found():
            staged = self._staged(blob_id, 0, None)
        if staged.size < size:
            staged.close()
            raise BlobNotFound
        if staged.size > size:
            staged.truncate(size)
        staged.is_named_durably = size > 0
        return staged

    def open_staged(self, blob_id: BlobId, size: int | None = None) -> FolderReader:
        """Read what is staged so far, or the first bytes of it."""
        reader = self._reader(staged_path(blob_id), 0, size)
        if size is not None and reader.size < size:
            reader.close()
            raise BlobNotFound
        return reader

    def holds(self, blob_id: BlobId, size: int) -> bool:
        """Whether at least so many bytes are staged or sealed."""
        try:
            return self._any_path(blob_id).stat().st_size >= size
        except FileNotFoundError:
            return False

    def put(self, blob_id: BlobId, data: bytes | bytearray | memoryview) -> None:
        """Write the file where it stays, sync it and its directory."""
        path = f"{self._root}/{sealed_path(blob_id)}"
        try:
            descriptor = os.open(path, _NEW_FILE, 0o600)
            try:
                self._write_all(descriptor, data)
            except BaseException:
                os.unlink(path)  # noqa: PTH108  paths as text, as below
                raise
            finally:
                os.close(descriptor)
        except OSError as error:
            _raise(error)
        if self._is_safe:
            self._directories.sync(sealed_folder(blob_id))

    def _write_all(self, descriptor: int, data: bytes | bytearray | memoryview) -> None:
        count = os.write(descriptor, data)
        while count < len(data):
            count += os.write(descriptor, memoryview(data)[count:])
        if self._is_safe:
            os.fdatasync(descriptor)

    def seal(self, blob_id: BlobId, size: int) -> None:
        """Sync the file, rename it, sync its new directory."""
        source = f"{self._root}/{staged_path(blob_id)}"
        try:
            self._rename_synced(source, f"{self._root}/{sealed_path(blob_id)}", size)
        except FileNotFoundError:  # sealed already, if ever it was staged
            self._require_size(self.size(blob_id), size)
        except OSError as error:
            _raise(error)
        if self._is_safe:
            self._directories.sync(sealed_folder(blob_id))

    def _rename_synced(self, source: str, target: str, size: int) -> None:
        descriptor = os.open(source, os.O_RDWR | os.O_CLOEXEC)
        try:
            self._require_size(os.fstat(descriptor).st_size, size)
            if self._is_safe:
                os.fdatasync(descriptor)
            os.rename(source, target)  # noqa: PTH104  paths as text: a third of the time
        finally:
            os.close(descriptor)

    def concatenate(
        self, blob_id: BlobId, parts: tuple[tuple[BlobId, int], ...]
    ) -> FolderStaged:
        """Open a staging area that begins with the first bytes of the parts."""
        staged = self.stage(blob_id)
        try:
            with _missing_is_not_found():
                for part, size in parts:
                    staged.append_file(self._any_path(part), size)
        except BaseException:
            staged.discard()
            raise
        return staged

    def discard(self, blob_id: BlobId) -> None:
        """Remove a staging area."""
        (self._folder / staged_path(blob_id)).unlink(missing_ok=True)

    def open(
        self, blob_id: BlobId, start: int = 0, length: int | None = None
    ) -> FolderReader:
        """Read a sealed blob, or a range of it."""
        return self._reader(sealed_path(blob_id), start, length)

    def size(self, blob_id: BlobId) -> int:
        """Bytes of a sealed blob."""
        with _missing_is_not_found():
            return (self._folder / sealed_path(blob_id)).stat().st_size

    def remove(self, blob_id: BlobId) -> None:
        """Remove a sealed blob."""
        (self._folder / sealed_path(blob_id)).unlink(missing_ok=True)

    def shards(self) -> tuple[str, ...]:
        """The directories below `blobs/`."""
        return SHARDS

    def blob_ids(self, shard: str) -> Iterator[BlobId]:
        """The sealed blobs of one shard."""
        return _ids_in(self._folder / SEALED / shard)

    def staged_ids(self) -> Iterator[BlobId]:
        """All staging areas."""
        return _ids_in(self._folder / STAGING)

    def free_bytes(self) -> int | None:
        """Room left on the filesystem for this user."""
        return shutil.disk_usage(self._folder).free

    def _make_folders(self) -> None:
        self._folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shards = (f"{SEALED}/{shard}" for shard in SHARDS)
        for name in ("", STAGING, SEALED, *shards):
            (self._folder / name).mkdir(mode=0o700, exist_ok=True)
        if self._is_safe:
            for folder in (SEALED, ".", ".."):
                self._directories.sync(folder)

    def _staged(self, blob_id: BlobId, flags: int, size: int | None) -> FolderStaged:
        path = f"{self._root}/{staged_path(blob_id)}"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | flags, 0o600)
        except OSError as error:
            _raise(error)
        if size is None:
            size = os.fstat(descriptor).st_size
        return FolderStaged(
            self, blob_id, descriptor=descriptor, size=size, syncing=self._syncing
        )

    def _reader(self, path: str, start: int, length: int | None) -> FolderReader:
        try:
            descriptor = os.open(f"{self._root}/{path}", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise BlobNotFound from error
        available = max(os.fstat(descriptor).st_size - start, 0)
        return FolderReader(
            descriptor, start, available if length is None else min(length, available)
        )

    def _any_path(self, blob_id: BlobId) -> Path:
        staged = self._folder / staged_path(blob_id)
        return staged if staged.exists() else self._folder / sealed_path(blob_id)

    @staticmethod
    def _require_size(found: int, stated: int) -> None:
        if found != stated:
            raise LengthMismatch(expected=stated, received=found)


@contextlib.contextmanager
def _missing_is_not_found() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise BlobNotFound from error


def _ids_in(folder: Path) -> Iterator[BlobId]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_id(entry.name):
                yield BlobId(entry.name)
