"""What Picora's tests share: a key, and a client that has it."""

import pytest
from webtest import TestApp

from spaces.api_key_model import ApiKey
from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.picora.calls import bearer, make_key
from tests.wire.tus_client import Tus


@pytest.fixture
def key(library: Library, admin: Person, home: Space) -> tuple[ApiKey, str]:
    """The admin's key for the personal space, and its secret."""
    return make_key(library, admin, home)


@pytest.fixture
def tus(app: TestApp, key: tuple[ApiKey, str]) -> Tus:
    """A client with that key."""
    return Tus(app, "/v1/uploads", bearer(key[1]))
