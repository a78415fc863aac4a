"""Parent and workers: starting, dying, and stopping so that nothing is lost."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ocsync.server.data_lock import LOCK_NAME
from tests.live.harness import until
from tests.live.program import ROOT, Program
from tests.live.raw_http import RawClient

Run = Callable[..., Program]


@pytest.fixture
def run() -> Iterator[Run]:
    """Runs servers as programs, ended after the test."""
    with ExitStack() as stack:

        def start(**options: Any) -> Program:
            program = Program(**options)
            stack.callback(program.stop)
            return program

        yield start


def workers_of(program: Program) -> dict[int, int]:
    """The worker of each index that has answered, found by asking."""
    return {
        answer["worker"]: answer["pid"] for answer in (program.ask() for _ in range(20))
    }


def all_workers_of(program: Program) -> dict[int, int]:
    """Both workers of a program that has two."""
    until(lambda: len(workers_of(program)) == 2)
    return workers_of(program)


def is_alive(pid: int) -> bool:
    """Whether there is such a process, dead ones nobody asked after not counted."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_starts_serves_and_stops(run: Run, workers: int) -> None:
    """It answers as soon as it says so, and ends with code 0, closing each app."""
    program = run(workers=workers)

    assert program.address.startswith("http://127.0.0.1:")
    assert program.ask()["worker"] in range(workers)
    program.signal(signal.SIGTERM)
    code, out, _ = program.end()

    assert code == 0
    lines = out.split("\n")
    assert sorted(lines[:workers]) == [f"closed {index}" for index in range(workers)]
    assert lines[workers] == "ended"


def test_kept_connections_spread_over_the_workers(run: Run) -> None:
    """Whoever holds fewer connections takes the next one, if it is not too busy."""
    program = run(workers=2)

    with ExitStack() as stack:
        clients = [stack.enter_context(RawClient(program.port)) for _ in range(20)]
        answers = [client.ask("GET /") for client in clients]

    leaders = [answer["X-Leader"] for answer in answers]
    assert min(leaders.count("True"), leaders.count("False")) >= 5


def test_a_port_has_one_server(run: Run) -> None:
    """The second says so in one line, and the first is not disturbed."""
    first = run(workers=2)
    second = run(workers=2, port=first.port, is_expected_to_listen=False)

    code, _, err = second.end()

    assert code == 1
    assert err == f"127.0.0.1:{first.port} is in use by another program\n"
    assert first.ask()


def test_a_data_directory_has_one_server(run: Run, tmp_path: Path) -> None:
    """As long as any of its processes lives, even when the parent was killed."""
    first = run(workers=2, data_directory=tmp_path)

    second = run(workers=1, data_directory=tmp_path, is_expected_to_listen=False)
    code, _, err = second.end()

    holder = first.process.pid
    assert code == 1
    assert err == f"{tmp_path} is in use by another server (process {holder})\n"
    assert (tmp_path / LOCK_NAME).stat().st_mode & 0o777 == 0o600
    first.stop()
    assert run(workers=1, data_directory=tmp_path).ask()


def test_a_dead_worker_is_replaced(run: Run) -> None:
    """Killed hard, it comes again under its number, and the port stays served."""
    program = run(workers=2)
    found = all_workers_of(program)
    former = found[0]

    os.kill(former, signal.SIGKILL)

    until(lambda: workers_of(program).get(0, former) != former)
    assert program.ask()


