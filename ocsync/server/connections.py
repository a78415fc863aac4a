"""The connections of one worker: which are open, which are only watched.

A watched connection needs no thread. Ending one, and giving one back to be watched,
may be done from any thread; everything else is done by the one that leads
(`ocsync.server.leading`).
"""

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable
from typing import Final

from ocsync.server.connection import Connection
from ocsync.server.load import LoadBoard

_READ: Final = selectors.EVENT_READ
_RELIEVED_SHARE: Final = 16


class Connections:
    """Knows every open connection, and what to do with one that has news."""

    def __init__(self, *, board: LoadBoard, index: int, most: int) -> None:
        self._board = board
        self._index = index
        self._most = most
        self._lock = threading.Lock()
        self._open: set[Connection] = set()
        self._watched: set[Connection] = set()
        self._alarm, self._alarm_end = socket.socketpair()
        self._alarm.setblocking(False)
        self._alarm_end.setblocking(False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self._alarm, _READ, self._hear_alarm)
        self.is_draining = False
        """Whether idle connections are ended instead of watched."""
        board.note(index, 0)

    def __len__(self) -> int:
        """Connections that are open."""
        return len(self._open)

    def wake(self) -> None:
        """Make the leader look again; for any thread and for signal handlers."""
        with contextlib.suppress(OSError):
            self._alarm_end.send(b"\0")

    def call_at_end_of(self, fileno: int, act: Callable[[], None]) -> None:
        """Let the leader act, once, when the other end of a pipe is closed."""

        def end() -> None:
            self.selector.unregister(fileno)
            act()

        self.selector.register(fileno, _READ, end)

    def add(self, connection: Connection) -> None:
        """Take up a new connection, and watch it."""
        with self._lock:
            self._open.add(connection)
            self._board.note(self._index, len(self._open))
        self.watch(connection)
        if len(self._open) > self._most:
            self.relieve()

    def watch(self, connection: Connection) -> None:
        """Watch a connection until it has something to say; for any thread."""
        if self.is_draining and connection.is_idle:
            self.end(connection)
            return
        with self._lock:
            self._watched.add(connection)
            self.selector.register(
                connection.channel.transport.fileno, _READ, connection
            )

    def unwatch(self, connection: Connection) -> None:
        """Watch a connection no longer, for a thread takes it."""
        with self._lock:
            self._watched.discard(connection)
            self.selector.unregister(connection.channel.transport.fileno)

    def end(self, connection: Connection) -> None:
        """Close a connection that is not watched; for any thread."""
        with self._lock:
            self._open.discard(connection)
            self._board.note(self._index, len(self._open))
        connection.end()
        if self.is_draining:
            self.wake()

    def expired(self, *, by: float) -> list[Connection]:
        """Watched connections whose time is over by then."""
        with self._lock:
            return [item for item in self._watched if item.deadline < by]

    def end_idle(self) -> None:
        """End all watched connections on which no request has begun."""
        with self._lock:
            idle = [item for item in self._watched if item.is_idle]
        for connection in idle:
            self.unwatch(connection)
            self.end(connection)

    def relieve(self) -> None:
        """Make room by ending the connections that have been idle longest."""
        with self._lock:
            idle = sorted(
                (item for item in self._watched if item.is_idle),
                key=lambda item: item.used_at,
            )
        for connection in idle[: 1 + len(idle) // _RELIEVED_SHARE]:
            self.unwatch(connection)
            self.end(connection)

    def shut_reading(self) -> None:
        """Cut all bodies that are being read."""
        for connection in self._snapshot():
            connection.channel.shut_reading()

    def hasten(self) -> None:
        """Let those that only wait for their clients' end wait less."""
        for connection in self._snapshot():
            if connection.is_lingering:
                connection.hasten()

    def shut_resumable(self) -> None:
        """Cut the bodies that can go on later."""
        for connection in self._snapshot():
            body = connection.channel.resumable_body
            if body is not None:
                connection.channel.shut_reading(body)

    def abort(self) -> None:
        """Cut everything."""
        for connection in self._snapshot():
            connection.channel.transport.abort()

    def close(self) -> None:
        """Let go of all sockets that are still open."""
        for connection in self._snapshot():
            connection.end()
        self._open.clear()
        self.selector.close()
        self._alarm.close()
        self._alarm_end.close()

    def _snapshot(self) -> list[Connection]:
        with self._lock:
            return list(self._open)

    def _hear_alarm(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._alarm.recv(512)
