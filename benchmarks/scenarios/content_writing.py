"""What taking in content costs by itself, without a server."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.harness.measured import Record
from benchmarks.harness.scenario import Run, Scenario
from benchmarks.harness.transfers import MIB, PATTERN
from spaces.blobs.folder import FolderBlobStore, FolderStaged
from spaces.blobs.writer import BLOCK_BYTES, Appender
from spaces.checksums import ALL_KEPT, KEPT, RunningChecksums
from spaces.ids import BlobId, new_id

CASE: Final = "512 MiB from a socket to a file"


@dataclass(frozen=True, slots=True)
class _Inlet:
    """A file that is written again and again."""

    folder: Path
    size: int

    def raw(self) -> None:
        """The bare loop."""
        buffer = memoryview(bytearray(BLOCK_BYTES))
        with self._rewritten() as file, self._source() as source:
            while count := source.recv_into(buffer):
                file.write(buffer[:count])

    def through(self, checksums: RunningChecksums) -> None:
        """The way of every upload."""
        with self._rewritten() as file, self._source() as source:
            appender = Appender(file, checksums)
            while count := source.recv_into(appender.buffer()):
                appender.advance(count)
            appender.settle()

    def _rewritten(self) -> FolderStaged:
        """A staging area over a file that is there, so that no page is allocated."""
        path = self.folder / "content"
        return FolderStaged(
            FolderBlobStore(self.folder / "store", is_safe=False),
            BlobId(new_id()),
            descriptor=os.open(path, os.O_WRONLY | os.O_CREAT, 0o600),
            size=0,
            syncing=None,
        )

    @contextmanager
    def _source(self) -> Iterator[socket.socket]:
        """What a second process sends."""
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * MIB)
        child = os.fork()
        if child == 0:
            ours.close()
            for _ in range(self.size):
                theirs.sendall(PATTERN)
            os._exit(0)
        theirs.close()
        with ours:
            yield ours
        os.waitpid(child, 0)


def run(run: Run) -> None:
    """Every way in turns."""
    inlet = _Inlet(run.memory, run.extent.many(512))
    ways: dict[str, Callable[[], None]] = {
        "raw": inlet.raw,
        "no digests": lambda: inlet.through(RunningChecksums(())),
        "SHA1, ADLER32": lambda: inlet.through(RunningChecksums(KEPT)),
        "the same, resumable": lambda: inlet.through(
            RunningChecksums(KEPT, is_resumable=True)
        ),
        "MD5, SHA-256 too": lambda: inlet.through(RunningChecksums(ALL_KEPT)),
    }
    inlet.raw()  # makes the pages that are reused
    for _ in run.rounds:
        for label, way in ways.items():
            _measure(run.record, label, way, inlet.size)


def _measure(record: Record, label: str, way: Callable[[], None], size: int) -> None:
    cpu, began = time.process_time(), time.perf_counter()
    way()
    taken = time.perf_counter() - began
    used = (time.process_time() - cpu) * 1_000_000 / size
    record.add(CASE, label, size / taken, "MiB/s", cpu_us=used)


SCENARIO = Scenario(
    name="content-writing",
    title="Taking in content",
    about="""\
Inside one process, without HTTP: 512 MiB that another process sends over a socket go
to a file on a tmpfs whose pages are reused. `raw` is one buffer of 256 KiB and nothing
else; the other rows go through what every upload goes through, with no digests, with
those that are always kept, with a state of them that can be saved between requests,
and with all that small files get.""",
    rounds=5,
    targets=[],
    run=run,
)
