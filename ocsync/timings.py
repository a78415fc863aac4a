"""Where the time of one request went, added up while it is served.

One request is served on one thread, so its `Timings` hang on a context variable:
whoever takes a measure finds them there, and nobody has to hand them down.
"""

from contextvars import ContextVar
from time import perf_counter
from typing import Final, Protocol

from spaces.watch import Step

_READ: Final = Step.READ
_TURN: Final = Step.TURN
_COMMIT: Final = Step.COMMIT
_SPANS: Final = {
    Step.READ: "database_read",
    Step.TURN: "database_lock_wait",
    Step.COMMIT: "database_commit",
    Step.OPEN: "blob_open",
    Step.STAGE: "blob_stage",
    Step.FLUSH: "blob_flush",
    Step.SEAL: "blob_seal",
    Step.REMOVE: "blob_remove",
}


class Trace(Protocol):
    """A trace of the request that wants to know each step (`ocsync.tracing`)."""

    def step(self, name: str, began: float, ended: float) -> None:
        """A step of the request is over."""
        ...


class Timings:
    """Seconds of one request, by what they were spent on."""

    __slots__ = ("auth", "began", "blob", "commit", "read", "reads", "trace", "turn")

    def __init__(self) -> None:
        self.began = perf_counter()
        """When the application got it."""
        self.auth = 0.0
        self.reads = 0
        self.read = 0.0
        self.turn = 0.0
        self.commit = 0.0
        self.blob = 0.0
        self.trace: Trace | None = None

    def took(self, step: Step, began: float, ended: float) -> None:
        """Add a step of the domain."""
        if step is _READ:
            self.reads += 1
            self.read += ended - began
        elif step is _TURN:
            self.turn += ended - began
        elif step is _COMMIT:
            self.commit += ended - began
        else:
            self.blob += ended - began
        if self.trace is not None:
            self.trace.step(_SPANS[step], began, ended)

    def authenticated(self, began: float, ended: float) -> None:
        """Add what it took to find out who asks."""
        self.auth += ended - began
        if self.trace is not None:
            self.trace.step("authentication", began, ended)


TIMINGS: Final[ContextVar[Timings | None]] = ContextVar("ocsync_timings", default=None)
"""Those of the request that this thread is serving."""
