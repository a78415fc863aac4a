"""The names under which Prometheus stores what a metric counts."""

from typing import Final

from ocsync.metrics.catalogue import Kind, Metric

_SUFFIXES: Final = {
    Kind.HISTOGRAM: ("_bucket", "_sum", "_count"),
    Kind.SUMMARY: ("_sum", "_count"),
}


def sample_names(metric: Metric) -> list[str]:
    """One name, or several of one beginning."""
    return [f"{metric.name}{suffix}" for suffix in _SUFFIXES.get(metric.kind, ("",))]
