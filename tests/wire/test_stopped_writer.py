"""Another process has the writers' turn, and is stopped."""

import os
import signal
from http import HTTPStatus

import pytest
from sqlalchemy import Connection
from webtest import TestApp

from spaces.library import Library
from tests.wire.conftest import Person


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spaces.db.combining._PATIENCE_SECONDS", 0.05)


def _stop_this_process(_: Connection) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _start_stopped_writer(library: Library) -> int:
    child = os.fork()
    if child == 0:
        try:
            library.database.write(_stop_this_process)
        except BaseException:  # noqa: BLE001  # the parent sees the status
            os._exit(1)
        os._exit(0)
    os.waitpid(child, os.WUNTRACED)
    return child


def test_others_are_told_to_come_again(
    app: TestApp, admin: Person, library: Library
) -> None:
    """Who waits in vain is refused for good; all goes on when the process does."""
    if not library.database.is_sqlite:
        pytest.skip("only SQLite has one writer at a time")
    admin.authorize(app)
    child = _start_stopped_writer(library)

    try:
        # The second finds somebody waiting already, in the place of the first.
        for _ in range(2):
            answer = app.put("/dav/files/admin/refused", b"x", status=503)
            assert "Retry-After" in answer.headers
    finally:
        os.kill(child, signal.SIGCONT)
        _, status = os.waitpid(child, 0)

    assert status == 0
    while (
        app.put("/dav/files/admin/kept", b"x", expect_errors=True).status_code
        == HTTPStatus.SERVICE_UNAVAILABLE
    ):
        pass
    app.get("/dav/files/admin/kept", status=200)
    app.get("/dav/files/admin/refused", status=404)
