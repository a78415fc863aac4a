"""Several writers at once, threads and processes: nothing is lost or miscounted."""

import multiprocessing
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from spaces.blobs.folder import FolderBlobStore
from spaces.db.engine import open_database
from spaces.errors import QuotaExceeded
from spaces.files import commit_content
from spaces.fsck import Fsck
from spaces.library import Library
from spaces.model import NO_GUARD, Actor
from spaces.policy import Policy
from spaces.quota import release, reserve
from tests.domain import Desk, place, seal
from tests.memory_blobs import MemoryBlobStore


def _at_once(jobs: list[Callable[[], None]]) -> None:
    """Run the jobs in threads and raise what one of them raised."""
    errors: list[BaseException] = []

    def guarded(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001  # raised below
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def _write_until(url: str, desk: Desk, writer: int, seconds: float) -> int:
    """Write files, new and over each other's, for a while; how many were answered."""
    database = open_database(url, durability="fast")
    library = Library.open(database=database, blobs=MemoryBlobStore(), policy=Policy())
    own = Desk(library, desk.actor, desk.space_id)
    count = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        own.put(f"own-{writer}/{count}", b"x" * (count % 7))
        own.put(f"shared/{count % 5}", bytes(writer + 1))
        count += 1
    database.close()
    return count


def _write_in_processes(url: str, desk: Desk, seconds: float) -> list[int]:
    for writer in range(2):
        desk.library.tree.make_folder(desk.actor, desk.place(f"own-{writer}"))
    desk.library.tree.make_folder(desk.actor, desk.place("shared"))
    context = multiprocessing.get_context("fork")
    results: multiprocessing.Queue[int | BaseException] = context.Queue()

    def run(writer: int) -> None:
        try:
            results.put(_write_until(url, desk, writer, seconds))
        except BaseException as error:  # noqa: BLE001  # raised in the parent
            results.put(error)

    processes = [context.Process(target=run, args=[writer]) for writer in range(2)]
    for process in processes:
        process.start()
    counts = []
    for _ in processes:
        result = results.get()
        if isinstance(result, BaseException):
            raise result
        counts.append(result)
    for process in processes:
        process.join()
    return counts


def _check_sums(desk: Desk, answered: int) -> None:
    listing = desk.listing()
    files = {path: size for path, size in listing.items() if not path.endswith("/")}
    assert len([path for path in files if path.startswith("own-")]) == answered
    for folder in ("own-0/", "own-1/", "shared/"):
        inside = sum(size for path, size in files.items() if path.startswith(folder))
        assert listing[folder] == inside
    assert desk.space.quota.used == sum(files.values())
    root = desk.library.tree.get(desk.actor, desk.place("")).node
    # Three folders before, two changes per answered round, none lost, none twice.
    assert desk.library.changes.token(desk.actor, root) == 3 + 2 * answered
    # The processes kept their bytes to themselves, so only the rows are checked.
    fsck = Fsck(database=desk.library.database, blobs=desk.library.blobs)
    assert [each for each in fsck.check_rows() if not each.is_sweepable] == []


def test_two_processes_write_into_one_space(desk: Desk, database_url: str) -> None:
    """Every answered write is there, sizes and change numbers add up."""
    counts = _write_in_processes(database_url, desk, 1.5)

    assert min(counts) > 0
    _check_sums(desk, sum(counts))


@pytest.mark.slow
def test_two_processes_write_for_long(desk: Desk, database_url: str) -> None:
    """The same for half a minute; neither of the two starves."""
    counts = _write_in_processes(database_url, desk, 30)

    assert min(counts) > max(counts) / 10
    _check_sums(desk, sum(counts))


def test_threads_fill_a_quota_to_the_last_byte(library: Library, admin: Actor) -> None:
    """However many write at once, exactly what fits gets in."""
    space = library.catalog.create_project(admin, "small", quota=50)
    desk = Desk(library, admin, space.id)
    refused: list[int] = []

    def write(number: int) -> None:
        for part in range(10):
            try:
                desk.put(f"{number}-{part}", b"x")
            except QuotaExceeded:
                refused.append(number)

    _at_once([lambda number=number: write(number) for number in range(8)])  # type: ignore[misc]

    assert desk.space.quota.used == 50
    assert len(refused) == 30


def test_reservations_and_files_share_the_quota(library: Library, admin: Actor) -> None:
    """What is promised is not given to others, and is handed back in the commit."""
    space = library.catalog.create_project(admin, "small", quota=10)
    desk = Desk(library, admin, space.id)
    write = library.database.write

    write(lambda connection: reserve(connection, space.id, 6))
    with pytest.raises(QuotaExceeded):
        desk.put("a", b"12345")
    with pytest.raises(QuotaExceeded):
        write(lambda connection: reserve(connection, space.id, 5))
    write(lambda connection: reserve(connection, space.id, 4))
    content = seal(library, b"123456")
    write(
        lambda connection: commit_content(
            library.database,
            connection,
            admin,
            place(space.id, "a"),
            content,
            modified_at=None,
            media_type=None,
            guard=NO_GUARD,
            expect_new=True,
            reserved_bytes=6,
        )
    )
    write(lambda connection: release(connection, space.id, 4))

    quota = desk.space.quota
    assert (quota.used, quota.reserved, quota.remaining) == (6, 0, 4)


def test_threads_move_between_two_spaces_in_both_directions(
    library: Library, admin: Actor
) -> None:
    """Neither deadlock nor lost bytes."""
    desks = [
        Desk(library, admin, library.catalog.create_project(admin, name).id)
        for name in ("left", "right")
    ]
    for desk in desks:
        for number in range(4):
            desk.put(f"{number}-{desk.space_id}", b"x" * 10)

    def shuttle(number: int, start: int) -> None:
        name = f"{number}-{desks[start].space_id}"
        for turn in range(10):
            here, there = desks[(start + turn) % 2], desks[(start + turn + 1) % 2]
            library.tree.move(
                admin, here.place(name), there.place(name), overwrite=False
            )

    _at_once(
        [
            lambda number=number, start=start: shuttle(number, start)  # type: ignore[misc]
            for number in range(4)
            for start in range(2)
        ]
    )

    assert [desk.space.quota.used for desk in desks] == [40, 40]
    assert all(sum(desk.listing().values()) == 40 for desk in desks)


def test_folder_store_and_database_work_together(
    database_url: str, desk: Desk, tmp_path: Path
) -> None:
    """Content in a folder, many threads: every file is whole."""
    blobs = FolderBlobStore(tmp_path / "blobs", is_safe=False)
    library = Library.open(database=desk.library.database, blobs=blobs, policy=Policy())

    def write(number: int) -> None:
        for part in range(5):
            with library.files.stage() as writer:
                writer.write(f"{number}-{part}".encode())
                content = writer.finish()
            library.files.commit(desk.actor, desk.place(f"{number}-{part}"), content)

    _at_once([lambda number=number: write(number) for number in range(6)])  # type: ignore[misc]

    root = library.tree.get(desk.actor, desk.place("")).node
    children = list(library.tree.children(desk.actor, root))
    assert len(children) == 30
    for child in children:
        assert child.content is not None
        with library.files.open(child.content) as reader:
            assert reader.read() == child.name.encode()
