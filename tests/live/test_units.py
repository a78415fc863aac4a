"""`ocsync serve` under a supervisor: sockets handed over, readiness told, health."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.live.raw_http import RawClient
from tests.programs import require_program

ROOT: Final = Path(__file__).parent.parent.parent
_SECONDS: Final = 60
_HAND_OVER: Final = (
    "import os, sys;"
    "os.dup2(int(sys.argv[1]), 3, inheritable=True);"
    "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()));"
    "os.execv(sys.executable, [sys.executable, '-m', *sys.argv[2:]])"
)


def environ(**more: str) -> dict[str, str]:
    """Nothing of ours around it."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("OCSYNC_")}
    return own | {"OCSYNC_ADMIN_PASSWORD": "secret-word"} | more


@contextmanager
def running(
    command: Sequence[object], *pass_fds: int, **more: str
) -> Iterator["subprocess.Popen[str]"]:
    """A server, stopped as supervisors stop it."""
    with subprocess.Popen(
        [str(each) for each in command],
        cwd=ROOT,
        env=environ(**more),
        pass_fds=pass_fds,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        watchdog = threading.Timer(_SECONDS, process.kill)
        watchdog.start()
        try:
            yield process
        finally:
            watchdog.cancel()
            process.send_signal(signal.SIGTERM)


def serve(data: Path, *options: str) -> list[object]:
    """The command."""
    return [
        "ocsync", "serve", "--data", data, "--workers", "2",
        "--set", "storage.durability=fast", *options,
    ]  # fmt: skip


def read_port(process: "subprocess.Popen[str]") -> int:
    """Where it says that it listens."""
    assert process.stdout is not None
    for line in process.stdout:
        match = re.search(r" serves http://127\.0\.0\.1:(\d+)", line)
        if match is not None:
            return int(match[1])
    pytest.fail("it did not start")


def test_a_socket_that_is_handed_over(tmp_path: Path) -> None:
    """The service listens on it, whatever port it is told besides."""
    listener = socket.create_server(("127.0.0.1", 0))
    number, port = listener.fileno(), listener.getsockname()[1]
    command = [sys.executable, "-c", _HAND_OVER, number, *serve(tmp_path / "data")]

    with listener, running([*command, "--port", "1"], number) as process:
        assert read_port(process) == port
        with RawClient(port) as client:
            assert client.ask("GET /readyz").status == 200


def test_systemd_listens_first(tmp_path: Path) -> None:
    """The first connection starts the server, and is answered."""
    activate = require_program("systemd-socket-activate")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [
        activate, f"--listen=127.0.0.1:{port}",
        f"--setenv=PYTHONPATH={ROOT}", "--setenv=OCSYNC_ADMIN_PASSWORD=secret-word",
        f"--setenv=PATH={os.environ['PATH']}", sys.executable, "-m",
        *serve(tmp_path / "data"),
    ]  # fmt: skip
    with running(command):
        status = None
        while status is None:
            try:
                with RawClient(port) as client:
                    status = client.ask("GET /readyz").status
            except ConnectionRefusedError:
                continue  # systemd itself is not there yet
        assert status == 200


@pytest.mark.parametrize("is_abstract", [False, True])
def test_readiness_is_told(tmp_path: Path, is_abstract: bool) -> None:
    """As soon as requests are answered, and not before."""
    name = f"@ocsync-{os.getpid()}" if is_abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(name.replace("@", "\0"))
        supervisor.settimeout(_SECONDS)
        command = [sys.executable, "-m", *serve(tmp_path / "data", "--port", "0")]
        with running(command, NOTIFY_SOCKET=name) as process:
            word = supervisor.recv(100)
            port = read_port(process)
            with RawClient(port) as client:
                status = client.ask("GET /readyz").status

    assert (word, status) == (b"READY=1", 200)


def test_health(tmp_path: Path) -> None:
    """0 if the server answers, 1 if it does not, 2 if it cannot be asked."""

    def health(port: int) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "ocsync", "health"],
            env=environ(OCSYNC_PORT=str(port)),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )

    command = [sys.executable, "-m", *serve(tmp_path / "data", "--port", "0")]
    with running(command) as process:
        port = read_port(process)
        well = health(port)
    gone, unknown = health(port), health(0)

    assert (well.returncode, well.stdout) == (0, "ok\n")
    assert (gone.returncode, gone.stderr.count("\n")) == (1, 1)
    assert unknown.returncode == 2
