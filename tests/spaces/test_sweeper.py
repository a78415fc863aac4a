"""The sweeper clears away what is due, and nothing else."""

from dataclasses import replace
from functools import partial
from threading import Event

import pytest
from sqlalchemy import Connection

from spaces.clock import DAY, HOUR
from spaces.db import blobs, upkeep
from spaces.errors import BlobNotFound, SyncTokenExpired
from spaces.ids import BlobId, new_id
from spaces.library import Library
from spaces.policy import Policy
from tests.domain import Desk, StepClock, place, seal


def _blobs(library: Library) -> set[BlobId]:
    return {
        b for shard in library.blobs.shards() for b in library.blobs.blob_ids(shard)
    }


def _with_policy(desk: Desk, policy: Policy) -> Desk:
    """The same desk in a library that keeps things otherwise."""
    library = Library.open(
        database=desk.library.database, blobs=desk.library.blobs, policy=policy
    )
    return replace(desk, library=library)


def _content_of(desk: Desk, path: str) -> bytes:
    node = desk.library.tree.get(desk.actor, desk.place(path)).node
    assert node.content is not None
    with desk.library.files.open(node.content) as reader:
        return reader.read()


def test_content_that_is_in_use_stays(desk: Desk, clock: StepClock) -> None:
    """Current contents, versions and the trash are all in use."""
    desk.put("a.txt", b"one")
    desk.put("a.txt", b"two")
    desk.put("b.txt", b"three")
    desk.library.tree.remove(desk.actor, desk.place("b.txt"))
    clock.advance(DAY)

    desk.library.sweeper.sweep()

    assert len(_blobs(desk.library)) == 3


def test_purged_content_goes_after_the_grace(desk: Desk, clock: StepClock) -> None:
    """A reader that was about to open it still can; later the bytes are gone."""
    written = desk.put("a.txt", b"one")
    desk.put("a.txt", b"two")
    desk.library.tree.remove(desk.actor, desk.place("a.txt"))
    desk.library.trash.purge(desk.actor, desk.space_id, written.node.id)

    desk.library.sweeper.sweep()
    assert len(_blobs(desk.library)) == 2

    clock.advance(2 * HOUR)
    desk.library.sweeper.sweep()
    assert _blobs(desk.library) == set()


def test_shared_content_goes_with_the_last_copy(desk: Desk, clock: StepClock) -> None:
    """A copy keeps the bytes that the original let go."""
    written = desk.put("a.txt", b"shared")
    desk.library.tree.copy(
        desk.actor, desk.place("a.txt"), desk.place("b.txt"), overwrite=False
    )
    desk.library.tree.remove(desk.actor, desk.place("a.txt"))
    desk.library.trash.purge(desk.actor, desk.space_id, written.node.id)
    clock.advance(2 * HOUR)
    desk.library.sweeper.sweep()
    clock.advance(2 * HOUR)

    desk.library.sweeper.sweep()

    assert _content_of(desk, "b.txt") == b"shared"


def test_a_purged_tree_is_taken_apart(desk: Desk, clock: StepClock) -> None:
    """However deep and wide, in steps of a bounded number of rows."""
    desk.library.tree.make_folder(desk.actor, desk.place("top"))
    path = "top"
    for depth in range(5):
        for number in range(3):
            desk.put(f"{path}/{number}.txt", f"{depth}/{number}".encode())
        path = f"{path}/sub"
        desk.library.tree.make_folder(desk.actor, desk.place(path))
    top = desk.library.tree.get(desk.actor, desk.place("top")).node
    desk.library.tree.remove(desk.actor, desk.place("top"))
    desk.library.trash.purge(desk.actor, desk.space_id, top.id)

    swept = desk.library.sweeper.sweep()

    assert swept.is_done
    assert swept.counts["nodes"] == 15 + 6 + 5
    clock.advance(2 * HOUR)
    desk.library.sweeper.sweep()
    assert _blobs(desk.library) == set()


