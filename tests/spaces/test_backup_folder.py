"""What a backup writes beside contents survives a power cut, and is its owner's."""

import os
import stat
from pathlib import Path

import pytest

from spaces.backup_folder import copy_private, write_private

Synced = tuple[str, bytes | list[str]]


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Synced]:
    """What is synced, in order: files with their content, folders with their names."""
    seen: list[Synced] = []

    def note(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_dir():
            seen.append((".", sorted(each.name for each in path.iterdir())))
        else:
            seen.append((path.name, path.read_bytes()))

    monkeypatch.setattr(os, "fsync", note)
    return seen


def test_written_files(tmp_path: Path, synced: list[Synced]) -> None:
    """First all bytes, then the name: a cut leaves the old file or the new one."""
    path = tmp_path / "manifest"
    path.write_bytes(b"old")

    write_private(path, b"new")

    assert synced == [("manifest.new", b"new"), (".", ["manifest"])]
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_copied_files(tmp_path: Path, synced: list[Synced]) -> None:
    """Likewise: an earlier backup's copy is not lost before the new one is there."""
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"content")

    copy_private(source, target)

    assert synced == [("target.new", b"content"), (".", ["source", "target"])]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
