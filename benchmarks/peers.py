"""How fast ocsync answers, beside other WebDAV servers on the same machine.

    python benchmarks/peers.py [--rounds 5] [--seconds 1] [--size 512] [--data DIR]
                               [--servers ocsync-safe,wsgidav] [--cases get-1k]

Starts `ocsync serve` at both durabilities, stock wsgidav on cheroot, and, where they
are installed, `rclone serve webdav`, Apache's mod_dav and nginx, all on loopback with
their content below `--data` (by default a folder for temporary files; /dev/shm keeps
the disk out of it). Every round asks each server the same, in turns:

    put-large     PUT of a new file of 512 MiB on one connection, MiB/s
    get-large     GET of that file, MiB/s
    get-1k        GET of 1 KiB on 8 keep-alive connections, requests/s
    propfind-0    PROPFIND Depth 0 of a file on 8 keep-alive connections, requests/s
    put-1k-4      PUT of new files of 1 KiB on 4 keep-alive connections, requests/s
    put-1k-16     the same on 16

Printed are the median, the range, the ratio of the median to stock wsgidav's, and the
CPU time of the server's processes, for one MiB or one request. ocsync is asked with
Basic authentication and an app token and keeps SHA1 and ADLER32 of everything; the
peers check nobody and keep none. `raw` is a bare loop between socket and file. What an
answer to a PUT promises stands beside each name: `safe` means that file, folder and
database have been synced, `fast` and `none` that nothing has.

The client is two processes that share the machine. Compare ratios.
"""

import argparse
import base64
import multiprocessing
import os
import re
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Final

from ocsync.library import open_library
from ocsync.settings import load_settings

MIB: Final = 1024 * 1024
CLIENTS: Final = 2
SMALL: Final = b"x" * 1024
LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CLOSES: Final = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
TICKS: Final = os.sysconf("SC_CLK_TCK")
CASES: Final = {
    "put-large": "MiB/s",
    "get-large": "MiB/s",
    "get-1k": "requests/s",
    "propfind-0": "requests/s",
    "put-1k-4": "requests/s",
    "put-1k-16": "requests/s",
}
PROPFIND: Final = (
    b'<?xml version="1.0"?><d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/>'
    b"<d:getcontentlength/><d:getlastmodified/><d:getetag/></d:prop></d:propfind>"
)

STOCK: Final = """
import sys
from cheroot import wsgi
from wsgidav.wsgidav_app import WsgiDAVApp
app = WsgiDAVApp({"provider_mapping": {"/": sys.argv[2]}, "verbose": 0,
    "simple_dc": {"user_mapping": {"*": True}}, "logging": {"enable": False}})
wsgi.Server(("127.0.0.1", int(sys.argv[1])), app).start()
"""

RAW: Final = """
import os, re, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
buffer = memoryview(bytearray(256 * 1024))
while True:
    peer, _ = listener.accept()
    head = b""
    while (data := peer.recv(1)) and not head.endswith(b"\\r\\n\\r\\n"):
        head += data
        if head.endswith(b"\\r\\n\\r\\n"):
            break
    if not head:
        continue
    name = os.path.join(sys.argv[2], head.split()[1].decode().strip("/"))
    if head.startswith(b"PUT"):
        left = int(re.search(rb"Content-Length: (\\d+)", head)[1])
        file = os.open(name, os.O_WRONLY | os.O_CREAT, 0o600)
        while left and (count := peer.recv_into(buffer)):
            os.write(file, buffer[:count])
            left -= count
        os.close(file)
        peer.sendall(b"HTTP/1.1 201 Created\\r\\nContent-Length: 0\\r\\n\\r\\n")
    elif head.startswith(b"GET"):
        size = os.stat(name).st_size
        peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % size)
        file = os.open(name, os.O_RDONLY)
        while count := os.readv(file, [buffer]):
            peer.sendall(buffer[:count])
        os.close(file)
    elif head.startswith(b"DELETE"):
        os.unlink(name)
        peer.sendall(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")
    peer.close()
"""

