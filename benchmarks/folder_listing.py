"""What listing a folder of 10,000 files costs, here and with two peers.

    python benchmarks/folder_listing.py [--files 10000] [--rounds 7]

PROPFIND Depth 1 over a loopback socket, against `ocsync serve` with one worker, stock
wsgidav on cheroot, and `rclone serve webdav`, all over the same names in the same
run, in turns. Asked are the ten properties of ownCloud's desktop client and the thirty
of its web client; the peers know only some of them and answer 404 for the others.

    time          median until the last byte
    first byte    median until the body begins
    growth        how much the server's peak memory (VmHWM) rose by all of it

Compare ratios, not milliseconds: the client shares the machine.
"""

import argparse
import base64
import http.client
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from ocsync.library import open_library
from ocsync.settings import load_settings
from spaces.clock import system_clock
from spaces.db import blobs as blob_rows
from spaces.db import nodes as node_rows
from spaces.ids import BlobId, NodeId, SpaceId, new_id
from spaces.model import Actor, Checksums, Content, Node, Place

PASSWORD: Final = "benchmark-password"
FOLDER: Final = "folder"
DESKTOP: Final = [
    "d:resourcetype",
    "d:getlastmodified",
    "d:getcontentlength",
    "d:getetag",
    "oc:id",
    "oc:downloadURL",
    "oc:dDC",
    "oc:permissions",
    "oc:checksums",
    "oc:share-types",
]
WEB: Final = [
    "oc:permissions",
    "oc:favorite",
    "oc:fileid",
    "oc:file-parent",
    "oc:name",
    "d:lockdiscovery",
    "d:activelock",
    "oc:owner-id",
    "oc:owner-display-name",
    "oc:remote-item-id",
    "oc:shareroot",
    "oc:share-types",
    "oc:privatelink",
    "d:getcontentlength",
    "oc:size",
    "d:getlastmodified",
    "d:getetag",
    "d:getcontenttype",
    "d:resourcetype",
    "oc:downloadURL",
    "oc:tags",
    "oc:audio",
    "oc:location",
    "oc:image",
    "oc:photo",
    "oc:spaceid",
    "oc:id",
    "d:displayname",
    "oc:checksums",
    "d:creationdate",
]

STOCK: Final = """
import sys
from cheroot import wsgi
from wsgidav.wsgidav_app import WsgiDAVApp
app = WsgiDAVApp({"provider_mapping": {"/": sys.argv[1]}, "verbose": 0,
    "simple_dc": {"user_mapping": {"*": True}}, "logging": {"enable": False}})
server = wsgi.Server(("127.0.0.1", 0), app)
server.prepare()
print("serves http://127.0.0.1:%d" % server.bind_addr[1], flush=True)
server.serve()
"""


