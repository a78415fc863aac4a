"""One quick client beside many slow ones."""

import statistics
import time
from http.client import HTTPResponse
from typing import Final

from benchmarks.harness import processes, propfind
from benchmarks.harness.field import Field
from benchmarks.harness.latency import percentile, waits
from benchmarks.harness.measured import Target
from benchmarks.harness.scenario import Run, Scenario
from benchmarks.harness.site import Site
from benchmarks.harness.slow_crowd import SlowCrowd, sending

OCSYNC: Final = "ocsync safe"
CROWDS: Final = (0, 1, 8, 64, 200, 500)
RATE: Final = 64 * 1024
P50, P99 = "p50 of PROPFIND", "p99 of PROPFIND"
SPEED: Final = "PROPFIND on one connection"
UPLOADED: Final = "uploaded at the same time"
MEMORY: Final = "memory (PSS) of one upload"
_RAMP_SECONDS: Final = 0.5


def beside(contender: str, clients: int) -> str:
    """A contender with so many slow uploads going on."""
    return f"{contender}, {clients} uploads"


def run(run: Run) -> None:
    """Crowds of all sizes, one after the other, in each round."""
    seconds = max(4 * run.seconds, 1.0)
    with run.field(OCSYNC, scratch=run.disk) as field:
        for site in field.sites:
            with field.trying(P50, site):
                site.ask("PUT", "small", b"x" * 1024)
                site.ask("MKCOL", "slow/")
        for number in run.rounds:
            for clients in CROWDS:
                for site in field.sites:
                    with field.trying(P99, site):
                        many = run.extent.many(clients) if clients else 0
                        _measure(field, site, (clients, many), number, seconds)


def _measure(
    field: Field, site: Site, clients: tuple[int, int], number: int, seconds: float
) -> None:
    named, many = clients
    crowd = SlowCrowd(
        port=site.port,
        template=b"",
        clients=many,
        bytes_a_second=RATE,
        seconds=seconds + 2 * _RAMP_SECONDS,
    )
    path = f"slow/{named}-{number}-@NAME@"
    crowd = crowd.asking(site.head("PUT", path, f"Content-Length: {crowd.length}"))
    before = processes.pss_mib(site.pid)
    with sending(crowd):
        time.sleep(_RAMP_SECONDS)
        times = _propfinds(site, seconds)
        memory = processes.pss_mib(site.pid) - before
    label = beside(site.name, named)
    add = field.record.add
    add(P50, label, statistics.median(times) * 1000, "ms")
    add(P99, label, percentile(times, 0.99) * 1000, "ms")
    add(SPEED, label, len(times) / seconds, "requests/s")
    if many:
        add(UPLOADED, label, many * RATE / 1024 / 1024, "MiB/s")
        add(MEMORY, label, max(memory, 0) / many, "MiB")


def _propfinds(site: Site, seconds: float) -> list[float]:
    body = propfind.body(["d:getetag", "d:getcontentlength"])
    request = ("PROPFIND", "small", body, propfind.headers("0"))
    return waits(site, request, _is_right, seconds=seconds)


def _is_right(answer: HTTPResponse, content: bytes) -> bool:
    return answer.status == 207 and b">1024<" in content


SCENARIO = Scenario(
    name="slow-uploads",
    title="PROPFIND beside slow uploads",
    about="""\
Up to 500 clients each put a new file at 64 KiB/s, while one client asks for two
properties of a file again and again on a keep-alive connection. The server runs with
its default of threads, at `safe`, on the disk. Every slow upload must be answered with
201 in the end. Memory is what all processes hold more than before, divided by the
number of uploads.""",
    rounds=2,
    targets=[
        Target(
            case=P99, contender=beside(OCSYNC, 200), to=beside(OCSYNC, 0), at_most=5
        ),
        Target(case=MEMORY, contender=beside(OCSYNC, 200), at_most=1, unit="MiB"),
    ],
    run=run,
)
