"""The threads of one worker: as many as there is work, and more while clients dawdle.

A WSGI application keeps a thread while it reads a body or sends an answer. A thread
that waits for its client in the middle of that is not counted against `threads`, so
slow clients cannot take the places of quick requests; only `most_threads` bounds
them all. It knows nothing of HTTP.
"""

import queue
import threading
from dataclasses import dataclass
from typing import Any, Final

from cheroot.server import HTTPServer
from cheroot.workers.threadpool import _SHUTDOWNREQUEST, ThreadPool, WorkerThread

_IDLE_SECONDS: Final = 30.0
_KEPT: Final = 4


@dataclass(frozen=True, slots=True)
class ThreadLoad:
    """What the threads of a pool do at one moment, the leader left out."""

    working: int
    waiting: int
    idle: int
    queued: int


class Threads(ThreadPool):
    """A pool that grows when everybody works and shrinks when nobody does."""

    def __init__(self, server: HTTPServer, *, threads: int, most_threads: int) -> None:
        super().__init__(server, min=1, max=max(threads, most_threads))
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._working_limit = threads + 1  # the leader is one of them
        self._slow_limit = max(self.max - threads, self.max // 2)
        self._idle = 0
        self._waiting = 0
        self._slow = 0
        self._is_stopping = False
        self.get = self._get

    @property
    def has_queue(self) -> bool:
        """Whether somebody waits for a thread."""
        return not self._queue.empty()

    @property
    def waiting(self) -> int:
        """Threads that wait for their client in the middle of a request."""
        return self._waiting

    def load(self) -> ThreadLoad:
        """What the threads do now."""
        with self._lock:
            total, waiting, idle = len(self._threads), self._waiting, self._idle
            queued = self._queue.qsize()
        return ThreadLoad(max(0, total - waiting - idle - 1), waiting, idle, queued)

    def put(self, obj: Any) -> None:
        """Queue a connection that has something to be read; never waits."""
        self._queue.put(obj)
        with self._lock:
            is_short = self._queue.qsize() > self._idle
        if is_short:
            self.grow(1)

    def put_urgent(self, obj: Any) -> None:
        """As `put`, but bounds do not keep a new thread from taking it."""
        self._queue.put(obj)
        with self._lock:
            is_short = self._queue.qsize() > self._idle
        if is_short:
            self.grow(1, is_urgent=True)

    def grow(self, amount: int, *, is_urgent: bool = False) -> None:
        """Start threads; within the bounds, unless it is urgent."""
        for _ in range(amount):
            with self._lock:
                working = len(self._threads) - self._waiting
                is_full = len(self._threads) >= self.max
                is_enough = is_full or working >= self._working_limit
                if self._is_stopping or (is_enough and not is_urgent):
                    return
                thread = WorkerThread(self.server)
                thread.name = f"request-{thread.name.rpartition('-')[2]}"
                thread.daemon = True
                self._threads.append(thread)
            thread.start()

    def begin_slow(self) -> bool:
        """Reserve a thread for a request that may wait for its client; False if full.

        The last `threads` threads are kept for requests that need nobody's patience.
        """
        with self._lock:
            is_free = self._slow < self._slow_limit
            self._slow += is_free
            return is_free

    def end_slow(self) -> None:
        """Give that back."""
        with self._lock:
            self._slow -= 1

    def begin_wait(self) -> None:
        """The calling thread is about to wait for its client."""
        with self._lock:
            self._waiting += 1
        if not self._queue.empty():
            self.grow(1)

    def end_wait(self) -> None:
        """The calling thread goes on."""
        with self._lock:
            self._waiting -= 1

    def stop(self, timeout: float | None = 5) -> None:
        """End idle threads now and busy ones after their request, within the time.

        Threads that are still busy then are left to the end of the process.
        """
        with self._lock:
            self._is_stopping = True
            threads = list(self._threads)
        for _ in threads:
            self._queue.put(_SHUTDOWNREQUEST)
        share = None if timeout is None else timeout / max(1, len(threads))
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(share)

    def _get(self) -> Any:
        """The next connection for the calling thread, or the word to end."""
        with self._lock:
            self._idle += 1
        item = None
        while item is None:
            try:
                item = self._queue.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                if self._dismiss():
                    return _SHUTDOWNREQUEST
        with self._lock:
            self._idle -= 1
        return item

    def _dismiss(self) -> bool:
        """Let the calling thread go, unless it is one of the last or work has come."""
        with self._lock:
            if len(self._threads) <= _KEPT or not self._queue.empty():
                return False
            thread = threading.current_thread()
            self._threads = [other for other in self._threads if other != thread]
            self._idle -= 1
            return True
