"""Taking uploads over: holders that yield, are busy, silent, gone or elsewhere."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from ocsync.metrics.board import Board
from ocsync.metrics.catalogue import TAKE_OVERS
from ocsync.metrics.meter import Meter
from ocsync.metrics.reading import Reading
from ocsync.uploads import signals
from ocsync.uploads.holds import Answer, Hold, Holds
from ocsync.uploads.leases import Leases
from spaces.clock import HOUR, SECOND
from spaces.errors import UploadNotFound
from spaces.ids import UploadId
from spaces.library import Library
from spaces.model import Actor, Checksums, Content, Place
from spaces.upload_model import (
    Claim,
    LeaseLost,
    Lifetime,
    NewUpload,
    Upload,
    UploadHeld,
    UploadState,
)
from tests.domain import StepClock

UPLOAD = UploadId("00000000-0000-4000-8000-000000000000")


class Socket:
    """A connection, as far as taking over needs one."""

    def __init__(self, *, is_gone: bool = False) -> None:
        """Begin open."""
        self.was_shut = threading.Event()
        self._is_gone = is_gone

    def shut_reading(self) -> None:
        """Note it."""
        self.was_shut.set()

    def is_gone(self) -> bool:
        """As made."""
        return self._is_gone

    def mark_resumable(self) -> None:
        """Nothing stops here."""


@pytest.fixture
def holds(tmp_path: Path) -> Holds:
    """A process's holds, whose patience never ends by itself."""
    return Holds(folder=tmp_path / "run", patience=HOUR)


def test_active_writer_is_busy(holds: Holds) -> None:
    """Bytes are coming: nobody takes over."""
    connection = Socket()
    with holds.holding(UPLOAD, connection):
        assert holds.ask(holds.name, UPLOAD, insists=False) is Answer.BUSY

    assert not connection.was_shut.is_set()


def test_stalled_writer_yields(tmp_path: Path) -> None:
    """Nothing has come for longer than the patience: the connection is shut."""
    holds = Holds(folder=None, patience=0)
    connection = Socket()
    with holds.holding(UPLOAD, connection) as hold:
        assert holds.ask(holds.name, UPLOAD, insists=False) is Answer.YIELDING
        assert hold.is_revoked

    assert connection.was_shut.is_set()


def test_writer_without_its_client_yields(holds: Holds) -> None:
    """The client is gone: there is nothing to wait for."""
    with holds.holding(UPLOAD, Socket(is_gone=True)):
        assert holds.ask(holds.name, UPLOAD, insists=False) is Answer.YIELDING


def test_writer_yields_to_who_insists(holds: Holds) -> None:
    """DELETE does not wait for anybody; others come after that too."""
    with holds.holding(UPLOAD, None):
        assert holds.ask(holds.name, UPLOAD, insists=True) is Answer.YIELDING
        assert holds.ask(holds.name, UPLOAD, insists=False) is Answer.YIELDING


def test_writer_that_finishes_yields_to_nobody(holds: Holds) -> None:
    """All bytes are there; the file is being made."""
    with holds.holding(UPLOAD, Socket(is_gone=True)) as hold:
        hold.pin()
        assert holds.ask(holds.name, UPLOAD, insists=True) is Answer.BUSY


