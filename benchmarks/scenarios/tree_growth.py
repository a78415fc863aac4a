"""What a change, and the question for changes, cost as a space grows."""

import random
import re
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from typing import Final

from benchmarks.harness import ocsync_server, processes, propfind
from benchmarks.harness.latency import waits
from benchmarks.harness.measured import Record, Seat, Target
from benchmarks.harness.planting import Planter, Row, new_content
from benchmarks.harness.scenario import Run, Scenario
from benchmarks.harness.site import Site, WrongAnswer
from spaces.clock import system_clock
from spaces.ids import NodeId, SpaceId
from spaces.library import Library
from spaces.model import Actor, Place

SMALL: Final = 1_000
LARGE: Final = 1_000_000
FANOUT: Final = 100
CHANGES: Final = 10
COMMITS: Final = 200
QUESTIONS: Final = 200
SLICES: Final = 8
FAST, SAFE = "ocsync fast", "ocsync safe"
ROOT: Final = "PROPFIND Depth 0 getetag on the root"
REPORT: Final = "sync-collection after 10 changes"
IN_EMPTY: Final = f"{SAFE}, empty space"
_HREF: Final = re.compile(rb"<[^/>]*:?href>([^<]+)<")


@dataclass(frozen=True, kw_only=True)
class Wood:
    """A space of folders of 100 files each, three deep."""

    library: Library
    actor: Actor
    files: int
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def plant(self) -> None:
        """Write all of it."""
        planter = Planter(self.library, SpaceId(self.actor.user_id), system_clock())
        planter.plant(self._rows(planter))

    def _rows(self, planter: Planter) -> Iterator[Row]:
        for top in range(0, self.files, FANOUT * FANOUT):
            end = min(top + FANOUT * FANOUT, self.files)
            name = f"top{top // FANOUT // FANOUT}"
            size = (end - top) * 1_000
            folder, rows = planter.empty_folder(self.actor.user_id, name, size=size)
            yield from rows
            for sub in range(top, end, FANOUT):
                files = [
                    f"file{number}" for number in range(sub, min(sub + FANOUT, end))
                ]
                yield from planter.folder(folder, f"sub{sub // FANOUT}", files)

    def path(self, number: int) -> tuple[str, ...]:
        """Where one of the files is."""
        folder = number // FANOUT
        return (f"top{folder // FANOUT}", f"sub{folder}", f"file{number}")

    def commit(self, *path: str, anchor: NodeId | None = None) -> None:
        """Write new content to a place."""
        place = Place(SpaceId(self.actor.user_id), path, anchor=anchor)
        self.library.files.commit(self.actor, place, new_content())

    def random_leaf(self) -> None:
        """Overwrite a file anywhere."""
        self.commit(*self.path(self.chance.randrange(self.files)))

    def top(self) -> NodeId:
        """The first folder."""
        place = Place(SpaceId(self.actor.user_id), ("top0",))
        return self.library.tree.get(self.actor, place).node.id


def run(run: Run) -> None:
    """Commits in process, in both trees in turns; then questions to a server."""
    sizes = {SMALL: SMALL, LARGE: run.extent.many(LARGE, least=2 * SMALL)}
    with ExitStack() as stack:
        woods = {
            nodes: _grow(stack, run.disk / str(nodes), size)
            for nodes, size in sizes.items()
        }
        for number in run.rounds:
            for nodes, wood in woods.items():
                for kind, value in _commits(wood, number).items():
                    run.record.add(f"commit, {kind}", at(FAST, nodes), value, "us")
    _ask(run, run.disk / str(LARGE))


def at(contender: str, nodes: int) -> str:
    """A contender in a space of so many nodes."""
    return f"{contender}, {nodes:,} nodes"


