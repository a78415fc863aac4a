"""What tests of the service share: the command line run as by a person; a library."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ocsync.settings import Settings, load_settings
from spaces.db.engine import open_database
from spaces.db.revision import upgrade
from spaces.library import Library
from spaces.model import Actor
from spaces.policy import Policy
from tests.domain import StepClock, add_user
from tests.memory_blobs import MemoryBlobStore
from tests.programs import clean_environ


@dataclass(frozen=True)
class Ran:
    """How a command went."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Where the commands keep their data."""
    return tmp_path / "data"


@pytest.fixture
def settings(data: Path) -> Settings:
    """Settings over that folder."""
    overrides = {"storage.data": data, "storage.durability": "fast"}
    return load_settings(environ={}, overrides=overrides).settings


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `python -m ocsync …` to its end, in a folder of this test."""

    def run_command(*arguments: object, stdin: str = "", **environ: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "ocsync", *map(str, arguments)],
            cwd=tmp_path,
            env=clean_environ(**environ),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run_command


@pytest.fixture
def clock() -> StepClock:
    """The time as the database tells it."""
    return StepClock()


@pytest.fixture
def library(tmp_path: Path, clock: StepClock) -> Iterator[Library]:
    """An empty library over blobs in memory."""
    url = f"sqlite:///{tmp_path / 'ocsync.db'}"
    upgrade(url)
    database = open_database(url, durability="fast", clock=clock)
    try:
        yield Library.open(database=database, blobs=MemoryBlobStore(), policy=Policy())
    finally:
        database.close()


@pytest.fixture
def actor(library: Library) -> Actor:
    """Someone with a space."""
    return add_user(library, "someone")
