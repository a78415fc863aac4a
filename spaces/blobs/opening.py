"""Which blob store a URL means."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from spaces.blobs.base import BlobStore
from spaces.blobs.folder import FolderBlobStore
from spaces.policy import Durability


def open_blobs(url: str, *, durability: Durability) -> BlobStore:
    """The store at `file:///a/folder`.

    Raises:
        ValueError: the URL names something unknown.
        OSError: the folder cannot be used.
    """
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"}:
        raise ValueError(f"content can be kept in a file:/// folder, not in {url!r}")
    return FolderBlobStore(
        Path(unquote(parts.path)), is_safe=durability is Durability.SAFE
    )
