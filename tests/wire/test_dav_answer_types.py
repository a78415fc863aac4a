"""MOVE and COPY answer with the type of the file, as ownCloud does."""

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.dav_client import D, Dav, dav_on


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space."""
    return dav_on(app, library, admin, home)


@pytest.mark.parametrize("method", ["MOVE", "COPY"])
@pytest.mark.parametrize("name", ["a.txt", "of-no-known-type"])
def test_the_type_of_the_file(dav: Dav, method: str, name: str) -> None:
    """It is what PROPFIND says, even where nothing tells the type."""
    dav.put(name, b"x", Content_Type="")

    answer = (dav.move if method == "MOVE" else dav.copy)(name, f"new-{name}")

    row = dav.row(f"new-{name}", "d:getcontenttype")
    assert answer.status_int == 201
    assert answer.headers["Content-Type"] == row.text(f"{D}getcontenttype")
