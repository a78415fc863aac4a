"""Where in a worker's memory each number of the catalogue lies.

It follows from the catalogue alone, so all processes of one version agree on it; the
fingerprint tells another version apart.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import Final

from ocsync.metrics.catalogue import METRICS, Kind, Metric, Source

_RESERVED: Final = 1
"""The first cell holds the process id."""
CELL_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Field:
    """A metric in memory: its cells, from the first to the one after the last."""

    metric: Metric
    first: int
    end: int

    def cell(self, *labels: str) -> int:
        """The first cell of the series with these labels.

        Raises:
            ValueError: the catalogue does not foresee one of them.
        """
        number = 0
        for label, value in zip(self.metric.labels, labels, strict=True):
            number = number * len(label.values) + label.values.index(value)
        return self.first + number * self.metric.cells


@dataclass(frozen=True, slots=True)
class Layout:
    """All metrics that workers count."""

    fields: dict[str, Field]
    cells: int
    fingerprint: str

    def of(self, metric: Metric) -> Field:
        """Where the metric lies."""
        return self.fields[metric.name]

    def gauges(self) -> Iterable[Field]:
        """What is true of a process only while it lives."""
        return (
            field for field in self.fields.values() if field.metric.kind is Kind.GAUGE
        )


def make_layout() -> Layout:
    """Lay the metrics out one after the other."""
    fields: dict[str, Field] = {}
    at = _RESERVED
    digest = hashlib.sha256()
    for metric in METRICS:
        if metric.source is not Source.WORKERS:
            continue
        digest.update(repr(metric).encode())
        many = prod(len(label.values) for label in metric.labels)
        fields[metric.name] = Field(metric, at, at + many * metric.cells)
        at = fields[metric.name].end
    return Layout(fields, at, digest.hexdigest()[:16])