APACHE: Final = """
ServerRoot "{scratch}"
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {scratch}/apache.pid
ErrorLog {scratch}/apache.log
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule dav_module {modules}/mod_dav.so
LoadModule dav_fs_module {modules}/mod_dav_fs.so
{account}
DavLockDB {scratch}/apache-locks
DocumentRoot {files}
MaxKeepAliveRequests 0
<Directory {files}>
    Dav On
    Require all granted
</Directory>
"""

NGINX: Final = """
load_module modules/ngx_http_dav_ext_module.so;
daemon off;
{account}
pid {scratch}/nginx.pid;
error_log {scratch}/nginx.log;
worker_processes auto;
events {{ }}
http {{
    access_log off;
    sendfile on;
    keepalive_requests 1000000000;
    client_max_body_size 0;
    client_body_temp_path {scratch}/nginx-bodies;
    server {{
        listen 127.0.0.1:{port};
        root {files};
        dav_methods PUT DELETE MKCOL;
        dav_ext_methods PROPFIND OPTIONS;
    }}
}}
"""


@dataclass(frozen=True)
class Sample:
    """One measurement: how much a second, and the server's CPU time for one."""

    rate: float
    cpu_us: float


@dataclass
class Server:
    """A running server and what was measured of it."""

    name: str
    durability: str
    port: int
    pid: int
    root: str = "/"
    login: bytes = b""
    only_large: bool = False
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    def head(self, method: str, path: str, *more: str, length: int = 0) -> bytes:
        """A request's head."""
        lines = [f"{method} {self.root}{path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        if length:
            lines.append(f"Content-Length: {length}")
        return "\r\n".join([*lines, *more, ""]).encode() + self.login + b"\r\n"

    def cpu_seconds(self) -> float:
        """What its processes have used until now."""
        return sum(_cpu_seconds(pid) for pid in _family(self.pid))

    def ask(self, head: bytes, body: bytes = b"", *, times: int = 1) -> int:
        """One request, its body sent so many times; the length of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=300) as peer:
            peer.sendall(head)
            for _ in range(times):
                peer.sendall(body)
            data = peer.recv(256 * 1024)
            assert data[9:10] == b"2", data
            length = LENGTH.search(data)
            left = int(length[1]) if length and data[9:12] != b"204" else 0
            size = left
            left -= len(data) - data.index(b"\r\n\r\n") - 4
            buffer = bytearray(MIB)
            while left > 0:
                left -= peer.recv_into(buffer)
            return size


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))


def _cpu_seconds(pid: int) -> float:
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / TICKS


@dataclass
class Crowd:
    """Keep-alive connections that each ask again once answered."""

    port: int
    template: bytes
    prefix: str
    """Numbered, it takes the place of @NAME@ in the template."""

    poll: select.epoll = field(default_factory=select.epoll)
    peers: dict[int, socket.socket] = field(default_factory=dict)
    answers: dict[int, bytes] = field(default_factory=dict)
    sent: int = 0

    def connect(self) -> None:
        """Add a connection that asks at once."""
        peer = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peers[peer.fileno()] = peer
        self.poll.register(peer, select.EPOLLIN)
        self.send(peer)

    def send(self, peer: socket.socket) -> None:
        """Ask."""
        self.sent += 1
        name = f"{self.prefix}{self.sent}".encode()
        self.answers[peer.fileno()] = b""
        peer.sendall(self.template.replace(b"@NAME@", name))

    def receive(self, number: int) -> bool:
        """Take what came and ask again after a whole answer; whether it was one."""
        peer = self.peers[number]
        data = peer.recv(65536)
        answer = self.answers[number] = self.answers[number] + data
        assert data or not answer, answer
        if data and not is_whole(answer):
            return False
        assert not data or answer[9:10] == b"2", answer
        if data and not CLOSES.search(answer):
            self.send(peer)
        else:
            self.drop(number)
            self.connect()
        return bool(data)

    def drop(self, number: int) -> None:
        """Close a connection."""
        self.poll.unregister(number)
        self.peers.pop(number).close()


def is_whole(answer: bytes) -> bool:
    """Whether nothing more is to come."""
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    if length := LENGTH.search(head):
        return len(body) >= int(length[1])
    return answer[9:12] == b"204" or body.endswith(b"0\r\n\r\n")


def hammer(port: int, template: bytes, prefix: str, many: int, seconds: float) -> int:
    """Ask on so many connections for so long; how many answers came."""
    crowd = Crowd(port, template, prefix)
    for _ in range(many):
        crowd.connect()
    count = 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for number, _ in crowd.poll.poll(1):
            count += crowd.receive(number)
    for number in list(crowd.peers):
        crowd.drop(number)
    crowd.poll.close()
    return count


@dataclass(frozen=True)
class Bench:
    """Asks the servers."""

    clients: Pool
    size: int
    """MiB of the large file."""

    seconds: float

    def prepare(self, server: Server) -> None:
        """Put there what is read."""
        for folder in ("large", "small", "new"):
            server.ask(server.head("MKCOL", f"{folder}/"))
        server.ask(server.head("PUT", "small/file", length=len(SMALL)), SMALL)

    def run(self, case: str, server: Server, number: int) -> None:
        """One case in one round."""
        cpu = server.cpu_seconds()
        began = time.perf_counter()
        count = self._large(case, server, number)
        if count is None:
            template, many = self._template(case, server)
            prefix = f"{case}-{number}-"
            jobs = [
                (server.port, template, f"{prefix}{each}-", many, self.seconds)
                for each in range(CLIENTS)
            ]
            count = sum(self.clients.starmap(hammer, jobs, chunksize=1))
        taken = time.perf_counter() - began
        used = server.cpu_seconds() - cpu
        sample = Sample(count / taken, used / count * 1_000_000)
        server.samples.setdefault(case, []).append(sample)

    def _large(self, case: str, server: Server, number: int) -> int | None:
        path = f"large/{number}"
        if case == "put-large":
            block = os.urandom(MIB)
            head = server.head("PUT", path, length=self.size * MIB)
            server.ask(head, block, times=self.size)
        elif case == "get-large":
            size = server.ask(server.head("GET", path))
            assert size == self.size * MIB, size
        else:
            return None
        return self.size

    def _template(self, case: str, server: Server) -> tuple[bytes, int]:
        """What is sent, and how many connections each client has."""
        if case == "get-1k":
            return server.head("GET", "small/file"), 8 // CLIENTS
        if case == "propfind-0":
            more = ("Depth: 0", "Content-Type: application/xml")
            head = server.head("PROPFIND", "small/file", *more, length=len(PROPFIND))
            return head + PROPFIND, 8 // CLIENTS
        head = server.head("PUT", "new/@NAME@", length=len(SMALL))
        return head + SMALL, int(case.rpartition("-")[2]) // CLIENTS


@contextmanager
def started(command: Sequence[str], port: int) -> Iterator[int]:
    """A server that has begun to listen; its process."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(300):
            assert process.poll() is None, f"{command} ended"
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def ocsync(stack: ExitStack, scratch: Path, durability: str) -> Server:
    """The server as people get it, with an account and an app token."""
    overrides = {"storage.data": scratch / "data", "storage.durability": durability}
    settings = load_settings(environ={}, overrides=overrides).settings
    with open_library(settings, create=True) as library:
        user = library.accounts.create(
            "bench", "benchmark-password", display_name="", mail="", is_admin=True
        )
        _, secret = library.accounts.create_token(user.id, label="benchmark")
    port = free_port()
    command = [sys.executable, "-m", "ocsync", "serve", "--port", str(port)]
    command += ["--data", str(scratch / "data")]
    command += ["--set", f"storage.durability={durability}"]
    pid = stack.enter_context(started(command, port))
    basic = base64.b64encode(f"bench:{secret}".encode())
    login = b"Authorization: Basic %s\r\n" % basic
    root = "/dav/files/bench/"
    return Server(f"ocsync-{durability}", durability, port, pid, root, login)


def command_of(name: str, scratch: Path, port: int) -> list[str] | None:
    """How to start a peer; nothing where it is not installed."""
    files = scratch / "files"
    if name in {"raw", "wsgidav"}:
        script = RAW if name == "raw" else STOCK
        return [sys.executable, "-c", script, str(port), str(files)]
    names = {"rclone": "rclone", "apache": "apache2", "nginx": "nginx"}
    places = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/usr/sbin"
    program = shutil.which(names[name], path=places)
    if program is None:
        return None
    if name == "rclone":
        return [program, "serve", "webdav", str(files), "--addr", f"127.0.0.1:{port}"]
    is_root = os.geteuid() == 0
    text = (APACHE if name == "apache" else NGINX).format(
        port=port,
        files=files,
        scratch=scratch,
        modules="/usr/lib/apache2/modules",
        account=("User www-data" if name == "apache" else "user root;")
        if is_root
        else "",
    )
    configuration = scratch / f"{name}.conf"
    configuration.write_text(text)
    if name == "apache":
        return [program, "-f", str(configuration), "-DFOREGROUND"]
    return [program, "-p", "/usr/share/nginx", "-c", str(configuration)]


def peer(stack: ExitStack, scratch: Path, name: str) -> Server | None:
    """A peer, started; nothing where it is not installed."""
    files = scratch / "files"
    for folder in (scratch, files):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o777)  # Apache gives up the rights of root
    if name == "raw":
        (files / "large").mkdir()
    port = free_port()
    command = command_of(name, scratch, port)
    if command is None:
        return None
    pid = stack.enter_context(started(command, port))
    return Server(name, "none", port, pid, only_large=name == "raw")


