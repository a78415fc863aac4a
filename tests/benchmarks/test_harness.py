"""The benchmarks run, notice wrong answers, and judge by what was measured."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks.__main__ import main
from benchmarks.harness import page, plot, results, tables
from benchmarks.harness.crowd import RandomRanges, Same
from benchmarks.harness.measured import Measure, Record, Target, judge
from benchmarks.harness.site import Site, WrongAnswer
from benchmarks.harness.transfers import get, put
from benchmarks.scenarios.every import SCENARIOS

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "benchmarks" / "results"


@pytest.mark.live
def test_a_scenario_runs_to_its_end(tmp_path: Path) -> None:
    """A tiny one, with real servers, leaves figures, a chart and a page behind."""
    few = ["--rounds", "1", "--scale", "0.01", "--servers", "raw,ocsync fast"]

    status = main(["large-put", *few, "--results", str(tmp_path)])

    found = results.load(tmp_path / "large-put.json")
    assert status == 0
    assert [seat.name for seat in found.seats] == ["raw", "ocsync fast"]
    assert all(each.median > 0 for each in found.measures)
    assert found.wrong == []
    assert [each.says for each in found.verdicts] == ["ocsync fast, PUT: ≥ 0.4 x raw"]
    assert "ocsync fast" in (tmp_path / "README.md").read_text()
    assert ET.fromstring((tmp_path / "large-put.svg").read_text()).tag.endswith("svg")


def measure(contender: str, *samples: float, unit: str = "MiB/s") -> Measure:
    """Some rounds of one contender."""
    return Measure(case="PUT", contender=contender, unit=unit, samples=samples)


def test_a_target_is_judged_by_medians() -> None:
    """And says between which ratios the rounds were."""
    measures = [measure("ocsync", 40, 50, 60), measure("raw", 100, 100, 100)]

    verdict = judge(
        Target(case="PUT", contender="ocsync", to="raw", at_least=0.45), measures
    )

    assert verdict is not None
    assert (verdict.value, verdict.low, verdict.high) == (0.5, 0.4, 0.6)
    assert verdict.is_met


def test_a_missed_target_is_missed() -> None:
    """Below the least, and above the most."""
    measures = [measure("ocsync", 30), measure("raw", 100)]
    least = Target(case="PUT", contender="ocsync", to="raw", at_least=0.4)
    most = Target(case="PUT", contender="ocsync", at_most=20)

    verdicts = [judge(each, measures) for each in (least, most)]

    assert [verdict is not None and verdict.is_met for verdict in verdicts] == [
        False,
        False,
    ]


def test_times_are_compared_as_speeds() -> None:
    """Six times as fast takes a sixth of the time."""
    measures = [measure("ocsync", 10, unit="ms"), measure("other", 60, unit="ms")]
    target = Target(
        case="PUT", contender="ocsync", to="other", at_least=6, is_speed=True
    )

    verdict = judge(target, measures)

    assert verdict is not None
    assert (verdict.value, verdict.is_met) == (6, True)


def test_what_was_not_measured_is_not_judged() -> None:
    """A peer that is not installed decides nothing."""
    target = Target(case="PUT", contender="ocsync", to="nginx", at_least=1)

    assert judge(target, [measure("ocsync", 30)]) is None


def test_a_wrong_answer_takes_the_figures_with_it() -> None:
    """What was measured before it is not believed either."""
    record = Record()
    record.add("PUT", "peer", 10, "MiB/s")

    record.refuse("PUT", "peer", "500")

    assert record.measures() == []
    assert record.wrong == {("PUT", "peer"): "500"}


class Broken(http.server.BaseHTTPRequestHandler):
    """Takes everything and gives back something else."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:  # the standard library calls it
        """Read the body and say it is kept."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        """Send as many bytes, but others; or fewer."""
        size = 1024 * 1024 - (self.path == "/short")
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.write(bytes(size))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Be quiet."""


@pytest.fixture
def broken() -> Iterator[Site]:
    """A server that loses content."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Broken)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Site(
        name="broken",
        version="",
        durability="",
        port=server.server_address[1],
        pid=0,
    )
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.live
@pytest.mark.parametrize("path", ["other", "short"])
def test_a_broken_server_has_no_speed(broken: Site, path: str) -> None:
    """Content is compared: a fast 200 is not enough."""
    put(broken, path, 1)

    with pytest.raises(WrongAnswer):
        get(broken, path, 1, is_checked=True)


HEAD = b"HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\n\r\n"


@pytest.mark.parametrize(
    ("body", "is_right"), [(b"cdef", True), (b"cdeX", False), (b"cde", False)]
)
def test_ranges_are_compared(body: bytes, is_right: bool) -> None:
    """With the bytes that the file has there."""
    ranges = RandomRanges(template=b"", length=4, size=80, pattern=b"abcdefgh")

    assert ranges.is_right(10, bytearray(HEAD + body), len(HEAD)) is is_right


def test_ranges_may_span_the_end_of_the_pattern() -> None:
    """It begins again there."""
    ranges = RandomRanges(template=b"", length=4, size=80, pattern=b"abcdefgh")

    assert ranges.is_right(14, bytearray(HEAD + b"ghab"), len(HEAD))


@pytest.mark.parametrize(
    ("answer", "is_right"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nwanted", True),
        (b"HTTP/1.1 200 OK\r\n\r\nother", False),
        (b"HTTP/1.1 500 OK\r\n\r\nwanted", False),
    ],
)
def test_small_answers_are_looked_at(answer: bytes, is_right: bool) -> None:
    """Status, and what must be in the body."""
    same = Same(request=b"", contains=b"wanted")
    body_at = answer.index(b"\r\n\r\n") + 4

    assert same.is_right(0, bytearray(answer), body_at) is is_right


def test_scenarios_have_names_of_their_own() -> None:
    """Results are kept under them."""
    names = [each.name for each in SCENARIOS]

    assert len(set(names)) == len(names)


def test_the_page_is_made_of_the_results(tmp_path: Path) -> None:
    """Nobody typed a figure into the page that is kept, or drew a chart."""
    kept = sorted(KEPT.glob("*.json"))
    for path in kept:
        (tmp_path / path.name).write_text(path.read_text())

    page.write(tmp_path, [each.name for each in SCENARIOS])

    assert (tmp_path / "README.md").read_text() == (KEPT / "README.md").read_text()
    for path in kept:
        chart = plot.draw(results.load(path))
        assert path.with_suffix(".svg").read_text() == chart
        assert json.loads(path.read_text())["scenario"] == path.stem


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, "about 5 s"), (62, "about 60 s"), (771, "about 13 min")],
)
def test_what_is_left_is_said_roughly(seconds: float, said: str) -> None:
    """As people say it."""
    assert tables.duration(seconds) == said
