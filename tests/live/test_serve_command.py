"""`ocsync serve` as a process: first words, answers, refusals, a graceful end."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.programs import clean_environ

pytestmark = pytest.mark.live


@contextmanager
def serving(tmp_path: Path, *arguments: str, **environ: str) -> Iterator[list[str]]:
    """A server in a process of its own; yields its lines up to its address."""
    with subprocess.Popen(
        [sys.executable, "-m", "ocsync", "serve", "--port", "0", *arguments],
        cwd=tmp_path,
        env=clean_environ(**environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        try:
            for line in process.stdout:
                lines.append(line.rstrip("\n"))
                if " serves " in line:
                    break
            yield lines
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(timeout=30)
    assert code == 0


def address(lines: list[str]) -> str:
    """The URL in the server's words."""
    match = re.search(r"serves (http://\S+)", lines[-1])
    assert match is not None
    return match[1]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_first_start_and_second_start(tmp_path: Path, workers: str) -> None:
    """The first says how to log in, in three lines; the second only where it is."""
    with serving(tmp_path, "--workers", workers) as first:
        with urllib.request.urlopen(f"{address(first)}/status.php") as answer:
            status = json.load(answer)
        with urllib.request.urlopen(f"{address(first)}/readyz") as answer:
            readiness = json.load(answer)
    with serving(tmp_path, "--workers", workers) as second:
        pass

    assert status["installed"] is True
    assert readiness["status"] == "ok"
    assert len(first) == 4
    assert re.search(r"password \S{20,} ", first[0])
    assert len(second) == 1


def test_a_given_password_is_not_printed(tmp_path: Path) -> None:
    """Whoever set it knows it."""
    with serving(tmp_path, "--workers", "1", OCSYNC_ADMIN_PASSWORD="Xyzzy42") as lines:
        pass

    assert len(lines) == 4
    assert "Xyzzy42" not in "\n".join(lines)


def test_a_data_folder_has_one_server(tmp_path: Path) -> None:
    """The second server on the same data says so and ends."""
    with serving(tmp_path, "--workers", "1"):
        second = subprocess.run(
            [sys.executable, "-m", "ocsync", "serve", "--port", "0"],
            cwd=tmp_path,
            env=clean_environ(),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert "in use by another server" in second.stderr


def test_a_port_has_one_server(tmp_path: Path) -> None:
    """The second server on the same port says so and ends."""
    with serving(tmp_path, "--workers", "1") as lines:
        port = address(lines).rpartition(":")[2]
        second = subprocess.run(
            [
                sys.executable,
                "-m",
                "ocsync",
                "serve",
                "--port",
                port,
                "--data",
                "other",
            ],
            cwd=tmp_path,
            env=clean_environ(),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert port in second.stderr
