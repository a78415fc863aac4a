"""Whether there is room for what is announced."""

import shutil
from pathlib import Path

import pytest

from spaces.blobs.folder import FolderBlobStore
from spaces.errors import StorageFull
from spaces.room import Room
from tests.memory_blobs import MemoryBlobStore


def room_in(folder: Path, *, spare_bytes: int) -> Room:
    """The room of the disk that a folder is on."""
    return Room(FolderBlobStore(folder, is_safe=False), spare_bytes=spare_bytes)


@pytest.mark.parametrize("length", [None, 0, 1])
def test_a_disk_with_room(tmp_path: Path, length: int | None) -> None:
    """What fits is not refused."""
    room_in(tmp_path, spare_bytes=0).require(length)


@pytest.mark.parametrize("length", [None, 0, 1])
def test_too_little_would_stay_free(tmp_path: Path, length: int | None) -> None:
    """Even content without a byte, or of unknown length, finds the disk full."""
    total = shutil.disk_usage(tmp_path).total

    with pytest.raises(StorageFull):
        room_in(tmp_path, spare_bytes=total + 1).require(length)


def test_longer_than_the_disk(tmp_path: Path) -> None:
    """What has been announced counts as if it were there."""
    total = shutil.disk_usage(tmp_path).total

    with pytest.raises(StorageFull):
        room_in(tmp_path, spare_bytes=0).require(total + 1)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """That is for the store to complain of."""
    room = room_in(tmp_path / "blobs", spare_bytes=0)
    shutil.rmtree(tmp_path / "blobs")

    room.require(1)


def test_a_store_that_cannot_tell() -> None:
    """Of a bucket nobody knows how much there is."""
    Room(MemoryBlobStore(), spare_bytes=1).require(2**63 - 1)
