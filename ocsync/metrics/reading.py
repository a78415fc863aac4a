"""What the workers have counted, added up over all of them.

Series that were never touched are left out where a metric has many of them; a metric
with few labels shows its zeros, so that a rate is known from the first event on.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ocsync.metrics import catalogue
from ocsync.metrics.board import Board
from ocsync.metrics.catalogue import MOST_ROUTES, Kind, Metric

_MOST_ZEROS: Final = 64
"""Series up to which a metric shows those that are zero."""
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Series:
    """The numbers of one series: the value, or buckets and sum, or count and sum."""

    labels: tuple[str, ...]
    numbers: tuple[float, ...]

    @property
    def value(self) -> float:
        """Of a counter or a gauge."""
        return self.numbers[0]

    @property
    def sum(self) -> float:
        """Of a histogram or summary."""
        return self.numbers[-1]

    @property
    def count(self) -> float:
        """Of a histogram or summary."""
        return sum(self.numbers[:-1])


class Reading:
    """All numbers of a board, as of one moment."""

    def __init__(self, board: Board) -> None:
        self._layout = board.layout
        self._routes = board.routes
        self._slots = [board.slot(index) for index in range(board.workers)]
        self._living = [slot for slot in self._slots if _is_alive(int(slot[0]))]
        self.pids = [int(slot[0]) for slot in self._living]
        """The worker processes that are alive."""
        self.started = board.started

    def series(self, metric: Metric) -> Iterator[Series]:
        """The series of a metric that the workers count."""
        field, width = self._layout.of(metric), metric.cells
        many = (field.end - field.first) // width
        shows_zeros = many <= _MOST_ZEROS
        if "route" in metric.label_names:  # the first one: only those there are
            many = many // MOST_ROUTES * len(self._routes)
        end = field.first + many * width
        slots = self._living if metric.kind is Kind.GAUGE else self._slots
        numbers = _added([slot[field.first : end] for slot in slots])
        for place, labels in zip(
            range(0, many * width, width), metric.series(), strict=False
        ):
            found = tuple(numbers[place : place + width]) or (0.0,) * width
            if shows_zeros or any(found):
                yield Series(self._named(metric, labels), found)

    def looked_up(self) -> Mapping[str, float]:
        """The values that are not counted but known of the processes."""
        return {
            catalogue.WORKERS.name: len(self.pids),
            catalogue.MEMORY.name: sum(map(_resident_bytes, self.pids)),
            catalogue.STARTED.name: self.started,
        }

    def _named(self, metric: Metric, labels: tuple[str, ...]) -> tuple[str, ...]:
        """The labels, with the name of the route in place of its number."""
        if "route" not in metric.label_names:
            return labels
        return (self._routes[int(labels[0])] or "/", *labels[1:])


def quantile(share: float, bounds: tuple[float, ...], series: Series) -> float | None:
    """The value below which a share of the events lies, interpolated in its bucket.

    As Prometheus' `histogram_quantile`: the last bound for what lies beyond it, and
    None if nothing happened.
    """
    rank = share * series.count
    if not series.count:
        return None
    below, low = 0.0, 0.0
    for bound, count in zip(bounds, series.numbers, strict=False):
        if count and below + count >= rank:
            return low + (bound - low) * (rank - below) / count
        below, low = below + count, bound
    return bounds[-1]


def _added(slots: "list[memoryview[float]]") -> list[float]:
    """The slots added up, cell by cell."""
    return [sum(cells) for cells in zip(*slots, strict=True)]


def _is_alive(pid: int) -> bool:
    if not pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _resident_bytes(pid: int) -> int:
    """The memory of a process; 0 where nobody can tell."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return int(fields[1]) * _PAGE_BYTES
