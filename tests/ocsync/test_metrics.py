"""Counting: the table, the shared memory, and what is read from it."""

import gc
import math
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ocsync.metrics import catalogue
from ocsync.metrics.board import Board
from ocsync.metrics.catalogue import METRICS, Kind, Metric, Source
from ocsync.metrics.meter import UNROUTED, Meter
from ocsync.metrics.reading import Reading, Series, quantile
from ocsync.timings import TIMINGS, Timings
from spaces.watch import Step
from tests.metric_samples import sample_names

_BASE_UNITS = ("seconds", "bytes", "info", "total")
_OTHER_UNITS = re.compile(
    r"_(milliseconds|ms|microseconds|minutes|hours|days|kilobytes|kb|megabytes|mb|bits"
    r"|percent|counter|gauge|histogram|summary)(_|$)"
)


@pytest.fixture
def board() -> Board:
    """Memory for two workers."""
    return Board.create(workers=2)


def ask(meter: Meter, *, route: str = "/dav", method: str = "GET", **more: int) -> None:
    """Count a request."""
    given = {"status": 200, "received": 0, "sent": 0, **more}
    meter.request(route=route, method=method, seconds=0.003, timings=Timings(), **given)


def values(board: Board, metric: Metric) -> dict[tuple[str, ...], float]:
    """The series of a counter or gauge that are not zero."""
    return {
        each.labels: each.value for each in Reading(board).series(metric) if each.value
    }


def only(board: Board, metric: Metric) -> Series:
    """The one series of a metric without labels."""
    (series,) = Reading(board).series(metric)
    return series


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_names_keep_the_rules_of_prometheus(metric: Metric) -> None:
    """Prefix, base units, `_total` for counters only, no suffix of the format's own.

    As https://prometheus.io/docs/practices/naming/ and what promtool checks.
    """
    name = metric.name

    assert re.fullmatch(r"ocsync(_[a-z][a-z0-9]*)+", name)
    assert name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert not name.endswith(("_count", "_sum", "_bucket"))
    assert not _OTHER_UNITS.search(name)
    for unit in ("seconds", "bytes"):
        assert unit not in name or name.removesuffix("_total").endswith(unit)
    assert metric.help.endswith(".")
    for label in metric.label_names:
        assert re.fullmatch(r"[a-z][a-z_]*", label)
        assert label not in {"le", "quantile", "job", "instance"}  # Prometheus' own
        assert f"_{label}_" not in f"{name}_"


def test_names_are_unique() -> None:
    """Also with the suffixes under which samples are stored."""
    samples = [name for metric in METRICS for name in sample_names(metric)]

    assert len(samples) == len(set(samples))


def test_the_number_of_series_is_bounded() -> None:
    """Whatever clients ask for: labels have the values of the table and no others."""
    for metric in METRICS:
        if metric.source is Source.WORKERS:
            assert all(label.values for label in metric.labels), metric.name
            assert math.prod(len(label.values) for label in metric.labels) <= 10_000


def test_workers_add_up(board: Board) -> None:
    """What each has counted in its slot is one number for who asks."""
    for index, times in enumerate((3, 4)):
        meter = Meter(board, index=index)
        meter.name_routes(["/dav", ""])
        for _ in range(times):
            ask(meter, status=207, method="PROPFIND", received=10, sent=100)

    labels = ("/dav", "PROPFIND")
    assert values(board, catalogue.REQUESTS) == {(*labels, "2xx"): 7}
    assert values(board, catalogue.RECEIVED) == {labels: 70}
    assert values(board, catalogue.SENT) == {labels: 700}
    (series,) = Reading(board).series(catalogue.REQUEST_SECONDS)
    assert (series.labels, series.count) == (labels, 7)
    assert series.sum == pytest.approx(0.021)


def test_a_worker_goes_on_where_the_one_before_it_ended(board: Board) -> None:
    """Counters stay; what was true of the process only does not."""
    first = Meter(board, index=1)
    first.name_routes(["/dav"])
    first.vitals(connections=5, working=1, waiting=2, idle=3, queued=4)
    ask(first)

    second = Meter(board, index=1)
    second.name_routes(["/dav"])
    ask(second)

    assert values(board, catalogue.REQUESTS) == {("/dav", "GET", "2xx"): 2}
    assert values(board, catalogue.WORKER_STARTS) == {(): 2}
    assert values(board, catalogue.CONNECTIONS) == {}


def test_memory_goes_with_its_board() -> None:
    """A process that makes many applications does not run out of descriptors."""
    before = set(Path("/proc/self/fd").iterdir())

    for _ in range(20):
        Meter(Board.create(workers=1))
    gc.collect()

    assert len(set(Path("/proc/self/fd").iterdir()) - before) <= 1


def test_a_dead_worker_has_no_connections(board: Board) -> None:
    """Its counters count on, its gauges do not."""
    meter = Meter(board)
    meter.vitals(connections=5, working=1, waiting=2, idle=3, queued=4)
    meter.hashed(3)
    assert values(board, catalogue.CONNECTIONS) == {(): 5}

    board.slot(0)[0] = 2**22 + 1  # above the highest process id there can be

    assert values(board, catalogue.CONNECTIONS) == {}
    assert values(board, catalogue.HASHED) == {(): 3}