def test_old_trash_is_given_up(desk: Desk, clock: StepClock) -> None:
    """After the age that the policy names."""
    desk.put("old.txt")
    desk.library.tree.remove(desk.actor, desk.place("old.txt"))
    clock.advance(60 * DAY)
    desk.put("young.txt")
    desk.library.tree.remove(desk.actor, desk.place("young.txt"))
    clock.advance(40 * DAY)

    desk.library.sweeper.sweep()

    listed = desk.library.trash.list(desk.actor, desk.space_id)
    assert [item.node.name for item in listed] == ["young.txt"]


def test_trash_beyond_its_cap_is_given_up(desk: Desk) -> None:
    """The oldest first, until the rest fits."""
    desk = _with_policy(desk, Policy(trash_max_bytes=10))
    for name in ("1", "2", "3"):
        desk.put(name, b"12345")
        desk.library.tree.remove(desk.actor, desk.place(name))

    desk.library.sweeper.sweep()

    listed = desk.library.trash.list(desk.actor, desk.space_id)
    assert {item.node.name for item in listed} == {"2", "3"}


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        (Policy(), 4),
        (Policy(versions_max_count=2), 2),
        (Policy(versions_max_bytes=3), 3),
        (Policy(versions_max_age=DAY), 1),
    ],
)
def test_versions_are_given_up(
    desk: Desk, clock: StepClock, policy: Policy, kept: int
) -> None:
    """By count, by size and by age, the oldest first; the content stays."""
    desk = _with_policy(desk, policy)
    for number in range(4):
        written = desk.put("a.txt", str(number).encode())
    clock.advance(2 * DAY)
    desk.put("a.txt", b"4")

    desk.library.sweeper.sweep()

    versions = desk.library.versions.list(desk.actor, written.node.id)
    assert len(versions) == kept
    for version, expected in zip(versions, (b"3", b"2", b"1", b"0"), strict=False):
        with desk.library.files.open(version.content) as reader:
            assert reader.read() == expected
    assert _content_of(desk, "a.txt") == b"4"


def test_lower_caps_hold_for_versions_seen_before(desk: Desk) -> None:
    """A changed policy is applied to all files, not only to new versions."""
    for number in range(5):
        node = desk.put("a.txt", bytes([number])).node
    desk.library.sweeper.sweep()
    desk = _with_policy(desk, Policy(versions_max_count=1))

    desk.library.sweeper.sweep()

    assert len(desk.library.versions.list(desk.actor, node.id)) == 1


