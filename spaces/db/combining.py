"""Writing to SQLite: in turn, and several jobs per commit when several wait.

A writer that finds nobody else commits by itself at once. Only where threads queue
does the one whose turn it is run the others' jobs too, each in a savepoint of its
own, so that one fsync serves all of them.
"""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Final, TypeVar

from sqlalchemy import Connection, Engine

from spaces.db.failures import as_refusal, is_conflict
from spaces.db.turns import FileTurn, ThreadTurn, Ticket
from spaces.errors import Busy
from spaces.watch import Step, Watch

T = TypeVar("T")

_PATIENCE_SECONDS: Final = 60.0
_BATCH_SIZE: Final = 64
_ATTEMPTS: Final = 6
"""Each waits for the busy timeout, for writers that do not queue as we do."""


class CombiningWriter:
    """All writing of one process to one SQLite file."""

    def __init__(self, *, engine: Engine, path: Path, watch: Watch) -> None:
        self._watch = watch
        self._engine = engine
        self._path = path
        self._threads = ThreadTurn(
            patience_seconds=_PATIENCE_SECONDS, batch_size=_BATCH_SIZE
        )
        self._files = FileTurn(path)
        self._connection: Connection | None = None

    def write(self, job: Callable[[Connection], T]) -> T:
        """Run the job in a transaction; its result once that is committed."""
        ticket = Ticket(job)
        asked = perf_counter()
        if self._threads.enter(ticket):
            self._lead(ticket, asked)
        else:
            self._watch.took(Step.TURN, asked, perf_counter())
        return ticket.outcome()

    def close(self) -> None:
        """Give back what is open; nothing may be written any more."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._files.close()
        self._engine.dispose()

    def _lead(self, own: Ticket[T], asked: float) -> None:
        company: list[Ticket[object]] = []
        try:
            self._files.take()
            began = perf_counter()
            self._watch.took(Step.TURN, asked, began)
            try:
                # Whoever came while this one waited for its turn is taken along.
                company = self._threads.company()
                if company:
                    self._commit_together([own, *company])  # type: ignore[list-item]
                else:
                    self._commit_alone(own)
            finally:
                self._files.give_back()
                self._watch.took(Step.COMMIT, began, perf_counter())
        except BaseException as error:  # noqa: BLE001  # raised by `outcome`
            # Not of the jobs' making: interrupts, closed files. Whose job is
            # committed must not hear that it was refused, and clear up after it.
            for ticket in company:
                ticket.fail(Busy())
            own.fail(error)
        finally:
            self._threads.leave(company)

    def _commit_alone(self, ticket: Ticket[T]) -> None:
        """One job, one transaction; tried again when it met a foreign writer."""
        for _ in range(_ATTEMPTS):
            try:
                connection = self._begin()
                try:
                    ticket.succeed(ticket.run(connection))
                    _commit(connection)
                    ticket.settle()
                except BaseException:
                    self._roll_back(connection)
                    raise
                self._watch.committed(1)
            except Exception as error:  # noqa: BLE001  # raised in its own thread
                if is_conflict(error):
                    continue
                ticket.fail(as_refusal(error) or error)
            return
        ticket.fail(Busy())

    def _commit_together(self, tickets: list[Ticket[object]]) -> None:
        """All jobs in one transaction; one by one if that one cannot be had."""
        try:
            connection = self._begin()
            try:
                for ticket in tickets:
                    self._run_in_savepoint(connection, ticket)
                _commit(connection)
                for ticket in tickets:
                    ticket.settle()
            except BaseException:
                self._roll_back(connection)
                raise
        except Exception:  # noqa: BLE001  # each job meets its own error below
            for ticket in tickets:
                self._commit_alone(ticket)
        else:
            self._watch.committed(len(tickets))

    def _run_in_savepoint(self, connection: Connection, ticket: Ticket[object]) -> None:
        driver = _driver_of(connection)
        driver.execute("SAVEPOINT job")
        try:
            ticket.succeed(ticket.run(connection))
        except Exception as error:
            if is_conflict(error) or not driver.in_transaction:
                raise  # the whole transaction is lost, not only this job
            driver.execute("ROLLBACK TO job")
            ticket.fail(as_refusal(error) or error)
        driver.execute("RELEASE job")

    def _begin(self) -> Connection:
        connection = self._connection
        if connection is None:
            connection = self._connection = self._engine.connect()
        _driver_of(connection).execute("BEGIN IMMEDIATE")
        return connection

    def _roll_back(self, connection: Connection) -> None:
        try:
            if connection.in_transaction():
                connection.rollback()
            _driver_of(connection).rollback()
        except Exception:  # noqa: BLE001  # the original error says more
            self._connection = None
            with contextlib.suppress(Exception):
                connection.invalidate()
                connection.close()


def _driver_of(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def _commit(connection: Connection) -> None:
    """Commit what this module began; SQLAlchemy may have joined in meanwhile."""
    if connection.in_transaction():
        connection.commit()
    else:
        _driver_of(connection).commit()
