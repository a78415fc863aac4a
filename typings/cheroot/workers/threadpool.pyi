# The part of cheroot 11 that ocsync.server builds on.
import threading
from typing import Any, Final

from cheroot.server import HTTPServer

_SHUTDOWNREQUEST: Final[object]

class WorkerThread(threading.Thread):
    conn: Any
    server: HTTPServer
    ready: bool
    def __init__(self, server: HTTPServer) -> None: ...

class ThreadPool:
    server: HTTPServer
    min: int
    max: float
    _threads: list[WorkerThread]
    _queue: Any
    def __init__(
        self,
        server: HTTPServer,
        min: int = ...,
        max: int = ...,
        accepted_queue_size: int = ...,
        accepted_queue_timeout: int = ...,
    ) -> None: ...
    def start(self) -> None: ...
    def put(self, obj: Any) -> None: ...
    def grow(self, amount: int) -> None: ...
    def stop(self, timeout: float | None = ...) -> None: ...
    @property
    def qsize(self) -> int: ...
