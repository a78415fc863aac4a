"""Backup: complete while others write, incremental, and good for a restore."""

import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from spaces.backup import BackedUp, back_up
from spaces.backup_folder import BackupError
from spaces.blobs.base import BlobReader
from spaces.blobs.folder import FolderBlobStore
from spaces.clock import DAY, HOUR
from spaces.db.engine import Database, open_database
from spaces.errors import BlobNotFound, UploadNotFound
from spaces.ids import BlobId, new_id
from spaces.library import Library
from spaces.policy import Policy
from spaces.restore import restore, verify
from spaces.upload_model import Claim, Lifetime, NewUpload, Upload
from tests.domain import Desk, StepClock


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobStore:
    """The contents of the installation."""
    return FolderBlobStore(tmp_path / "blobs", is_safe=False)


@pytest.fixture
def library(database: Database, blobs: FolderBlobStore) -> Library:
    """An installation whose metadata is one file."""
    if not database.is_sqlite:
        pytest.skip("backups are of SQLite files")
    return Library.open(database=database, blobs=blobs, policy=Policy())


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    """A folder that is not there yet."""
    return tmp_path / "backups" / "daily"


def read(desk: Desk, path: str) -> bytes:
    """The content of a file."""
    node = desk.library.tree.get(desk.actor, desk.place(path)).node
    assert node.content is not None
    with desk.library.files.open(node.content) as reader:
        return reader.read()


@pytest.fixture
def restored(
    desk: Desk, destination: Path, tmp_path: Path
) -> Iterator[Callable[[], Desk]]:
    """Call it to restore the backup, and to work there like before."""
    data = tmp_path / "restored"
    opened: list[Database] = []

    def bring_back() -> Desk:
        blobs = FolderBlobStore(data / "blobs", is_safe=False)
        restore(destination, data=data, database_name="ocsync.db", blobs=blobs)
        database = open_database(f"sqlite:///{data / 'ocsync.db'}")
        opened.append(database)
        library = Library.open(database=database, blobs=blobs, policy=Policy())
        return replace(desk, library=library)

    yield bring_back
    for database in opened:
        database.close()


def make(desk: Desk, destination: Path, *files: Path) -> BackedUp:
    """Back the desk's library up."""
    library = desk.library
    return back_up(
        destination, database=library.database, blobs=library.blobs, files=files
    )


def begin_upload(desk: Desk, path: str, data: bytes) -> Upload:
    """An upload of 100 bytes that has received these."""
    new = NewUpload(dialect="tus", length=100, lifetime=Lifetime(DAY))
    upload = desk.library.uploads.create(desk.actor, new, desk.place(path))
    upload = desk.library.uploads.claim(upload, "test", Claim.FREE)
    with desk.library.blobs.stage(upload.blob_id) as staged:
        staged.write(data)
    return desk.library.uploads.advance(
        upload, offset=len(data), length=100, hash_state=None
    )


def test_what_was_backed_up_comes_back(
    desk: Desk, destination: Path, restored: Callable[[], Desk]
) -> None:
    """Names, sizes, versions and bytes are as they were."""
    desk.library.tree.make_folder(desk.actor, desk.place("folder"))
    desk.put("folder/a.txt", b"content of a")
    node = desk.put("b.txt", b"first").node
    desk.put("b.txt", b"second")

    made = make(desk, destination)
    again = restored()

    assert (made.blobs, made.copied_blobs, made.missing) == (3, 3, ())
    assert again.listing() == desk.listing()
    assert again.space.etag == desk.space.etag
    assert read(again, "folder/a.txt") == b"content of a"
    assert read(again, "b.txt") == b"second"
    (version,) = again.library.versions.list(again.actor, node.id)
    with again.library.files.open(version.content) as reader:
        assert reader.read() == b"first"


def test_an_open_upload_goes_on_after_the_restore(
    desk: Desk, destination: Path, restored: Callable[[], Desk]
) -> None:
    """It has the bytes that its row vouches for, and no writer holds it."""
    upload = begin_upload(desk, "a.bin", b"0123456789")
    with desk.library.blobs.resume(upload.blob_id, 10) as staged:
        staged.write(b"not yet recorded")

    made = make(desk, destination)
    again = restored()

    assert made.uploads == 1
    found = again.library.uploads.get(upload.id)
    assert (found.offset, found.holder) == (10, None)
    with again.library.blobs.open_staged(upload.blob_id) as reader:
        assert reader.read() == b"0123456789"
    assert again.space.quota.reserved == 100


def test_an_upload_that_lost_its_bytes_is_forgotten(
    desk: Desk, destination: Path, restored: Callable[[], Desk]
) -> None:
    """What it held of the quota is free again; the original is left alone."""
    upload = begin_upload(desk, "a.bin", b"0123456789")
    desk.library.blobs.discard(upload.blob_id)

    made = make(desk, destination)
    again = restored()

    assert made.uploads == 0
    with pytest.raises(UploadNotFound):
        again.library.uploads.get(upload.id)
    assert again.space.quota.reserved == 0
    assert desk.space.quota.reserved == 100


def test_a_second_backup_copies_only_what_is_new(
    desk: Desk, destination: Path, restored: Callable[[], Desk]
) -> None:
    """The folder then holds the present state and nothing else."""
    desk.put("old.txt", b"old")
    gone = desk.put("gone.txt", b"gone").node
    make(desk, destination)
    desk.put("new.txt", b"new")
    desk.library.tree.remove(desk.actor, desk.place("gone.txt"))
    desk.library.trash.purge(desk.actor, desk.space_id, gone.id)
    desk.library.sweeper.sweep()

    made = make(desk, destination)

    assert made.copied_blobs == 1
    assert set(restored().listing()) == {"old.txt", "new.txt"}


