"""Counting the SQL statements that something costs, on SQLite."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from spaces.db.engine import Database
from spaces.db.sqlite import driver_of

_AROUND = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")


@contextmanager
def statements_run(database: Database) -> Iterator[list[str]]:
    """The statements that this thread runs inside the block, but for BEGIN and such."""
    if not database.is_sqlite:
        pytest.skip("statements are counted on SQLite")
    seen: list[str] = []

    def note(statement: str) -> None:
        if not statement.lstrip().upper().startswith(_AROUND):
            seen.append(statement)

    with database.read() as connection:
        drivers = [driver_of(connection)]
    drivers.append(database.write(driver_of))
    for driver in drivers:
        driver.set_trace_callback(note)
    try:
        yield seen
    finally:
        for driver in drivers:
            driver.set_trace_callback(None)
