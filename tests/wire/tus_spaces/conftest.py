"""What the tests of uploads on spaces share: a client."""

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus
from tests.wire.tus_spaces.calls import base_path


@pytest.fixture
def tus(app: TestApp, library: Library, admin: Person, home: Space) -> Tus:
    """A client on the admin's personal space."""
    return Tus(app, base_path(library, home), admin.basic)
