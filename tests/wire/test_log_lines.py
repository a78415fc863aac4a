"""What a request leaves in the log: slow lines, one id everywhere, and no secrets."""

import io
import json
from collections.abc import Iterator
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
from webtest import TestApp

from ocsync.app import create_app
from ocsync.library import open_library
from ocsync.log import open_log
from ocsync.metrics.board import Board
from ocsync.metrics.meter import Meter
from ocsync.redaction import Redactor
from ocsync.settings import Settings
from spaces.clock import Instant
from spaces.library import Library
from tests.wire.conftest import Person

PARTS = {
    "ms",
    "own_ms",
    "queue_ms",
    "auth_ms",
    "reads",
    "read_ms",
    "lock_wait_ms",
    "commit_ms",
    "blob_ms",
    "body_ms",
    "send_ms",
}


@pytest.fixture
def overrides() -> dict[str, object]:
    """Every request is a slow one, every line an object; Pulse Cam has moved."""
    return {
        "log.format": "json",
        "log.slow_request": "0s",
        "pulse.prefix": "/cam",
    }


@pytest.fixture
def meter() -> Meter:
    """Counts for the whole service of a test."""
    return Meter(Board.create(workers=1))


@pytest.fixture
def library(settings: Settings, meter: Meter) -> Iterator[Library]:
    """A library that tells the meter."""
    with open_library(settings, create=True, watch=meter) as opened:
        yield opened


@pytest.fixture
def stream() -> io.StringIO:
    """Where the log goes."""
    return io.StringIO()


@pytest.fixture
def wsgi_app(
    settings: Settings, library: Library, meter: Meter, stream: io.StringIO
) -> WSGIApplication:
    """The whole service with its log at hand."""
    log = open_log(settings.log, stream=stream, redactor=Redactor.of(settings))
    return create_app(settings, library=library, log=log, meter=meter)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """The log so far."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_slow_request_says_where_its_time_went(
    app: TestApp, admin: Person, stream: io.StringIO
) -> None:
    """Every part of it in milliseconds, none longer than the whole."""
    app.put("/dav/files/admin/a.txt", b"x", headers=admin.basic, status=201)

    (slow,) = (line for line in lines(stream) if line["event"] == "slow request")

    assert slow.keys() >= PARTS
    assert slow["level"] == "warning"
    assert (slow["method"], slow["path"]) == ("PUT", "/dav/files/admin/a.txt")
    assert slow["reads"] >= 1
    assert slow["commit_ms"] > 0
    assert slow["auth_ms"] > 0
    spans = [slow[part] for part in PARTS - {"ms", "reads"}]
    assert all(0 <= span <= slow["ms"] for span in spans)


def test_all_lines_of_a_request_have_its_id(
    app: TestApp, admin: Person, library: Library, stream: io.StringIO
) -> None:
    """The access line, the slow line, and what failed on the way; the audit log too."""
    headers = {**admin.basic, "X-Request-Id": "client-42"}
    app.put("/dav/files/admin/a.txt", b"x", headers=headers, status=201)
    app.delete("/dav/files/admin/a.txt", headers=headers, status=204)

    assert {line["event"] for line in lines(stream)} == {"request", "slow request"}
    assert {line["request_id"] for line in lines(stream)} == {"client-42"}
    deeds = library.audit.find(since=Instant(0), action="file.")
    assert [deed.request_id for deed in deeds] == ["client-42"]


def test_the_next_request_on_a_thread_has_an_id_of_its_own(
    app: TestApp, stream: io.StringIO
) -> None:
    """Nothing of a request is left when it has ended."""
    for _ in range(2):
        app.get("/status.php")

    ids = [line["request_id"] for line in lines(stream) if line["event"] == "request"]
    assert len(set(ids)) == 2


class TestNever:
    """With slow lines switched off."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """No request is slow."""
        return {"log.format": "json", "log.slow_request": "never"}

    def test_there_are_none(self, app: TestApp, stream: io.StringIO) -> None:
        """Only the access line."""
        app.get("/status.php")

        assert [line["event"] for line in lines(stream)] == ["request"]


def test_nothing_that_opens_a_door_is_written_anywhere(
    app: TestApp, admin: Person, library: Library, stream: io.StringIO
) -> None:
    """Not in the log, not in the metrics, not in the audit log."""
    token, secret = library.accounts.create_token(admin.actor.user_id, label="phone")
    space = f"{library.storage_id}${admin.actor.user_id}"
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "3"}
    app.authorization = ("Bearer", secret)
    on_space = app.post(
        f"/dav/spaces/{space}", headers={**tus, "Upload-Metadata": "filename YQ=="}
    )
    data_url = on_space.headers["Location"]
    plain_url = app.post("/files", headers=tus).headers["Location"]
    app.authorization = None
    pulse_url = app.post("/cam/uploads", headers=tus, status="*").headers.get(
        "Location", "/cam/uploads/" + "f" * 36
    )
    for url in (data_url, plain_url, pulse_url):
        app.head(url, headers={"Tus-Resumable": "1.0.0"}, status="*")
    app.authorization = ("Basic", ("admin", "a-wrong-password"))
    app.get("/dav/files/admin", status="*")
    app.get("/dav/files/admin?OC-Signature=abcdef&access_token=ghijkl", status="*")
    app.authorization = ("Basic", ("admin", admin.password))
    app.get("/ocs/v1.php/cloud/user", status=200)
    library.accounts.revoke_token(admin.actor.user_id, token.id)

    written = stream.getvalue()
    told = app.get("/metrics").text
    kept = repr(library.audit.find(since=Instant(0)))
    ends = [url.rpartition("/")[2][12:] for url in (data_url, plain_url, pulse_url)]
    secrets = (secret, "a-wrong-password", admin.password, "abcdef", "ghijkl", *ends)
    for hidden in secrets:
        assert len(hidden) > 5
        assert hidden not in written
        assert hidden not in told
        assert hidden not in kept
    assert "Bearer" not in written
    assert "Basic" not in written
    assert "/cam/uploads/" in written
