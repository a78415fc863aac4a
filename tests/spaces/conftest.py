"""What the tests of the domain share: a library of its own for each test.

It lives in a SQLite file copied from an empty one, or in the PostgreSQL database
that OCSYNC_TEST_DATABASE_URL names, emptied before each test.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from spaces.db.engine import Database, open_database
from spaces.db.revision import upgrade
from spaces.ids import SpaceId
from spaces.library import Library
from spaces.locks import Locks
from spaces.model import Actor
from spaces.policy import Policy
from spaces.properties import Properties
from spaces.trash import Trash
from tests.domain import Desk, StepClock, add_user, empty_tables
from tests.lock_team import Team, make_team
from tests.memory_blobs import MemoryBlobStore


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database with the schema and nothing in it."""
    url = os.environ.get("OCSYNC_TEST_DATABASE_URL")
    if url is None:
        path = tmp_path_factory.mktemp("schema") / "empty.db"
        url = f"sqlite:///{path}"
    upgrade(url)
    return url


@pytest.fixture
def database_url(empty_database: str, tmp_path: Path) -> str:
    """The URL of an empty database for this test."""
    if not empty_database.startswith("sqlite"):
        return empty_database
    path = tmp_path / "ocsync.db"
    shutil.copyfile(empty_database.removeprefix("sqlite:///"), path)
    return f"sqlite:///{path}"


@pytest.fixture
def clock() -> StepClock:
    """The time as the database tells it."""
    return StepClock()


@pytest.fixture
def database(database_url: str, clock: StepClock) -> Iterator[Database]:
    """An open, empty database."""
    opened = open_database(database_url, durability="fast", clock=clock)
    if not opened.is_sqlite:
        empty_tables(opened)
    yield opened
    opened.close()


@pytest.fixture
def library(database: Database) -> Library:
    """An empty library over blobs in memory."""
    return Library.open(database=database, blobs=MemoryBlobStore(), policy=Policy())


@pytest.fixture
def admin(library: Library) -> Actor:
    """An administrator."""
    return add_user(library, "admin", is_admin=True)


@pytest.fixture
def alice(library: Library) -> Actor:
    """Someone with a personal space."""
    return add_user(library, "alice")


@pytest.fixture
def bob(library: Library) -> Actor:
    """Someone else."""
    return add_user(library, "bob")


@pytest.fixture
def desk(library: Library, alice: Actor) -> Desk:
    """Alice at work in her personal space."""
    return Desk(library, alice, SpaceId(alice.user_id))


@pytest.fixture
def team(library: Library, admin: Actor, alice: Actor, bob: Actor) -> Team:
    """The admin manages, alice edits, bob looks on."""
    return make_team(library, admin, alice, bob)


@pytest.fixture
def locks(library: Library) -> Locks:
    """The locks of the library."""
    return library.locks


@pytest.fixture
def properties(library: Library) -> Properties:
    """The properties of the library."""
    return library.properties


@pytest.fixture
def trash(library: Library) -> Trash:
    """The trash of the library."""
    return library.trash
