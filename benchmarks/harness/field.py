"""The contenders of one scenario: started together, measured one at a time.

While one is measured the others are frozen, so that what they still do behind an
answer (ocsync completes checksums, nginx moves files) is at nobody else's expense.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Final, Protocol

from benchmarks.harness import ocsync_server, processes
from benchmarks.harness.crowd import Clients, Questions
from benchmarks.harness.measured import Record, Seat
from benchmarks.harness.peers import PEERS, Ground, Peer
from benchmarks.harness.processes import DidNotStart, free_port, started
from benchmarks.harness.site import Site, WrongAnswer

MIB: Final = 1024 * 1024


class Asking(Protocol):
    """Who asks, and for how long."""

    @property
    def clients(self) -> Clients:
        """The client processes."""

    @property
    def seconds(self) -> float:
        """How long one measurement lasts."""


@dataclass(slots=True)
class Done:
    """How much a timed block did."""

    count: float = 0


@dataclass(frozen=True, slots=True)
class Field:
    """The contenders that have started."""

    sites: list[Site]
    record: Record
    scratch: Path
    stuck: set[str] = field(default_factory=set)
    """Those that did not answer in time; they are not waited for again."""

    def site(self, name: str) -> Site | None:
        """The contender of that name, if it has started."""
        return next((each for each in self.sites if each.name == name), None)

    def turns(self, deed: str, number: int) -> list[Site]:
        """Those that can do something; another one is first in each round."""
        able = [
            each
            for each in self.sites
            if deed in each.can and each.name not in self.stuck
        ]
        first = number % max(len(able), 1)
        return able[first:] + able[:first]

    @contextmanager
    def rating(
        self, case: str, site: Site, unit: str, *, label: str = ""
    ) -> Iterator[Done]:
        """Time the block and note units/s, and the CPU time of one.

        The label says what was special, if not just the contender's name.
        """
        done = Done()
        with self.trying(case, site):
            cpu, began = site.cpu_seconds(), time.perf_counter()
            yield done
            taken = time.perf_counter() - began
            used = (site.cpu_seconds() - cpu) * 1_000_000 / done.count
            speed = done.count / taken
            self.record.add(case, label or site.name, speed, unit, cpu_us=used)

    def ask(
        self,
        case: str,
        site: Site,
        questions: Questions,
        asking: Asking,
        *,
        connections: int,
    ) -> None:
        """Let a crowd ask for a while, and note requests/s."""
        with self.rating(case, site, "requests/s") as done:
            done.count = asking.clients.ask(
                site.port, questions, connections, asking.seconds
            )

    @contextmanager
    def trying(self, case: str, site: Site) -> Iterator[None]:
        """Let only this contender run; after a wrong answer its case has no figures."""
        if (case, site.name) in self.record.wrong:
            with suppress(WrongAnswer, OSError, HTTPException):
                yield
            return
        try:
            with self.alone(site):
                yield
        except (WrongAnswer, OSError, HTTPException) as error:
            if isinstance(error.__cause__, TimeoutError):
                self.stuck.add(site.name)
            self.record.refuse(case, site.name, str(error) or repr(error))

    @contextmanager
    def alone(self, site: Site) -> Iterator[None]:
        """Let only this contender run."""
        processes.thaw(site.pid)
        try:
            yield
        finally:
            processes.freeze(site.pid)

    def data_of(self, site: Site) -> Path:
        """Where an ocsync server keeps everything."""
        return self.scratch / site.name / "data"

    def tidy(self, *paths: str) -> None:
        """Remove files everywhere, and do what servers would do in the background."""
        for site in self.turns("put", 0):
            with self.trying("removing files", site):
                self.clear(site, *paths)

    def clear(self, site: Site, *paths: str) -> None:
        """The same with one contender, which must be running."""
        if site.name.startswith("ocsync"):
            data, durability = self.data_of(site), site.name.partition(" ")[2]
            ocsync_server.clear(site, paths, data, durability)
        else:
            for path in paths:
                site.ask("DELETE", path)
        # What a server has begun behind an answer would go on in its next turn.
        processes.wait_until_idle(site.pid)

    def note_memory(self) -> None:
        """Note each contender and the most memory its processes have had."""
        for site in self.sites:
            self.record.seats[site.name] = Seat(
                name=site.name,
                version=site.version,
                durability=site.durability,
                peaks_mib=processes.peaks_mib(site.pid),
            )


@contextmanager
def contenders(
    names: Sequence[str], *, scratch: Path, record: Record, syncs: bool = False
) -> Iterator[Field]:
    """Start those of the contenders that are here; the others are noted as left out."""
    with ExitStack() as stack:
        sites = []
        for name in names:
            try:
                site = stack.enter_context(_running(name, scratch / name, syncs=syncs))
            except DidNotStart as reason:
                record.left_out.append(f"{name}: {reason}")
                print(f"  left out: {name}: {reason}", flush=True)
            else:
                processes.freeze(site.pid)
                sites.append(site)
        found = Field(sites, record, scratch)
        yield found
        found.note_memory()


def _running(name: str, scratch: Path, *, syncs: bool) -> AbstractContextManager[Site]:
    if not name.startswith("ocsync"):
        return peer_ready(name, scratch, syncs=syncs)()
    scratch.mkdir(parents=True)
    durability = name.partition(" ")[2]
    data = scratch / "data"
    login = ocsync_server.prepared(data, durability)
    return ocsync_server.serving(data, durability, login)


def peer_ready(
    name: str, scratch: Path, *, syncs: bool = False
) -> Callable[[], AbstractContextManager[Site]]:
    """What starts a peer, which has its configuration now.

    Raises:
        DidNotStart: it is not installed.
    """
    files = scratch / "files"
    files.mkdir(parents=True)
    for folder in (scratch, files):
        folder.chmod(0o777)  # Apache gives up the rights of root
    ground = Ground(scratch=scratch, files=files, port=free_port(), syncs=syncs)
    return partial(_serving_peer, name, ground, PEERS[name](ground))


@contextmanager
def _serving_peer(name: str, ground: Ground, peer: Peer) -> Iterator[Site]:
    home, log = ground.scratch, ground.scratch / "log"
    with started(peer.command, port=ground.port, log=log, home=home) as pid:
        yield Site(
            name=name,
            version=peer.version,
            durability=peer.durability,
            port=ground.port,
            pid=pid,
            can=peer.can,
        )
