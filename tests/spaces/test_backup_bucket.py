"""Backups of an installation whose content is in a bucket: named, not copied."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from spaces.backup import back_up
from spaces.backup_folder import BackupError
from spaces.blobs.s3.store import S3BlobStore
from spaces.db.engine import Database, open_database
from spaces.library import Library
from spaces.policy import Policy
from spaces.restore import restore, verify
from tests.domain import Desk
from tests.memory_blobs import MemoryBlobStore
from tests.s3_server import S3Server, s3_server


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    """An S3 server."""
    with s3_server() as server:
        yield server


@pytest.fixture
def blobs(s3: S3Server) -> S3BlobStore:
    """The contents of the installation."""
    return S3BlobStore(s3.make_bucket(), prefix=f"{uuid4()}/")


@pytest.fixture
def library(database: Database, blobs: S3BlobStore) -> Library:
    """An installation whose metadata is one file."""
    if not database.is_sqlite:
        pytest.skip("backups are of SQLite files")
    return Library.open(database=database, blobs=blobs, policy=Policy())


def test_content_stays_in_its_bucket(
    desk: Desk, blobs: S3BlobStore, tmp_path: Path
) -> None:
    """A restore finds it there, and says what has gone since."""
    kept = desk.put("kept.txt", b"kept").node
    gone = desk.put("gone.txt", b"gone").node
    assert kept.content is not None
    assert gone.content is not None
    folder = tmp_path / "backup"

    done = back_up(folder, database=desk.library.database, blobs=blobs)

    assert (done.reference, done.copied_blobs) == (blobs.reference, 0)
    whole = verify(folder, deep=True, blobs=blobs)
    assert whole.missing == whole.damaged == ()
    blobs.remove(gone.content.blob_id)
    assert verify(folder, deep=True, blobs=blobs).missing == (gone.content.blob_id,)
    data = tmp_path / "restored"
    restored = restore(folder, data=data, database_name="ocsync.db", blobs=blobs)
    assert restored.missing == (gone.content.blob_id,)
    database = open_database(f"sqlite:///{data / 'ocsync.db'}")
    again = Library.open(database=database, blobs=blobs, policy=Policy())
    node = again.tree.get(desk.actor, desk.place("kept.txt")).node
    assert node.content is not None
    with again.files.open(node.content) as reader:
        assert reader.read() == b"kept"
    database.close()


def test_another_store_is_refused(
    desk: Desk, blobs: S3BlobStore, tmp_path: Path
) -> None:
    """Metadata without its content would be no installation."""
    desk.put("a.txt")
    folder = tmp_path / "backup"
    back_up(folder, database=desk.library.database, blobs=blobs)

    with pytest.raises(BackupError, match="contents of this backup are in s3://"):
        verify(folder, deep=False)
    with pytest.raises(BackupError, match="OCSYNC_BLOB_URL"):
        restore(
            folder,
            data=tmp_path / "restored",
            database_name="ocsync.db",
            blobs=MemoryBlobStore(),
        )
