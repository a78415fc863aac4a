"""Memory keeps the contract of blob stores."""

import pytest

from tests.contracts.blob_store import BlobStoreContract
from tests.memory_blobs import MemoryBlobStore


class TestMemory(BlobStoreContract):
    """Dictionaries."""

    @pytest.fixture
    def store(self) -> MemoryBlobStore:
        """Empty ones."""
        return MemoryBlobStore()
