"""`ocsync db upgrade` keeps a copy before it changes anything."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ocsync.cli.entry import run as run_here


@pytest.fixture
def database(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of this version."""
    monkeypatch.delenv("OCSYNC_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    assert upgrade(data) == 0
    return data / "ocsync.db"


def upgrade(data: Path, *options: str) -> int:
    """Run the command; its exit code."""
    return run_here(["db", "upgrade", "--data", str(data), *options])


def ask(path: Path, statement: str) -> list[tuple[object, ...]]:
    """Run a statement over a SQLite file."""
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


def forget_revision(database: Path) -> None:
    """Make a database that must be upgraded, and cannot be: its tables are there."""
    ask(database, "DELETE FROM alembic_version")


def test_nothing_to_do_is_nothing_to_copy(database: Path) -> None:
    """Neither a new database nor one of this version is copied."""
    assert upgrade(database.parent) == 0

    assert not list(database.parent.glob("*.bak"))


def test_a_copy_to_go_back_to(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is made before anything changes, and it is whole; only its owner reads it."""
    forget_revision(database)

    code = upgrade(database.parent)

    (copy,) = database.parent.glob("ocsync.db.*.bak")
    assert code == 1
    assert str(copy) in capsys.readouterr().err
    assert ask(copy, "PRAGMA integrity_check") == [("ok",)]
    tables = "SELECT name FROM sqlite_master ORDER BY name"
    assert ask(copy, tables) == ask(database, tables)
    assert copy.stat().st_mode & 0o077 == 0


def test_without_a_copy(database: Path) -> None:
    """Who has a backup may say so."""
    forget_revision(database)

    upgrade(database.parent, "--no-backup")

    assert not list(database.parent.glob("*.bak"))
