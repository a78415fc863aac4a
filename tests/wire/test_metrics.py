"""`/metrics`: who may read it, and what stands there."""

import io
from collections.abc import Iterator
from wsgiref.types import WSGIApplication

import pytest
from prometheus_client import Metric as Family
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families
from webtest import TestApp

from ocsync.app import create_app
from ocsync.library import open_library
from ocsync.log import open_log
from ocsync.metrics.board import Board
from ocsync.metrics.catalogue import METRICS
from ocsync.metrics.meter import Meter
from ocsync.settings import Settings
from spaces.library import Library
from tests.wire.conftest import Person, make_person

TOKEN = "a token of letters"


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
def wsgi_app(settings: Settings, library: Library, meter: Meter) -> WSGIApplication:
    """The whole service, with that meter."""
    log = open_log(settings.log, stream=io.StringIO())
    return create_app(settings, library=library, log=log, meter=meter)


def scrape(app: TestApp) -> dict[str, dict[tuple[str, ...], float]]:
    """Samples by name, then by the values of their labels, in the labels' order."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(app.get("/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = (
                sample.value
            )
    return found


def families(text: str) -> dict[str, Family]:
    """The metrics of a document in the classic format."""
    return {each.name: each for each in text_string_to_metric_families(text)}


def test_every_metric_is_told(app: TestApp) -> None:
    """With the type and the meaning from the table."""
    answer = app.get("/metrics")
    found = families(answer.text)

    assert answer.content_type == "text/plain"
    assert answer.headers["Cache-Control"] == "no-store"
    for metric in METRICS:
        family = found[metric.name.removesuffix("_total")]
        assert family.type == metric.kind.value
        assert family.documentation == metric.help


def test_openmetrics_on_request(app: TestApp) -> None:
    """A newer Prometheus asks for the newer format, whose parser is strict."""
    answer = app.get(
        "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
    )

    assert answer.content_type == "application/openmetrics-text"
    parsed = parse_openmetrics(answer.text)  # type: ignore[no-untyped-call]
    assert len(list(parsed)) == len(METRICS)


def test_a_format_that_makes_no_sense(app: TestApp) -> None:
    """Whoever asks for a version that is no number gets the usual format."""
    accept = "application/openmetrics-text; version=new"

    answer = app.get("/metrics", headers={"Accept": accept})

    assert answer.content_type == "text/plain"


def test_requests_are_counted_exactly(app: TestApp, admin: Person) -> None:
    """Route, method, class of status, and bytes; the scrape itself comes later."""
    url = "/remote.php/dav/files/admin/a.txt"
    app.put(url, b"hello", headers=admin.basic, status=201)
    app.get(url, headers=admin.basic, status=200)
    app.get(f"{url}?x=1", headers=admin.basic, status=200)
    app.get(f"{url}nothing", headers=admin.basic, status=404)
    app.get("/no/such/thing", status=404)

    found = scrape(app)

    requests = found["ocsync_http_requests_total"]
    assert requests == {
        ("PUT", "/dav", "2xx"): 1,
        ("GET", "/dav", "2xx"): 2,
        ("GET", "/dav", "4xx"): 1,
        ("GET", "none", "4xx"): 1,
    }
    assert found["ocsync_http_received_bytes_total"] == {("PUT", "/dav"): 5}
    assert found["ocsync_http_request_duration_seconds_count"]["GET", "/dav"] == 3
    assert scrape(app)["ocsync_http_requests_total"]["GET", "/metrics", "2xx"] == 1


def test_the_work_below_is_counted(app: TestApp, admin: Person) -> None:
    """Commits, reads, and steps of the store."""
    before = scrape(app)
    url = "/dav/files/admin/a.txt"

    app.put(url, b"hello", headers=admin.basic, status=201)
    app.get(url, headers=admin.basic, status=200)

    after = scrape(app)
    for step in ("seal", "open"):
        name = "ocsync_blob_duration_seconds_count"
        assert after[name][step,] - before[name][step,] == 1
    for name in (
        "ocsync_database_commit_duration_seconds_count",
        "ocsync_database_lock_wait_seconds_count",
        "ocsync_database_commit_jobs_sum",
        "ocsync_database_read_duration_seconds_count",
    ):
        assert after[name][()] > before[name][()]


def test_checksums_that_are_not_met_are_counted(app: TestApp, admin: Person) -> None:
    """Of a whole file by its header, of a chunk by that of tus."""
    wrong = {"OC-Checksum": "SHA1:" + "0" * 40}
    app.put(
        "/dav/files/admin/a.txt",
        b"x",
        headers={**admin.basic, **wrong},
        status=400,
    )
    tus = {**admin.basic, "Tus-Resumable": "1.0.0"}
    made = app.post("/files", headers={**tus, "Upload-Length": "3"}, status=201)
    patch = {
        **tus,
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
        "Upload-Checksum": "sha1 " + "A" * 27 + "=",
    }
    app.patch(made.headers["Location"], b"abc", headers=patch, status=460)

    assert scrape(app)["ocsync_checksum_failures_total"] == {
        ("chunk",): 1,
        ("file",): 1,
    }


def test_open_uploads_are_counted_by_dialect_and_state(
    app: TestApp, admin: Person
) -> None:
    """One that waits for its bytes."""
    tus = {**admin.basic, "Tus-Resumable": "1.0.0", "Upload-Length": "3"}
    app.post("/files", headers=tus, status=201)

    found = scrape(app)["ocsync_open_uploads"]

    assert {labels for labels, value in found.items() if value} == {
        ("plain", "waiting")
    }


def test_stored_bytes_and_spaces(app: TestApp, admin: Person) -> None:
    """What there is, without versions."""
    url = "/dav/files/admin/a.txt"
    app.put(url, b"hello", headers=admin.basic)
    app.put(url, b"hi", headers=admin.basic)

    found = scrape(app)

    assert found["ocsync_stored_bytes"] == {(): 2}
    assert found["ocsync_spaces"]["personal", "enabled"] == 1
    assert found["ocsync_free_bytes"][()] > 0
    assert found["ocsync_hash_queue_length"] == {(): 0}


@pytest.mark.parametrize(
    "environ",
    [
        {"REMOTE_ADDR": "192.0.2.1"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_VIA": "1.1 proxy"},
        {"HTTP_X_REAL_IP": "127.0.0.1"},
        {"REMOTE_ADDR": ""},
    ],
)
def test_others_are_refused(app: TestApp, environ: dict[str, str]) -> None:
    """From elsewhere, or from a proxy on this machine, nobody learns anything."""
    answer = app.get("/metrics", extra_environ=environ, status=403)

    assert "app token" in answer.text
    assert "ocsync_" not in answer.text


class TestToken:
    """With a token in the settings."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """A token, and no other way in."""
        return {"metrics.token": TOKEN, "metrics.access": "token"}

    def test_the_token_opens(self, app: TestApp) -> None:
        """As Bearer and as Basic password; this machine is no exception."""
        app.authorization = ("Bearer", TOKEN)
        app.get("/metrics", status=200)
        app.authorization = ("Basic", ("prometheus", TOKEN))
        app.get("/metrics", status=200)
        app.authorization = ("Bearer", "another")
        app.get("/metrics", status=403)
        app.authorization = None
        app.get("/metrics", status=403)

    def test_app_tokens_of_administrators_open(
        self, app: TestApp, library: Library, admin: Person
    ) -> None:
        """Those of others do not, nor does a password."""
        _, secret = library.accounts.create_token(admin.actor.user_id)
        other = make_person(library, "bob")
        _, others = library.accounts.create_token(other.actor.user_id)

        app.authorization = ("Bearer", secret)
        app.get("/metrics", status=200)
        app.authorization = ("Basic", ("admin", secret))
        app.get("/metrics", status=200)
        app.authorization = ("Bearer", others)
        app.get("/metrics", status=403)
        app.authorization = ("Basic", ("admin", admin.password))
        app.get("/metrics", status=403)


class TestOff:
    """With metrics switched off."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Nobody may see them."""
        return {"metrics.access": "off", "metrics.token": TOKEN}

    def test_there_is_nothing(self, app: TestApp) -> None:
        """The URL does not exist, for nobody."""
        app.authorization = ("Bearer", TOKEN)

        app.get("/metrics", status=404)


def test_only_reading(app: TestApp) -> None:
    """HEAD has no body, and nothing can be written."""
    assert app.head("/metrics", status=200).body == b""
    assert app.post("/metrics", status=405).headers["Allow"] == "GET, HEAD"
