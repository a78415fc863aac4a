"""Whether the disk has room for an upload."""

import shutil
from pathlib import Path

import pytest

from ocsync.uploads.room import Room
from spaces.errors import StorageFull


@pytest.mark.parametrize("length", [None, 0, 1])
def test_a_disk_with_room(tmp_path: Path, length: int | None) -> None:
    """What fits is not refused."""
    Room(folder=tmp_path, spare_bytes=0).require(length)


@pytest.mark.parametrize("length", [None, 0, 1])
def test_too_little_would_stay_free(tmp_path: Path, length: int | None) -> None:
    """Even uploads without a byte, or of unknown length, find the disk full."""
    total = shutil.disk_usage(tmp_path).total

    with pytest.raises(StorageFull):
        Room(folder=tmp_path, spare_bytes=total + 1).require(length)


def test_longer_than_the_disk(tmp_path: Path) -> None:
    """What has been announced counts as if it were there."""
    total = shutil.disk_usage(tmp_path).total

    with pytest.raises(StorageFull):
        Room(folder=tmp_path, spare_bytes=0).require(total + 1)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """That is for the store to complain of."""
    Room(folder=tmp_path / "missing", spare_bytes=0).require(1)


def test_where_the_content_lies() -> None:
    """The folder of a file URL; elsewhere nobody knows how much there is."""
    room = Room.at("file:///a%20b/blobs", spare_bytes=1)
    assert room.folder == Path("/a b/blobs")

    elsewhere = Room.at("s3://bucket/prefix", spare_bytes=1)
    elsewhere.require(2**63 - 1)
    assert elsewhere.folder is None
