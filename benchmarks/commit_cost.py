"""What one commit costs in trees of 1k, 10k, 100k and 1M nodes.

    python benchmarks/commit_cost.py [--sizes 1000,1000000] [--commits 1000] [--check]

Each tree is a space of folders of 100 files, three deep, beside one folder of 10,000
files. Measured are, as medians over all commits, at durability `fast`:

    same leaf     overwriting one file again and again
    random leaf   overwriting files all over the tree
    new file      adding files to one folder
    listing       reading the folder of 10,000

The database is the real one, content is not: no blob is written. Compare the ratios
to the smallest tree, and two revisions by running both on an idle machine.
`--check` fails when a ratio between the largest and the smallest tree is above what
the design allows.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Table, insert

from spaces.blobs.memory import MemoryBlobStore
from spaces.clock import Instant, system_clock
from spaces.db.engine import Database, open_database
from spaces.db.revision import upgrade
from spaces.db.schema import blobs, nodes, spaces, users
from spaces.founding import insert_personal
from spaces.ids import BlobId, NodeId, SpaceId, UserId, new_id
from spaces.library import Library
from spaces.model import Actor, Checksums, Content, Place, User
from spaces.policy import Policy

SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)
FANOUT: Final = 100
WIDE: Final = 10_000
LISTINGS: Final = 15
BATCH: Final = 20_000
FILE_BYTES: Final = 1_000
LIMITS: Final = {"same leaf": 1.3, "random leaf": 3.0, "listing": 1.3}


@dataclass(frozen=True)
class Bench:
    """One tree, ready to be worked on."""

    library: Library
    actor: Actor
    files: int
    """How many files there are outside the wide folder."""

    def place(self, *path: str) -> Place:
        """A place in the space."""
        return Place(SpaceId(self.actor.user_id), path)

    def leaf(self, number: int) -> Place:
        """The place of one of the files."""
        folder = number // FANOUT
        return self.place(f"top{folder // FANOUT}", f"sub{folder}", f"file{number}")


def new_content() -> Content:
    """Content as if it had been sealed."""
    return Content(BlobId(new_id()), FILE_BYTES, Checksums("0" * 40, "0" * 8))


def found(database: Database) -> Actor:
    """An account with an empty personal space."""
    user = User(UserId(new_id()), "bench", "Bench", "", is_admin=False, created_at=NOW)

    def job(connection: Connection) -> None:
        connection.execute(
            insert(users).values(
                id=user.id,
                name=user.name,
                name_key=user.name,
                display_name=user.display_name,
                is_admin=False,
                created_at=NOW,
            )
        )
        insert_personal(connection, user, quota=None, now=NOW)

    database.write(job)
    return Actor(user.id, user.name)


NOW: Final[Instant] = system_clock()


def node_row(
    actor: Actor, parent_id: str, name: str, *, size: int, blob_id: str | None
) -> dict[str, object]:
    """A row for `nodes`."""
    return {
        "id": new_id(),
        "space_id": actor.user_id,
        "parent_id": parent_id,
        "name": name,
        "name_key": name,
        "blob_id": blob_id,
        "size": size,
        "etag": "0" * 32,
        "modified_at": NOW,
        "created_at": NOW,
        "media_type": "text/plain",
    }


def blob_row() -> dict[str, object]:
    """A row for `blobs`."""
    return {
        "id": new_id(),
        "size": FILE_BYTES,
        "sha1": f"{random.getrandbits(160):040x}",
        "adler32": "0" * 8,
        "created_at": NOW,
    }


def folder_rows(
    actor: Actor, parent_id: str, name: str, numbers: range
) -> Iterator[tuple[Table, dict[str, object]]]:
    """A folder of files, and the blobs they need."""
    size = len(numbers) * FILE_BYTES
    folder = node_row(actor, parent_id, name, size=size, blob_id=None)
    yield nodes, folder
    for number in numbers:
        blob = blob_row()
        yield blobs, blob
        yield (
            nodes,
            node_row(
                actor,
                str(folder["id"]),
                f"file{number}",
                size=FILE_BYTES,
                blob_id=str(blob["id"]),
            ),
        )


def tree_rows(actor: Actor, files: int) -> Iterator[tuple[Table, dict[str, object]]]:
    """Everything, parents before their members."""
    yield from folder_rows(actor, actor.user_id, "wide", range(WIDE))
    for top in range(0, files, FANOUT * FANOUT):
        numbers = range(top, min(top + FANOUT * FANOUT, files))
        folder = node_row(
            actor,
            actor.user_id,
            f"top{top // FANOUT // FANOUT}",
            size=len(numbers) * FILE_BYTES,
            blob_id=None,
        )
        yield nodes, folder
        for sub in range(numbers.start, numbers.stop, FANOUT):
            yield from folder_rows(
                actor,
                str(folder["id"]),
                f"sub{sub // FANOUT}",
                range(sub, min(sub + FANOUT, numbers.stop)),
            )


def build(path: Path, size: int) -> Bench:
    """A space of so many nodes outside its wide folder."""
    url = f"sqlite:///{path}"
    upgrade(url)
    database = open_database(url, durability="fast")
    actor = found(database)
    files = max(size * FANOUT // (FANOUT + 1), FANOUT)
    rows = tree_rows(actor, files)
    while batch := list(islice(rows, BATCH)):

        def job(
            connection: Connection,
            batch: list[tuple[Table, dict[str, object]]] = batch,
        ) -> None:
            for table in (blobs, nodes):
                chosen = [row for owner, row in batch if owner is table]
                if chosen:
                    connection.execute(insert(table), chosen)

        database.write(job)
    total = (files + WIDE) * FILE_BYTES

    def settle(connection: Connection) -> None:
        connection.execute(
            nodes.update().where(nodes.c.id == actor.user_id).values(size=total)
        )
        connection.execute(spaces.update().values(used_bytes=total))

    database.write(settle)
    library = Library.open(database=database, blobs=MemoryBlobStore(), policy=Policy())
    return Bench(library, actor, files)


def median_us(work: Callable[[int], object], count: int) -> float:
    """The median time of so many calls, in microseconds."""
    times = []
    for number in range(count):
        start = time.perf_counter_ns()
        work(number)
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times) / 1_000


def commit(bench: Bench, place: Place) -> None:
    """Write new content to a place."""
    bench.library.files.commit(bench.actor, place, new_content())


def list_wide(bench: Bench) -> int:
    """Read the folder of 10,000."""
    tree = bench.library.tree
    folder = tree.get(bench.actor, bench.place("wide")).node
    return sum(1 for _ in tree.children(bench.actor, folder))


def measure(bench: Bench, commits: int) -> dict[str, float]:
    """All medians of one tree."""
    chance = random.Random(1)
    folder = NodeId(bench.library.tree.get(bench.actor, bench.place("top0")).node.id)

    def random_leaf(_: int) -> None:
        commit(bench, bench.leaf(chance.randrange(bench.files)))

    def new_file(number: int) -> None:
        space_id = SpaceId(bench.actor.user_id)
        commit(bench, Place(space_id, (f"new{number}",), anchor=folder))

    for number in range(200):  # fill caches of statements and pages
        random_leaf(number)
    return {
        "same leaf": median_us(lambda _: commit(bench, bench.leaf(0)), commits),
        "random leaf": median_us(random_leaf, commits),
        "new file": median_us(new_file, commits),
        "listing": median_us(lambda _: list_wide(bench), LISTINGS),
    }


def parse_arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--commits", type=int, default=1_000)
    parser.add_argument("--check", action="store_true")
    return parser.parse_args()


def main() -> int:
    """Measure, print, and judge if asked to."""
    arguments = parse_arguments()
    results: dict[int, dict[str, float]] = {}
    print(
        f"{'nodes':>9}  {'same leaf':>12}  {'random leaf':>12}  {'new file':>12}"
        f"  {'listing':>12}   (median, us)"
    )
    with tempfile.TemporaryDirectory(prefix="ocsync-bench-") as folder:
        for size in map(int, arguments.sizes.split(",")):
            path = Path(folder) / f"{size}.db"
            bench = build(path, size)
            results[size] = measure(bench, arguments.commits)
            bench.library.database.close()
            for rest in Path(folder).glob(f"{size}.db*"):
                rest.unlink()
            cells = "  ".join(f"{value:12.0f}" for value in results[size].values())
            print(f"{size:9}  {cells}", flush=True)
    smallest, largest = min(results), max(results)
    failed = False
    for name, value in results[largest].items():
        ratio = value / results[smallest][name]
        limit = LIMITS.get(name)
        is_over = limit is not None and ratio > limit
        failed = failed or is_over
        allowed = "" if limit is None else f"  (allowed {limit}x)"
        print(f"{name}: {ratio:.2f}x from {smallest} to {largest} nodes{allowed}")
    return 1 if failed and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
