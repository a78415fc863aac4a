"""A bucket keeps the contract of blob stores."""

from uuid import uuid4

import pytest

from spaces.blobs.s3.bucket import Bucket
from spaces.blobs.s3.parts import PartPlan
from spaces.blobs.s3.store import S3BlobStore
from tests.contracts.blob_store import BlobStoreContract

STRANGE: str = "a b/ü&+%25<'\">=;"
"""Characters that mean something in URLs and in XML."""


class TestS3(BlobStoreContract):
    """Parts as S3 takes them; what is small never becomes one."""

    @pytest.fixture
    def store(self, real_bucket: Bucket) -> S3BlobStore:
        """An empty prefix."""
        return S3BlobStore(real_bucket, prefix=f"{uuid4()}/")


class TestS3InManyParts(BlobStoreContract):
    """Small parts, so that most of what the suite writes needs many."""

    @pytest.fixture
    def store(self, small_bucket: Bucket) -> S3BlobStore:
        """An empty prefix with characters that mean something elsewhere."""
        plan = PartPlan((8, 64 * 1024), (9_000, 256 * 1024))
        prefix = f"{uuid4()}/{STRANGE}/"
        return S3BlobStore(small_bucket, prefix=prefix, plan=plan)
