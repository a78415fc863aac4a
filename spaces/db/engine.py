"""The database: reading one state of it, and changing it in one transaction.

A change is a job, a function of a connection that may be run again when it met
another one; so it must do nothing that a rollback does not undo. Which SQL a job
runs is not known here, nor what the rows mean.
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Lock
from typing import Final, Protocol, TypeVar

from sqlalchemy import BigInteger, Connection, cast, func, select
from sqlalchemy.engine import URL

from spaces.clock import SECOND, Clock, Instant, system_clock
from spaces.db.postgres import PostgresStore
from spaces.db.revision import require_current
from spaces.db.sqlite import SqliteStore
from spaces.db.statement import Statement
from spaces.db.urls import parse_url
from spaces.ids import SpaceId
from spaces.watch import UNWATCHED, Watch

T = TypeVar("T")

_SERVER_TIME: Final = Statement(
    select(cast(func.extract("epoch", func.clock_timestamp()) * SECOND, BigInteger))
)


class Store(Protocol):
    """What `Database` needs of a kind of database."""

    def read(self) -> AbstractContextManager[Connection]:
        """A connection in a transaction that sees one state."""
        ...

    def read_once(self) -> AbstractContextManager[Connection]:
        """A connection for one statement, in no transaction."""
        ...

    def write(self, job: Callable[[Connection], T], space_id: SpaceId | None, /) -> T:
        """Run a job in a transaction; again, if it met another one."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class Database:
    """One database, used by all threads of a process.

    Safe to have been opened before a fork: the child opens its own connections.
    """

    def __init__(
        self,
        *,
        url: URL,
        durability: str,
        clock: Clock | None = None,
        watch: Watch = UNWATCHED,
    ) -> None:
        self.watch = watch
        """Is told of what is done here, and by whoever works with this database."""
        self._url = url
        self._is_safe = durability == "safe"
        self._clock = clock
        self._is_sqlite = url.get_backend_name() == "sqlite"
        self._fork_guard = Lock()
        self._inherited: list[Store] = []
        self._pid = os.getpid()
        self._store = self._open()

    @property
    def is_sqlite(self) -> bool:
        """Whether all of it is one local file."""
        return self._is_sqlite

    def write(
        self, job: Callable[[Connection], T], *, space_id: SpaceId | None = None
    ) -> T:
        """Run the job in one transaction and return its result when it is committed.

        The job may be run several times, and with the jobs of other threads in one
        transaction; it must have no effect but through its connection, on which it
        must not commit or roll back. What it raises is raised here, and nothing of
        it is kept. Where rows can be locked, the space's row is locked first.

        Raises:
            Busy: no turn could be had in time.
            StorageFull: the database's disk is full.
        """
        return self._present().write(job, space_id)

    def read(self) -> AbstractContextManager[Connection]:
        """A connection that sees one state of the database; never waits for writers."""
        return self._present().read()

    def read_once(self) -> AbstractContextManager[Connection]:
        """A connection for a single statement, for which it costs less than `read`.

        By itself a statement sees one state; a second one may see a later state.
        """
        return self._present().read_once()

    def now(self, connection: Connection) -> Instant:
        """The time by the database's clock."""
        if self._clock is not None:
            return self._clock()
        if self._is_sqlite:
            return system_clock()
        return Instant(int(_SERVER_TIME.scalar(connection)))

    def close(self) -> None:
        """Close all connections; idempotent."""
        if self._pid == os.getpid():
            self._store.close()

    def _open(self) -> Store:
        if self._is_sqlite:
            return SqliteStore(url=self._url, is_safe=self._is_safe, watch=self.watch)
        return PostgresStore(url=self._url, is_safe=self._is_safe, watch=self.watch)

    def _present(self) -> Store:
        """The connections of this process."""
        if self._pid != os.getpid():
            with self._fork_guard:
                if self._pid != os.getpid():
                    # Kept, because even closing what the parent has opened would
                    # disturb the parent.
                    self._inherited.append(self._store)
                    self._store = self._open()
                    self._pid = os.getpid()
        return self._store


def open_database(
    url: str,
    *,
    durability: str = "safe",
    clock: Clock | None = None,
    watch: Watch = UNWATCHED,
) -> Database:
    """Open a database whose schema is the one this program needs.

    Args:
        url: SQLAlchemy's, of a SQLite file or a PostgreSQL database.
        durability: "safe" keeps a commit through a power cut, "fast" through the
            end of the process.
        clock: in place of the database's own, for tests.
        watch: is told how long everything takes.

    Raises:
        SchemaMismatch: the schema is older, newer or missing.
        ValueError: the URL names another kind of database, or SQLite in memory.
    """
    database = Database(
        url=parse_url(url), durability=durability, clock=clock, watch=watch
    )
    try:
        with database.read() as connection:
            require_current(connection)
    except BaseException:
        database.close()
        raise
    return database
