"""The background jobs of a server: they run, survive failures, and stop."""

import io
import json
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from ocsync.housekeeping import Housekeeping
from ocsync.library import open_library
from ocsync.log import open_log
from ocsync.metrics.board import Board
from ocsync.metrics.meter import Meter
from ocsync.settings import LogSettings, Settings
from spaces.ids import BlobId, new_id
from spaces.library import Library


class Lines(io.StringIO):
    """A stream that tells when something was written."""

    def __init__(self) -> None:
        """Nothing yet."""
        super().__init__()
        self.has_line = threading.Event()

    def write(self, text: str) -> int:
        """Write, and tell."""
        count = super().write(text)
        self.has_line.set()
        return count


@pytest.fixture
def library(settings: Settings) -> Iterator[Library]:
    """An empty library."""
    with open_library(settings, create=True) as opened:
        yield opened


def test_a_failing_sweep_is_logged_and_tried_again(
    library: Library, settings: Settings
) -> None:
    """One bad round does not end the thread, and the event does."""
    lines, stop = Lines(), threading.Event()
    housekeeping = Housekeeping(
        library=library,
        log=open_log(LogSettings(format="json"), stream=lines),
        meter=Meter(Board.create(workers=1)),
        stop=stop,
        sweep_interval=timedelta(milliseconds=1),
    )
    library.database.write(
        lambda connection: connection.exec_driver_sql(
            "ALTER TABLE locks RENAME TO hidden_locks"
        ).close()
    )

    housekeeping.start()
    try:
        for _ in range(2):
            assert lines.has_line.wait(30)
            lines.has_line.clear()
    finally:
        stop.set()
        housekeeping.join()

    first = json.loads(lines.getvalue().splitlines()[0])
    assert first["event"] == "sweep failed"


def test_what_was_swept_is_told(library: Library, settings: Settings) -> None:
    """A round that cleared something away leaves a line with the counts."""
    lines, stop = Lines(), threading.Event()
    user = library.accounts.create("ann", "pw", is_admin=True)
    with library.blobs.stage(BlobId(new_id())) as staged:
        staged.write(b"stray")
    library.database.write(
        lambda connection: connection.exec_driver_sql(
            "INSERT INTO locks (token, node_id, space_id, owner_id, owner_xml,"
            " is_exclusive, is_deep, expires_at, created_at)"
            f" VALUES ('t', '{user.id}', '{user.id}', '{user.id}', '', 1, 0, 1, 1)"
        ).close()
    )
    housekeeping = Housekeeping(
        library=library,
        log=open_log(LogSettings(format="json"), stream=lines),
        meter=Meter(Board.create(workers=1)),
        stop=stop,
        sweep_interval=timedelta(milliseconds=1),
    )

    housekeeping.start()
    try:
        assert lines.has_line.wait(30)
    finally:
        stop.set()
        housekeeping.join()

    first = json.loads(lines.getvalue().splitlines()[0])
    assert first["event"] == "swept"
    assert 1 in first.values()
