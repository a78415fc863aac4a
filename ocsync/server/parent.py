"""The parent of forked workers: starts them, starts them again, and stops them all.

It holds the listening sockets and the lock of the data directory, and never accepts a
connection or opens a database itself, so a fork finds nothing half open.
"""

import contextlib
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NoReturn

from ocsync.server.listening import ServerError
from ocsync.server.load import LoadBoard
from ocsync.server.options import ServerOptions
from ocsync.server.worker import AppMaker, Worker, run_worker

_LOG: Final = logging.getLogger("ocsync.server")
_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_READY: Final = b"R"
_FIRST_DELAY_SECONDS: Final = 0.1
_MOST_DELAY_SECONDS: Final = 30.0
_GOOD_LIFE_SECONDS: Final = 60.0
_KILL_SECONDS: Final = 5.0
_TICK_SECONDS: Final = 1.0


@dataclass(slots=True)
class _Slot:
    """One worker's place, with whoever fills it now."""

    index: int
    pid: int = 0
    news: int = -1
    """The reading end of the pipe on which the worker says how its start went."""
    words: bytes = b""
    started_at: float = 0.0
    start_at: float | None = 0.0
    """When to start a worker here; None while one runs."""
    failures: int = 0
    is_ready: bool = False


class Parent:
    """Runs N workers on the same sockets until a signal says stop."""

    def __init__(
        self,
        *,
        options: ServerOptions,
        make_app: AppMaker,
        listeners: Iterable[socket.socket],
        on_listening: Callable[[], None],
    ) -> None:
        self._options = options
        self._make_app = make_app
        self._listeners = list(listeners)
        self._on_listening = on_listening
        self._board = LoadBoard(workers=options.workers)
        self._slots = [_Slot(index=index) for index in range(options.workers)]
        self._lifeline, self._life = os.pipe()
        self._bell, self._bell_end = socket.socketpair()
        self._bell.setblocking(False)
        self._bell_end.setblocking(False)
        self._stops = 0
        self._has_listened = False

    def run(self) -> None:
        """Serve until told to stop.

        Raises:
            ServerError: a worker could not start the first time.
        """
        with self._signals():
            try:
                while not self._stops:
                    self._start_due()
                    self._wait()
                    self._reap()
            finally:
                self._stop()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Signals end the wait; what they mean is seen to in the loop."""
        former = {
            number: signal.signal(number, self._on_stop) for number in _STOP_SIGNALS
        }
        former[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _do_nothing)
        former[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        former_bell = signal.set_wakeup_fd(
            self._bell_end.fileno(), warn_on_full_buffer=False
        )
        try:
            yield
        finally:
            signal.set_wakeup_fd(former_bell)
            for number, handler in former.items():
                signal.signal(number, handler)
            for end in (self._bell, self._bell_end):
                end.close()
            os.close(self._lifeline)
            os.close(self._life)

    def _on_stop(self, *_: object) -> None:
        self._stops += 1

    def _start_due(self) -> None:
        now = time.monotonic()
        for slot in self._slots:
            if slot.start_at is not None and slot.start_at <= now:
                self._start(slot)

    def _start(self, slot: _Slot) -> None:
        slot.news, say = os.pipe()
        slot.words, slot.is_ready = b"", False
        slot.started_at, slot.start_at = time.monotonic(), None
        sys.stdout.flush()
        sys.stderr.flush()
        signals = {*_STOP_SIGNALS, signal.SIGCHLD}
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        slot.pid = os.fork()
        if not slot.pid:
            self._become_worker(slot, say, signals)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        os.close(say)

    def _become_worker(
        self, slot: _Slot, say: int, blocked: set[signal.Signals]
    ) -> NoReturn:
        """Be the worker, in the forked process, and never return."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            # A terminal sends this one to everybody; only the parent acts on it.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, blocked)
            os.close(self._life)
            for other in self._slots:
                if other.news >= 0:
                    os.close(other.news)
            run_worker(
                worker=Worker(index=slot.index, workers=len(self._slots)),
                make_app=self._make_app,
                options=self._options,
                listeners=self._listeners,
                board=self._board,
                lifeline=self._lifeline,
                on_ready=lambda: _say(say, _READY),
                stop_signals=(signal.SIGTERM,),
            )
            code = 0
        except ServerError as error:
            _say(say, f"E{error}".encode())
        except BaseException as error:  # noqa: BLE001 - the process ends here
            _LOG.critical("worker %d failed", slot.index, exc_info=True)
            _say(say, f"E{type(error).__name__}: {error}".encode())
        finally:
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _wait(self) -> None:
        """Sleep until a signal, a word from a new worker, or the time to start one."""
        due = [slot.start_at for slot in self._slots if slot.start_at is not None]
        patience = _TICK_SECONDS
        if due:
            patience = max(0.0, min(patience, min(due) - time.monotonic()))
        news = {slot.news: slot for slot in self._slots if slot.news >= 0}
        ready, _, _ = select.select([self._bell.fileno(), *news], [], [], patience)
        for source in ready:
            if source in news:
                self._hear(news[source])
        self._silence_bell()

    def _hear(self, slot: _Slot) -> None:
        words = os.read(slot.news, 4096)
        slot.words += words
        if words and slot.words != _READY:
            return
        os.close(slot.news)
        slot.news = -1
        if slot.words == _READY:
            slot.is_ready = True
            if not self._has_listened and all(slot.is_ready for slot in self._slots):
                self._has_listened = True
                self._on_listening()

    def _reap(self) -> None:
        """See which workers have ended, and plan their successors."""
        for slot in self._slots:
            if not slot.pid:
                continue
            pid, status = os.waitpid(slot.pid, os.WNOHANG)
            if pid:
                self._board.clear(slot.index)
                slot.pid = 0
                self._plan(slot, os.waitstatus_to_exitcode(status))

    def _plan(self, slot: _Slot, code: int) -> None:
        while slot.news >= 0:
            self._hear(slot)
        if self._stops:
            return
        reason = slot.words.removeprefix(_READY).removeprefix(b"E").decode()
        reason = reason or f"it ended with {_describe_exit(code)}"
        if not self._has_listened:
            raise ServerError(f"cannot start: {reason}")
        now = time.monotonic()
        lived = now - slot.started_at
        slot.failures = 0 if lived > _GOOD_LIFE_SECONDS else slot.failures + 1
        delay = min(_MOST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2**slot.failures)
        slot.start_at = now + delay
        _LOG.error(
            "worker %d is gone: %s; starting it again in %.1f s",
            slot.index,
            reason,
            delay,
        )

    def _stop(self) -> None:
        """Stop all workers, patiently at first."""
        for listener in self._listeners:
            listener.close()
        self._signal(signal.SIGTERM)
        stops = self._stops
        kill_at = time.monotonic() + self._options.grace_seconds + _KILL_SECONDS
        while any(slot.pid for slot in self._slots):
            select.select([self._bell], [], [], 0.1)
            self._silence_bell()
            self._stops = max(1, self._stops)
            self._reap()
            if time.monotonic() > kill_at or self._stops > max(1, stops):
                self._signal(signal.SIGKILL)
        for slot in self._slots:
            if slot.news >= 0:
                os.close(slot.news)
                slot.news = -1

    def _silence_bell(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._bell.recv(512)

    def _signal(self, number: signal.Signals) -> None:
        for slot in self._slots:
            if slot.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(slot.pid, number)


def _do_nothing(*_: object) -> None:
    """Take a signal so that it ends a wait."""


def _say(pipe: int, words: bytes) -> None:
    with contextlib.suppress(OSError):
        os.write(pipe, words)


def _describe_exit(code: int) -> str:
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
