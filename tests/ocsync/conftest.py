"""What the tests of the command line share: running it as a person would."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ocsync.settings import Settings, load_settings
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