@pytest.mark.parametrize(
    ("route", "method", "labels"),
    [
        ("/nowhere", "GET", (UNROUTED, "GET")),
        ("/dav", "BREW", ("/dav", "OTHER")),
        ("/dav", "get", ("/dav", "OTHER")),
    ],
)
def test_what_is_unknown_is_counted_together(
    board: Board, route: str, method: str, labels: tuple[str, str]
) -> None:
    """A client cannot make up series."""
    meter = Meter(board)
    meter.name_routes(["/dav"])

    ask(meter, route=route, method=method)

    assert values(board, catalogue.REQUESTS) == {(*labels, "2xx"): 1}


def test_more_routes_than_there_is_room_for_are_counted_together(board: Board) -> None:
    """No setting makes the memory too small."""
    meter = Meter(board)
    routes = [f"/r{number:03}" for number in range(catalogue.MOST_ROUTES + 5)]
    meter.name_routes(routes)

    ask(meter, route=routes[-1])
    ask(meter, route=routes[0])

    assert values(board, catalogue.REQUESTS) == {
        (UNROUTED, "GET", "2xx"): 1,
        (routes[0], "GET", "2xx"): 1,
    }


def test_threads_lose_nothing(board: Board) -> None:
    """Additions of several threads all count."""
    meter = Meter(board)
    meter.name_routes(["/dav"])

    def count(_: int) -> None:
        for _ in range(500):
            ask(meter, sent=3)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(8)))

    assert values(board, catalogue.SENT) == {("/dav", "GET"): 12_000}


def test_what_the_domain_tells_is_counted(board: Board) -> None:
    """Each thing in its place; names nobody foresaw together."""
    meter = Meter(board)

    meter.committed(3)
    meter.swept({"blobs": 2, "something new": 5}, 0.5)
    meter.mismatched("chunk")
    meter.took_over("pulse")
    meter.took_over("something new")
    meter.refused(408)
    meter.refused(418)
    meter.took(Step.SEAL, 1.0, 1.2)

    assert only(board, catalogue.COMMIT_JOBS).sum == 3
    assert only(board, catalogue.SWEEPS).numbers == (1, 0.5)
    assert values(board, catalogue.SWEPT) == {("blobs",): 2, ("other",): 5}
    assert values(board, catalogue.MISMATCHES) == {("chunk",): 1}
    assert values(board, catalogue.TAKE_OVERS) == {("pulse",): 1, ("other",): 1}
    assert values(board, catalogue.REFUSED_REQUESTS) == {("408",): 1, ("other",): 1}
    (sealed,) = (
        each
        for each in Reading(board).series(catalogue.BLOB_SECONDS)
        if each.labels == ("seal",)
    )
    assert sealed.count == 1
    assert sealed.sum == pytest.approx(0.2)


@pytest.fixture
def timings() -> Iterator[Timings]:
    """Those of a request that this thread serves."""
    given = Timings()
    token = TIMINGS.set(given)
    yield given
    TIMINGS.reset(token)


def test_reads_of_a_request_are_counted_with_it(board: Board, timings: Timings) -> None:
    """Once, whether there was a request or not."""
    meter = Meter(board)
    meter.took(Step.READ, 1.0, 1.25)
    meter.took(Step.READ, 2.0, 2.25)
    assert only(board, catalogue.READ_SECONDS).count == 0

    meter.request(
        route="/",
        method="GET",
        status=200,
        seconds=1,
        received=0,
        sent=0,
        timings=timings,
    )
    TIMINGS.set(None)
    meter.took(Step.READ, 3.0, 3.5)

    read = only(board, catalogue.READ_SECONDS)
    assert (read.count, read.sum) == (3, 1.0)


def test_time_is_told_apart(board: Board, timings: Timings) -> None:
    """A request knows what it waited for."""
    meter = Meter(board)

    meter.took(Step.TURN, 1.0, 1.5)
    meter.took(Step.COMMIT, 2.0, 3.0)
    meter.took(Step.OPEN, 4.0, 4.25)
    meter.took(Step.FLUSH, 5.0, 5.25)

    assert (timings.turn, timings.commit, timings.blob) == (0.5, 1.0, 0.5)


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.5, 2.0), (0.75, 3.0), (0.95, 3.8), (1.0, 4.0)],
)
def test_quantiles_lie_within_their_bucket(share: float, expected: float) -> None:
    """As Prometheus interpolates them."""
    series = Series((), (1.0, 1.0, 2.0, 0.0, 99.0))  # up to 1, 2, 4, 8; above; sum

    assert quantile(share, (1, 2, 4, 8), series) == pytest.approx(expected)


def test_quantiles_beyond_the_last_bucket_and_of_nothing() -> None:
    """The last bound is all that is known; nothing has no quantile."""
    assert quantile(0.5, (1, 2), Series((), (0.0, 0.0, 3.0, 30.0))) == 2
    assert quantile(0.5, (1, 2), Series((), (0.0, 0.0, 0.0, 0.0))) is None
