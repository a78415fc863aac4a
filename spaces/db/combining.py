"""Writing to SQLite: in turn, and several jobs per commit when several wait.

A writer that finds nobody else commits by itself at once. Only where threads queue
does the one whose turn it is run the others' jobs too, each in a savepoint of its
own, so that one fsync serves all of them.
"""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
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
        self._threads = ThreadTurn(
            patience_seconds=_PATIENCE_SECONDS, batch_size=_BATCH_SIZE
        )
        self._files = FileTurn(path)
        self._connection: Connection | None = None
        self._stand_in: Thread | None = None
        self._calls: SimpleQueue[bool] = SimpleQueue()

    def write(self, job: Callable[[Connection], T]) -> T:
        """Run the job in a transaction; its result once that is committed."""
        ticket = Ticket(job)
        asked = perf_counter()
        is_leader = self._threads.enter(ticket)
        while is_leader and not self._take_turn():
            is_leader = self._threads.step_back(ticket, self._call_stand_in)
        self._watch.took(Step.TURN, asked, perf_counter())
        if is_leader:
            self._lead(ticket)
        return ticket.outcome()

    def close(self) -> None:
        """Give back what is open; nothing may be written any more."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._calls.put(False)
        self._files.close()
        self._engine.dispose()

    def _take_turn(self) -> bool:
        try:
            return self._files.take_if_free()
        except BaseException:
            self._threads.leave([])
            raise

    def _call_stand_in(self) -> None:
        if self._stand_in is None:
            stand_in = Thread(target=self._lead_when_called, daemon=True)
            stand_in.start()
            self._stand_in = stand_in
        self._calls.put(True)

    def _lead_when_called(self) -> None:
        """Wait for other processes in the place of those who want to write.

        A process that is stopped may have the turn for ever, and no thread can be
        called back from waiting for it: this one has nobody to answer.
        """
        while self._calls.get():
            try:
                self._files.take()
            except OSError:  # closed; whoever leads next hears of it
                self._threads.leave([])
            else:
                self._lead()

    def _lead(self, *own: Ticket[T]) -> None:
        """Do the own job and those that wait; give the turn and the lead away."""
        company: list[Ticket[object]] = []
        try:
            began = perf_counter()
            try:
                # Whoever came while this one waited for its turn is taken along.
                company = self._threads.company()
                jobs: list[Ticket[object]] = [*own, *company]  # type: ignore[list-item]
                if len(jobs) > 1:
                    self._commit_together(jobs)
                elif jobs:
                    self._commit_alone(jobs[0])
            finally:
                self._files.give_back()
                self._watch.took(Step.COMMIT, began, perf_counter())
        except BaseException as error:  # noqa: BLE001  # raised by `outcome`
            # Not of the jobs' making: interrupts, closed files. Whose job is
            # committed must not hear that it was refused, and clear up after it.
            for other in company:
                other.fail(Busy())
            for ticket in own:
                ticket.fail(error)
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
            # Also what a failed commit leaves, which `in_transaction` does not tell of.
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
