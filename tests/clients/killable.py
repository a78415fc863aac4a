"""A server that can be killed without a warning and started again on the same port."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.live_server import PASSWORD, LiveServer

_START_SECONDS: Final = 60


@dataclass
class KillableServer:
    """`ocsync serve` over one data folder, with all its processes in one group."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = 0
    process: subprocess.Popen[str] | None = field(default=None, init=False)

    @property
    def live(self) -> LiveServer:
        """The server as other tests know it."""
        url = f"http://127.0.0.1:{self.port}"
        return LiveServer(url, self.folder / "data", self.folder / "server.log")

    def start(self) -> None:
        """Start it; at first on a free port, later on the same again."""
        own = {k: v for k, v in os.environ.items() if not k.startswith("OCSYNC_")}
        with (self.folder / "server.log").open("a") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "ocsync", "serve", "--port", str(self.port),
                    "--workers", "2", "--data", str(self.folder / "data"),
                    *self.options,
                ],
                cwd=Path(__file__).parent.parent.parent,
                env=own | {"OCSYNC_ADMIN_PASSWORD": PASSWORD},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )  # fmt: skip
        watchdog = threading.Timer(_START_SECONDS, self.kill)
        watchdog.start()
        self.port = self._read_port()
        watchdog.cancel()

    def kill(self) -> None:
        """Kill -9 every process of it at once."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=60)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _read_port(self) -> int:
        assert self.process is not None
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(r" serves http://\S+:(\d+)", line):
                return int(found[1])
        raise AssertionError((self.folder / "server.log").read_text())


@contextmanager
def killable(folder: Path, *options: str) -> Iterator[KillableServer]:
    """A running server; killed at the end."""
    server = KillableServer(folder, options)
    server.start()
    try:
        yield server
    finally:
        server.kill()
