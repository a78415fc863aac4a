"""tus 1.0.0 at `/files`: joining parts costs room once, and happens once."""

from typing import Final, NoReturn

import pytest

from ocsync.settings import Settings
from ocsync.tus.mounts import open_engine
from ocsync.tus.plain import plain_dialect
from spaces.clock import DAY
from spaces.errors import StorageFull
from spaces.ids import UploadId
from spaces.library import Library
from spaces.model import Space
from spaces.room import Room
from spaces.upload_model import Lifetime, UploadKind, UploadState
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus, path_of
from tests.wire.tus_plain.calls import landed, part, read

TERMS: Final = plain_dialect(lifetime=Lifetime(DAY), max_size=None).terms


def test_joined_bytes_are_charged_once(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """What parts held of the quota goes over to the file."""
    library.catalog.update(admin.actor, home.id, quota=10)
    urls = [part(tus, b"x" * 5), part(tus, b"y" * 5)]

    tus.create(None, Upload_Concat=f"final;{' '.join(urls)}")

    quota = library.catalog.get(admin.actor, home.id).quota
    assert (quota.used, quota.reserved) == (10, 0)


def refuse_room(*_: object) -> NoReturn:
    """A disk that is full."""
    raise StorageFull


def test_joining_what_the_disk_cannot_hold(
    tus: Tus, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """507 before a byte is copied; it goes on when there is room."""
    url = part(tus, b"ab")
    with monkeypatch.context() as full:
        full.setattr(Room, "require", refuse_room)
        tus.create(None, Upload_Concat=f"final;{url}", status=507)
    (waiting,) = [
        upload
        for upload in library.uploads.list_open()
        if upload.kind is UploadKind.FINAL
    ]

    assert tus.offset(f"/files/{waiting.id}") == 2


def test_two_ask_for_a_final_at_once(
    tus: Tus, settings: Settings, library: Library, admin: Person, home: Space
) -> None:
    """Who looked before another made it gets the same answer, whatever came since."""
    first = tus.create(3, Upload_Concat="partial").headers["Location"]
    path = path_of(tus.create(None, Upload_Concat=f"final;{first}"))
    seen = library.uploads.get(UploadId(path.rpartition("/")[2]))
    engine = open_engine(settings, library)
    tus.patch(first.removeprefix("http://localhost"), 0, b"abc")

    second = engine.probe(seen, TERMS, None)
    tus.delete(first.removeprefix("http://localhost"))
    third = engine.probe(seen, TERMS, None)

    assert second.result == third.result == library.uploads.get(seen.id).result
    assert second.state is UploadState.FINISHED
    assert read(tus, path) == b"abc"
    assert len(landed(library, admin, home)) == 1


def test_joining_that_failed_is_charged_once(
    tus: Tus,
    library: Library,
    admin: Person,
    home: Space,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A store that was full when parts were to be joined leaves no quota behind."""
    url = part(tus, b"x" * 5)

    with monkeypatch.context() as full:
        full.setattr(type(library.blobs), "concatenate", refuse_room)
        tus.create(None, Upload_Concat=f"final;{url}", status=507)
    (waiting,) = [
        upload
        for upload in library.uploads.list_open()
        if upload.kind is UploadKind.FINAL
    ]
    assert library.catalog.get(admin.actor, home.id).quota.reserved == 5
    tus.head(f"/files/{waiting.id}")

    quota = library.catalog.get(admin.actor, home.id).quota
    assert (quota.used, quota.reserved) == (5, 0)
