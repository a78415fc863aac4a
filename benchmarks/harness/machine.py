"""On what was measured: machine, system, how busy it was."""

import os
import platform
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path


def description(disk: Path, memory: Path) -> dict[str, str]:
    """The machine, in words."""
    cpu = _found("/proc/cpuinfo", r"^model name\s*: (.*)$") or platform.machine()
    kib = _found("/proc/meminfo", r"^MemTotal:\s+(\d+) kB")
    return {
        "cpu": f"{os.cpu_count()} x {cpu}",
        "memory": f"{int(kib) / 1024 / 1024:.0f} GiB" if kib else "?",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "disk": filesystem(disk),
        "memory folder": filesystem(memory),
    }


def filesystem(folder: Path) -> str:
    """The type of the filesystem that a folder is on."""
    best, kind = "", "?"
    with suppress(OSError):
        for line in Path("/proc/self/mounts").read_text().splitlines():
            _, place, each, *_ = line.split()
            if folder.is_relative_to(place) and len(place) >= len(best):
                best, kind = place, each
    return kind


def load() -> str:
    """How busy the machine is: processes that ran or waited in the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def now() -> str:
    """The time, to the minute."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _found(path: str, pattern: str) -> str | None:
    with suppress(OSError):
        if match := re.search(pattern, Path(path).read_text(), re.MULTILINE):
            return match[1].strip()
    return None
