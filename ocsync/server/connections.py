"""Watches everything that needs no thread: listeners and connections at rest.

One loop, in the thread that serves: it accepts, hands a connection that has something
to say to the pool, throws away what comes on connections that only linger, and ends
those whose time is over. At the end it drains: no more accepting, idle ones closed,
bodies cut at half the grace, everything cut at its end.
"""

import contextlib
import errno
import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Final

from ocsync.server.connection import Connection
from ocsync.server.load import LoadBoard

_LOG: Final = logging.getLogger("ocsync.server")
_READ: Final = selectors.EVENT_READ
_YIELD_SECONDS: Final = 0.001
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_EXHAUSTED_SECONDS: Final = 0.1
_DRAIN_STEP_SECONDS: Final = 0.05
_ABORT_SECONDS: Final = 0.5
_SCRATCH_BYTES: Final = 256 * 1024


class Drain:
    """The steps by which the connections are brought to an end."""

    def __init__(self, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self.is_begun = False
        self.is_cut = False
        self.is_aborted = False
        self.cut_at = self.abort_at = 0.0

    def begin(self, now: float) -> None:
        """Bodies that still come are cut at half the grace, so their bytes are kept."""
        self.is_begun = True
        self.cut_at = now + self._grace_seconds / 2
        self.abort_at = now + self._grace_seconds


class Connections:
    """All connections of one worker."""

    def __init__(
        self,
        *,
        listeners: Iterable[socket.socket],
        welcome: Callable[[socket.socket, object], Connection],
        dispatch: Callable[[Connection], None],
        most: int,
        board: LoadBoard,
        index: int,
    ) -> None:
        self._welcome = welcome
        self._dispatch = dispatch
        self._most = most
        self._board = board
        self._index = index
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._listeners = list(listeners)
        self._open: set[Connection] = set()
        self._at_rest: set[Connection] = set()
        self._accept_again_at = 0.0
        self._drain: Drain | None = None
        self._scratch = memoryview(bytearray(_SCRATCH_BYTES))
        self._alarm, self._alarm_end = socket.socketpair()
        self._alarm.setblocking(False)
        self._alarm_end.setblocking(False)
        self._selector.register(self._alarm, _READ)
        for listener in self._listeners:
            listener.setblocking(False)
        board.note(index, 0)

    @property
    def count(self) -> int:
        """Connections that are open."""
        return len(self._open)

    def wake(self) -> None:
        """Make the loop look again; for any thread and for signal handlers."""
        with contextlib.suppress(OSError):
            self._alarm_end.send(b"\0")

    def watch(self, fileno: int, act: Callable[[], None]) -> None:
        """Also act, in the loop, when there is something to read or an end here."""
        self._selector.register(fileno, _READ, act)

    def rest(self, connection: Connection) -> None:
        """Watch a connection until it has something to say; for any thread."""
        if connection.is_ready:
            self._dispatch(connection)
            return
        if self._drain is not None and connection.is_idle:
            self.end(connection)
            return
        with self._lock:
            self._at_rest.add(connection)
            self._selector.register(
                connection.channel.transport.fileno, _READ, connection
            )

    def end(self, connection: Connection) -> None:
        """Close a connection that is not at rest; for any thread."""
        with self._lock:
            self._open.discard(connection)
            self._board.note(self._index, len(self._open))
        connection.end()
        if self._drain is not None:
            self.wake()

    def drain(self, grace_seconds: float) -> None:
        """Let `run` end, within the grace; for any thread and signal handlers."""
        if self._drain is None:
            self._drain = Drain(grace_seconds)
            self.wake()

    def run(self, interval: float) -> None:
        """Watch until drained."""
        self._accept_again()
        check_at = time.monotonic() + interval
        while self._drain is None or not self._is_drained(self._drain):
            for key, _ in self._selector.select(self._patience(interval)):
                self._on_event(key)
            now = time.monotonic()
            if self._accept_again_at and now >= self._accept_again_at:
                self._accept_again()
            if now >= check_at:
                self._expire(now)
                check_at = now + interval

    def close(self) -> None:
        """Let go of everything that is still open."""
        for connection in list(self._open):
            connection.end()
        self._close_listeners()
        self._selector.close()
        self._alarm.close()
        self._alarm_end.close()

    def _patience(self, interval: float) -> float:
        if self._drain is not None:
            return min(interval, _DRAIN_STEP_SECONDS)
        if self._accept_again_at:
            return max(0.0, min(interval, self._accept_again_at - time.monotonic()))
        return interval

    def _on_event(self, key: selectors.SelectorKey) -> None:
        connection = key.data
        if isinstance(connection, Connection):
            self._on_readable(connection)
        elif key.fileobj in self._listeners:
            self._accept(key.fileobj)
        elif key.fileobj is self._alarm:
            with contextlib.suppress(BlockingIOError):
                self._alarm.recv(512)
        else:
            key.data()

    def _on_readable(self, connection: Connection) -> None:
        if connection.is_lingering:
            if connection.discard(self._scratch):
                self._wake_up(connection)
                self.end(connection)
            return
        self._wake_up(connection)
        self._dispatch(connection)

    def _wake_up(self, connection: Connection) -> None:
        """The connection is not at rest any more."""
        with self._lock:
            self._at_rest.discard(connection)
            self._selector.unregister(connection.channel.transport.fileno)

    def _expire(self, now: float) -> None:
        """End connections whose time is over; a half head gets its answer first."""
        with self._lock:
            over = [item for item in self._at_rest if item.deadline < now]
        for connection in over:
            self._wake_up(connection)
            if connection.is_idle or connection.is_lingering:
                self.end(connection)
            else:
                self._dispatch(connection)

    def _accept(self, listener: socket.socket) -> None:
        if not self._board.is_least(self._index):
            self._pause_accepting(_YIELD_SECONDS)
            return
        self._accept_one(listener)

    def _accept_one(self, listener: socket.socket) -> bool:
        try:
            sock, address = listener.accept()
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno in _EXHAUSTED:
                _LOG.warning("cannot accept a connection: %s", error.strerror)
                self._relieve()
                self._pause_accepting(_EXHAUSTED_SECONDS)
            return False
        try:
            connection = self._welcome(sock, address)
        except OSError as error:
            _LOG.debug("a connection was gone at once: %s", error)
            sock.close()
            return True
        with self._lock:
            self._open.add(connection)
            self._board.note(self._index, len(self._open))
        self.rest(connection)
        if len(self._open) > self._most:
            self._relieve()
        return True

    def _relieve(self) -> None:
        """Make room by ending the connections that have been idle longest."""
        with self._lock:
            idle = sorted(
                (item for item in self._at_rest if item.is_idle),
                key=lambda item: item.deadline,
            )
        for connection in idle[: max(1, len(idle) // 16)]:
            self._wake_up(connection)
            self.end(connection)

    def _pause_accepting(self, seconds: float) -> None:
        if not self._accept_again_at:
            for listener in self._listeners:
                self._selector.unregister(listener)
            self._accept_again_at = time.monotonic() + seconds

    def _accept_again(self) -> None:
        """Listen again, and take whatever nobody else has taken."""
        self._accept_again_at = 0.0
        for listener in self._listeners:
            self._selector.register(listener, _READ)
        for listener in list(self._listeners):
            if not self._accept_again_at:
                self._accept_one(listener)

    def _close_listeners(self) -> None:
        for listener in self._listeners:
            if not self._accept_again_at:
                self._selector.unregister(listener)
            listener.close()
        self._listeners = []
        self._accept_again_at = 0.0

    def _is_drained(self, drain: "Drain") -> bool:
        """Take the step of the drain that is due; whether it was the last."""
        now = time.monotonic()
        if not drain.is_begun:
            drain.begin(now)
            for listener in self._listeners:
                while self._accept_one(listener):
                    pass
            self._close_listeners()
            for key, _ in self._selector.select(0):
                self._on_event(key)
            self._end_idle()
        with self._lock:
            remaining = list(self._open)
        if now >= drain.abort_at and not drain.is_aborted:
            drain.is_aborted = True
            for connection in remaining:
                connection.channel.transport.abort()
        elif now >= drain.cut_at and not drain.is_cut:
            drain.is_cut = True
            for connection in remaining:
                connection.channel.shut_reading()
        return not remaining or now >= drain.abort_at + _ABORT_SECONDS

    def _end_idle(self) -> None:
        with self._lock:
            idle = [item for item in self._at_rest if item.is_idle]
        for connection in idle:
            self._wake_up(connection)
            self.end(connection)