def test_many_surplus_versions_go_in_steps(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is passed over for there being more than one step takes."""
    monkeypatch.setattr("spaces.sweeper._ROWS_PER_STEP", 2)
    for number in range(8):
        node = desk.put("a.txt", str(number).encode()).node

    _with_policy(desk, Policy(versions_max_count=1)).library.sweeper.sweep()

    assert len(desk.library.versions.list(desk.actor, node.id)) == 1


def test_the_change_log_is_trimmed(desk: Desk, clock: StepClock) -> None:
    """A client that comes back too late must start anew, and is told so."""
    root = desk.library.tree.get(desk.actor, desk.place("")).node
    desk.put("a.txt")
    old = desk.library.changes.token(desk.actor, root)
    desk.put("b.txt")
    clock.advance(100 * DAY)
    recent = desk.library.changes.token(desk.actor, root)

    desk.library.sweeper.sweep()

    with pytest.raises(SyncTokenExpired):
        desk.library.changes.since(desk.actor, root, old, limit=10)
    page = desk.library.changes.since(desk.actor, root, recent, limit=10)
    assert list(page.changed) == []
    assert not page.removed


def test_old_changes_are_forgotten_in_steps(desk: Desk, clock: StepClock) -> None:
    """One call forgets so many at most, the oldest first, and no recent one."""
    database = desk.library.database
    start = desk.library.changes.token(
        desk.actor, desk.library.tree.get(desk.actor, desk.place("")).node
    )
    for number in range(5):
        desk.put(f"{number}.txt")
    clock.advance(DAY)
    before = clock()
    desk.put("recent.txt")

    counts = [
        database.write(partial(upkeep.trim_old_changes, before=before, limit=start + 3))
        for _ in range(3)
    ]

    assert counts == [start + 3, 2, 0]


def test_a_long_change_log_is_trimmed(desk: Desk) -> None:
    """So that a busy space does not grow for ever."""
    desk = _with_policy(desk, Policy(changes_max_count=3))
    root = desk.library.tree.get(desk.actor, desk.place("")).node
    for number in range(10):
        desk.put(f"{number}.txt")
    end = desk.library.changes.token(desk.actor, root)

    desk.library.sweeper.sweep()

    page = desk.library.changes.since(desk.actor, root, end - 3, limit=10)
    assert [path for path, _ in page.changed] == ["7.txt", "8.txt", "9.txt"]
    with pytest.raises(SyncTokenExpired):
        desk.library.changes.since(desk.actor, root, end - 4, limit=10)


def test_expired_locks_are_dropped(desk: Desk, clock: StepClock) -> None:
    """The row goes; the lock was void anyway."""
    desk.put("a.txt")
    desk.library.locks.create(
        desk.actor,
        desk.place("a.txt"),
        owner_xml="",
        exclusive=True,
        deep=False,
        timeout_seconds=60,
    )
    clock.advance(HOUR)

    swept = desk.library.sweeper.sweep()

    assert swept.counts["locks"] == 1


def test_stray_files_go_after_the_grace(desk: Desk, clock: StepClock) -> None:
    """What a crash left between sealing and commit; never what is about to commit."""
    desk.put("kept.txt")
    stray = seal(desk.library, b"stray").blob_id
    late = seal(desk.library, b"late")
    staged = BlobId(new_id())
    desk.library.blobs.stage(staged).close()
    done = seal(desk.library, b"done")
    desk.library.files.commit(desk.actor, desk.place("done.txt"), done)
    desk.library.blobs.stage(done.blob_id).close()  # as a bucket may keep it
    sweeper = desk.library.sweeper
    for _ in desk.library.blobs.shards():
        sweeper.sweep()
    desk.library.files.commit(desk.actor, desk.place("late.txt"), late)
    clock.advance(2 * DAY)

    sweeper.sweep()

    with pytest.raises(BlobNotFound):
        desk.library.blobs.open(stray)
    assert list(desk.library.blobs.staged_ids()) == []
    assert _content_of(desk, "done.txt") == b"done"
    assert _content_of(desk, "late.txt") == b"late"
    assert _content_of(desk, "kept.txt") == b"data"


def test_content_that_is_named_in_the_last_moment_stays(
    desk: Desk, clock: StepClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer commits between the sweeper's look at the rows and its deed."""
    late = seal(desk.library, b"late")
    sweeper = desk.library.sweeper
    for _ in desk.library.blobs.shards():
        sweeper.sweep()
    clock.advance(2 * DAY)
    look = blobs.needed_by_uploads

    def commit_after_the_look(connection: Connection) -> set[BlobId]:
        seen = look(connection)
        desk.library.files.commit(desk.actor, desk.place("late.txt"), late)
        return seen

    monkeypatch.setattr(blobs, "needed_by_uploads", commit_after_the_look)
    sweeper.sweep(steps=1)

    assert _content_of(desk, "late.txt") == b"late"


def test_a_round_is_bounded(desk: Desk) -> None:
    """A sweeper that is told to do little does little, and says that more is due."""
    for number in range(3):
        desk.library.tree.make_folder(desk.actor, desk.place(str(number)))
        desk.library.tree.remove(desk.actor, desk.place(str(number)))
    desk.library.trash.empty(desk.actor, desk.space_id)

    first = desk.library.sweeper.sweep(steps=1)
    rest = desk.library.sweeper.sweep()

    assert (first.is_done, first.counts["nodes"]) == (False, 1)
    assert (rest.is_done, rest.counts["nodes"]) == (True, 2)


def test_a_stopped_sweeper_does_nothing(desk: Desk) -> None:
    """The server ends without waiting for a round."""
    desk.library.tree.make_folder(desk.actor, place(desk.space_id, "a"))
    desk.library.tree.remove(desk.actor, place(desk.space_id, "a"))
    desk.library.trash.empty(desk.actor, desk.space_id)
    stop = Event()
    stop.set()

    assert not desk.library.sweeper.sweep(stop=stop).counts