def test_touch_renews_the_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte counts."""
    moments = iter([0, 9, 18, 19])
    clock = SimpleNamespace(monotonic=lambda: next(moments))
    monkeypatch.setattr("ocsync.uploads.holds.time", clock)
    hold = Hold(None)
    hold.touch()

    assert hold.ask(patience=10, insists=False) is Answer.BUSY
    assert hold.ask(patience=10, insists=False) is Answer.YIELDING


def test_nobody_writes(holds: Holds) -> None:
    """What is not held is gone."""
    assert holds.ask(holds.name, UPLOAD, insists=False) is Answer.GONE


def test_newest_writers_are_asked_too(holds: Holds) -> None:
    """Of several that hold one upload, one busy suffices."""
    with holds.holding(UPLOAD, Socket(is_gone=True)), holds.holding(UPLOAD, Socket()):
        assert holds.ask(holds.name, UPLOAD, insists=False) is Answer.BUSY


def test_other_processes_are_asked(tmp_path: Path, holds: Holds) -> None:
    """Who shares the folder hears the question; who does not is elsewhere."""
    asking = Holds(folder=tmp_path / "run", patience=HOUR)
    elsewhere = Holds(folder=tmp_path / "other", patience=HOUR)
    alone = Holds(folder=None, patience=HOUR)
    connection = Socket()
    with holds.holding(UPLOAD, connection):
        assert asking.ask(holds.name, UPLOAD, insists=False) is Answer.BUSY
        assert elsewhere.ask(holds.name, UPLOAD, insists=True) is Answer.REMOTE
        assert alone.ask(holds.name, UPLOAD, insists=True) is Answer.REMOTE
        assert asking.ask(holds.name, UPLOAD, insists=True) is Answer.YIELDING
    assert asking.ask(holds.name, UPLOAD, insists=False) is Answer.GONE

    assert connection.was_shut.is_set()


HOLDING = """
import sys, time
from pathlib import Path
from ocsync.uploads.holds import Holds
holds = Holds(folder=Path(sys.argv[1]), patience=3600)
with holds.holding(sys.argv[2], None):
    print(holds.name, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that holds the upload, and its name."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path / "run"), UPLOAD],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


def test_killed_process_is_gone(
    holds: Holds, other: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    """Who was killed writes no more; what it left behind is removed."""
    process, name = other
    assert holds.ask(name, UPLOAD, insists=False) is Answer.BUSY

    process.kill()
    process.wait()

    assert holds.ask(name, UPLOAD, insists=False) is Answer.GONE
    late = Holds(folder=tmp_path / "run", patience=0)
    assert late.name
    assert not (tmp_path / "run" / name.rpartition("/")[2]).exists()


def test_stopped_process_is_silent(
    holds: Holds, other: tuple[subprocess.Popen[str], str]
) -> None:
    """Who is frozen answers nothing, but is not gone."""
    process, name = other
    process.send_signal(signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)

    assert holds.ask(name, UPLOAD, insists=False) is Answer.SILENT

    process.send_signal(signal.SIGCONT)
    assert holds.ask(name, UPLOAD, insists=False) is Answer.BUSY


def test_fork_makes_another_process(holds: Holds) -> None:
    """A child has a name of its own, and ends without taking the parent's ear."""
    parent = holds.name
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, holds.name.encode())
        os._exit(0)
    os.waitpid(child, 0)
    name = os.read(reading, 100).decode()
    os.close(reading)
    os.close(writing)

    assert name != parent
    assert holds.ask(name, UPLOAD, insists=False) is Answer.GONE
    other = Holds(folder=holds._folder, patience=0)
    with holds.holding(UPLOAD, None):
        assert other.ask(parent, UPLOAD, insists=False) is Answer.BUSY


def test_paths_may_be_long(tmp_path: Path) -> None:
    """The system's limit for socket paths is not ours."""
    folder = tmp_path / ("x" * 120) / ("y" * 120)
    ear = signals.Ear(folder, "me", lambda *_: "word")

    assert signals.ask(folder, "me", "id", insists=False, seconds=5) == "word"

    ear.close()
    with pytest.raises(signals.Gone):
        signals.ask(folder, "me", "id", insists=False, seconds=5)


def begin(library: Library, actor: Actor, data: bytes = b"") -> Upload:
    """An upload with some bytes that are recorded."""
    new = NewUpload(dialect="test", length=10, lifetime=Lifetime(HOUR))
    space = library.catalog.personal(actor)
    upload = library.uploads.create(actor, new, Place(space.id, ("file",)))
    held = library.uploads.claim(upload, "nobody", Claim.FREE)
    with library.blobs.stage(upload.blob_id) as staged:
        staged.write(data)
    library.uploads.advance(
        held, offset=len(data), length=10, hash_state=None, keeps_lease=False
    )
    return library.uploads.get(upload.id)


def content_of(upload: Upload) -> Content:
    """Its bytes, once they are sealed."""
    return Content(upload.blob_id, 10, Checksums("1" * 40, "1" * 8))


def test_claims_are_exclusive(library: Library, actor: Actor) -> None:
    """One holder at a time; the epoch tells who came later."""
    upload = begin(library, actor)
    held = library.uploads.claim(upload, "a", Claim.FREE)

    with pytest.raises(UploadHeld) as refusal:
        library.uploads.claim(upload, "b", Claim.FREE)
    with pytest.raises(UploadHeld):
        library.uploads.claim(held, "b", Claim.FREE)

    assert refusal.value.upload.holder == "a"
    library.uploads.release(held)
    assert library.uploads.get(upload.id).holder is None


def test_successor_shuts_the_former_holder_out(library: Library, actor: Actor) -> None:
    """After a takeover the former holder records nothing and ends nothing."""
    upload = begin(library, actor)
    former = library.uploads.claim(upload, "a", Claim.FREE)
    library.uploads.claim(former, "b", Claim.INHERIT)

    with pytest.raises(LeaseLost):
        library.uploads.advance(former, offset=5, length=10, hash_state=None)
    with pytest.raises(LeaseLost):
        library.uploads.reserve(former, 20)
    with pytest.raises(LeaseLost):
        library.uploads.absorb(former, ())
    with pytest.raises(LeaseLost):
        library.uploads.finish(former, content_of(former))
    library.uploads.release(former)
    ended = library.uploads.end(former, UploadState.FAILED, as_seen=True)

    assert ended is None
    assert library.uploads.get(upload.id).holder == "b"


def test_fencing_moves_the_bytes_away(library: Library, actor: Actor) -> None:
    """What a former holder still writes does not reach the bytes any more."""
    upload = begin(library, actor, b"01234")
    former = library.uploads.claim(upload, "a", Claim.FREE)
    with library.blobs.resume(upload.blob_id, 5) as late:
        late.write(b"unrecorded")
        held = library.uploads.claim(former, "b", Claim.FENCE)
        late.write(b"too late")

    assert held.blob_id != upload.blob_id
    with library.blobs.open_staged(held.blob_id) as reader:
        assert reader.read() == b"01234"
    assert set(library.blobs.staged_ids()) == {held.blob_id}


def test_fencing_gives_up_when_the_holder_is_alive(
    library: Library, actor: Actor
) -> None:
    """A holder whose row moves is not silent after all."""
    upload = begin(library, actor)
    former = library.uploads.claim(upload, "a", Claim.FREE)
    with library.blobs.resume(upload.blob_id, 0) as staged:
        staged.write(b"x")
    library.uploads.advance(former, offset=1, length=10, hash_state=None)

    with pytest.raises(UploadHeld):
        library.uploads.claim(former, "b", Claim.FENCE)

    assert set(library.blobs.staged_ids()) == {upload.blob_id}


def test_remote_holders_are_fenced_when_they_are_stale(
    library: Library, actor: Actor, clock: StepClock
) -> None:
    """A writer on another machine is left alone as long as it records bytes."""
    upload = library.uploads.claim(begin(library, actor), "elsewhere/x", Claim.FREE)
    leases = Leases(uploads=library.uploads, holds=Holds(folder=None, patience=0))

    with pytest.raises(UploadHeld), leases.lease(upload, None):
        pass
    clock.advance(20 * SECOND)
    with leases.lease(library.uploads.get(upload.id), None) as lease:
        assert lease.upload.holder != "elsewhere/x"

    assert library.uploads.get(upload.id).holder is None


def test_a_change_of_writers_is_told(library: Library, actor: Actor) -> None:
    """Whoever counts hears of it, by dialect; beginning and going on is no change."""
    board = Board.create(workers=1)
    leases = Leases(
        uploads=library.uploads,
        holds=Holds(folder=None, patience=0),
        watch=Meter(board),
    )
    upload = begin(library, actor, b"01234")

    with leases.lease(upload, None):
        pass
    with leases.lease(library.uploads.get(upload.id), None):
        assert taken_over(board) == 0
        with leases.lease(library.uploads.get(upload.id), None):
            assert taken_over(board) == 1


def taken_over(board: Board) -> float:
    """How many uploads got a new writer."""
    return sum(each.value for each in Reading(board).series(TAKE_OVERS))


def test_holder_that_does_not_let_go_is_fenced(library: Library, actor: Actor) -> None:
    """Who was told to stop and does not is shut out after a while."""
    upload = begin(library, actor, b"01234")
    holds = Holds(folder=None, patience=0)
    leases = Leases(uploads=library.uploads, holds=holds)
    with leases.lease(upload, None) as stuck:
        present = library.uploads.get(upload.id)
        with leases.lease(present, None) as lease:
            assert lease.upload.epoch > stuck.upload.epoch
            assert lease.upload.blob_id != stuck.upload.blob_id
        with pytest.raises(LeaseLost):
            library.uploads.advance(stuck.upload, offset=6, length=10, hash_state=None)


def test_expired_uploads_cannot_be_claimed(
    library: Library, actor: Actor, clock: StepClock
) -> None:
    """Not even from a holder that has died."""
    upload = begin(library, actor)
    held = library.uploads.claim(upload, "dead", Claim.FREE)
    clock.advance(2 * HOUR)

    with pytest.raises(UploadNotFound):
        library.uploads.claim(held, "b", Claim.INHERIT)
    assert library.uploads.get(upload.id).state is UploadState.OPEN


def test_f16_the_clock_steps(library: Library, actor: Actor, clock: StepClock) -> None:
    """What has expired stays so when the clock goes back; active uploads stay open."""
    late, active = begin(library, actor), begin(library, actor)
    clock.advance(2 * HOUR)
    held = library.uploads.get(active.id)
    assert held.state is UploadState.EXPIRED
    library.uploads.end(late, UploadState.EXPIRED, as_seen=True)

    clock.advance(-2 * HOUR)

    assert library.uploads.get(late.id).state is UploadState.EXPIRED
    claimed = library.uploads.claim(active, "a", Claim.FREE)
    assert library.uploads.sweep(HOUR) == 0
    library.uploads.advance(claimed, offset=0, length=10, hash_state=None)


def test_f17_expiry_waits_for_who_is_writing(
    library: Library, actor: Actor, clock: StepClock
) -> None:
    """A PATCH that began in time may end."""
    upload = begin(library, actor)
    held = library.uploads.claim(upload, "a", Claim.FREE)
    clock.advance(HOUR - SECOND)
    held = library.uploads.advance(held, offset=0, length=10, hash_state=None)
    clock.advance(2 * SECOND)

    assert library.uploads.sweep(HOUR) == 0

    library.uploads.advance(held, offset=0, length=10, hash_state=None)


def test_sweeping_leaves_alone_what_has_moved_since_it_looked(
    library: Library, actor: Actor, monkeypatch: pytest.MonkeyPatch, clock: StepClock
) -> None:
    """What was finished after the sweeper's look keeps its result."""
    upload = begin(library, actor, b"0123456789")
    clock.advance(HOUR - SECOND)
    held = library.uploads.claim(upload, "late", Claim.FREE)
    library.blobs.seal(held.blob_id, 10)
    finished = library.uploads.finish(held, content_of(held))
    monkeypatch.setattr("spaces.db.uploads.due", lambda *_, **__: [upload])

    library.uploads.sweep(HOUR)

    assert library.uploads.get(upload.id).result == finished.result
