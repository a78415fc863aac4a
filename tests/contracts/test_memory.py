"""Memory keeps the contract of blob stores."""

import pytest

from spaces.blobs.memory import MemoryBlobStore
from tests.contracts.blob_store import BlobStoreContract


class TestMemory(BlobStoreContract):
    """Dictionaries."""

    @pytest.fixture
    def store(self) -> MemoryBlobStore:
        """Empty ones."""
        return MemoryBlobStore()
