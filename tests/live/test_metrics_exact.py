"""The metrics of two worker processes agree exactly with what was asked of them."""

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ocsync.metrics.board import find_board
from ocsync.metrics.reading import Reading
from tests.live.harness import until
from tests.live.raw_http import RawClient
from tests.live_server import LiveServer, serving

THREADS = 6
ROUNDS = 8

Counts = dict[tuple[str, ...], float]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    """Two workers over a fresh data folder."""
    with serving(tmp_path, "--set", "log.access=false") as running:
        yield running


def scrape(server: LiveServer, name: str) -> Counts:
    """The samples of a name, but those that scraping itself makes."""
    text = httpx.get(f"{server.url}/metrics", timeout=30).raise_for_status().text
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and "/metrics" not in sample.labels.values()
    }


class Workload:
    """What one client does, and what of it must be counted."""

    def __init__(self, server: LiveServer, number: int) -> None:
        self._server = server
        self._folder = f"/remote.php/dav/files/admin/{number}"
        self._random = random.Random(number)
        self.requests: Counter[tuple[str, ...]] = Counter()
        self.received: Counter[tuple[str, ...]] = Counter()
        self.sent: Counter[tuple[str, ...]] = Counter()

    def run(self) -> None:
        """Each round on a connection of its own, so that both workers get some."""
        self._ask("MKCOL", "", 201)
        for number in range(ROUNDS):
            content = self._random.randbytes(self._random.randrange(1, 200_000))
            self._ask("PUT", f"/{number}", 201, content)
            self._ask("GET", f"/{number}", 200)
            self._ask("PROPFIND", "", 207)
            self._ask("GET", "/nothing", 404)
            self._ask("DELETE", f"/{number}", 204)

    def _ask(self, method: str, path: str, status: int, content: bytes = b"") -> None:
        with self._server.api() as api:
            answer = api.request(
                method, f"{self._folder}{path}", content=content, timeout=60
            )
        assert answer.status_code == status
        self.requests[method, "/dav", f"{status // 100}xx"] += 1
        self.received[method, "/dav"] += len(content)
        self.sent[method, "/dav"] += len(answer.content)


def run_workload(server: LiveServer) -> Workload:
    """Several clients at the same time; what they did together."""
    loads = [Workload(server, number) for number in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(load.run) for load in loads]:
            done.result(timeout=120)
    whole = Workload(server, THREADS)
    for load in loads:
        whole.requests += load.requests
        whole.received += load.received
        whole.sent += load.sent
    return whole


def test_two_processes_count_exactly(server: LiveServer) -> None:
    """Requests by route, method and status; bytes in and out; commits; durations."""
    load = run_workload(server)
    total = sum(load.requests.values())
    # An answer is counted when it has ended, which its client may see before.
    until(lambda: sum(scrape(server, "ocsync_http_requests_total").values()) >= total)

    assert scrape(server, "ocsync_http_requests_total") == load.requests
    assert scrape(server, "ocsync_http_received_bytes_total") == +load.received
    assert scrape(server, "ocsync_http_sent_bytes_total") == +load.sent
    counts = scrape(server, "ocsync_http_request_duration_seconds_count")
    assert sum(counts.values()) == total
    puts = THREADS * ROUNDS
    blobs = scrape(server, "ocsync_blob_duration_seconds_count")
    assert (blobs["seal",], blobs["open",]) == (puts, puts)
    assert scrape(server, "ocsync_workers") == {(): 2}
    assert scrape(server, "ocsync_worker_starts_total") == {(): 2}


def test_a_killed_worker_takes_no_count_with_it(server: LiveServer) -> None:
    """Its successor counts on; nothing is lost, and nothing counted twice."""
    before = run_workload(server)
    total = sum(before.requests.values())
    until(lambda: sum(scrape(server, "ocsync_http_requests_total").values()) >= total)
    parent = int((server.data / "server.lock").read_text())
    victim = Reading(find_board(parent)).pids[1]

    os.kill(victim, signal.SIGKILL)
    until(lambda: scrape(server, "ocsync_worker_starts_total") == {(): 3})

    assert scrape(server, "ocsync_http_requests_total") == before.requests
    assert scrape(server, "ocsync_workers") == {(): 2}


def test_what_no_application_sees_is_counted(server: LiveServer) -> None:
    """Requests that are refused by their head alone, and connections that wait."""
    port = int(server.url.rpartition(":")[2])
    name = "ocsync_http_refused_requests_total"
    for _ in range(3):
        with RawClient(port) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
            assert client.read_answer().status == 400

    with RawClient(port), RawClient(port):
        until(lambda: scrape(server, "ocsync_server_connections")[()] >= 2)

    refused = {labels: count for labels, count in scrape(server, name).items() if count}
    assert refused == {("400",): 3}


def test_a_running_server_can_be_looked_into(server: LiveServer) -> None:
    """Without HTTP, by whoever may look into its process."""
    httpx.get(f"{server.url}/status.php").raise_for_status()
    parent = int((server.data / "server.lock").read_text())

    reading = Reading(find_board(parent))

    assert len(reading.pids) == 2
    assert parent not in reading.pids
    assert reading.started > 0
