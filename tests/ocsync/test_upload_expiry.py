"""Expiry while bytes are coming: the clock may say what it likes, they are kept."""

import hashlib
from collections.abc import Callable, Mapping

import pytest

from ocsync.uploads.commands import Append, Chunk, Create
from ocsync.uploads.holds import Holds
from ocsync.uploads.leases import Leases
from ocsync.uploads.receiving import Pace
from ocsync.uploads.rules import Limits, Reason
from ocsync.uploads.runner import Engine
from ocsync.uploads.terms import Target, Terms, Transfer, UploadRefused
from ocsync.uploads.writing import Depot
from ocsync.wire.body import TruncatedBody
from ocsync.wire.checksum import Checksum
from spaces.clock import DAY, HOUR
from spaces.errors import UploadNotFound
from spaces.library import Library
from spaces.model import Actor, Place
from spaces.upload_model import (
    Claim,
    Lifetime,
    NewUpload,
    Upload,
    UploadState,
)
from spaces.upload_silence import Silence
from spaces.uploads import Uploads
from tests.domain import StepClock

SLIDING = Lifetime(HOUR, 7 * DAY)
PATIENCE = 300.0


class Elapsed:
    """Time that only runs."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Seconds since some time."""
        return self.seconds


@pytest.fixture
def elapsed() -> Elapsed:
    """The time between two looks of the sweeper."""
    return Elapsed()


@pytest.fixture
def uploads(library: Library, elapsed: Elapsed) -> Uploads:
    """The library's uploads, swept by a clock of ours."""
    return Uploads(
        database=library.database,
        blobs=library.blobs,
        silence=Silence(elapsed=elapsed),
    )


class Body:
    """A body of several pieces, before each of which something happens."""

    def __init__(
        self, pieces: list[bytes], before: Callable[[], None], *, is_cut: bool
    ) -> None:
        self._pieces = pieces
        self._before = before
        self._is_cut = is_cut

    @property
    def trailers(self) -> Mapping[str, str]:
        """None."""
        return {}

    def readinto(self, buffer: bytearray | memoryview) -> int:
        """One piece at a time."""
        if not self._pieces:
            if self._is_cut:
                raise TruncatedBody
            return 0
        self._before()
        data = self._pieces.pop(0)
        buffer[: len(data)] = data
        return len(data)


def open_engine(uploads: Uploads, library: Library) -> Engine:
    """An engine that records with every block, and hears of nobody."""
    return Engine(
        depot=Depot(uploads=uploads, blobs=library.blobs, eager_bytes=0),
        leases=Leases(uploads=uploads, holds=Holds(folder=None, patience=HOUR)),
        pace=Pace(record_seconds=0.0),
        room=library.room,
        small_bytes=0,
    )


@pytest.mark.parametrize("is_verified", [False, True])
@pytest.mark.parametrize("is_cut", [False, True])
def test_f16_the_clock_jumps_while_bytes_come(
    library: Library,
    actor: Actor,
    uploads: Uploads,
    clock: StepClock,
    elapsed: Elapsed,
    *,
    is_cut: bool,
    is_verified: bool,
) -> None:
    """Past the upload's time the bytes go on; their end gives it new time."""
    engine = open_engine(uploads, library)
    terms = Terms(dialect="test", limits=Limits(), lifetime=SLIDING)
    place = Place(library.catalog.personal(actor).id, ("file",))

    def no_body(_: int | None) -> Body:
        raise AssertionError

    upload = engine.create(
        Create(20), Target(actor=actor, place=place), terms, Transfer(open_body=no_body)
    )

    def jump() -> None:
        clock.advance(DAY)
        assert uploads.sweep(HOUR) == 0
        elapsed.seconds += PATIENCE

    checksum = Checksum("sha1", hashlib.sha1(b"0123456789").digest())
    chunk = Chunk(10, checksum if is_verified else None)
    body = Body([b"0123", b"4567", b"89"], jump, is_cut=is_cut)
    transfer = Transfer(open_body=lambda _: body)
    if is_cut:
        with pytest.raises(UploadRefused) as refusal:
            engine.append(upload, Append(0, chunk), terms, transfer)
        assert refusal.value.reason is Reason.BODY_CUT
    else:
        engine.append(upload, Append(0, chunk), terms, transfer)

    present = uploads.get(upload.id)
    assert present.state is UploadState.OPEN
    assert present.offset == (0 if is_cut and is_verified else 10)
    assert present.expires_at > clock()
    assert uploads.sweep(HOUR) == 0


def begin(library: Library, actor: Actor) -> Upload:
    """An upload of an hour, held by somebody."""
    new = NewUpload(dialect="test", length=10, lifetime=Lifetime(HOUR))
    space = library.catalog.personal(actor)
    upload = library.uploads.create(actor, new, Place(space.id, ("file",)))
    return library.uploads.claim(upload, "somebody", Claim.FREE)


def test_a_silent_writer_holds_nothing_for_ever(
    library: Library,
    actor: Actor,
    uploads: Uploads,
    clock: StepClock,
    elapsed: Elapsed,
) -> None:
    """Whoever gives no sign between two looks is gone, and so is what is too late."""
    held = begin(library, actor)
    clock.advance(2 * HOUR)

    assert uploads.sweep(HOUR) == 0
    elapsed.seconds += PATIENCE / 2
    uploads.advance(held, offset=0, length=10, hash_state=None)
    assert uploads.sweep(HOUR) == 0
    elapsed.seconds += PATIENCE - 1
    assert uploads.sweep(HOUR) == 0
    with pytest.raises(UploadNotFound):
        uploads.claim(uploads.get(held.id), "another", Claim.INHERIT)
    elapsed.seconds += 1
    assert uploads.sweep(HOUR) == 1
    assert uploads.get(held.id).state is UploadState.EXPIRED


def test_nobody_waits_for_what_nobody_writes_to(
    library: Library, actor: Actor, uploads: Uploads, clock: StepClock
) -> None:
    """Without a writer the time that was said counts at once."""
    held = begin(library, actor)
    uploads.release(held)
    clock.advance(2 * HOUR)

    assert uploads.sweep(HOUR) == 1
