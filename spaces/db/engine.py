"""The database: reading one state of it, and changing it in one transaction.

A change is a job, a function of a connection that may be run again when it met
another one; so it must do nothing that a rollback does not undo. Which SQL a job
runs is not known here, nor what the rows mean.
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final, TypeVar

from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    bindparam,
    cast,
    create_engine,
    func,
    select,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

from spaces.clock import SECOND, Clock, Instant, system_clock
from spaces.db.combining import CombiningWriter
from spaces.db.failures import as_refusal, is_conflict
from spaces.db.revision import require_current
from spaces.db.schema import spaces
from spaces.db.sqlite import create_readers, create_writer
from spaces.db.statement import Statement
from spaces.errors import Busy
from spaces.ids import SpaceId

T = TypeVar("T")

_ATTEMPTS: Final = 20
_PAUSE_SECONDS: Final = 0.002
_POOL_SIZE: Final = 64

_LOCK_SPACE: Final = Statement(
    select(spaces.c.id).where(spaces.c.id == bindparam("space_id")).with_for_update()
)
_SERVER_TIME: Final = Statement(
    select(cast(func.extract("epoch", func.clock_timestamp()) * SECOND, BigInteger))
)


class Database:
    """One database, used by all threads of a process.

    Safe to have been opened before a fork: the child opens its own connections.
    """

    def __init__(
        self, *, url: URL, durability: str, clock: Clock | None = None
    ) -> None:
        self._url = url
        self._is_safe = durability == "safe"
        self._clock = clock
        self._is_sqlite = url.get_backend_name() == "sqlite"
        self._fork_guard = Lock()
        self._pid = os.getpid()
        self._combining: CombiningWriter | None
        self._readers: Engine
        self._open()

    @property
    def url(self) -> URL:
        """Where the database is."""
        return self._url

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
        self._mind_fork()
        if self._combining is not None:
            return self._combining.write(job)
        return self._write_retrying(job, space_id)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one state of the database; never waits for writers."""
        self._mind_fork()
        with self._readers.connect() as connection:
            try:
                yield connection
            finally:
                connection.rollback()

    def now(self, connection: Connection) -> Instant:
        """The time by the database's clock."""
        if self._clock is not None:
            return self._clock()
        if self._is_sqlite:
            return system_clock()
        return Instant(int(_SERVER_TIME.scalar(connection)))

    def close(self) -> None:
        """Close all connections; idempotent."""
        if self._combining is not None:
            self._combining.close()
            self._combining = None
        self._readers.dispose()

    def _open(self) -> None:
        self._combining = None
        if self._is_sqlite:
            self._readers = create_readers(self._url)
            self._combining = CombiningWriter(
                engine=create_writer(self._url, is_safe=self._is_safe),
                path=Path(self._url.database or ""),
            )
        else:
            self._readers = create_engine(
                self._url, pool_size=_POOL_SIZE, max_overflow=-1, pool_pre_ping=True
            )

    def _mind_fork(self) -> None:
        if self._pid == os.getpid():
            return
        with self._fork_guard:
            if self._pid != os.getpid():
                if self._combining is not None:
                    self._combining.abandon()
                self._readers.dispose(close=False)
                self._open()
                self._pid = os.getpid()

    def _write_retrying(
        self, job: Callable[[Connection], T], space_id: SpaceId | None
    ) -> T:
        for attempt in range(_ATTEMPTS):
            try:
                with self._readers.begin() as connection:
                    if space_id is not None:
                        _LOCK_SPACE.first(connection, space_id=space_id)
                    return job(connection)
            except DBAPIError as error:
                if not is_conflict(error):
                    refusal = as_refusal(error)
                    if refusal is None:
                        raise
                    raise refusal from error
            pause = _PAUSE_SECONDS * 2 ** min(attempt, 6)
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  # no secret
        raise Busy


def open_database(
    url: str, *, durability: str = "safe", clock: Clock | None = None
) -> Database:
    """Open a database whose schema is the one this program needs.

    Args:
        url: SQLAlchemy's, of a SQLite file or a PostgreSQL database.
        durability: "safe" keeps a commit through a power cut, "fast" through the
            end of the process.
        clock: in place of the database's own, for tests.

    Raises:
        SchemaMismatch: the schema is older, newer or missing.
        ValueError: the URL names another kind of database, or SQLite in memory.
    """
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend not in {"sqlite", "postgresql"}:
        raise ValueError(f"{backend} databases are not supported")
    if backend == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise ValueError("a SQLite database must be a file")
    if backend == "postgresql" and parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    database = Database(url=parsed, durability=durability, clock=clock)
    try:
        with database.read() as connection:
            require_current(connection)
    except BaseException:
        database.close()
        raise
    return database
