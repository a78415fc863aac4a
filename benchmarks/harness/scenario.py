"""What a scenario is, and what it is given to run."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.harness.crowd import Clients
from benchmarks.harness.field import Field, contenders
from benchmarks.harness.measured import Record, Target

MEMORY: Final = Path("/dev/shm")
OCSYNC: Final = ("ocsync safe", "ocsync fast")
DAV_PEERS: Final = ("wsgidav", "apache", "nginx", "lighttpd", "rclone", "copyparty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much is done; smaller than by default only to try things out."""

    rounds: int | None = None
    """Overrides every scenario's own number."""

    scale: float = 1.0
    """Files, folders and crowds are so much of their size."""

    seconds: float = 0.8
    """How long one measurement of requests a second lasts."""

    servers: Sequence[str] | None = None
    """Only these contenders; None for all."""

    def many(self, count: int, *, least: int = 1) -> int:
        """A count or size, scaled."""
        return max(int(count * self.scale), least)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one scenario."""

    scenario: "Scenario"
    extent: Extent
    clients: Clients
    record: Record
    disk: Path
    """A folder on the disk for this scenario alone."""

    memory: Path
    """The same on a tmpfs, or on the disk where there is none."""

    @property
    def rounds(self) -> range:
        """The rounds."""
        return range(self.extent.rounds or self.scenario.rounds)

    @property
    def seconds(self) -> float:
        """How long one measurement of requests a second lasts."""
        return self.extent.seconds

    def field(
        self, *names: str, scratch: Path, syncs: bool = False
    ) -> AbstractContextManager[Field]:
        """Start the contenders that are wanted and here."""
        wanted = [name for name in names if self.wants(name)]
        return contenders(wanted, scratch=scratch, record=self.record, syncs=syncs)

    def wants(self, name: str) -> bool:
        """Whether a contender may take part."""
        return self.extent.servers is None or name in self.extent.servers


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Something that is measured, and what must hold."""

    name: str
    title: str
    about: str
    """For the reader of the results: what is asked, of whom, on what."""

    rounds: int
    targets: Sequence[Target]
    run: Callable[[Run], None]


@contextmanager
def folders(disk: Path | None) -> Iterator[tuple[Path, Path]]:
    """A folder on the disk and one in memory, both gone at the end."""
    memory = MEMORY if MEMORY.is_dir() else None
    prefix = "ocsync-bench-"
    with (
        tempfile.TemporaryDirectory(prefix=prefix, dir=disk) as on_disk,
        tempfile.TemporaryDirectory(prefix=prefix, dir=memory) as in_memory,
    ):
        for each in (on_disk, in_memory):
            Path(each).chmod(0o755)
        yield Path(on_disk), Path(in_memory)