def servers(stack: ExitStack, scratch: Path, names: Sequence[str]) -> Iterator[Server]:
    """All that were asked for and are installed."""
    for name in names:
        at = scratch / name
        at.mkdir()
        product, _, durability = name.partition("-")
        found = (
            ocsync(stack, at, durability)
            if product == "ocsync"
            else peer(stack, at, name)
        )
        if found is not None:
            yield found
        else:
            print(f"{name} is not installed")


def report(case: str, found: Sequence[Server]) -> None:
    """Print the table of one case."""
    unit = CASES[case]
    print(f"\n{case}, {unit}")
    print(
        f"{'server (durability)':<24} {'median':>9} {'range':>17}"
        f" {'x stock':>8} {'CPU us':>8}"
    )
    medians = {
        server.name: statistics.median(sample.rate for sample in server.samples[case])
        for server in found
        if case in server.samples
    }
    for server in found:
        if server.name not in medians:
            continue
        rates = [sample.rate for sample in server.samples[case]]
        cpu = statistics.median(sample.cpu_us for sample in server.samples[case])
        middle = medians[server.name]
        stock = medians.get("wsgidav")
        ratio = f"{middle / stock:.2f}" if stock else "-"
        print(
            f"{f'{server.name} ({server.durability})':<24} {middle:>9.0f}"
            f" {f'{min(rates):.0f}-{max(rates):.0f}':>17} {ratio:>8} {cpu:>8.0f}"
        )


def main() -> None:
    """Start everything, measure in turns, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    every = "ocsync-safe,ocsync-fast,wsgidav,rclone,apache,nginx,raw"
    parser.add_argument("--servers", default=every)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    cases = options.cases.split(",")
    with (
        multiprocessing.get_context("fork").Pool(CLIENTS) as clients,
        tempfile.TemporaryDirectory(prefix="ocsync-bench-", dir=options.data) as at,
        ExitStack() as stack,
    ):
        scratch = Path(at)
        scratch.chmod(0o755)
        found = list(servers(stack, scratch, options.servers.split(",")))
        bench = Bench(clients, options.size, options.seconds)
        for server in found:
            if not server.only_large:
                bench.prepare(server)
        for number in range(options.rounds):
            for case in cases:
                for server in found:
                    if case.endswith("-large") or not server.only_large:
                        bench.run(case, server, number)
            for server in found:
                if "put-large" in cases:
                    server.ask(server.head("DELETE", f"large/{number}"))
        for case in cases:
            report(case, found)


if __name__ == "__main__":
    main()
