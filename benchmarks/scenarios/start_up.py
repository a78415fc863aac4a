"""How soon a server answers, and what it holds in memory."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.harness import ocsync_server, processes
from benchmarks.harness.field import peer_ready
from benchmarks.harness.measured import Record, Seat, Target
from benchmarks.harness.processes import DidNotStart
from benchmarks.harness.scenario import DAV_PEERS, Run, Scenario
from benchmarks.harness.site import Site

START: Final = "start to first answer"
FIRST: Final = "first start ever to first answer"
MEMORY: Final = "memory (PSS) of all processes after 100 requests"
OCSYNC: Final = "ocsync safe"
REQUESTS: Final = 100
Starter = Callable[[], AbstractContextManager[Site]]


def run(run: Run) -> None:
    """Start, ask, stop; nobody else runs meanwhile."""
    data = run.disk / "data"
    login = ocsync_server.prepared(data, "safe")
    for number in run.rounds:
        if run.wants(OCSYNC):
            new = run.disk / f"new-{number}"
            first = partial(ocsync_server.serving, new, "safe", None)
            again = partial(ocsync_server.serving, data, "safe", login)
            _measure(run.record, FIRST, first)
            _measure(run.record, START, again, is_used=True)
        for name in DAV_PEERS:
            place = run.disk / f"{name}-{number}"
            if run.wants(name):
                _start_peer(run.record, name, place)


def _start_peer(record: Record, name: str, scratch: Path) -> None:
    if any(line.startswith(f"{name}:") for line in record.left_out):
        return
    try:
        start = peer_ready(name, scratch)
        _measure(record, START, start, is_used=True)
    except DidNotStart as reason:
        record.left_out.append(f"{name}: {reason}")


def _measure(
    record: Record, case: str, start: Starter, *, is_used: bool = False
) -> None:
    began = time.perf_counter()
    with start() as site:
        site.ask("GET", "/status.php", expect=(200, 404))
        record.add(case, site.name, time.perf_counter() - began, "s")
        if not is_used:
            return
        for number in range(REQUESTS // 2):
            site.ask("PUT", f"file-{number}", b"x" * 1024)
            site.ask("GET", f"file-{number}")
        record.add(MEMORY, site.name, processes.pss_mib(site.pid), "MiB")
        record.seats[site.name] = Seat(
            name=site.name,
            version=site.version,
            durability=site.durability,
            peaks_mib=processes.peaks_mib(site.pid),
        )


SCENARIO = Scenario(
    name="start-up",
    title="Start, and memory at rest",
    about="""\
From the moment the program is started until its first answer has been read: of a
server that has its data, and, of ocsync, also of the very first start, which makes the
data folder, the database and an account. Then 100 requests follow, 50 PUTs of 1 KiB
and 50 GETs, each on a new connection, after which memory is measured. ocsync runs with
its default of one worker process for each core.""",
    rounds=5,
    targets=[
        Target(case=START, contender=OCSYNC, at_most=1.5, unit="s"),
        Target(case=FIRST, contender=OCSYNC, at_most=1.5, unit="s"),
        Target(case=MEMORY, contender=OCSYNC, at_most=140, unit="MiB"),
    ],
    run=run,
)
