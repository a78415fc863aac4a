"""Hints to write early: what is asked for, and that asking ends by itself."""

from pathlib import Path

import pytest

from spaces.blobs import writeback
from spaces.blobs.directories import DirectorySync
from spaces.blobs.folder import FolderBlobStore
from spaces.blobs.layout import STAGING
from spaces.blobs.writeback import STEP_BYTES, Writeback
from spaces.ids import BlobId, new_id


def test_whole_pages_are_asked_for_step_by_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Little is not worth asking, and the page that still grows is left alone."""
    asked: list[tuple[int, int, int]] = []
    monkeypatch.setattr(
        writeback, "_asking", lambda: lambda *wanted: asked.append(wanted)
    )
    monkeypatch.setattr(writeback, "_IDLE_SECONDS", 0.01)
    hints = Writeback()

    assert hints.begin(7, 0, STEP_BYTES - 1) == 0
    assert hints.begin(7, 0, STEP_BYTES + 5) == STEP_BYTES
    thread = hints._thread
    assert thread is not None
    thread.join(20)

    assert asked == [(7, 0, STEP_BYTES)]
    assert hints._thread is None
    assert hints.begin(7, STEP_BYTES, 2 * STEP_BYTES) == 2 * STEP_BYTES


def test_the_system_takes_the_hint(tmp_path: Path) -> None:
    """The call is there and harmless, also when the file has been closed."""
    ask = writeback._asking()
    if ask is None:
        pytest.skip("this system has no such call")
    path = tmp_path / "file"
    path.write_bytes(bytes(STEP_BYTES))

    with path.open("rb") as file:
        descriptor = file.fileno()
        ask(descriptor, 0, STEP_BYTES)
    ask(descriptor, 0, STEP_BYTES)

    assert path.read_bytes() == bytes(STEP_BYTES)


def test_a_name_is_synced_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the first flush; going on later costs no sync of the folder again."""
    synced: list[str] = []
    monkeypatch.setattr(DirectorySync, "sync", lambda _, name: synced.append(name))
    store, blob_id = FolderBlobStore(tmp_path / "store", is_safe=True), _fresh()
    del synced[:]

    with store.stage(blob_id) as staged:
        staged.write(b"one")
        staged.flush()
        staged.flush()
    with store.resume(blob_id, 3) as staged:
        staged.write(b"two")
        staged.flush()

    assert synced == [STAGING]


def test_what_was_staged_unsynced_has_a_durable_name_after_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mode may have been `fast` before."""
    with FolderBlobStore(tmp_path / "store", is_safe=False).stage(_fresh()) as staged:
        staged.write(b"one")
    synced: list[str] = []
    monkeypatch.setattr(DirectorySync, "sync", lambda _, name: synced.append(name))

    FolderBlobStore(tmp_path / "store", is_safe=True)

    assert synced == [STAGING]


def test_an_upload_begun_again_at_nothing_is_named_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was known to be good, so its name was not either."""
    store, blob_id = FolderBlobStore(tmp_path / "store", is_safe=True), _fresh()
    synced: list[str] = []
    monkeypatch.setattr(DirectorySync, "sync", lambda _, name: synced.append(name))
    store.stage(blob_id).close()

    with store.resume(blob_id, 0) as staged:
        staged.flush()

    assert synced == [STAGING]


def _fresh() -> BlobId:
    return BlobId(new_id())
