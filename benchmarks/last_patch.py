"""What the last PATCH of a large upload costs, against an ordinary one.

    python benchmarks/last_patch.py [--size 2147483648] [--rounds 1] [--data DIR]
                                    [--durability safe] [--check]

Finishing an upload should cost the last chunk and not the file. A file of 2 GiB goes
to a real `ocsync serve` on loopback in PATCHes of 10,000,000 bytes, once on one
keep-alive connection and once with a new connection for each PATCH over 2 workers, so
that one process continues what another one began. The last PATCH is shorter than the
others (it brings the rest), but it also ends the checksums, makes the file visible
and, at durability `safe`, waits for the disk.

`--data` says where the server keeps its data, such as /dev/shm, by default a new
folder for temporary files. `--check` fails when the last PATCH takes more than 3 times
the median.
"""

import argparse
import base64
import http.client
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ocsync.library import open_library
from ocsync.settings import load_settings

CHUNK_BYTES: Final = 10_000_000
FOLDER: Final = "/dav/files/bench/"
LIMIT: Final = 3.0


@dataclass(frozen=True)
class Site:
    """A running server, and how to log in there."""

    port: int
    authorization: str

    def connect(self) -> http.client.HTTPConnection:
        """A new connection."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)

    def create(self, name: str, size: int) -> str:
        """Begin an upload; the path of its URL."""
        encoded = base64.b64encode(name.encode()).decode()
        headers = {
            "Authorization": self.authorization,
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(size),
            "Upload-Metadata": f"filename {encoded}",
        }
        connection = self.connect()
        connection.request("POST", FOLDER, headers=headers)
        answer = connection.getresponse()
        assert answer.status == 201, answer.read()
        location = answer.headers["Location"]
        connection.close()
        return urlsplit(location).path

    def remove(self, name: str) -> None:
        """Remove the file, after a look at its size."""
        headers = {"Authorization": self.authorization}
        for method in ("HEAD", "DELETE"):
            connection = self.connect()
            connection.request(method, FOLDER + name, headers=headers)
            answer = connection.getresponse()
            assert answer.status in {200, 204}, answer.read()
            connection.close()


@contextmanager
def served(data: Path, *, workers: int, durability: str) -> Iterator[Site]:
    """A server with an account and an app token, until the block ends."""
    overrides = {"storage.data": data, "storage.durability": durability}
    settings = load_settings(environ={}, overrides=overrides).settings
    with open_library(settings, create=True) as library:
        user = library.accounts.create(
            "bench", "benchmark-password", display_name="", mail="", is_admin=True
        )
        _, secret = library.accounts.create_token(user.id, label="benchmark")
    command = [sys.executable, "-m", "ocsync", "serve", "--port", "0"]
    command += ["--workers", str(workers), "--data", str(data)]
    command += ["--set", f"storage.durability={durability}"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        found = None
        while found is None:
            line = process.stdout.readline()
            assert line, "the server ended"
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        basic = base64.b64encode(f"bench:{secret}".encode()).decode()
        yield Site(int(found[1]), f"Basic {basic}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def patch(
    connection: http.client.HTTPConnection, path: str, offset: int, body: memoryview
) -> None:
    """Send one chunk and read the answer."""
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(len(body)),
    }
    connection.request("PATCH", path, body, headers)
    answer = connection.getresponse()
    rest = answer.read()
    assert answer.status == 204, rest
    assert answer.headers["Upload-Offset"] == str(offset + len(body))


def keep_alive(site: Site, path: str, size: int) -> list[float]:
    """Seconds of every PATCH, all on one connection."""
    connection = site.connect()
    connection.connect()

    def send(offset: int, body: memoryview) -> None:
        patch(connection, path, offset, body)

    times = upload(send, size)
    connection.close()
    return times


def each_its_own(site: Site, path: str, size: int) -> list[float]:
    """Seconds of every PATCH, connecting included."""

    def send(offset: int, body: memoryview) -> None:
        connection = site.connect()
        patch(connection, path, offset, body)
        connection.close()

    return upload(send, size)


def upload(send: Callable[[int, memoryview], None], size: int) -> list[float]:
    """Send everything; seconds of each chunk."""
    block = memoryview(os.urandom(min(CHUNK_BYTES, size)))
    times = []
    for offset in range(0, size, CHUNK_BYTES):
        body = block[: size - offset]
        began = time.perf_counter()
        send(offset, body)
        times.append(time.perf_counter() - began)
    return times


def report(label: str, rounds: list[list[float]], size: int) -> float:
    """Print one row; the ratio of the last PATCH to the median one."""
    ordinary = [seconds for times in rounds for seconds in times[:-1]]
    middle = statistics.median(ordinary)
    slowest = max(ordinary)
    last = statistics.median(times[-1] for times in rounds)
    speed = size / statistics.median(sum(times) for times in rounds) / 1_000_000
    print(
        f"{label:<24} {middle * 1000:>9.1f} {slowest * 1000:>9.1f}"
        f" {last * 1000:>9.1f} {last / middle:>6.2f} {speed:>8.0f}",
        flush=True,
    )
    return last / middle


def main() -> int:
    """Measure, print, and judge if asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", type=int, default=2 * 1024**3)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--durability", choices=["safe", "fast"], default="safe")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    ways = (
        ("one connection", 1, keep_alive),
        ("new ones, 2 workers", 2, each_its_own),
    )
    print(f"{options.size} bytes, durability {options.durability}; ms for one PATCH")
    print(f"{'':<24} {'median':>9} {'slowest':>9} {'last':>9} {'ratio':>6} {'MB/s':>8}")
    ratios = []
    for label, workers, way in ways:
        rounds = []
        with (
            tempfile.TemporaryDirectory(prefix="ocsync-bench-", dir=options.data) as at,
            served(Path(at), workers=workers, durability=options.durability) as site,
        ):
            for number in range(options.rounds):
                name = f"file{number}"
                rounds.append(way(site, site.create(name, options.size), options.size))
                site.remove(name)
        ratios.append(report(label, rounds, options.size))
    return 1 if options.check and max(ratios) > LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