def test_workers_do_not_outlive_their_parent(run: Run) -> None:
    """A parent that is killed takes them along, gently."""
    program = run(workers=2)
    found = all_workers_of(program)

    program.process.kill()

    until(lambda: not any(is_alive(pid) for pid in found.values()))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_application_that_cannot_be_made_ends_the_start(
    run: Run, workers: int
) -> None:
    """One line that says why, exit code 1, and no process left."""
    environ = {"FAIL_TO_START": str(workers - 1)}
    program = run(workers=workers, environ=environ, is_expected_to_listen=False)

    code, _, err = program.end()

    assert code == 1
    assert err.splitlines()[-1].endswith("the application is broken")
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_running_request_may_end(
    run: Run, tmp_path: Path, workers: int, number: signal.Signals
) -> None:
    """After the signal nobody new is let in, but who is in gets the answer."""
    program = run(workers=workers)
    target = tmp_path / "upload"
    with RawClient(program.port) as client, RawClient(program.port) as idle:
        client.request(f"PATCH {target}", "Content-Length: 6")
        client.send(b"abc")
        until(target.exists)

        program.signal(number)
        assert idle.is_at_end()
        until(program.is_refusing)
        client.send(b"def")
        answer = client.read_answer()

        assert (answer.status, answer["Connection"]) == (204, "close")
    assert program.end()[0] == 0
    assert target.read_bytes() == b"abcdef"


def test_running_uploads_are_cut_and_kept(run: Run, tmp_path: Path) -> None:
    """Fifty stalled bodies: all bytes kept, all told, within the grace (F19)."""
    program = run(workers=2, grace_seconds=1)
    with ExitStack() as stack:
        clients = [stack.enter_context(RawClient(program.port)) for _ in range(50)]
        for number, client in enumerate(clients):
            client.request(f"PATCH {tmp_path / str(number)}", "Content-Length: 1000000")
            client.send(b"x" * (1000 + number))
        until(lambda: len(list(tmp_path.iterdir())) == 50)

        program.signal(signal.SIGTERM)
        answers = [client.read_answer() for client in clients]

        assert {answer.status for answer in answers} == {503}
        assert all(answer["Connection"] == "close" for answer in answers)
    assert program.end()[0] == 0
    for number, answer in enumerate(answers):
        size = (tmp_path / str(number)).stat().st_size
        assert size == int(answer["Upload-Offset"]) == 1000 + number


def test_a_unix_socket_can_be_served(run: Run, tmp_path: Path) -> None:
    """With its mode; a dead one is replaced, a living one is not; gone at the end."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    program = run(workers=2, unix_socket=path, unix_socket_mode=0o600)

    assert program.address == f"unix:{path}"
    assert path.stat().st_mode & 0o777 == 0o600
    with RawClient(path) as client:
        assert client.ask("GET /").status == 200
    other = run(workers=1, unix_socket=path, is_expected_to_listen=False)
    code, _, err = other.end()
    assert (code, err) == (1, f"{path} is in use by another program\n")
    assert path.is_socket()
    program.stop()
    assert not path.exists()


def test_systemd_may_hand_over_the_socket() -> None:
    """A passed socket wins over the options, and its variables are not passed on."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    number = listener.fileno()
    be_systemd = (
        "import os, sys;"
        "os.dup2(int(sys.argv[1]), 3);"
        "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()));"
        "os.execv(sys.executable, [sys.executable, '-m', *sys.argv[2:]])"
    )
    options = '{"workers": 2, "port": 1}'

    with (
        listener,
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                be_systemd,
                str(number),
                "tests.live.served",
                options,
            ],
            cwd=ROOT,
            pass_fds=[number],
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"http://127.0.0.1:{port}\n"
            with RawClient(port) as client:
                assert client.ask("GET /").status == 200
        finally:
            process.terminate()
        assert process.wait(20) == 0


def test_what_cannot_be_used_is_said_so(run: Run) -> None:
    """One clear line: a foreign address, a missing directory, a missing file."""
    foreign = run(host="192.0.2.1", is_expected_to_listen=False)
    missing = run(data_directory="/nowhere", is_expected_to_listen=False)
    insecure = run(certificate="/nowhere", is_expected_to_listen=False)

    assert foreign.end()[::2] == (
        1,
        "cannot listen on 192.0.2.1:0: Cannot assign requested address\n",
    )
    assert missing.end()[::2] == (
        1,
        f"cannot write /nowhere/{LOCK_NAME}: No such file or directory\n",
    )
    assert insecure.end()[::2] == (
        1,
        "cannot use the certificate /nowhere: No such file or directory\n",
    )
