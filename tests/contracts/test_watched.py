"""A store that is watched keeps the contract of the store it passes on to."""

from pathlib import Path

import pytest

from spaces.blobs.folder import FolderBlobStore
from spaces.blobs.watched import WatchedBlobs
from spaces.watch import UNWATCHED
from tests.contracts.blob_store import BlobStoreContract


class TestWatched(BlobStoreContract):
    """A folder with somebody looking on."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> WatchedBlobs:
        """An empty folder."""
        store = FolderBlobStore(tmp_path / "store", is_safe=False)
        return WatchedBlobs(store, watch=UNWATCHED)
