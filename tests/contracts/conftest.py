"""Servers that the suites of stores reached over a network share."""

from collections.abc import Iterator

import pytest

from spaces.blobs.s3.bucket import Bucket
from tests.s3_server import SMALL_PARTS, S3Server, s3_server


@pytest.fixture(scope="session")
def small_s3() -> Iterator[S3Server]:
    """An S3 server that takes small parts, so that tests are quick."""
    with s3_server(least_part_bytes=SMALL_PARTS) as server:
        yield server


@pytest.fixture(scope="session")
def real_s3() -> Iterator[S3Server]:
    """An S3 server that demands 5 MiB, as S3 does."""
    with s3_server() as server:
        yield server


@pytest.fixture(scope="session")
def small_bucket(small_s3: S3Server) -> Bucket:
    """A bucket for small parts; each test takes a prefix of its own."""
    return small_s3.make_bucket()


@pytest.fixture(scope="session")
def real_bucket(real_s3: S3Server) -> Bucket:
    """A bucket for parts as S3 demands them."""
    return real_s3.make_bucket()
