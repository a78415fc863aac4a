"""How fast content is taken in, against a bare loop of `recv_into` and `write`.

    python benchmarks/content_writing.py [--size 512] [--rounds 7] [--folder DIR]

A second process sends the bytes over a socket pair; so many MiB go to one file whose
pages are reused, by default on a tmpfs. Measured, interleaved, as medians:

    raw           one buffer of 256 KiB and nothing else
    no digests    through `Appender`, which then only writes
    kept          with SHA1 and ADLER32, as content of unknown use arrives in one go
    resumable     the same, with a state that can be saved, as uploads have it
    all           with MD5 and SHA-256 as well, as small files have them

CPU seconds are those of the receiving process. On a machine that does other things
the CPU column and the ratios tell more than the speeds.
"""

import argparse
import os
import shutil
import socket
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from spaces.blobs.folder import FolderBlobStore
from spaces.blobs.writer import BLOCK_BYTES, Appender
from spaces.checksums import ALL_KEPT, KEPT, RunningChecksums
from spaces.ids import BlobId, new_id

MIB = 1024 * 1024


@dataclass(frozen=True)
class Bench:
    """One staging area that is written again and again."""

    path: Path
    size_bytes: int

    def raw(self) -> None:
        """The bare loop."""
        buffer = memoryview(bytearray(BLOCK_BYTES))
        descriptor = os.open(self.path, os.O_WRONLY)
        with self._source() as source:
            while count := source.recv_into(buffer):
                os.write(descriptor, buffer[:count])
        os.close(descriptor)

    def through(self, checksums: RunningChecksums) -> None:
        """The way of every upload."""
        staged = _Rewriting(self.path)
        appender = Appender(staged, checksums)
        with self._source() as source:
            while count := source.recv_into(appender.buffer()):
                appender.advance(count)
        appender.settle()
        staged.close()

    def _source(self) -> socket.socket:
        """What a second process sends."""
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * MIB)
        if os.fork() == 0:
            ours.close()
            block = os.urandom(MIB)
            for _ in range(self.size_bytes // MIB):
                theirs.sendall(block)
            os._exit(0)
        theirs.close()
        return ours


class _Rewriting:
    """A staging area that writes over what is there, so that no page is allocated."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY)
        self.size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """As a folder's staging area does."""
        self.size += os.pwrite(self._descriptor, data, self.size)

    def flush(self) -> None:
        """Nothing here is to last."""

    def truncate(self, size: int) -> None:
        """Not used."""

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


def measure(job: Callable[[], None]) -> tuple[float, float]:
    """Seconds by the clock, and of CPU, threads included."""
    cpu, began = time.process_time(), time.perf_counter()
    job()
    elapsed = time.perf_counter() - began
    spent = time.process_time() - cpu
    os.wait()
    return elapsed, spent


def run(folder: Path, size_bytes: int, rounds: int) -> None:
    """Measure everything and print one line each."""
    store = FolderBlobStore(folder / "store", is_safe=False)
    blob_id = BlobId(new_id())
    with store.stage(blob_id) as staged:
        for _ in range(size_bytes // MIB):
            staged.write(bytes(MIB))
    bench = Bench(folder / "store" / "staging" / blob_id, size_bytes)
    jobs: dict[str, Callable[[], None]] = {
        "raw": bench.raw,
        "no digests": lambda: bench.through(RunningChecksums(())),
        "kept": lambda: bench.through(RunningChecksums(KEPT)),
        "resumable": lambda: bench.through(RunningChecksums(KEPT, is_resumable=True)),
        "all": lambda: bench.through(RunningChecksums(ALL_KEPT)),
    }
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs}
    for number in range(rounds + 1):
        for name, job in jobs.items():
            measured = measure(job)
            if number:  # the first round warms up
                results[name].append(measured)
    raw = statistics.median(elapsed for elapsed, _ in results["raw"])
    print(f"{'':12} {'MB/s':>6} {'of raw':>7} {'CPU s/GiB':>10}   range MB/s")
    for name, measured_rounds in results.items():
        elapsed = statistics.median(seconds for seconds, _ in measured_rounds)
        cpu = statistics.median(spent for _, spent in measured_rounds)
        speeds = sorted(size_bytes / 1e6 / seconds for seconds, _ in measured_rounds)
        print(
            f"{name:12} {size_bytes / 1e6 / elapsed:6.0f} {raw / elapsed:7.2f}"
            f" {cpu * 2**30 / size_bytes:10.2f}   {speeds[0]:.0f}-{speeds[-1]:.0f}"
        )


def main() -> None:
    """Read the options, measure, clear away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=512, help="MiB")
    parser.add_argument("--rounds", type=int, default=7)
    shared = Path("/dev/shm")
    default = shared if shared.is_dir() else Path(tempfile.gettempdir())
    parser.add_argument("--folder", type=Path, default=default)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    try:
        run(folder, options.size * MIB, options.rounds)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
