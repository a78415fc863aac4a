"""How many connections each worker holds, so that new ones go where there is room.

The workers share one listening socket, and the kernel would wake the same one again
and again. Each notes its own count in memory that all of them share; who holds more
than another lets that one accept first. It is advice only: a stale or wrong number
delays an accept by a few milliseconds, no more.
"""

import mmap
from typing import Final

_NOBODY: Final = 2**31 - 1


class LoadBoard:
    """One number for each worker, in memory shared across forks."""

    def __init__(self, *, workers: int) -> None:
        self._memory = mmap.mmap(-1, 4 * max(1, workers))
        self._counts = memoryview(self._memory).cast("i")
        for index in range(workers):
            self.clear(index)

    def note(self, index: int, count: int) -> None:
        """Say how many connections a worker holds."""
        self._counts[index] = count

    def clear(self, index: int) -> None:
        """Say that a worker is not there."""
        self._counts[index] = _NOBODY

    def is_least(self, index: int) -> bool:
        """Whether nobody holds fewer connections than this worker."""
        return self._counts[index] <= min(self._counts)
