"""POST on WebDAV URLs: what quota and disk have room for.

Tests are named by the rows of the oCIS case table (`docs/tus.md`).
"""

import pytest
from webtest import TestApp

from spaces.clock import DAY
from spaces.errors import QuotaExceeded
from spaces.library import Library
from spaces.model import Place
from spaces.upload_model import Lifetime, NewUpload, UploadState
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus
from tests.wire.tus_spaces.calls import base_path, exists


def test_case_33_34_quota(app: TestApp, library: Library, admin: Person) -> None:
    """What does not fit is 507 before anything is made; what fits is taken."""
    space = library.catalog.create_project(admin.actor, "Small", quota=10)
    tus = Tus(app, base_path(library, space), admin.basic)

    tus.create(24, "big", body=b"x" * 24, status=507)
    tus.create(24, "big", status=507)
    tus.create(10, "fits", body=b"x" * 10)

    assert not exists(library, admin, space, "big")
    assert exists(library, admin, space, "fits")


def test_open_uploads_hold_quota(app: TestApp, library: Library, admin: Person) -> None:
    """Two uploads cannot be promised the same bytes; one given up frees them."""
    space = library.catalog.create_project(admin.actor, "Small", quota=10)
    tus = Tus(app, base_path(library, space), admin.basic)

    path = tus.start(8, "one")
    tus.create(8, "two", status=507)
    tus.delete(path)
    tus.create(8, "two")


def test_lengths_beyond_what_can_be_counted(
    app: TestApp, library: Library, admin: Person
) -> None:
    """Spaces without a quota promise no more than their counters can hold."""
    space = library.catalog.create_project(admin.actor, "Endless")
    new = NewUpload(dialect="test", length=2**63 - 1, lifetime=Lifetime(DAY))
    create = library.uploads.create

    first = create(admin.actor, new, Place(space.id, ("one",)))
    with pytest.raises(QuotaExceeded):
        create(admin.actor, new, Place(space.id, ("two",)))
    assert library.catalog.get(admin.actor, space.id).quota.reserved == 2**63 - 1

    library.uploads.end(first, UploadState.ABORTED)
    Tus(app, base_path(library, space), admin.basic).create(1, "three", body=b"3")
    quota = library.catalog.get(admin.actor, space.id).quota
    assert (quota.used, quota.reserved) == (1, 0)


@pytest.mark.parametrize("length", [2**63 - 1, 10**15])
def test_more_than_the_disk_holds(
    app: TestApp, library: Library, admin: Person, length: int
) -> None:
    """507 when an upload begins that can never be kept; nothing is held for it."""
    space = library.catalog.create_project(admin.actor, "Endless")
    tus = Tus(app, base_path(library, space), admin.basic)

    tus.create(length, status=507)
    tus.create(length, body=b"first bytes", status=507)
    Tus(app, "/files", admin.basic).create(length, status=507)

    assert library.uploads.list_open() == []
    assert library.catalog.get(admin.actor, space.id).quota.reserved == 0
    tus.create(1, "small", body=b"1")


def test_case_35_overwriting_counts_the_difference(
    app: TestApp, library: Library, admin: Person
) -> None:
    """An overwrite needs room only for what it adds."""
    space = library.catalog.create_project(admin.actor, "Small", quota=10)
    tus = Tus(app, base_path(library, space), admin.basic)
    tus.create(8, "file", body=b"x" * 8)

    path = tus.start(10, "file")
    tus.patch(path, 0, b"y" * 10)

    quota = library.catalog.get(admin.actor, space.id).quota
    assert (quota.used, quota.reserved) == (10, 0)
