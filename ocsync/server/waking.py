"""Waiting for a socket in a way that another thread can end.

A thread that waits for its client polls the socket together with a pipe of its own.
Shutting the socket for reading would wake it too, but then the kernel answers what
the client still sends with a reset, and the client never reads why it was stopped.
"""

import os
import select
import threading
from typing import Final

READABLE: Final = select.POLLIN
WRITABLE: Final = select.POLLOUT
_PIPE_BYTES: Final = 64 * 1024


class Waker:
    """One thread's pipe; anyone may wake the thread that waits on it."""

    def __init__(self) -> None:
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        os.set_blocking(self._write_end, False)

    def __del__(self) -> None:
        os.close(self._read_end)
        os.close(self._write_end)

    def wake(self) -> None:
        """End the present or else the next wait; thread-safe."""
        try:
            os.write(self._write_end, b"\0")
        except BlockingIOError:
            return  # it is full of wake-ups already

    def wait(self, fileno: int, events: int, seconds: float) -> bool:
        """Whether an event came in time; a wake-up counts as one."""
        poller = select.poll()
        poller.register(fileno, events)
        poller.register(self._read_end, select.POLLIN)
        ready = poller.poll(max(0, int(seconds * 1000 + 0.999)))
        if any(ready_fileno == self._read_end for ready_fileno, _ in ready):
            self._forget()
        return bool(ready)

    def _forget(self) -> None:
        try:
            os.read(self._read_end, _PIPE_BYTES)
        except BlockingIOError:
            return


class ThreadWakers(threading.local):
    """Gives each thread its own waker when it first needs one."""

    def __init__(self) -> None:
        self.waker = Waker()
