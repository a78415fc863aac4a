"""Looks at one thread from another: does it stand still, or only lack a processor?

On a busy machine a thread may not run for many milliseconds though nothing holds it
up. Linux tells the two apart; where nothing does, no thread is ever said to lack one.
"""

import math
import threading
import time
from pathlib import Path
from typing import Final

_CAN_TELL: Final = hasattr(time, "pthread_getcpuclockid")


class ThreadProbe:
    """To be made by the thread that is looked at."""

    def __init__(self) -> None:
        self._stat = Path(f"/proc/self/task/{threading.get_native_id()}/stat")
        self._clock = (
            time.pthread_getcpuclockid(threading.get_ident()) if _CAN_TELL else None
        )
        self._used = 0.0

    def ran(self) -> float:
        """Processor seconds since the last call; infinite where nobody knows."""
        if self._clock is None:
            return math.inf
        try:
            used = time.clock_gettime(self._clock)
        except OSError:
            return math.inf  # it has ended
        ran, self._used = used - self._used, used
        return ran

    def could_run(self) -> bool:
        """Whether only a processor is missing, if it does not run."""
        try:
            state = self._stat.read_bytes().rpartition(b")")[2].split()[0]
        except OSError:
            return False
        return state == b"R"
