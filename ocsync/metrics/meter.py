"""Counting, in one process: what the rest of the service and the domain call.

Cheap enough for every request: an addition to shared memory under a lock that no
other process has. A request's reads of the database are added up on the way
(`ocsync.timings`) and counted with it.
"""

import os
import threading
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ocsync.metrics import catalogue
from ocsync.metrics.board import Board
from ocsync.metrics.catalogue import (
    DIALECTS,
    METHODS,
    MOST_ROUTES,
    OTHER,
    REFUSED,
    SWEPT_KINDS,
    Metric,
)
from ocsync.timings import TIMINGS, Timings
from spaces.watch import Step

_READ: Final = Step.READ
UNROUTED: Final = "none"
"""The route of requests that no mount answers."""

_BOUNDS: Final = catalogue.REQUEST_SECONDS.buckets
_BLOB_STEPS: Final = {
    Step.OPEN: "open",
    Step.STAGE: "stage",
    Step.FLUSH: "flush",
    Step.SEAL: "seal",
    Step.REMOVE: "remove",
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where requests of one route and method are counted."""

    status: int
    bucket: int
    seconds: int
    received: int
    sent: int


class Meter:
    """One worker's counters; thread-safe. It is a `spaces.watch.Watch` too."""

    def __init__(self, board: Board, *, index: int = 0) -> None:
        """Count in this slot of the board, going on where another one ended."""
        self.board = board
        self._layout = board.layout
        self._cells = board.slot(index)
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}
        self._places: dict[tuple[str, str], _Place] = {}
        self._methods = frozenset(METHODS)
        read = self._first(catalogue.READ_SECONDS)
        self._reads, self._read_seconds = read, read + 1
        self._histograms = {
            Step.TURN: self._histogram(catalogue.TURN_SECONDS),
            Step.COMMIT: self._histogram(catalogue.COMMIT_SECONDS),
            **{
                step: self._histogram(catalogue.BLOB_SECONDS, name)
                for step, name in _BLOB_STEPS.items()
            },
        }
        self._jobs = self._histogram(catalogue.COMMIT_JOBS)
        for field in self._layout.gauges():
            for cell in range(field.first, field.end):
                self._cells[cell] = 0.0
        self._cells[0] = os.getpid()
        self._add(self._first(catalogue.WORKER_STARTS))

    def name_routes(self, routes: Sequence[str]) -> None:
        """Say which routes there are; requests of others are counted together."""
        names = (UNROUTED, *sorted(routes))[:MOST_ROUTES]
        self._numbers = {name: number for number, name in enumerate(names)}
        self.board.name_routes(names)

    def request(
        self,
        *,
        route: str,
        method: str,
        status: int,
        seconds: float,
        received: int,
        sent: int,
        timings: Timings,
    ) -> None:
        """Count a request that has ended."""
        place = self._places.get((route, method)) or self._find_place(route, method)
        cells = self._cells
        with self._lock:
            cells[place.status + status // 100] += 1
            cells[place.bucket + bisect_left(_BOUNDS, seconds)] += 1
            cells[place.seconds] += seconds
            if received:
                cells[place.received] += received
            if sent:
                cells[place.sent] += sent
            if timings.reads:
                cells[self._reads] += timings.reads
                cells[self._read_seconds] += timings.read

    def took(self, step: Step, began: float, ended: float, /) -> None:
        """Count a step of the domain, and what it cost the request."""
        timings = TIMINGS.get()
        if timings is not None:
            timings.took(step, began, ended)
            if step is _READ:
                return
        if step is _READ:
            with self._lock:
                self._cells[self._reads] += 1
                self._cells[self._read_seconds] += ended - began
            return
        self._observe(self._histograms[step], ended - began)

    def committed(self, jobs: int, /) -> None:
        """Count a commit by its size."""
        self._observe(self._jobs, jobs)

    def swept(self, counts: Mapping[str, int], seconds: float, /) -> None:
        """Count a round of the sweeper."""
        first = self._first(catalogue.SWEEPS)
        self._add(first)
        self._add(first + 1, seconds)
        for kind, count in counts.items():
            known = kind if kind in SWEPT_KINDS else OTHER
            self._add(self._first(catalogue.SWEPT, known), count)

    def hashed(self, count: int, /) -> None:
        """Count contents whose checksums were completed."""
        self._add(self._first(catalogue.HASHED), count)

    def mismatched(self, what: str, /) -> None:
        """Count a checksum that was not met."""
        self._add(self._first(catalogue.MISMATCHES, what))

    def took_over(self, dialect: str, /) -> None:
        """Count an upload that got a new writer."""
        known = dialect if dialect in DIALECTS else OTHER
        self._add(self._first(catalogue.TAKE_OVERS, known))

    def logged_in(self, result: str) -> None:
        """Count an attempt to log in: `ok`, `failed` or `throttled`."""
        self._add(self._first(catalogue.LOGINS, result))

    def job_failed(self, job: str) -> None:
        """Count a round of a background job that raised."""
        self._add(self._first(catalogue.SWEEP_FAILURES, job))

    def refused(self, status: int) -> None:
        """Count a request that reached no route."""
        code = str(status)
        known = code if code in REFUSED else OTHER
        self._add(self._first(catalogue.REFUSED_REQUESTS, known))

    def vitals(
        self, *, connections: int, working: int, waiting: int, idle: int, queued: int
    ) -> None:
        """Note how busy the process is now."""
        cells = self._cells
        cells[self._first(catalogue.CONNECTIONS)] = connections
        cells[self._first(catalogue.THREADS, "working")] = working
        cells[self._first(catalogue.THREADS, "waiting")] = waiting
        cells[self._first(catalogue.THREADS, "idle")] = idle
        cells[self._first(catalogue.QUEUED)] = queued

    def _first(self, metric: Metric, *labels: str) -> int:
        return self._layout.of(metric).cell(*labels)

    def _histogram(self, metric: Metric, *labels: str) -> tuple[int, tuple[float, ...]]:
        return self._first(metric, *labels), metric.buckets

    def _add(self, cell: int, amount: float = 1) -> None:
        with self._lock:
            self._cells[cell] += amount

    def _observe(self, histogram: tuple[int, tuple[float, ...]], value: float) -> None:
        first, bounds = histogram
        with self._lock:
            self._cells[first + bisect_left(bounds, value)] += 1
            self._cells[first + len(bounds) + 1] += value

    def _find_place(self, route: str, method: str) -> _Place:
        """Look the cells up once; the memory of it is as bounded as the labels are."""
        number = str(self._numbers.get(route, 0))
        known = method if method in self._methods else "OTHER"
        bucket = self._first(catalogue.REQUEST_SECONDS, number, known)
        place = _Place(
            # Classes are counted from 1xx, and `status // 100` from 1.
            status=self._first(catalogue.REQUESTS, number, known, "1xx") - 1,
            bucket=bucket,
            seconds=bucket + len(_BOUNDS) + 1,
            received=self._first(catalogue.RECEIVED, number, known),
            sent=self._first(catalogue.SENT, number, known),
        )
        if known == method:
            self._places[route, method] = place
        return place
