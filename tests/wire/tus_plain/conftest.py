"""What the tests of the plain dialect share: a client."""

import pytest
from webtest import TestApp

from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus


@pytest.fixture
def tus(app: TestApp, admin: Person, home: Space) -> Tus:
    """A client of the plain dialect."""
    return Tus(app, "/files", admin.basic)
