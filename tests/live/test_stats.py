"""`ocsync stats` over the data of a running server, and without one."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ocsync.server.data_lock import running_server
from tests.live.harness import until
from tests.live_server import LiveServer, serving


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    """Two workers over a fresh data folder."""
    with serving(tmp_path) as running:
        yield running


def stats(data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("OCSYNC_")}
    return subprocess.run(
        [sys.executable, "-m", "ocsync", "stats", "--data", str(data), *options],
        env=own,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


def document(data: Path) -> Any:
    """What a script gets."""
    return json.loads(stats(data, "--json").stdout)


def route_of(document: Any, route: str, method: str) -> dict[str, Any]:
    """One row of the table of routes; empty if there is none."""
    return next(
        (
            row
            for row in document["server"]["routes"]
            if (row["route"], row["method"]) == (route, method)
        ),
        {},
    )


def test_numbers_of_a_running_server(server: LiveServer) -> None:
    """Requests by route since the start, with quantiles; and what there is."""
    with server.api() as api:
        api.put("/dav/files/admin/a.txt", content=b"x" * 1000).raise_for_status()
        for _ in range(3):
            api.get("/dav/files/admin/a.txt").raise_for_status()
        api.get("/dav/files/admin/nothing")
        made = {"Tus-Resumable": "1.0.0", "Upload-Length": "5"}
        api.post("/files", headers=made).raise_for_status()

    # A file's answer is counted when it has been sent, which its client sees before.
    until(lambda: route_of(document(server.data), "/dav", "GET").get("requests") == 4)
    found = document(server.data)

    get = route_of(found, "/dav", "GET")
    assert (get["requests"], get["refused"], get["failed"]) == (4, 1, 0)
    assert get["sent"] >= 3000
    assert 0 < get["p50"] <= get["p95"] <= get["p99"]
    assert route_of(found, "/dav", "PUT")["received"] == 1000
    assert found["server"]["workers"] == 2
    assert found["server"]["commit"]["count"] > 0
    assert found["kept"]["file_bytes"] == 1000
    assert found["uploads"] == [{"dialect": "plain", "state": "waiting", "count": 1}]


def test_people_get_tables(server: LiveServer) -> None:
    """With sizes and times in words."""
    httpx.get(f"{server.url}/status.php").raise_for_status()

    text = stats(server.data).stdout

    assert "1 personal" in text
    assert "running since" in text
    assert any(
        line.split()[:3] == ["/status.php", "GET", "1"] for line in text.splitlines()
    )


def test_without_a_server_there_is_what_is_kept(tmp_path: Path) -> None:
    """And a word on standard error that nobody serves it."""
    with serving(tmp_path) as ended:
        assert running_server(ended.data) is not None
    assert running_server(ended.data) is None

    found = stats(ended.data, "--json")
    told = stats(ended.data)

    assert json.loads(found.stdout)["server"] is None
    assert "1 personal" in told.stdout
    assert "no server is running" in told.stderr
