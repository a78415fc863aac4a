"""What survives a power cut: first bytes are synced, then names, then it is told."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from spaces.blobs.folder import FolderBlobStore
from spaces.ids import BlobId, new_id

ID = BlobId(new_id())
SHARD = f"blobs/{ID[-2:]}"


class Diary:
    """What the store asked of the kernel, with paths below its folder."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lines: list[str] = []
        self._root = root
        rename = os.rename

        def renamed(source: str, target: str) -> None:
            self.lines.append(f"rename to {Path(target).relative_to(root)}")
            rename(source, target)

        monkeypatch.setattr(os, "fdatasync", self._noted("bytes of", os.fdatasync))
        monkeypatch.setattr(os, "fsync", self._noted("names in", os.fsync))
        monkeypatch.setattr(os, "rename", renamed)

    def _noted(self, what: str, sync: Callable[[int], None]) -> Callable[[int], None]:
        def synced(descriptor: int) -> None:
            path = Path(f"/proc/self/fd/{descriptor}").readlink()
            self.lines.append(f"{what} {path.relative_to(self._root)}")
            sync(descriptor)

        return synced


def store_at(root: Path, *, is_safe: bool = True) -> FolderBlobStore:
    """An empty store, made before anything is noted."""
    return FolderBlobStore(root, is_safe=is_safe)


def test_small_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written where it stays: first its bytes are kept, then its name."""
    store = store_at(tmp_path)
    diary = Diary(tmp_path, monkeypatch)

    store.put(ID, b"small")

    assert diary.lines == [f"bytes of {SHARD}/{ID}", f"names in {SHARD}"]


def test_content_that_is_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No name in `blobs` before all of its bytes."""
    store = store_at(tmp_path)
    diary = Diary(tmp_path, monkeypatch)

    with store.stage(ID) as staged:
        staged.write(b"large")
        staged.seal()

    assert diary.lines == [
        f"bytes of staging/{ID}",
        f"rename to {SHARD}/{ID}",
        f"names in {SHARD}",
    ]


def test_content_that_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each offset that is told is kept; its name need be kept only once."""
    store = store_at(tmp_path)
    diary = Diary(tmp_path, monkeypatch)

    with store.stage(ID) as staged:
        staged.write(b"one")
        staged.flush()
        staged.write(b"two")
        staged.flush()

    assert diary.lines == [
        f"bytes of staging/{ID}",
        "names in staging",
        f"bytes of staging/{ID}",
    ]


def test_sealing_what_is_sealed_keeps_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sealed it before may have crashed before its name was kept."""
    store = store_at(tmp_path)
    store.put(ID, b"small")
    diary = Diary(tmp_path, monkeypatch)

    store.seal(ID, 5)

    assert diary.lines == [f"names in {SHARD}"]


def test_a_new_store_keeps_its_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blob whose folder is lost is lost with it."""
    diary = Diary(tmp_path, monkeypatch)

    store_at(tmp_path / "data" / "store")

    assert diary.lines == [
        "names in data/store/blobs",
        "names in data/store",
        "names in data",
    ]


def test_a_fast_store_syncs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`fast` promises to survive the end of the process, not that of the power."""
    store = store_at(tmp_path, is_safe=False)
    diary = Diary(tmp_path, monkeypatch)

    store.put(ID, b"small")
    with store.stage(BlobId(new_id())) as staged:
        staged.write(b"large")
        staged.flush()
        staged.seal()

    assert [line for line in diary.lines if not line.startswith("rename")] == []
