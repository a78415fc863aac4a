"""What a server does in the background: sweeping, and completing checksums.

One worker of a server does it. On several machines each server does, which does no
harm: both jobs take bounded steps that decide anew by what the rows say.
"""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from ocsync.log import REQUEST_ID, Log
from ocsync.metrics.meter import Meter
from spaces.hashing import Hashing
from spaces.library import Library

_HASHING_PAUSE_SECONDS: Final = 5.0


class Housekeeping:
    """Two threads that work until the event says stop."""

    def __init__(
        self,
        *,
        library: Library,
        log: Log,
        meter: Meter,
        stop: threading.Event,
        sweep_interval: timedelta,
    ) -> None:
        """Take what to keep in order."""
        self._library = library
        self._hashing = Hashing(database=library.database, blobs=library.blobs)
        self._log = log
        self._meter = meter
        self._stop = stop
        self._threads = [
            self._thread("sweep", self._sweep, sweep_interval.total_seconds()),
            self._thread("hashing", self._hash, _HASHING_PAUSE_SECONDS),
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Return when the threads have ended; the event must have been set."""
        for thread in self._threads:
            thread.join()

    def _thread(
        self, name: str, job: Callable[[], None], pause_seconds: float
    ) -> threading.Thread:
        return threading.Thread(
            target=self._repeat, args=(name, job, pause_seconds), name=name, daemon=True
        )

    def _repeat(self, name: str, job: Callable[[], None], pause_seconds: float) -> None:
        while not self._stop.wait(pause_seconds):
            # Lines of one round belong together as those of one request do.
            REQUEST_ID.set(f"{name}-{uuid.uuid4()}")
            try:
                job()
            except Exception as error:  # noqa: BLE001  # the next round may go well
                self._log.error(f"{name} failed", exc_info=error)
                self._meter.job_failed(name)

    def _sweep(self) -> None:
        swept = self._library.sweeper.sweep(stop=self._stop)
        if swept.counts:
            self._log.info("swept", **swept.counts)

    def _hash(self) -> None:
        count = self._hashing.complete(stop=self._stop)
        if count:
            self._log.info("completed checksums", count=count)
