"""Judges whether a body comes fast enough, counting only the time spent waiting."""

from ocsync.server.options import Limits
from ocsync.wire.body import BodyTimeout, BodyTooSlow


class Pace:
    """The patience that one body is read with."""

    def __init__(self, *, limits: Limits) -> None:
        self._rate = limits.minimum_rate
        self._window = limits.rate_window_seconds
        self._waited = 0.0
        self._received = 0
        self.read_seconds = limits.read_seconds
        """How long to wait for the next byte."""

    def add(self, count: int) -> None:
        """Count bytes that have come."""
        self._received += count

    def require_speed(self) -> None:
        """Judge the last window, once that much time was spent waiting.

        Raises:
            BodyTooSlow: too little has come in it.
        """
        if self._waited < self._window:
            return
        if self._received < self._rate * self._waited:
            raise BodyTooSlow(
                f"only {self._received} bytes came in {self._waited:.0f} seconds"
            )
        self._waited, self._received = 0.0, 0

    def add_wait(self, seconds: float, *, is_ready: bool) -> None:
        """Count a wait.

        Raises:
            BodyTimeout: it ended with nothing to read.
        """
        self._waited += seconds
        if not is_ready:
            raise BodyTimeout(f"nothing came for {self.read_seconds:g} seconds")
