"""One worker: builds its own application, serves, and stops when it is told to.

The same code runs in a forked process and, with one worker, in the process that was
started. It does not know who starts it or what becomes of it afterwards.
"""

import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Final
from wsgiref.types import WSGIApplication

from ocsync.server.http_server import Server
from ocsync.server.load import LoadBoard
from ocsync.server.onlooker import NOBODY, Onlooker
from ocsync.server.options import ServerOptions

_LOG: Final = logging.getLogger("ocsync.server")


class Worker:
    """What an application may know of the process it is built in."""

    def __init__(self, *, index: int, workers: int) -> None:
        self.index = index
        self.workers = workers
        self.stopping = threading.Event()
        """Set as soon as the server is told to stop: background jobs end then."""
        self.onlooker: Onlooker = NOBODY
        """Is told how busy the server is; to be set while the application is made."""
        self._closing = ExitStack()

    @property
    def is_leader(self) -> bool:
        """Whether this is the one worker that runs background jobs."""
        return self.index == 0

    def at_stop(self, callback: Callable[[], object]) -> None:
        """Call this when the last request has ended, the latest given first."""
        self._closing.callback(callback)

    def close(self) -> None:
        """Make those calls."""
        self.stopping.set()
        self._closing.close()


AppMaker = Callable[[Worker], WSGIApplication]


def run_worker(
    *,
    worker: Worker,
    make_app: AppMaker,
    options: ServerOptions,
    listeners: Iterable[socket.socket],
    board: LoadBoard,
    lifeline: int | None,
    on_ready: Callable[[], None],
    stop_signals: Iterable[signal.Signals],
) -> None:
    """Serve until a signal says stop, or the other end of the lifeline is closed."""
    server: Server | None = None

    def stop(*_: object) -> None:
        worker.stopping.set()
        if server is not None:
            server.stop()

    former = {number: signal.signal(number, stop) for number in stop_signals}
    try:
        app = make_app(worker)
        server = Server(
            app=app,
            options=options,
            listeners=listeners,
            board=board,
            index=worker.index,
            is_multiprocess=worker.workers > 1,
            onlooker=worker.onlooker,
        )
        if lifeline is not None:
            server.stop_at_end_of(lifeline)
        server.prepare()
        on_ready()
        if worker.stopping.is_set():
            server.stop()
        server.serve()
    finally:
        worker.close()
        for number, handler in former.items():
            signal.signal(number, handler)
