"""What an onlooker is told of the work in here: which step, from when until when.

The domain measures and says; who listens (metrics, traces, the log of slow requests)
is not its matter. A watch is called on the thread that did the work, also in the
middle of a transaction, so it MUST be quick and MUST NOT raise.
"""

from collections.abc import Mapping
from enum import IntEnum, auto
from typing import Final, Protocol


class Step(IntEnum):
    """A piece of work whose time is worth knowing; a number, as it is looked up often.

    What is not said otherwise is done by the blob store.
    """

    READ = auto()
    """A transaction that reads, from its begin to its end."""
    TURN = auto()
    """The wait of a writer for its turn, until it may begin or another has done it."""
    COMMIT = auto()
    """A transaction that writes, its commit included."""
    OPEN = auto()
    STAGE = auto()
    FLUSH = auto()
    SEAL = auto()
    REMOVE = auto()


class Watch(Protocol):
    """Is told what happened. Times are those of `time.perf_counter`."""

    def took(self, step: Step, began: float, ended: float, /) -> None:
        """A step is over, well or not."""
        ...

    def committed(self, jobs: int, /) -> None:
        """So many jobs were committed together."""
        ...

    def swept(self, counts: Mapping[str, int], seconds: float, /) -> None:
        """The sweeper ended a round and cleared so much away, by kind."""
        ...

    def hashed(self, count: int, /) -> None:
        """The checksums of so many contents were completed."""
        ...

    def mismatched(self, what: str, /) -> None:
        """A checksum was not met: that of a `chunk`, or of a whole `file`."""
        ...

    def took_over(self, dialect: str, /) -> None:
        """An upload has a new writer, in place of one that had not ended."""
        ...


class _Unwatched:
    """Hears nothing."""

    def took(self, step: Step, began: float, ended: float, /) -> None:
        """Hear nothing."""

    def committed(self, jobs: int, /) -> None:
        """Hear nothing."""

    def swept(self, counts: Mapping[str, int], seconds: float, /) -> None:
        """Hear nothing."""

    def hashed(self, count: int, /) -> None:
        """Hear nothing."""

    def mismatched(self, what: str, /) -> None:
        """Hear nothing."""

    def took_over(self, dialect: str, /) -> None:
        """Hear nothing."""


UNWATCHED: Final[Watch] = _Unwatched()
