"""Which blob store a URL means."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from spaces.blobs.base import BlobStore
from spaces.blobs.folder import FolderBlobStore
from spaces.blobs.s3.address import S3Address, S3Credentials
from spaces.policy import Durability


def open_blobs(
    url: str, *, durability: Durability, credentials: S3Credentials | None = None
) -> BlobStore:
    """The store at `file:///a/folder` or `s3://bucket/prefix?endpoint=…`.

    Raises:
        ValueError: the URL names something unknown.
        OSError: the folder cannot be used.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3":
        return _open_bucket(S3Address.parse(url), credentials)
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"}:
        raise ValueError(
            "content can be kept in a file:///FOLDER or an s3://BUCKET/PREFIX,"
            f" not in {parts.scheme or url!r}"
        )
    return FolderBlobStore(
        Path(unquote(parts.path)), is_safe=durability is Durability.SAFE
    )


def _open_bucket(address: S3Address, credentials: S3Credentials | None) -> BlobStore:
    try:
        # Only now: it takes a quarter of a second, and is an extra.
        from spaces.blobs.s3.bucket import Bucket  # noqa: PLC0415
        from spaces.blobs.s3.store import S3BlobStore  # noqa: PLC0415
    except ImportError as error:
        raise ValueError("a bucket needs more: pip install ocsync[s3]") from error
    return S3BlobStore(Bucket(address, credentials), prefix=address.prefix)