@dataclass
class Contender:
    """A running server and what was measured of it."""

    name: str
    port: int
    path: str
    pids: Sequence[int]
    times: dict[str, list[float]] = field(default_factory=dict)
    firsts: dict[str, list[float]] = field(default_factory=dict)
    peak_before: int = 0

    def peak(self) -> int:
        """The most memory that any of its processes has had, in KiB."""
        return max(_peak_kib(pid) for pid in self.pids)

    def ask(self, label: str, names: Sequence[str], *, depth: str = "1") -> int:
        """One listing; how many responses came."""
        inside = "".join(f"<{name}/>" for name in names)
        body = (
            '<?xml version="1.0"?><d:propfind xmlns:d="DAV:"'
            f' xmlns:oc="http://owncloud.org/ns"><d:prop>{inside}</d:prop></d:propfind>'
        )
        token = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
        headers = {"Depth": depth, "Authorization": f"Basic {token}"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        began = time.perf_counter()
        connection.request("PROPFIND", self.path, body, headers)
        answer = connection.getresponse()
        first = answer.read(1)
        first_at = time.perf_counter()
        rest = answer.read()
        ended = time.perf_counter()
        connection.close()
        assert answer.status == 207, rest[:500]
        self.times.setdefault(label, []).append(ended - began)
        self.firsts.setdefault(label, []).append(first_at - began)
        return len(re.findall(rb"<(?:\w+:)?response\b", first + rest))


def _peak_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    match = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert match is not None
    return int(match[1])


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


@contextmanager
def started(
    command: Sequence[str], environ: dict[str, str] | None = None
) -> Iterator[tuple[int, int]]:
    """A server that says on its output or log where it serves; port and pid."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | (environ or {}),
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if match := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                yield int(match[1]), process.pid
                break
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def names_of(count: int) -> list[str]:
    """File names as people give them: half of them need encoding in URLs."""
    return [
        f"file-{number}.txt" if number % 2 else f"Überblick {number}.pdf"
        for number in range(count)
    ]


def fill(data: Path, count: int) -> str:
    """Make an ocsync data folder with the files; the path of their folder's URL."""
    overrides = {"storage.data": data, "storage.durability": "fast"}
    settings = load_settings(environ={}, overrides=overrides).settings
    with open_library(settings, create=True) as library:
        user = library.accounts.create(
            "admin", PASSWORD, display_name="Admin", mail="", is_admin=True
        )
        actor = Actor(user.id, user.name)
        space_id = SpaceId(user.id)
        folder = library.tree.make_folder(actor, Place(space_id, (FOLDER,)))
        now = system_clock()

        def job(connection: Connection) -> None:
            for name in names_of(count):
                content = Content(
                    BlobId(new_id()), 0, Checksums("0" * 40, "0" * 8, "0" * 32)
                )
                blob_rows.insert_blob(connection, content, now)
                node = Node(
                    id=NodeId(new_id()),
                    space_id=space_id,
                    parent_id=folder.id,
                    name=name,
                    size=0,
                    etag="0" * 32,
                    modified_at=now,
                    created_at=now,
                    media_type="text/plain",
                    content=content,
                )
                node_rows.insert_node(connection, node)

        library.database.write(job, space_id=space_id)
        return f"/dav/spaces/{library.storage_id}${space_id}/{FOLDER}"


def contenders(stack: ExitStack, scratch: Path, count: int) -> list[Contender]:
    """All servers, started."""
    files = scratch / "files" / FOLDER
    files.mkdir(parents=True)
    for name in names_of(count):
        (files / name).touch()
    url = fill(scratch / "data", count)
    command = [sys.executable, "-m", "ocsync", "serve", "--port", "0"]
    command += ["--workers", "1", "--data", str(scratch / "data")]
    port, pid = stack.enter_context(started(command))
    found = [Contender("ocsync", port, url, [pid, *_children(pid)])]
    command = [sys.executable, "-c", STOCK, str(files.parent)]
    port, pid = stack.enter_context(started(command))
    found.append(Contender("stock wsgidav", port, f"/{FOLDER}/", [pid]))
    rclone = shutil.which("rclone", path=f"{Path(sys.executable).parent}:/usr/bin")
    if rclone is not None:
        command = [rclone, "serve", "webdav", str(files.parent), "-v"]
        port, pid = stack.enter_context(started([*command, "--addr", "127.0.0.1:0"]))
        found.append(Contender("rclone serve", port, f"/{FOLDER}/", [pid]))
    return found


def main() -> None:
    """Measure and print one row for each server and list of properties."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        servers = contenders(stack, Path(scratch), options.files)
        for server in servers:
            server.ask("warm-up", DESKTOP[:1], depth="0")
            server.peak_before = server.peak()
        for _ in range(options.rounds):
            for server in servers:
                for label, names in (("10", DESKTOP), ("30", WEB)):
                    assert server.ask(label, names) == options.files + 1
        print("server         props   time ms  ratio  first ms   growth MiB")
        for label in ("10", "30"):
            base = statistics.median(servers[0].times[label])
            for server in servers:
                middle = statistics.median(server.times[label])
                first = statistics.median(server.firsts[label])
                growth = (server.peak() - server.peak_before) / 1024
                print(
                    f"{server.name:<14} {label:>5} {middle * 1000:>9.0f}"
                    f" {middle / base:>6.1f} {first * 1000:>9.1f} {growth:>12.1f}"
                )


if __name__ == "__main__":
    main()
