"""Killed at any moment, the library keeps what it has answered for."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spaces.blobs.base import BlobReader
from spaces.blobs.folder import FolderBlobStore
from spaces.checksums import RunningChecksums
from spaces.clock import DAY, Instant, system_clock
from spaces.db.engine import Database, open_database
from spaces.db.revision import upgrade
from spaces.errors import BlobNotFound
from spaces.fsck import Fsck
from spaces.ids import SpaceId
from spaces.library import Library
from spaces.policy import Policy
from spaces.upload_model import Upload, UploadState
from tests.domain import Desk, add_user
from tests.spaces.crash_deeds import (
    THREADS,
    Deed,
    Files,
    Word,
    content_of,
    folder_of,
)

ROOT = Path(__file__).parent.parent.parent
CHILD = "tests.spaces.crash_child"
MOST_WORDS = 120
"""A writer is killed at latest after so many lines."""


class Victim:
    """A data folder, what must be in it, and the processes killed over it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._now = Instant(0)
        self._files: list[Files] = [{} for _ in range(THREADS)]
        upgrade(self._url)
        self._database = self._open_database()
        self._blobs = FolderBlobStore(folder / "blobs", is_safe=False)
        library = Library.open(
            database=self._database, blobs=self._blobs, policy=Policy()
        )
        actor = add_user(library, "alice")
        self.desk = Desk(library, actor, SpaceId(actor.user_id))
        for number in range(THREADS):
            library.tree.make_folder(actor, self.desk.place(folder_of(number)))

    @property
    def _url(self) -> str:
        return f"sqlite:///{self._folder / 'ocsync.db'}"

    def _open_database(self) -> Database:
        return open_database(
            self._url,
            durability="fast",
            clock=lambda: max(system_clock(), self._now),
        )

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def kill_once(self, seed: str) -> int:
        """Let a writer work, kill it, and check; how many deeds it was answered."""
        words = self._run_and_kill(seed)
        answered = 0
        for number in range(THREADS):
            of_thread = [word for word in words if word.thread == number]
            done = [word.deed for word in of_thread if word.is_answered]
            answered += len(done)
            tried = [word.deed for word in of_thread if not word.is_answered]
            self._check(number, done, tried[len(done) :])
        self._check_uploads()
        findings = Fsck(database=self._database, blobs=self._blobs).check(deep=True)
        assert [finding for finding in findings if not finding.is_sweepable] == []
        return answered

    def _run_and_kill(self, seed: str) -> list[Word]:
        user_id = self.desk.actor.user_id
        process = subprocess.Popen(
            [sys.executable, "-m", CHILD, str(self._folder), seed, user_id],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        with process, process.stdout:
            last = random.Random(seed).randrange(1, MOST_WORDS)
            lines = [process.stdout.readline() for _ in range(last)]
            os.kill(process.pid, signal.SIGKILL)
            lines += process.stdout.readlines()
        assert process.returncode == -signal.SIGKILL
        return [Word.from_line(line) for line in lines if line.endswith(b"\n")]

    def _check(self, number: int, done: list[Deed], tried: list[Deed]) -> None:
        """The files are those of the answered deeds, or of the next one too."""
        files = self._files[number]
        for deed in done:
            files = deed.applied_to(files)
        possible = [files, *(deed.applied_to(files) for deed in tried)]
        found = self._contents(number)
        wanted = [
            {name: content_of(*content) for name, content in state.items()}
            for state in possible
        ]
        assert found in wanted
        self._files[number] = possible[wanted.index(found)]

    def _contents(self, number: int) -> dict[str, bytes]:
        desk = self.desk
        place = desk.place(folder_of(number))
        folder = desk.library.tree.get(desk.actor, place).node
        found = {}
        for node in desk.library.tree.children(desk.actor, folder):
            assert node.content is not None
            with desk.library.files.open(node.content) as reader:
                found[node.name] = reader.read()
        return found

    def _check_uploads(self) -> None:
        """Every byte that a row vouches for is there, and is what was hashed."""
        for upload in self.desk.library.uploads.list_open():
            if upload.hash_state is not None:
                data = self._received(upload)
                checksums = RunningChecksums.from_state(upload.hash_state)
                assert checksums.size == upload.offset
                checksums.verify("sha1", hashlib.sha1(data).hexdigest())

    def _received(self, upload: Upload) -> bytes:
        try:
            reader: BlobReader = self._blobs.open_staged(upload.blob_id)
        except BlobNotFound:  # killed between sealing and finishing
            reader = self._blobs.open(upload.blob_id)
        with reader:
            return reader.read(upload.offset)

    def check_that_sweeping_leaves_nothing(self) -> None:
        """After some days the sweeper has cleared all garbage away."""
        library = self.desk.library
        for upload in library.uploads.list_open():
            library.uploads.end(upload, UploadState.ABORTED)
        for _ in range(2):
            self._now = Instant(max(self._now, system_clock()) + 2 * DAY)
            for _ in self._blobs.shards():
                library.sweeper.sweep()
        check = Fsck(database=self._database, blobs=self._blobs).check(deep=True)
        assert list(check) == []


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    """An installation with one folder for each thread."""
    made = Victim(tmp_path)
    yield made
    made.close()
    shutil.rmtree(tmp_path)


def test_a_few_kills(victim: Victim) -> None:
    """Every answered write is there; the rest is garbage that gets swept."""
    answered = sum(victim.kill_once(f"short {number}") for number in range(5))

    victim.check_that_sweeping_leaves_nothing()
    assert answered > 0


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_many_kills(victim: Victim) -> None:
    """As above, for as many moments to be killed in as it takes."""
    answered = sum(victim.kill_once(f"long {number}") for number in range(200))

    victim.check_that_sweeping_leaves_nothing()
    assert answered > 1_000
