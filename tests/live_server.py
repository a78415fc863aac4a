"""A server in processes of its own, started as an operator does, for any test."""

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from tests.programs import ROOT, clean_environ

PASSWORD: Final = "correct-horse"
_START_SECONDS: Final = 60
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


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[LiveServer]:
    """A server of its own, started with further options."""
    command = [
        sys.executable, "-m", "ocsync", "serve", "--port", "0", "--workers", "2",
        "--data", str(folder / "data"), "--set", "storage.durability=fast", *options,
    ]  # fmt: skip
    with (
        (folder / "server.log").open("w") as log,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=clean_environ(OCSYNC_ADMIN_PASSWORD=PASSWORD),
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
