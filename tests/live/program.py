"""Runs `tests.live.served` as a child process and talks with it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.live.raw_http import TIME_OUT, RawClient

ROOT = Path(__file__).parent.parent.parent


class Program:
    """A server in processes of its own; listening when constructed."""

    def __init__(
        self,
        *,
        environ: dict[str, str] | None = None,
        is_expected_to_listen: bool = True,
        **options: Any,
    ) -> None:
        given = json.dumps({"port": 0, "grace_seconds": 4} | options, default=str)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.live.served", given],
            cwd=ROOT,
            env=os.environ | (environ or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.address = self.read_line() if is_expected_to_listen else ""

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.address.rpartition(":")[2])

    def read_line(self) -> str:
        """The next line it prints."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        assert line, self.end()
        return line

    def ask(self) -> dict[str, int]:
        """Who answers a request on a new connection."""
        with RawClient(self.port) as client:
            answer: dict[str, int] = json.loads(client.ask("GET /").body)
            return answer

    def is_refusing(self) -> bool:
        """Whether nobody listens any more."""
        try:
            RawClient(self.port).close()
        except ConnectionRefusedError:
            return True
        return False

    def signal(self, number: signal.Signals) -> None:
        """Send the parent a signal."""
        self.process.send_signal(number)

    def end(self) -> tuple[int, str, str]:
        """Wait for its end: exit code, and what it had still to say."""
        out, err = self.process.communicate(timeout=TIME_OUT)
        return self.process.returncode, out, err

    def stop(self) -> None:
        """End it however it is."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.end()
            except subprocess.TimeoutExpired:
                self.process.kill()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
