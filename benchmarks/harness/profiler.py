"""Where a server's time goes, by py-spy, which looks in from outside."""

import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.harness.peers import program

_RATE: Final = 200
_ATTACH_SECONDS: Final = 0.5
PARTS: Final = {
    "ocsync/server/": "HTTP (ocsync/server)",
    "ocsync/auth/": "login (ocsync/auth)",
    "ocsync/dav/": "WebDAV (ocsync/dav)",
    "ocsync/tus/": "uploads (ocsync/tus, uploads)",
    "ocsync/uploads/": "uploads (ocsync/tus, uploads)",
    "ocsync/": "the rest of ocsync",
    "spaces/db/": "database (spaces/db)",
    "spaces/blobs/": "content (spaces/blobs, checksums)",
    "spaces/checksums": "content (spaces/blobs, checksums)",
    "spaces/": "the rest of spaces",
    "sqlalchemy/": "SQLAlchemy",
    "wsgidav/": "wsgidav",
    "cheroot/": "cheroot",
}
OTHER: Final = "Python's library"
WAITS: Final = (
    "wait (threading.py",
    "select (selectors.py",
    "poll (selectors.py",
    "get (queue.py",
    "_get (ocsync/server/threads.py",
    "wait (ocsync/server/waking.py",
    "_listen (ocsync/uploads/signals.py",
)
"""Where threads have nothing to do. py-spy is to leave them out by itself, but on some
virtual machines it takes them for running."""


def profile(
    pid: int, deed: Callable[[float], object], seconds: float, *, scratch: Path
) -> Counter[str]:
    """Samples by innermost frame while the deed goes on for so many seconds.

    Raises:
        DidNotStart: py-spy is not installed.
    """
    output = scratch / "profile"
    command = [program("py-spy"), "record", "--subprocesses", "--pid", str(pid)]
    command += ["--rate", str(_RATE), "--duration", str(int(seconds) or 1)]
    command += ["--format", "raw", "--output", str(output)]
    watcher = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    time.sleep(_ATTACH_SECONDS)
    deed(seconds)
    _, said = watcher.communicate(timeout=60 + seconds)
    if watcher.returncode:
        raise OSError(f"py-spy: {said.strip().splitlines()[-1]}")
    found: Counter[str] = Counter()
    for line in output.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        frame = stack.rpartition(";")[2]
        if not any(wait in frame for wait in WAITS):
            found[frame] += int(count)
    return found


def shares(frames: Counter[str]) -> dict[str, float]:
    """Percent of the samples by part of the program, largest first."""
    parts: Counter[str] = Counter()
    for frame, count in frames.items():
        parts[_part(frame)] += count
    total = sum(parts.values()) or 1
    return {part: 100 * count / total for part, count in parts.most_common()}


def _part(frame: str) -> str:
    for prefix, part in PARTS.items():
        if f"({prefix}" in frame or f"/{prefix}" in frame:
            return part
    return OTHER


def hottest(frames: Counter[str], count: int) -> str:
    """The functions with most samples of their own, in words."""
    functions: Counter[str] = Counter()
    for frame, samples in frames.items():
        functions[frame.rpartition(":")[0] + ")"] += samples
    total = sum(functions.values()) or 1
    return ", ".join(
        f"{name} {100 * samples / total:.0f} %"
        for name, samples in functions.most_common(count)
    )
