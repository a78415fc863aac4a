"""SQLite's write-ahead log, as an operator may want to know of it."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class JournalState:
    """Which kind of journal the database has, and how large it is."""

    mode: str
    size_bytes: int


def journal_state(connection: Connection) -> JournalState:
    """How it is with the journal of a SQLite database."""
    mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    log = Path(f"{connection.engine.url.database}-wal")
    return JournalState(str(mode), log.stat().st_size if log.exists() else 0)
