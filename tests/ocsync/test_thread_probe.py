"""Whether a thread stands still or lacks a processor, seen from another thread."""

import sys
import threading
import time
from collections.abc import Callable

import pytest

from ocsync.server.probe import ThreadProbe

PATIENCE = 30

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")


def probed(work: Callable[[], object]) -> ThreadProbe:
    """The probe of a new thread that does this from now on."""
    probes: list[ThreadProbe] = []
    made = threading.Event()

    def run() -> None:
        probes.append(ThreadProbe())
        made.set()
        work()

    threading.Thread(target=run, daemon=True).start()
    assert made.wait(PATIENCE)
    return probes[0]


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether something holds before patience ends."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            return False
    return True


def test_a_thread_that_waits_could_not_run() -> None:
    """It is not a processor that it lacks."""
    go_on = threading.Event()
    probe = probed(lambda: go_on.wait(PATIENCE))

    try:
        assert eventually(lambda: not probe.could_run())
    finally:
        go_on.set()


def test_a_thread_that_works_runs() -> None:
    """Its processor time grows, and it could run, whether or not it just does."""
    end = threading.Event()

    def work() -> None:
        while not end.is_set():
            sum(range(1000))

    probe = probed(work)

    try:
        assert eventually(lambda: probe.ran() > 0)
        assert eventually(probe.could_run)
    finally:
        end.set()


def test_a_thread_that_has_ended_lacks_nothing() -> None:
    """Nobody waits for one that is gone."""
    probe = probed(lambda: None)

    assert eventually(lambda: not probe.could_run())
    assert eventually(lambda: probe.ran() > 1)
