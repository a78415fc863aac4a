"""The domain says how long its steps took, and how many changes shared a commit."""

from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from threading import Barrier, Event, Thread

import pytest
from sqlalchemy import Connection

from spaces.blobs.folder import FolderBlobStore
from spaces.blobs.watched import WatchedBlobs
from spaces.db.engine import Database, open_database
from spaces.db.revision import upgrade
from spaces.errors import BlobNotFound
from spaces.ids import BlobId, new_id
from spaces.watch import Step

WHO: ContextVar[str] = ContextVar("who", default="nobody")


class Onlooker:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.seconds: list[float] = []
        self.jobs: list[int] = []

    def took(self, step: Step, began: float, ended: float, /) -> None:
        """Remember a step."""
        self.steps.append(step)
        self.seconds.append(ended - began)

    def committed(self, jobs: int, /) -> None:
        """Remember the size of a commit."""
        self.jobs.append(jobs)

    def swept(self, counts: Mapping[str, int], seconds: float, /) -> None:
        """Not looked at here."""

    def hashed(self, count: int, /) -> None:
        """Not looked at here."""

    def mismatched(self, what: str, /) -> None:
        """Not looked at here."""

    def took_over(self, dialect: str, /) -> None:
        """Not looked at here."""


@pytest.fixture
def onlooker() -> Onlooker:
    """Somebody who listens."""
    return Onlooker()


@pytest.fixture
def database(tmp_path: Path, onlooker: Onlooker) -> Iterator[Database]:
    """A database that is watched."""
    url = f"sqlite:///{tmp_path / 'watched.db'}"
    upgrade(url)
    opened = open_database(url, durability="fast", watch=onlooker)
    onlooker.steps.clear()
    yield opened
    opened.close()


def test_reading_is_one_step(database: Database, onlooker: Onlooker) -> None:
    """From the begin of the transaction to its end, also when the block raises."""
    with database.read():
        pass
    with pytest.raises(KeyError), database.read():
        raise KeyError

    assert onlooker.steps == [Step.READ, Step.READ]
    assert all(seconds >= 0 for seconds in onlooker.seconds)


def test_writing_waits_for_its_turn_and_commits(
    database: Database, onlooker: Onlooker
) -> None:
    """A writer that is alone commits one job."""
    database.write(lambda _: None)

    assert onlooker.steps == [Step.TURN, Step.COMMIT]
    assert onlooker.jobs == [1]


def test_a_job_that_fails_is_no_commit(database: Database, onlooker: Onlooker) -> None:
    """Its time is told all the same."""

    def job(_: Connection) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        database.write(job)

    assert onlooker.steps == [Step.TURN, Step.COMMIT]
    assert onlooker.jobs == []


def test_those_who_wait_share_a_commit_as_themselves(
    database: Database, onlooker: Onlooker
) -> None:
    """Another thread does their jobs, in the context of each one's own thread."""
    is_leading, may_end = Event(), Event()
    found: dict[str, str] = {}
    gathered = Barrier(4)

    def lead(_: Connection) -> None:
        is_leading.set()
        assert may_end.wait(30)

    def follow(name: str) -> None:
        WHO.set(name)
        gathered.wait(30)
        database.write(lambda _: found.__setitem__(name, WHO.get()))

    threads = [Thread(target=database.write, args=(lead,))]
    threads[0].start()
    assert is_leading.wait(30)
    threads += [Thread(target=follow, args=(name,)) for name in ("a", "b", "c")]
    for thread in threads[1:]:
        thread.start()
    gathered.wait(30)
    may_end.set()
    for thread in threads:
        thread.join(30)

    assert found == {"a": "a", "b": "b", "c": "c"}
    assert sum(onlooker.jobs) == 4
    assert onlooker.steps.count(Step.TURN) == 4


def test_content_tells_its_steps(tmp_path: Path, onlooker: Onlooker) -> None:
    """Staging, syncing, sealing, opening and removing; also what is not found."""
    store = FolderBlobStore(tmp_path / "blobs", is_safe=True)
    blobs = WatchedBlobs(store, watch=onlooker)
    blob_id = BlobId(new_id())

    with blobs.stage(blob_id) as staged:
        staged.write(b"abc")
        staged.flush()
        assert staged.size == 3
    blobs.seal(blob_id, 3)
    with blobs.open(blob_id) as reader:
        assert reader.read() == b"abc"
    blobs.remove(blob_id)
    with pytest.raises(BlobNotFound):
        blobs.open(blob_id)

    assert onlooker.steps == [
        Step.STAGE,
        Step.FLUSH,
        Step.SEAL,
        Step.OPEN,
        Step.REMOVE,
        Step.OPEN,
    ]
