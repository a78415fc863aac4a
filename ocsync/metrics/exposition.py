"""The metrics in Prometheus' formats, rendered by its client library."""

from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    SummaryMetricFamily,
)
from prometheus_client.core import (
    Metric as Family,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.utils import floatToGoString

from ocsync._version import __version__
from ocsync.metrics import catalogue
from ocsync.metrics.board import Board
from ocsync.metrics.catalogue import METRICS, Kind, Metric, Source
from ocsync.metrics.gauges import look_up
from ocsync.metrics.reading import Reading, Series
from spaces.library import Library

_BEYOND: Final = "+Inf"


class Exposition:
    """Renders a board, and what the library knows, when asked."""

    def __init__(self, *, board: Board, library: Library) -> None:
        self._board = board
        self._library = library

    def render(self, accept: str) -> tuple[bytes, str]:
        """The document and its content type, in the format the client prefers."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        try:
            encode, content_type = choose_encoder(accept)
        except (TypeError, ValueError):  # a version that is no number
            encode, content_type = choose_encoder("")
        return encode(registry), content_type

    def describe(self) -> Iterable[Family]:
        """Nothing: names are known to be unique, and no value is asked for that."""
        return ()

    def collect(self) -> Iterator[Family]:
        """Every metric with its series, in the order of the catalogue."""
        reading = Reading(self._board)
        around = {**self._of_server(reading), **self._of_store()}
        for metric in METRICS:
            if metric.source is Source.WORKERS:
                yield _family(metric, reading.series(metric))
            else:
                yield _family(metric, around[metric.name])

    @staticmethod
    def _of_server(reading: Reading) -> dict[str, list[Series]]:
        values = {
            name: [Series((), (value,))] for name, value in reading.looked_up().items()
        }
        return {**values, catalogue.BUILD.name: [Series((__version__,), (1.0,))]}

    def _of_store(self) -> dict[str, list[Series]]:
        figures = look_up(self._library)
        free = figures.free_bytes
        return {
            catalogue.UPLOADS.name: [
                Series(labels, (figures.uploads.get(labels, 0),))
                for labels in catalogue.UPLOADS.series()
            ],
            catalogue.SPACES.name: [
                Series(labels, (figures.spaces.get(labels, 0),))
                for labels in catalogue.SPACES.series()
            ],
            catalogue.HASH_QUEUE.name: [Series((), (figures.hash_queue,))],
            catalogue.USED.name: [Series((), (figures.used_bytes,))],
            catalogue.FREE.name: [] if free is None else [Series((), (free,))],
        }


def _family(metric: Metric, found: Iterable[Series]) -> Family:
    match metric.kind:
        case Kind.COUNTER:
            counter = CounterMetricFamily(
                metric.name, metric.help, labels=metric.label_names
            )
            for each in found:
                counter.add_metric(each.labels, each.value)
            return counter
        case Kind.GAUGE:
            gauge = GaugeMetricFamily(
                metric.name, metric.help, labels=metric.label_names
            )
            for each in found:
                gauge.add_metric(each.labels, each.value)
            return gauge
        case Kind.SUMMARY:
            summary = SummaryMetricFamily(
                metric.name, metric.help, labels=metric.label_names
            )
            for each in found:
                summary.add_metric(each.labels, int(each.count), each.sum)
            return summary
        case Kind.HISTOGRAM:
            histogram = HistogramMetricFamily(
                metric.name, metric.help, labels=metric.label_names
            )
            for each in found:
                histogram.add_metric(each.labels, _buckets(metric, each), each.sum)
            return histogram


def _buckets(metric: Metric, series: Series) -> list[tuple[str, float]]:
    """Cumulative, as Prometheus wants them."""
    bounds = (*map(floatToGoString, metric.buckets), _BEYOND)
    total, buckets = 0.0, []
    for bound, count in zip(bounds, series.numbers, strict=False):
        total += count
        buckets.append((bound, total))
    return buckets
