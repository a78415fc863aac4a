"""What tests with real client programs share: a server in processes of its own.

A test asks for its program by `require_program`; where it is not installed the test
is skipped, or fails when REQUIRE_CLIENTS is set, as it is in CI.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import httpx
import pytest

PASSWORD: Final = "correct-horse"
_START_SECONDS: Final = 60
_CLIENT_SECONDS: Final = 300
_ANSWER_SECONDS: Final = 60


@dataclass(frozen=True)
class LiveServer:
    """A running server with the account `admin`."""

    url: str
    data: Path
    log: Path
    user: str = "admin"
    password: str = PASSWORD

    def api(self) -> httpx.Client:
        """A client that is logged in."""
        return httpx.Client(
            base_url=self.url,
            auth=(self.user, self.password),
            timeout=_ANSWER_SECONDS,
        )

    def personal_space(self) -> str:
        """The id of the user's personal space."""
        with self.api() as api:
            drives = api.get("/graph/v1.0/me/drives").raise_for_status().json()["value"]
        return next(
            str(each["id"]) for each in drives if each["driveType"] == "personal"
        )


def require_program(name: str) -> str:
    """The path of a program; without it the test is skipped, or fails in CI."""
    found = shutil.which(name) or shutil.which(name, path=Path(sys.executable).parent)
    if found is None:
        complain(f"{name} is not installed")
    return found


def complain(reason: str) -> NoReturn:
    """Skip the test, or fail it where clients are required."""
    if os.environ.get("REQUIRE_CLIENTS"):
        pytest.fail(reason)
    pytest.skip(reason)


def run_client(
    arguments: Sequence[object],
    *,
    cwd: Path,
    stdin: str = "",
    environ: dict[str, str] | None = None,
    seconds: float = _CLIENT_SECONDS,
) -> subprocess.CompletedProcess[str]:
    """Run a client to its end; its home is the test's folder."""
    return subprocess.run(
        [str(argument) for argument in arguments],
        cwd=cwd,
        env=os.environ
        | {"HOME": str(cwd), "QT_QPA_PLATFORM": "offscreen", "LC_ALL": "C.UTF-8"}
        | (environ or {}),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """`ocsync serve` with two workers, on a free port, over a fresh data folder."""
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[LiveServer]:
    """A server of its own, started with further options."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("OCSYNC_")}
    command = [
        sys.executable, "-m", "ocsync", "serve", "--port", "0", "--workers", "2",
        "--data", str(folder / "data"), "--set", "storage.durability=fast", *options,
    ]  # fmt: skip
    with (
        (folder / "server.log").open("w") as log,
        subprocess.Popen(
            command,
            cwd=Path(__file__).parent.parent.parent,
            env=own | {"OCSYNC_ADMIN_PASSWORD": PASSWORD},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        watchdog = threading.Timer(_START_SECONDS, process.kill)
        watchdog.start()
        url = _read_address(process)
        watchdog.cancel()
        if url is not None:
            yield LiveServer(url, folder / "data", folder / "server.log")
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=60)
    assert url is not None, (folder / "server.log").read_text()
    assert code == 0


def _read_address(process: subprocess.Popen[str]) -> str | None:
    assert process.stdout is not None
    for line in process.stdout:
        match = re.search(r" serves (?:https\S+ at )?(http://\S+)", line)
        if match:
            return match[1]
    return None
