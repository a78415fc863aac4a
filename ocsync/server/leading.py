"""One thread leads: it watches all connections and answers quick requests itself.

Handing each small request to another thread costs more than answering it, since every
hand-over is a fight for the interpreter's lock. So the thread that learns of a request
also answers it, if its kind is usually quick (`Connection.advance`); the rest goes to
the pool. A leader that is about to wait for a client, or to send something long, first
hands the lead to another thread. One that is held up unawares (a cold disk, a password
to hash) loses it: the thread that called `serve` looks every few milliseconds, and
after such an event quick requests go to the pool for a while too. A leader that only
waits for a processor is let be: another thread would get none either.

The lead is a term number: whoever finds that the number has moved on is no leader.
"""

import math
import socket
import threading
import time
from collections.abc import Callable
from typing import Final

from ocsync.server.acceptor import Acceptor
from ocsync.server.connection import Connection, State
from ocsync.server.connections import Connections
from ocsync.server.drain import Drain
from ocsync.server.probe import ThreadProbe

_LOOK_SECONDS: Final = 0.005
_QUIET_LOOKS: Final = 40
_DRAIN_STEP_SECONDS: Final = 0.05
_CAUTION_SECONDS: Final = 0.5
_MOST_CAUTION_SECONDS: Final = 16.0
_PIPELINED: Final = 64
_SCRATCH_BYTES: Final = 256 * 1024


class Lead:
    """What a pool thread gets to become the leader; shaped like a connection."""

    remote_addr = ""
    remote_port = 0

    def __init__(self, run: Callable[[], None]) -> None:
        self._run = run

    def communicate(self) -> bool:
        """Lead until the lead is lost."""
        self._run()
        return False

    def close(self) -> None:
        """There is nothing to close."""


