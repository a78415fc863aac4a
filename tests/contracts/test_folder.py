"""The folder keeps the contract of blob stores."""

import errno
import os
import stat
from pathlib import Path

import pytest

from spaces.blobs.folder import FolderBlobStore
from spaces.errors import StorageFull
from spaces.ids import BlobId, new_id
from tests.contracts.blob_store import BlobStoreContract


class TestFolder(BlobStoreContract):
    """A folder that syncs."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> FolderBlobStore:
        """An empty folder."""
        return FolderBlobStore(tmp_path / "store", is_safe=True)

    def test_nobody_else_can_read(self, store: FolderBlobStore, tmp_path: Path) -> None:
        """Files and folders are the owner's only, however they came there."""
        small = BlobId(new_id())
        store.put(small, b"secret")

        for blob_id in (small, self._sealed(store, b"secret")):
            path = tmp_path / "store" / "blobs" / blob_id[-2:] / blob_id
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    def test_a_full_disk_keeps_what_fitted(
        self, store: FolderBlobStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The caller learns how much was kept, and that room ran out."""
        pwrite = os.pwrite

        def nearly_full(descriptor: int, data: memoryview, position: int) -> int:
            if position >= 4:
                raise OSError(errno.ENOSPC, "full")
            return pwrite(descriptor, data[:4], position)

        with store.stage(BlobId(new_id())) as staged:
            monkeypatch.setattr(os, "pwrite", nearly_full)
            with pytest.raises(StorageFull):
                staged.write(b"12345678")

            assert staged.size == 4

    def test_what_is_put_replaces_nothing(self, store: FolderBlobStore) -> None:
        """A blob never changes."""
        blob_id = self._sealed(store, b"first")

        with pytest.raises(FileExistsError):
            store.put(blob_id, b"other")

        assert store.open(blob_id).read() == b"first"

    def test_a_full_disk_keeps_nothing_of_small_content(
        self, store: FolderBlobStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A part of it is no blob."""
        write = os.write

        def nearly_full(descriptor: int, data: memoryview) -> int:
            if len(data) < 8:
                raise OSError(errno.ENOSPC, "full")
            return write(descriptor, data[:4])

        blob_id = BlobId(new_id())
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", nearly_full)
            with pytest.raises(StorageFull):
                store.put(blob_id, memoryview(b"12345678"))

        assert list(store.blob_ids(blob_id[-2:])) == []

    def test_a_failed_sync_is_never_believed_later(
        self, store: FolderBlobStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After an error the kernel reports success for pages that it dropped."""

        def broken(descriptor: int) -> None:
            raise OSError(errno.EIO, "broken disk")

        with store.stage(BlobId(new_id())) as staged:
            staged.write(b"lost")
            with monkeypatch.context() as patch:
                patch.setattr(os, "fdatasync", broken)
                with pytest.raises(OSError, match="broken disk"):
                    staged.flush()

            with pytest.raises(OSError, match="earlier sync"):
                staged.flush()


class TestFastFolder(BlobStoreContract):
    """A folder that does not sync."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> FolderBlobStore:
        """An empty folder."""
        return FolderBlobStore(tmp_path / "store", is_safe=False)