def _grow(stack: ExitStack, data: Path, size: int) -> Wood:
    library = stack.enter_context(ocsync_server.opened(data, "fast"))
    actor, _ = ocsync_server.add_account(library)
    wood = Wood(library=library, actor=actor, files=size * FANOUT // (FANOUT + 1))
    wood.plant()
    for _ in range(COMMITS):  # fill caches of statements and pages
        wood.random_leaf()
    return wood


def _commits(wood: Wood, number: int) -> dict[str, float]:
    top = wood.top()
    names = iter(range(COMMITS))
    deeds: dict[str, Callable[[], None]] = {
        "same leaf": lambda: wood.commit(*wood.path(0)),
        "random leaf": wood.random_leaf,
        "new file": lambda: wood.commit(f"new{number}-{next(names)}", anchor=top),
    }
    return {kind: _median_us(deed) for kind, deed in deeds.items()}


def _median_us(deed: Callable[[], None]) -> float:
    times = []
    for _ in range(COMMITS):
        began = time.perf_counter()
        deed()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1_000_000


def _ask(run: Run, data: Path) -> None:
    with ocsync_server.opened(data, "safe") as library:
        login = ocsync_server.new_login(library)
        _, other_login = ocsync_server.add_account(library, "empty")
    with ocsync_server.serving(data, "safe", login) as large:
        empty = ocsync_server.seen_by(large, other_login)
        sites = {at(SAFE, LARGE): large, IN_EMPTY: empty}
        for number in run.rounds:
            _note_roots(run.record, sites)
            for label, site in sites.items():
                _note_changes(run.record, site, label, number)
        run.record.seats[SAFE] = Seat(
            name=large.name,
            version=large.version,
            durability=large.durability,
            peaks_mib=processes.peaks_mib(large.pid),
        )


def _note_roots(record: Record, sites: Mapping[str, Site]) -> None:
    """Ask for both roots in turns, a few times each."""
    request = ("PROPFIND", "", propfind.body(["d:getetag"]), propfind.headers("0"))
    times: dict[str, list[float]] = {label: [] for label in sites}
    for _ in range(SLICES):
        for label, site in sites.items():
            times[label] += waits(site, request, _has_etag, count=QUESTIONS // SLICES)
    for label, found in times.items():
        record.add(ROOT, label, statistics.median(found) * 1000, "ms")


def _has_etag(answer: HTTPResponse, content: bytes) -> bool:
    return answer.status == 207 and b"getetag>" in content


def _note_changes(record: Record, site: Site, label: str, number: int) -> None:
    token = _token(site)
    changed = [f"changed-{number}-{each}" for each in range(CHANGES)]
    for name in changed:
        site.ask("PUT", name, b"changed")
    report = (
        '<d:sync-collection xmlns:d="DAV:"><d:sync-token>'
        f"{token}</d:sync-token><d:sync-level>infinite</d:sync-level>"
        "<d:prop><d:getetag/></d:prop></d:sync-collection>"
    ).encode()
    times = waits(
        site,
        ("REPORT", "", report, propfind.headers("0")),
        lambda answer, content: answer.status == 207 and _tells(content, changed),
        count=QUESTIONS // 4,
    )
    record.add(REPORT, label, statistics.median(times) * 1000, "ms")


def _token(site: Site) -> str:
    body = propfind.body(["d:sync-token"])
    _, content = site.ask("PROPFIND", "", body, propfind.headers("0"))
    found = re.search(rb"sync-token>([^<]+)<", content)
    if found is None:
        raise WrongAnswer(f"{site.name}: no sync-token")
    return found[1].decode()


def _tells(content: bytes, changed: Sequence[str]) -> bool:
    """Whether the changes are told, and nothing else."""
    told = {href.rpartition(b"/")[2].decode() for href in _HREF.findall(content)}
    return told - {""} == set(changed)


SCENARIO = Scenario(
    name="tree-growth",
    title="A space of a million nodes",
    about="""\
Two spaces of folders of 100 files each, three deep: of 1,000 and of 1,000,000 nodes.
A commit is what makes new content visible (node, version, quota, the ETag and size of
every folder above, the change record) without the content itself, done in process at
durability `fast`, on the disk; each figure is the median of 200. Then a server is asked
by one client whether anything is new: the ETag of the root, and the changes since a
sync token after ten files were put, in the space of a million nodes and in an empty
space beside it; each figure is the median of 200 and of 50 answers. The report must
name the ten and nothing else.""",
    rounds=5,
    targets=[
        *(
            Target(
                case=f"commit, {kind}",
                contender=at(FAST, LARGE),
                to=at(FAST, SMALL),
                at_most=bound,
            )
            for kind, bound in (("same leaf", 1.3), ("random leaf", 3))
        ),
        Target(case=ROOT, contender=at(SAFE, LARGE), to=IN_EMPTY, at_most=1.1),
        Target(case=REPORT, contender=at(SAFE, LARGE), at_most=5, unit="ms"),
    ],
    run=run,
)
