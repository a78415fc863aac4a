"""Whose turn it is to write: one writer at a time over all processes, in order.

SQLite lets one writer in and tells the others to try again, without any order among
them. Here processes queue on two advisory file locks, and threads of one process
queue in memory. Nothing in here knows what a writer does with its turn.
"""

import fcntl
import os
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from pathlib import Path
from threading import Event, Lock
from typing import Final, Generic, TypeVar

from sqlalchemy import Connection

from spaces.errors import Busy

T = TypeVar("T")

_OPEN_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


class FileTurn:
    """The turn among processes.

    Whoever holds the second lock writes. Whoever comes next holds the first one
    while it waits for the second, so that a process that has just written cannot
    overtake it.
    """

    def __init__(self, database_path: Path) -> None:
        self._next = os.open(f"{database_path}-next", _OPEN_FLAGS, 0o600)
        try:
            self._turn = os.open(f"{database_path}-turn", _OPEN_FLAGS, 0o600)
        except OSError:
            os.close(self._next)
            raise

    def take_if_free(self) -> bool:
        """Take the turn, unless another process has it or waits for it."""
        try:
            fcntl.flock(self._next, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        try:
            fcntl.flock(self._turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            fcntl.flock(self._next, fcntl.LOCK_UN)
        return True

    def take(self) -> None:
        """Wait for the turn: for ever, if the process that has it is stopped."""
        fcntl.flock(self._next, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._turn, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self._next, fcntl.LOCK_UN)

    def give_back(self) -> None:
        """Let the next one write."""
        fcntl.flock(self._turn, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the lock files."""
        os.close(self._next)
        os.close(self._turn)


class Ticket(Generic[T]):
    """A job that waits for its turn, and what became of it."""

    __slots__ = (
        "_error",
        "_is_settled",
        "_result",
        "changed",
        "context",
        "is_done",
        "job",
    )

    def __init__(self, job: Callable[[Connection], T]) -> None:
        self.job = job
        self.changed: Event | None = None
        self.context: Context | None = None
        """That of the thread which waits; None if it does the job itself."""
        self.is_done = False
        self._is_settled = False
        self._result: T | None = None
        self._error: BaseException | None = None

    def run(self, connection: Connection) -> T:
        """Do the job, on whatever thread, as the one who asked for it."""
        if self.context is None:
            return self.job(connection)
        return self.context.run(self.job, connection)

    def succeed(self, result: T) -> None:
        """Note the result, to be handed out by `outcome` once `finish` was called."""
        self._result = result
        self._error = None

    def fail(self, error: BaseException) -> None:
        """Note the error, unless what became of the job is settled."""
        if not self._is_settled:
            self._error = error

    def settle(self) -> None:
        """The transaction is committed: nothing that goes wrong later changes that."""
        self._is_settled = True

    def outcome(self) -> T:
        """The result, or the error raised."""
        if self._error is not None:
            try:
                raise self._error
            finally:
                self._error = None  # no cycle of exception, frame and ticket
        return self._result  # type: ignore[return-value]  # set by succeed


class ThreadTurn:
    """The turn among the threads of a process.

    A thread that finds nobody writing leads at once. One that finds somebody
    leaves its ticket and sleeps; the next leader works it off together with
    whatever else waits by then.
    """

    def __init__(self, *, patience_seconds: float, batch_size: int) -> None:
        self._mutex = Lock()
        self._waiting: deque[Ticket[object]] = deque()
        self._is_taken = False
        self._patience_seconds = patience_seconds
        self._batch_size = batch_size

    def enter(self, ticket: Ticket[T]) -> bool:
        """Return True to lead, False when another leader has done the job.

        Raises:
            Busy: neither happened in time.
        """
        with self._mutex:
            if not self._is_taken:
                self._is_taken = True
                return True
            changed = _prepare(ticket)
            self._waiting.append(ticket)  # type: ignore[arg-type]  # T is not read
        return self._await(ticket, changed)

    def step_back(self, ticket: Ticket[T], call_stand_in: Callable[[], None]) -> bool:
        """Leave the lead to the one who is called, and wait as in `enter`.

        Raises:
            Busy: neither happened in time, or there is no thread to be had.
        """
        try:
            with self._mutex:
                call_stand_in()
                changed = _prepare(ticket)
                self._waiting.appendleft(ticket)  # type: ignore[arg-type]  # as above
        except RuntimeError:
            self.leave([])
            raise Busy from None
        return self._await(ticket, changed)

    def _await(self, ticket: Ticket[T], changed: Event) -> bool:
        if not changed.wait(self._patience_seconds):
            with self._mutex:
                if ticket in self._waiting:
                    self._waiting.remove(ticket)  # type: ignore[arg-type]
                    raise Busy
            changed.wait()  # a leader has it: this cannot be called off
        return not ticket.is_done

    def company(self) -> list[Ticket[object]]:
        """The tickets that wait now, taken out of the queue for the leader."""
        with self._mutex:
            count = min(len(self._waiting), self._batch_size)
            return [self._waiting.popleft() for _ in range(count)]

    def leave(self, finished: list[Ticket[object]]) -> None:
        """End the lead: wake the finished ones, and let the next one lead."""
        with self._mutex:
            successor = self._waiting.popleft() if self._waiting else None
            if successor is None:
                self._is_taken = False
        for ticket in finished:
            ticket.is_done = True
        for ticket in finished if successor is None else (successor, *finished):
            assert ticket.changed is not None
            ticket.changed.set()


def _prepare(ticket: Ticket[T]) -> Event:
    """What only a ticket that waits needs, for it costs more than all else here."""
    ticket.context = copy_context()
    changed = ticket.changed = Event()
    return changed
