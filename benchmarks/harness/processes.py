"""Programs that run for a while, and what they cost: CPU, memory.

Knows nothing of what the programs do; reads `/proc`, so it needs Linux.
"""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_START_SECONDS: Final = 30
_STOP_SECONDS: Final = 30
_IDLE_SECONDS: Final = 20
_QUIET_SECONDS: Final = 0.1


class DidNotStart(Exception):
    """A program is missing or ended at once; the text is one line."""


@contextmanager
def started(
    command: Sequence[str], *, port: int, log: Path, home: Path | None = None
) -> Iterator[int]:
    """A program that has begun to listen; its process id.

    `home` is where it keeps its own files, if not in the home of whoever runs this.

    Raises:
        DidNotStart: it ended, or did not listen in time.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=os.environ | ({"HOME": str(home)} if home else {}),
        )
    try:
        _wait_until_listening(process, port, log)
        yield process.pid
    finally:
        _stop(process)


def _wait_until_listening(
    process: subprocess.Popen[bytes], port: int, log: Path
) -> None:
    end = time.monotonic() + _START_SECONDS
    while not is_listening(port):
        if process.poll() is not None:
            lines = log.read_text(errors="replace").strip().splitlines() or ["no word"]
            raise DidNotStart(f"ended with {process.returncode}: {lines[-1][:200]}")
        if time.monotonic() > end:
            raise DidNotStart(f"did not listen within {_START_SECONDS} s")
        time.sleep(0.002)


def is_listening(port: int) -> bool:
    """Whether somebody takes connections."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    thaw(process.pid)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        # Its session is its own, so this reaches nothing that we have not started.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def family(pid: int) -> Iterator[int]:
    """A process and all below it, while they live."""
    yield pid
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from family(int(child))


def freeze(pid: int) -> None:
    """Let a program do nothing until it is thawed."""
    _signal_all(pid, signal.SIGSTOP)


def thaw(pid: int) -> None:
    """Let it go on; nothing if it was not frozen."""
    _signal_all(pid, signal.SIGCONT)


def _signal_all(pid: int, number: signal.Signals) -> None:
    for each in list(family(pid)):
        with suppress(ProcessLookupError):
            os.kill(each, number)


def cpu_seconds(pid: int) -> float:
    """What a program has used until now, in all its processes."""
    total = 0
    for each in family(pid):
        with suppress(OSError):
            stat = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            total += int(stat[11]) + int(stat[12])
    return total / _TICKS


def wait_until_idle(pid: int) -> None:
    """Wait until a program has nothing more to do, or for as long as that may take."""
    end = time.monotonic() + _IDLE_SECONDS
    before = -1.0
    while cpu_seconds(pid) > before and time.monotonic() < end:
        before = cpu_seconds(pid)
        time.sleep(_QUIET_SECONDS)


def peaks_mib(pid: int) -> list[float]:
    """The most memory (RSS) that each of its processes has had."""
    found = (_kib(f"/proc/{each}/status", "VmHWM") for each in family(pid))
    return [round(kib / 1024, 1) for kib in found if kib is not None]


def pss_mib(pid: int) -> float:
    """The memory of all its processes now, shared pages divided among them."""
    found = (_kib(f"/proc/{each}/smaps_rollup", "Pss") for each in family(pid))
    return sum(kib for kib in found if kib is not None) / 1024


def _kib(path: str, label: str) -> int | None:
    with suppress(OSError):
        text = Path(path).read_text()
        if match := re.search(rf"^{label}:\s+(\d+) kB", text, re.MULTILINE):
            return int(match[1])
    return None
