"""Counting the SQL statements that reading runs, on SQLite."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from spaces.db.engine import Database
from spaces.db.sqlite import driver_of


@contextmanager
def statements_read(database: Database) -> Iterator[list[str]]:
    """The statements run inside the block by one thread, but for BEGIN and such."""
    if not database.is_sqlite:
        pytest.skip("statements are counted on SQLite")
    seen: list[str] = []

    def note(statement: str) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            seen.append(statement)

    with database.read() as connection:
        driver = driver_of(connection)
    driver.set_trace_callback(note)
    try:
        yield seen
    finally:
        driver.set_trace_callback(None)
