"""Where a blob lies in a folder: ids to relative paths, and nothing else."""

from typing import Final

from spaces.ids import BlobId, is_id

STAGING: Final = "staging"
SEALED: Final = "blobs"
SHARDS: Final = tuple(f"{number:02x}" for number in range(256))
"""The last two digits of an id are random in every UUID, so shards stay even."""


def require_blob_id(blob_id: BlobId) -> BlobId:
    """Return the id if it is one; nothing else may become part of a path.

    Raises:
        ValueError: it is not.
    """
    if not is_id(blob_id):
        raise ValueError("not a blob id")
    return blob_id


def shard_of(blob_id: BlobId) -> str:
    """The shard a blob belongs to."""
    return blob_id[-2:]


def staged_path(blob_id: BlobId) -> str:
    """Where it grows."""
    return f"{STAGING}/{require_blob_id(blob_id)}"


def sealed_folder(blob_id: BlobId) -> str:
    """The folder where it stays."""
    return f"{SEALED}/{shard_of(blob_id)}"


def sealed_path(blob_id: BlobId) -> str:
    """Where it stays."""
    return f"{sealed_folder(require_blob_id(blob_id))}/{blob_id}"
