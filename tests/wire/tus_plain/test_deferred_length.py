"""tus 1.0.0 at `/files`: creation-defer-length.

Tests are named by the rows of the tus checklist (`docs/tus.md`).
"""

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus, path_of
from tests.wire.tus_plain.calls import read


def deferred(tus: Tus) -> str:
    """The path of an upload whose length is told later."""
    return path_of(tus.create(None, Upload_Defer_Length="1"))


@pytest.mark.parametrize("value", ["0", "2", "true", ""])
def test_d02_deferring_is_1(tus: Tus, value: str) -> None:
    """Only `1` defers the length."""
    tus.create(None, Upload_Defer_Length=value, status=400)


def test_d03_head_of_a_deferred_upload(tus: Tus) -> None:
    """The length is said to be open until it is told."""
    path = deferred(tus)
    before = tus.head(path).headers
    tus.patch(path, 0, b"123", Upload_Length="5")
    after = tus.head(path).headers

    assert before["Upload-Defer-Length"] == "1"
    assert "Upload-Length" not in before
    assert after["Upload-Length"] == "5"
    assert "Upload-Defer-Length" not in after


def test_d04_length_is_told_once(tus: Tus) -> None:
    """The length never changes; saying the same again is no harm."""
    path = deferred(tus)
    tus.patch(path, 0, b"1", Upload_Length="5")

    tus.patch(path, 1, b"2", Upload_Length="6", status=400)
    tus.patch(path, 1, b"2", Upload_Length="5")

    assert tus.offset(path) == 2


def test_d05_length_below_the_offset(tus: Tus) -> None:
    """A length that is exceeded already is refused."""
    path = deferred(tus)
    tus.patch(path, 0, b"12345")

    tus.patch(path, 5, b"", Upload_Length="4", status=400)
    tus.patch(path, 5, b"", Upload_Length="abc", status=400)

    assert tus.head(path).headers["Upload-Defer-Length"] == "1"


@pytest.mark.parametrize("count", [0, 5])
def test_d06_length_at_the_end(tus: Tus, count: int) -> None:
    """An empty PATCH that tells the length may be the last."""
    path = deferred(tus)
    if count:
        tus.patch(path, 0, b"x" * count)

    tus.patch(path, count, b"", Upload_Length=str(count))

    assert read(tus, path) == b"x" * count


def test_d07_deferred_uploads_are_bounded_by_quota(
    app: TestApp, library: Library, admin: Person, home: Space
) -> None:
    """Bytes of unknown length are charged as they come."""
    library.catalog.update(admin.actor, home.id, quota=10)
    tus = Tus(app, "/files", admin.basic)
    path = deferred(tus)
    tus.patch(path, 0, b"x" * 8)

    refused = tus.patch(path, 8, b"x" * 8, status=507)

    assert refused.headers["Upload-Offset"] == str(tus.offset(path))
    tus.delete(path)
    assert library.catalog.get(admin.actor, home.id).quota.reserved == 0