def test_lost_content_is_named(
    desk: Desk, destination: Path, restored: Callable[[], Desk]
) -> None:
    """The rest is backed up all the same, and can be restored."""
    content = desk.put("lost.txt", b"lost").node.content
    assert content is not None
    desk.put("kept.txt", b"kept")
    desk.library.blobs.remove(content.blob_id)

    made = make(desk, destination)

    assert made.missing == (content.blob_id,)
    assert verify(destination, deep=False).missing == (content.blob_id,)
    assert read(restored(), "kept.txt") == b"kept"


def test_damage_in_a_backup_is_found(desk: Desk, destination: Path) -> None:
    """A changed byte shows only when every byte is read."""
    content = desk.put("a.txt", b"good content").node.content
    assert content is not None
    make(desk, destination)
    whole = verify(destination, deep=True)
    assert whole.missing == whole.damaged == ()
    blob_id = content.blob_id
    path = destination / "content" / "blobs" / blob_id[-2:] / blob_id
    path.write_bytes(b"evil content")

    assert verify(destination, deep=False) == whole
    assert verify(destination, deep=True).damaged == (blob_id,)


def test_contents_stay_while_a_backup_reads_them(
    desk: Desk, destination: Path, clock: StepClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the copied rows name is not swept away before it is copied."""
    node = desk.put("a.txt", b"content of a").node
    assert node.content is not None
    library = desk.library
    original_open = library.blobs.open

    def sweep_first(blob_id: BlobId) -> BlobReader:
        desk.library.tree.remove(desk.actor, desk.place("a.txt"))
        desk.library.trash.purge(desk.actor, desk.space_id, node.id)
        library.sweeper.sweep()
        clock.advance(2 * HOUR)
        library.sweeper.sweep()
        return original_open(blob_id)

    monkeypatch.setattr(library.blobs, "open", sweep_first)
    made = make(desk, destination)
    monkeypatch.undo()
    library.sweeper.sweep()
    clock.advance(2 * HOUR)
    library.sweeper.sweep()

    assert made.missing == ()
    with pytest.raises(BlobNotFound):
        library.blobs.open(node.content.blob_id)


def test_further_files_are_kept_private(
    desk: Desk, destination: Path, tmp_path: Path, restored: Callable[[], Desk]
) -> None:
    """Secrets come back, for their owner only; what is not there is left out."""
    secrets = tmp_path / "secrets.json"
    secrets.write_text("{}")

    made = make(desk, destination, secrets, tmp_path / "ocsync.toml")
    restored()

    assert made.files == 1
    copy = tmp_path / "restored" / "secrets.json"
    assert copy.read_text() == "{}"
    private = [copy, tmp_path / "restored" / "ocsync.db", destination / "metadata.db"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    assert stat.S_IMODE(destination.stat().st_mode) == 0o700


def test_a_folder_with_something_else_is_refused(desk: Desk, tmp_path: Path) -> None:
    """Nobody's files are mixed with a backup."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")

    with pytest.raises(BackupError, match="holds no backup"):
        make(desk, tmp_path / "other")


def test_an_unfinished_backup_is_not_restored(
    desk: Desk, destination: Path, restored: Callable[[], Desk]
) -> None:
    """One that broke off is refused, and completed by the next."""
    desk.put("a.txt", b"content")
    make(desk, destination)
    (destination / "metadata.db").rename(destination / "metadata.db.new")

    with pytest.raises(BackupError, match="never finished"):
        restored()
    make(desk, destination)

    assert set(restored().listing()) == {"a.txt"}


def test_a_restore_never_overwrites(
    desk: Desk, destination: Path, tmp_path: Path
) -> None:
    """A folder with an installation in it is refused, and so is a used store."""
    desk.put("a.txt", b"content")
    make(desk, destination)
    empty = FolderBlobStore(tmp_path / "empty", is_safe=False)
    data = tmp_path / "data"
    data.mkdir()
    (data / "ocsync.db").touch()

    with pytest.raises(BackupError, match="holds something already"):
        restore(destination, data=data, database_name="ocsync.db", blobs=empty)
    with pytest.raises(BackupError, match="holds something already"):
        restore(
            destination,
            data=tmp_path / "new",
            database_name="ocsync.db",
            blobs=desk.library.blobs,
        )


def test_a_restore_leaves_uploads_of_others_alone(
    desk: Desk, destination: Path, tmp_path: Path
) -> None:
    """A store in which somebody has begun an upload is used, too."""
    make(desk, destination)
    used = FolderBlobStore(tmp_path / "used", is_safe=False)
    with used.stage(BlobId(new_id())) as staged:
        staged.write(b"begun")

    with pytest.raises(BackupError, match="holds something already"):
        restore(
            destination, data=tmp_path / "data", database_name="ocsync.db", blobs=used
        )


def test_what_is_no_backup_is_refused(tmp_path: Path, blobs: FolderBlobStore) -> None:
    """In one clear line."""
    with pytest.raises(BackupError, match="holds no backup"):
        verify(tmp_path / "nowhere", deep=False)
    (tmp_path / "backup.json").write_text('{"format": 99}')
    with pytest.raises(BackupError, match="another version"):
        restore(tmp_path, data=tmp_path / "d", database_name="o.db", blobs=blobs)
    (tmp_path / "backup.json").write_text("{")
    with pytest.raises(BackupError, match="damaged"):
        verify(tmp_path, deep=False)


def test_another_database_has_its_own_way(
    database: Database, destination: Path, blobs: FolderBlobStore
) -> None:
    """The refusal says which."""
    if database.is_sqlite:
        pytest.skip("backups are of SQLite files")

    with pytest.raises(BackupError, match="pg_dump"):
        back_up(destination, database=database, blobs=blobs)
    assert not destination.exists()
