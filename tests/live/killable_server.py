"""`ocsync serve` over one folder, which can be killed with all of its processes."""

import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.live.raw_http import RawClient
from tests.live.tus_site import AUTH, CHUNK, VERSION
from tests.programs import clean_environ


class NotStarted(Exception):
    """The server ended before it served."""


class Server:
    """`ocsync serve` over one folder, in processes of its own."""

    def __init__(
        self,
        folder: Path,
        workers: int,
        durability: str,
        most_bytes: int | None,
        more: dict[str, str],
    ) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "ocsync",
                "serve",
                "--data",
                str(folder),
                "--port",
                "0",
                "--workers",
                str(workers),
            ],
            env=clean_environ(
                OCSYNC_ADMIN_PASSWORD="secret-word",
                OCSYNC_DURABILITY=durability,
                OCSYNC_UPLOAD_TAKEOVER_AFTER="200ms",
                **more,
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        if most_bytes is not None:  # before it forks its workers
            bounds = (most_bytes, most_bytes)
            resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, bounds)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if match := re.search(r"serves http://[^:]+:(\d+)", line):
                self.port = int(match[1])
                break
        else:
            self._reap()
            raise NotStarted

    def kill(self) -> None:
        """End all of its processes at once, without a word."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._reap()

    def stop(self) -> None:
        """End it in order."""
        self._process.send_signal(signal.SIGTERM)
        self._reap()

    def _reap(self) -> None:
        self._process.wait(timeout=60)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def connect(self) -> RawClient:
        """A new connection."""
        return RawClient(self.port)

    def start(self, length: int) -> str:
        """The path of a new upload."""
        with self.connect() as client:
            answer = client.ask(
                "POST /files",
                AUTH,
                VERSION,
                f"Upload-Length: {length}",
                "Content-Length: 0",
            )
        assert answer.status == 201
        return "/files/" + answer["location"].rpartition("/")[2]

    def head(self, path: str) -> tuple[int, int]:
        """Status, and how far an upload is."""
        with self.connect() as client:
            answer = client.ask(f"HEAD {path}", AUTH, VERSION)
        return answer.status, int(answer["upload-offset"])

    def patch(self, client: RawClient, path: str, offset: int, body: bytes) -> int:
        """The status of a PATCH."""
        client.request(
            f"PATCH {path}", AUTH, VERSION, CHUNK, f"Upload-Offset: {offset}", body=body
        )
        return client.read_answer().status

    def read(self, path: str) -> bytes:
        """The content of a finished upload."""
        with self.connect() as client:
            answer = client.ask(f"GET {path}", AUTH, VERSION)
        assert answer.status == 200
        return answer.body


def start(
    folder: Path,
    workers: int,
    durability: str,
    most_bytes: int | None,
    more: dict[str, str],
) -> Server:
    """A server; processes of one that was killed may hold the folder for a moment."""
    for _ in range(50):
        with suppress(NotStarted):
            return Server(folder, workers, durability, most_bytes, more)
    raise NotStarted


@contextmanager
def running(
    folder: Path,
    workers: int = 1,
    durability: str = "fast",
    most_bytes: int | None = None,
    more: dict[str, str] | None = None,
) -> Iterator[Server]:
    """A server, stopped at the end of the block if it still runs.

    `more` are settings, by their environment variables.
    """
    server = start(folder, workers, durability, most_bytes, more or {})
    try:
        yield server
    finally:
        server.kill()
