"""Having written bytes on their way to the disk while the next ones arrive.

The system keeps what is written in memory until somebody insists; then all of it has
to be waited for. Asked in time, it is nearly done by then. This is a hint and nothing
more: nobody learns how it went, and durable is only what was synced afterwards. Which
files there are is not known here.
"""

import ctypes
import mmap
from collections.abc import Callable
from functools import cache
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, Final

STEP_BYTES: Final = 1024 * 1024
"""So much is worth asking for."""
_IDLE_SECONDS: Final = 5.0
_START_WRITING: Final = 2
"""SYNC_FILE_RANGE_WRITE of linux/fs.h: begin, and do not wait."""

_Ask = Callable[[int, int, int], object]


class Writeback:
    """Asks from a thread of its own, for to ask takes time where the disk is busy.

    The thread ends when nothing is wanted for a while, and does not outlive a fork.
    """

    def __init__(self) -> None:
        self._wanted: SimpleQueue[tuple[int, int, int]] = SimpleQueue()
        self._lock = Lock()
        self._thread: Thread | None = None

    def begin(self, descriptor: int, start: int, end: int) -> int:
        """Want a part of a file written; how far that goes, as the next start.

        The descriptor may be closed meanwhile. If its number then means another file,
        some of that is written a little sooner, which does no harm.
        """
        ask = _asking()
        end -= end % mmap.PAGESIZE  # a page that grows would be waited for
        if ask is None or end - start < STEP_BYTES:
            return start
        self._wanted.put((descriptor, start, end - start))
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(
                    target=self._run, args=(ask,), name="writeback", daemon=True
                )
                self._thread.start()
        return end

    def _run(self, ask: _Ask) -> None:
        while True:
            try:
                wanted = self._wanted.get(timeout=_IDLE_SECONDS)
            except Empty:
                with self._lock:
                    if self._wanted.empty():
                        self._thread = None
                        return
            else:
                ask(*wanted)


@cache
def _asking() -> _Ask | None:
    """Linux's call for it, which Python lacks; None where there is none."""
    try:
        call: Any = ctypes.CDLL(None).sync_file_range
    except (OSError, TypeError, AttributeError):
        return None
    call.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)

    def ask(descriptor: int, start: int, length: int) -> None:
        call(descriptor, start, length, _START_WRITING)

    return ask
