"""How SQLite is opened and read: pragmas, explicit BEGIN, connections kept at hand.

Writing is the matter of `spaces.db.combining`.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from spaces.db.combining import CombiningWriter
from spaces.ids import SpaceId
from spaces.watch import Step, Watch

T = TypeVar("T")

_BUSY_TIMEOUT_MS: Final = 5_000
_READ_CACHE_KIB: Final = 3_072
_WRITE_CACHE_KIB: Final = 65_536
_CHECKPOINT_PAGES: Final = 8_000
_READERS_KEPT: Final = 64


class SqliteStore:
    """One SQLite file: readers that never wait, one writer at a time."""

    def __init__(self, *, url: URL, is_safe: bool, watch: Watch) -> None:
        self._watch = watch
        self._readers = _create_engine(
            url, begin="BEGIN", cache_kib=_READ_CACHE_KIB, is_safe=is_safe
        )
        self._idle: list[_Reader] = []
        self._is_closed = False
        self._writer = CombiningWriter(
            engine=_create_engine(
                url,
                begin="BEGIN IMMEDIATE",
                cache_kib=_WRITE_CACHE_KIB,
                is_safe=is_safe,
            ),
            path=Path(url.database or ""),
            watch=watch,
        )

    def read(self) -> "_Reading":
        """A connection in a transaction that sees one state."""
        return _Reading(self, self._watch)

    def read_once(self) -> "_ReadingOnce":
        """A connection for one statement, in no transaction."""
        return _ReadingOnce(self, self._watch)

    def take_reader(self) -> "_Reader":
        """A connection that nobody uses."""
        # Appending to and popping from a list is atomic: no lock is needed.
        try:
            return self._idle.pop()
        except IndexError:
            return _Reader(self._readers.connect())

    def give_back(self, reader: "_Reader") -> None:
        """Keep it for the next one who reads, unless there are enough."""
        if len(self._idle) < _READERS_KEPT and not self._is_closed:
            self._idle.append(reader)
        else:
            reader.connection.close()

    def write(self, job: Callable[[Connection], T], _space_id: SpaceId | None) -> T:
        """Run a job in its turn."""
        return self._writer.write(job)

    def close(self) -> None:
        """Close all connections; those in use, when they come back."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().connection.close()
        self._readers.dispose()
        self._writer.close()


class _Reader:
    """A connection, with the driver's own found once and for all."""

    __slots__ = ("connection", "driver")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.driver = driver_of(connection)

    def end(self) -> None:
        """Roll back what is open, whoever began it."""
        if self.connection.in_transaction():
            self.connection.rollback()
        self.driver.rollback()


class _ReadingOnce:
    """One block of reading; a class, for it costs a third of a generator."""

    __slots__ = ("_began", "_reader", "_store", "_watch")

    def __init__(self, store: SqliteStore, watch: Watch) -> None:
        self._store = store
        self._watch = watch

    def __enter__(self) -> Connection:
        self._began = perf_counter()
        self._reader = self._store.take_reader()
        return self._reader.connection

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._reader.driver.in_transaction:
            self._reader.end()
        self._store.give_back(self._reader)
        self._watch.took(Step.READ, self._began, perf_counter())


class _Reading(_ReadingOnce):
    """A block of reading in a transaction."""

    __slots__ = ()

    def __enter__(self) -> Connection:
        self._began = perf_counter()
        self._reader = self._store.take_reader()
        try:
            self._reader.driver.execute("BEGIN")
        except BaseException:
            self._reader.connection.close()
            raise
        return self._reader.connection


def driver_of(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection."""
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def _create_engine(url: URL, *, begin: str, cache_kib: int, is_safe: bool) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        max_overflow=-1,
        # Every block ends its transaction itself.
        pool_reset_on_return=None,
        connect_args={"check_same_thread": False, "cached_statements": 512},
    )
    pragmas = (
        f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}",
        "PRAGMA journal_mode = WAL",
        f"PRAGMA synchronous = {'FULL' if is_safe else 'NORMAL'}",
        "PRAGMA foreign_keys = ON",
        "PRAGMA temp_store = MEMORY",
        f"PRAGMA cache_size = -{cache_kib}",
        # Mapped, the file would be unmapped and faulted in anew after every commit.
        "PRAGMA mmap_size = 0",
        f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}",
    )

    @event.listens_for(engine, "connect")
    def set_pragmas(driver: Any, _record: object) -> None:
        driver.isolation_level = None  # BEGIN is ours to say
        for pragma in pragmas:
            driver.execute(pragma).close()

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        driver = driver_of(connection)
        if not driver.in_transaction:
            driver.execute(begin)

    return engine
