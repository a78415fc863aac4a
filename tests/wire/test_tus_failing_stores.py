"""Uploads over a disk or a database that fails: nothing is claimed that is not there.

Tests are named by the rows of the fault matrix (`docs/tus.md`).
"""

import errno
import os
from typing import NoReturn

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from webtest import TestApp

from ocsync.settings import Settings
from spaces.db import uploads as rows
from spaces.errors import StorageFull
from spaces.library import Library
from spaces.model import Space
from spaces.upload_model import Upload
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus


@pytest.fixture
def overrides() -> dict[str, object]:
    """Bytes are flushed to the disk."""
    return {"storage.durability": "safe"}


@pytest.fixture
def tus(app: TestApp, admin: Person, home: Space) -> Tus:
    """A client of the plain dialect."""
    return Tus(app, "/files", admin.basic)


def fail_to_flush(_: int) -> NoReturn:
    """What a broken disk does."""
    raise OSError(errno.EIO, "broken disk")


def find_full(*_: object) -> NoReturn:
    """What SQLite says when its disk is full."""
    raise OperationalError("UPDATE", {}, Exception("database or disk is full"))


def finish(tus: Tus, path: str, offset: int, content: bytes) -> bytes:
    """What is there in the end."""
    assert tus.offset(path) == offset
    tus.patch(path, offset, content[offset:])
    return bytes(tus.app.get(path, headers=dict(tus.auth)).body)


def test_f04_bytes_are_on_the_disk_before_the_row_says_so(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut at any moment finds no row that is ahead of its bytes."""
    path, order = tus.start(6), list[str]()
    flush, advance = os.fdatasync, rows.advance

    def flushing(descriptor: int) -> None:
        flush(descriptor)
        order.append("bytes")

    def advancing(connection: Connection, upload: Upload) -> bool:
        order.append(f"row at {upload.offset}")
        return advance(connection, upload)

    monkeypatch.setattr(os, "fdatasync", flushing)
    monkeypatch.setattr(rows, "advance", advancing)
    tus.patch(path, 0, b"abc")

    assert order == ["bytes", "row at 3"]


def test_f07_bytes_that_could_not_be_flushed(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row stays where it was, and what was written is cut away and sent again."""
    path = tus.start(6)
    tus.patch(path, 0, b"abc")
    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", fail_to_flush)
        tus.patch(path, 3, b"xyz", status=500)

    assert finish(tus, path, 3, b"abcdef") == b"abcdef"


def test_f06_rows_that_could_not_be_written(
    tus: Tus, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No byte is acknowledged that the database does not know of."""
    path = tus.start(6)
    tus.patch(path, 0, b"abc")
    with monkeypatch.context() as full:
        full.setattr("spaces.db.uploads.advance", find_full)
        answer = tus.patch(path, 3, b"xyz", status="*")
        assert answer.status_int >= 500
        assert "Upload-Offset" not in answer.headers

    assert finish(tus, path, 3, b"abcdef") == b"abcdef"
    assert library.uploads.list_open() == []


def test_f06_a_disk_without_room_for_rows(
    tus: Tus, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that no row knows of give way, or nothing could be deleted any more."""
    path = tus.start(6)
    tus.patch(path, 0, b"abc")

    def find_no_room(*_: object) -> NoReturn:
        raise StorageFull

    with monkeypatch.context() as full:
        full.setattr("spaces.db.uploads.advance", find_no_room)
        tus.patch(path, 3, b"xyz", status=507)

    (staged,) = (settings.data / "blobs" / "staging").iterdir()
    assert staged.read_bytes() == b"abc"
    assert finish(tus, path, 3, b"abcdef") == b"abcdef"


def test_f06_a_file_that_could_not_be_recorded(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last part may fail; whoever asks then finishes the upload."""
    path = tus.start(3)
    with monkeypatch.context() as full:
        full.setattr("spaces.db.uploads.close", find_full)
        assert tus.patch(path, 0, b"abc", status="*").status_int >= 500

    head = tus.head(path)

    assert head.headers["Upload-Offset"] == "3"
    assert bytes(tus.app.get(path, headers=dict(tus.auth)).body) == b"abc"