class Leading:
    """The loop of the leader, and the passing on of the lead."""

    def __init__(
        self,
        *,
        connections: Connections,
        dispatch: Callable[[Connection], None],
        appoint: Callable[[Lead], None],
        interval: float,
        tick: Callable[[], None],
    ) -> None:
        self.acceptor: Acceptor
        self._connections = connections
        self._dispatch = dispatch
        self._appoint = appoint
        self._interval = interval
        self._tick = tick
        self._lock = threading.Lock()
        self._term = 0
        self._leader = 0
        self._probe: ThreadProbe | None = None
        self._current: Connection | None = None
        self._served = 0
        self._caution = _CAUTION_SECONDS
        self._cautious_until = 0.0
        self._bell = threading.Event()
        self._is_unwatched = False
        self._is_over = False
        self._drain: Drain | None = None
        self._scratch = memoryview(bytearray(_SCRATCH_BYTES))
        self._check_at = time.monotonic() + interval

    def start(self) -> None:
        """Let a thread of the pool lead."""
        self._appoint(Lead(self._lead))

    def drain(self, grace_seconds: float) -> None:
        """Come to an end within the grace; for any thread and for signal handlers."""
        if self._drain is None:
            self._drain = Drain(grace_seconds=grace_seconds)
        self._connections.wake()

    def watch(self) -> None:
        """Watch over the leader until everything has ended."""
        seen, quiet_looks = -1, 0
        while not self._is_over:
            is_quiet = quiet_looks > _QUIET_LOOKS
            self._is_unwatched = is_quiet
            self._bell.wait(self._interval if is_quiet else _LOOK_SECONDS)
            self._bell.clear()
            served = self._served
            is_starved = self._is_starved()
            if served == seen and not is_starved and self._rescue(served):
                self._be_cautious()
            quiet_looks = quiet_looks + 1 if served == seen else 0
            seen = served

    def step_back(self) -> None:
        """Hand the lead over if the calling thread has it: what follows takes time."""
        if self._leader == threading.get_ident():
            with self._lock:
                self._end_term()
            self.start()

    def _is_starved(self) -> bool:
        """Whether the leader could have gone on since the last look, but hardly ran."""
        probe = self._probe
        if probe is None:
            return False
        ran = probe.ran()
        is_answering = self._current is not None
        return is_answering and ran < _LOOK_SECONDS / 2 and probe.could_run()

    def _rescue(self, served: int) -> bool:
        """Let another thread lead if the leader is still at this same request."""
        with self._lock:
            if self._current is None or self._served != served:
                return False
            self._end_term()
        self.start()
        return True

    def _end_term(self) -> None:
        """From here on the leader leads no more, nor is its request watched."""
        self._term += 1
        self._leader = 0
        if self._current is not None:
            self._connections.unwatch(self._current)
            self._current = None

    def _be_cautious(self) -> None:
        """Send quick requests to the pool for a while, longer if it happens again."""
        now = time.monotonic()
        is_again = now < self._cautious_until + 8 * self._caution
        self._caution = (
            min(2 * self._caution, _MOST_CAUTION_SECONDS)
            if is_again
            else _CAUTION_SECONDS
        )
        self._cautious_until = now + self._caution

    def _lead(self) -> None:
        with self._lock:
            self._leader = threading.get_ident()
            self._probe = ThreadProbe()
            term = self._term
        try:
            self._run(term)
        except BaseException:
            if self._term == term:
                self.step_back()
            raise

    def _run(self, term: int) -> None:
        select = self._connections.selector.select
        while self._term == term:
            if self._drain is not None and self._is_drained(self._drain):
                self._finish()
                return
            for key, _ in select(self._patience()):
                source = key.data
                if isinstance(source, Connection):
                    if not self._on_news(source):
                        return
                elif isinstance(source, socket.socket):
                    self.acceptor.on_readable(source)
                else:
                    source()
            self.acceptor.resume_when_due()
            if time.monotonic() >= self._check_at:
                self._check_at = time.monotonic() + self._interval
                self._expire()
                self._tick()

    def _patience(self) -> float:
        if self._drain is not None:
            return _DRAIN_STEP_SECONDS
        return self.acceptor.patience(self._interval)

    def _on_news(self, connection: Connection) -> bool:
        """Deal with a connection that can be read; whether the lead is kept."""
        if connection.is_lingering:
            if connection.discard(self._scratch):
                self._connections.unwatch(connection)
                self._connections.end(connection)
            return True
        for _ in range(_PIPELINED):
            state = connection.advance()
            if state is State.WAITING:
                return True
            if state is State.ENDED:
                self._connections.unwatch(connection)
                connection.close()
                return True
            if state is State.SLOW or time.monotonic() < self._cautious_until:
                break
            self._begin(connection)
            keeps_alive = connection.answer()
            if not self._end(connection):
                # Someone else leads now, and does not watch this connection.
                self._give_back(connection, keeps_alive=keeps_alive)
                return False
            if not keeps_alive:
                self._connections.unwatch(connection)
                connection.close()
                return True
            if not connection.channel.buffered:
                return True
        self._connections.unwatch(connection)
        self._dispatch(connection)
        return True

    def _begin(self, connection: Connection) -> None:
        """A quick request is being answered from here on."""
        self._served += 1
        self._current = connection
        if self._is_unwatched:
            self._is_unwatched = False
            self._bell.set()

    def _end(self, connection: Connection) -> bool:
        """The request is answered; whether the lead was kept meanwhile."""
        with self._lock:
            is_kept = self._current is connection
            if is_kept:
                self._current = None
            return is_kept

    def _give_back(self, connection: Connection, *, keeps_alive: bool) -> None:
        if not keeps_alive:
            connection.close()
        elif connection.channel.buffered:
            self._dispatch(connection)
        else:
            self._connections.watch(connection)

    def _expire(self) -> None:
        for connection in self._connections.expired(by=time.monotonic()):
            self._retire(connection)

    def _retire(self, connection: Connection) -> None:
        """End a connection whose time is over; half a request gets its answer first."""
        self._connections.unwatch(connection)
        if connection.is_idle or connection.is_lingering:
            self._connections.end(connection)
        else:
            self._dispatch(connection)

    def _is_drained(self, drain: Drain) -> bool:
        """Take the step of the drain that is due; whether it was the last."""
        connections = self._connections
        if not drain.is_begun:
            drain.is_begun = True
            self.acceptor.finish()
            connections.is_draining = True
            self._dispatch_readable()
            connections.end_idle()
            connections.shut_resumable()
            connections.hasten()
        if drain.is_cut_due():
            connections.shut_reading()
            for connection in connections.expired(by=math.inf):
                self._retire(connection)
        if drain.is_abort_due():
            connections.abort()
        return not len(connections) or drain.is_over()

    def _dispatch_readable(self) -> None:
        """Save requests that have come from being taken for idle connections."""
        for key, _ in self._connections.selector.select(0):
            if isinstance(key.data, Connection) and not key.data.is_lingering:
                self._connections.unwatch(key.data)
                self._dispatch(key.data)

    def _finish(self) -> None:
        with self._lock:
            self._is_over = True
            self._leader = 0
        self._bell.set()
