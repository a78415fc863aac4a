"""Several threads that work off one queue of files until it is empty.

One file that fails does not keep the others from going; wrong credentials do, and so
does the user's Ctrl-C.
"""

import queue
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Generic, TypeVar

from ocsync.client.errors import ClientError, LoggedOut, Stopped
from ocsync.client.events import Failed, Listener
from ocsync.client.stopping import Stop

T = TypeVar("T")

Work = Callable[[T], None]


@dataclass(frozen=True, slots=True)
class Task(Generic[T]):
    """A file to carry, and what it is called before the user."""

    name: str
    what: T


class Crew(Generic[T]):
    """Threads, each with a worker of its own."""

    def __init__(
        self,
        *,
        size: int,
        make_worker: Callable[[ExitStack], Work[T]],
        listener: Listener,
        stop: Stop,
    ) -> None:
        self._tasks: queue.Queue[Task[T] | None] = queue.Queue(maxsize=2 * size)
        self._make_worker = make_worker
        self._listener = listener
        self._stop = stop
        self._fault: BaseException | None = None
        self._lock = threading.Lock()
        self.failures = 0
        """Files that are not where they should be."""
        self._threads = [
            threading.Thread(target=self._run, daemon=True) for _ in range(size)
        ]

    def carry(self, tasks: Iterable[Task[T]]) -> None:
        """Do all tasks; `failures` tells how it went.

        Raises:
            Stopped: the user wanted to end.
            LoggedOut: the server does not know the user (any more).
        """
        for thread in self._threads:
            thread.start()
        try:
            for task in tasks:
                self._put(task)
        except BaseException:
            self._stop.now()
            raise
        finally:
            for _ in self._threads:
                self._put(None)
            self._join()
        if self._fault is not None:
            raise self._fault
        self._stop.check()

    def fail(self, name: str, reason: str) -> None:
        """Say that a file is not where it should be."""
        with self._lock:
            self.failures += 1
        self._listener.tell(Failed(name=name, reason=reason))

    def _put(self, task: Task[T] | None) -> None:
        while not self._stop.is_set:
            try:
                self._tasks.put(task, timeout=0.2)
            except queue.Full:
                continue
            return

    def _join(self) -> None:
        """Wait for the threads, in pieces, so that signals are heard."""
        for thread in self._threads:
            while thread.is_alive():
                thread.join(0.2)

    def _run(self) -> None:
        try:
            with ExitStack() as stack:
                work = self._make_worker(stack)
                while (task := self._next()) is not None:
                    self._do(work, task)
        except BaseException as error:  # noqa: BLE001 - raised again by `carry`
            with self._lock:
                self._fault = self._fault or error
            self._stop.now()

    def _do(self, work: Work[T], task: Task[T]) -> None:
        try:
            work(task.what)
        except (Stopped, LoggedOut):
            raise
        except ClientError as error:
            self.fail(task.name, str(error))

    def _next(self) -> Task[T] | None:
        while not self._stop.is_set:
            try:
                return self._tasks.get(timeout=0.2)
            except queue.Empty:
                continue
        return None
