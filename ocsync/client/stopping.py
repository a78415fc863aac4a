"""Telling every thread to end, also those that wait for a network."""

import threading
from collections.abc import Callable

from ocsync.client.errors import Stopped


class Stop:
    """Set once, by whoever has the user's Ctrl-C."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._wakers: list[Callable[[], None]] = []

    @property
    def is_set(self) -> bool:
        """Whether it is time to end."""
        return self._event.is_set()

    def now(self) -> None:
        """Tell everybody."""
        self._event.set()
        with self._lock:
            wakers = list(self._wakers)
        for wake in wakers:
            wake()

    def also(self, wake: Callable[[], None]) -> None:
        """Call this too, to end what would not look here."""
        with self._lock:
            self._wakers.append(wake)

    def check(self) -> None:
        """Go on, unless it is time to end.

        Raises:
            Stopped: it is.
        """
        if self._event.is_set():
            raise Stopped("stopped")

    def wait(self, seconds: float) -> None:
        """Wait so long, or until it is time to end.

        Raises:
            Stopped: it is.
        """
        if self._event.wait(seconds):
            raise Stopped("stopped")
