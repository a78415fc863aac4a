"""One sync of a directory serves all who came before it began, and nobody else."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from spaces.blobs.directories import DirectorySync


class Gate:
    """Stands in for fsync: each call waits until it is let through."""

    def __init__(self) -> None:
        self.count = 0
        self.fails = False
        self.has_begun = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)

    def __call__(self, descriptor: int) -> None:
        """Wait, then succeed or fail."""
        self.count += 1
        self.has_begun.release()
        assert self.may_end.acquire(timeout=30)
        if self.fails:
            raise OSError("broken disk")


class Waiters:
    """Threads that sync one directory."""

    def __init__(self, directories: DirectorySync) -> None:
        self._directories = directories
        self._threads: list[threading.Thread] = []
        self.errors: list[OSError] = []

    def add(self) -> None:
        """One thread more."""
        thread = threading.Thread(target=self._sync)
        thread.start()
        self._threads.append(thread)

    def until_waiting(self, count: int) -> None:
        """Return when so many wait for a sync that somebody else makes."""
        changed = self._directories._changed
        while True:
            with changed:
                if len(changed._waiters) == count:  # type: ignore[attr-defined]
                    return

    def join(self) -> None:
        """Return when all have ended."""
        for thread in self._threads:
            thread.join()

    def _sync(self) -> None:
        try:
            self._directories.sync(".")
        except OSError as error:
            self.errors.append(error)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Decides when a sync ends."""
    made = Gate()
    monkeypatch.setattr(os, "fsync", made)
    return made


@pytest.fixture
def waiters(tmp_path: Path) -> Iterator[Waiters]:
    """No threads yet."""
    made = Waiters(DirectorySync(tmp_path))
    yield made
    made.join()


def test_those_who_wait_share_one_sync(gate: Gate, waiters: Waiters) -> None:
    """Ten threads cost two: the first one's own, and one for all the others."""
    waiters.add()
    gate.has_begun.acquire()
    for _ in range(9):
        waiters.add()
    waiters.until_waiting(9)

    gate.may_end.release(2)
    waiters.join()

    assert gate.count == 2
    assert waiters.errors == []


def test_a_sync_that_began_before_proves_nothing(gate: Gate, waiters: Waiters) -> None:
    """Whoever comes while one runs gets another one."""
    waiters.add()
    gate.has_begun.acquire()
    waiters.add()
    waiters.until_waiting(1)

    gate.may_end.release()
    gate.has_begun.acquire()

    assert gate.count == 2
    gate.may_end.release()


def test_a_failed_sync_is_nobodys_success(gate: Gate, waiters: Waiters) -> None:
    """Those who waited for it learn it too; trying again would prove nothing."""
    gate.fails = True
    waiters.add()
    gate.has_begun.acquire()
    for _ in range(2):
        waiters.add()
    waiters.until_waiting(2)

    gate.may_end.release(2)
    waiters.join()

    assert gate.count == 2
    assert len(waiters.errors) == 3
