"""The catalogue of metrics as a page of the docs; `python -m docs.made` writes it."""

from collections.abc import Iterable
from typing import Final

from ocsync.metrics.catalogue import METRICS, Metric, Source

_MOST_VALUES: Final = 17

_HEAD: Final = """\
# Metrics

`/metrics` says them to Prometheus, over all worker processes;
`ocsync stats` shows the most telling ones without it.
Who may ask is decided by the [settings](settings.md) of the group `metrics`,
how to connect Prometheus and Grafana stands in [Running ocsync](operating.md).

Labels have the values below and no others, whatever clients ask for,
so the number of series is bounded.
`route` is the beginning of the URL's path that decides which part of the server
answers: `/dav`, `/data`, `/files`, `/graph`, …;
`/` is the web page, `none` what nothing answers.
"""
_SECTIONS: Final = {
    Source.WORKERS: """
## Counted

By the worker processes, from the start of the server on.
A worker that ended, however it did, takes nothing with it:
the one that takes its place goes on counting.
""",
    Source.SERVER: """
## About the processes
""",
    Source.STORE: """
## About what is kept

Asked of the database and the store whenever somebody looks;
several machines on one database all say the same.
""",
}
_TABLE: Final = "\n| metric | kind | labels | meaning |\n|---|---|---|---|\n"
_FOOT: Final = """
Buckets of histograms, in the unit of the metric:

"""
_END: Final = """
This page is made from the code by `python -m docs.made`.
"""


def metrics_page() -> str:
    """A table for each source, then the buckets."""
    parts = [_HEAD]
    for source, text in _SECTIONS.items():
        parts += [text, _TABLE]
        parts += [_row(each) for each in METRICS if each.source is source]
    parts.append(_FOOT)
    parts += [
        f"- `{each.name}`: {', '.join(f'{bound:g}' for bound in each.buckets)}\n"
        for each in METRICS
        if each.buckets
    ]
    return "".join((*parts, _END))


def _row(metric: Metric) -> str:
    labels = "<br>".join(
        f"`{label.name}`{_values(label.values)}" for label in metric.labels
    )
    return f"| `{metric.name}` | {metric.kind.value} | {labels} | {metric.help} |\n"


def _values(values: Iterable[str]) -> str:
    """What a label can be; routes are too many, and versions not known before."""
    known = tuple(values)
    if not known or len(known) > _MOST_VALUES:
        return ""
    return f": {', '.join(known)}"
