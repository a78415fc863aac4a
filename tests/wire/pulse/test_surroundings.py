"""Pulse Cam: where it is mounted, beside what, and what the log says of it."""

from wsgiref.types import WSGIApplication

import pytest
from webtest import TestApp

from ocsync.dialects.issuing import TokenIssuer
from ocsync.redaction import Redactor
from ocsync.settings import load_settings
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.pulse.calls import begin
from tests.wire.tus_client import Tus, path_of


class TestOff:
    """Switched off."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Off."""
        return {"pulse.enabled": False}

    def test_there_is_nothing(self, app: TestApp) -> None:
        """404 on every URL."""
        for url in ("/uploads", "/uploads/x", "/health", "/uploads/finalize"):
            app.get(url, status=404)


class TestElsewhere:
    """Under another prefix, in another folder, for chosen pages."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """All of these."""
        return {
            "pulse.prefix": "/pulse",
            "pulse.pool_size": "4MB",
            "pulse.folder": "From/Phones",
            "pulse.origins": "https://a.example",
        }

    def test_everything_moves(
        self, app: TestApp, issuer: TokenIssuer, admin: Person, home: Space
    ) -> None:
        """Locations and links name the prefix."""
        issued = issuer.issue(admin.actor, server="http://localhost")
        tus = Tus(app, "/pulse/uploads")
        path = path_of(tus.create(5, None, body=b"12345"))

        assert path.startswith("/pulse/uploads/")
        assert "server=http%3A%2F%2Flocalhost%2Fpulse&" in issued.link
        content = {"uploadId": path.rpartition("/")[2], "filename": "a.mp4"}
        headers = {"X-Upload-Token": issued.token}
        app.post_json("/pulse/uploads/finalize", content, headers=headers)
        app.get("/dav/files/admin/From/Phones/a.mp4", headers=admin.basic)
        app.get("/pulse/health", status=200)
        app.get("/health", status=404)

    def test_only_chosen_pages(self, app: TestApp) -> None:
        """Others are told nothing."""
        name = "Access-Control-Allow-Origin"
        for origin, allowed in (
            ("https://a.example", "https://a.example"),
            ("https://b.example", None),
        ):
            answer = app.options("/pulse/uploads", headers={"Origin": origin})
            assert answer.headers.get(name) == allowed
            assert answer.headers["Vary"] == "Origin"


def test_location_follows_the_proxy(wsgi_app: WSGIApplication, tus: Tus) -> None:
    """Behind a proxy that nobody told us of it is http, as the app expects."""
    answer = begin(tus, 5)

    assert answer.headers["Location"].startswith("http://localhost/uploads/")


def test_other_dialects_do_not_see_it(
    app: TestApp, tus: Tus, admin: Person, home: Space
) -> None:
    """An upload is there for its own dialect only."""
    path = path_of(begin(tus, 5))
    name = path.rpartition("/")[2]

    headers = {**admin.basic, "Tus-Resumable": "1.0.0"}
    app.head(f"/files/{name}", headers=headers, status=404)


@pytest.mark.parametrize("prefix", ["", "/cam/api"])
def test_log_shows_no_upload_id(prefix: str) -> None:
    """The id is the credential, wherever the uploads lie."""
    overrides = {"pulse.prefix": prefix}
    redactor = Redactor.of(load_settings(environ={}, overrides=overrides).settings)

    shown = redactor.path(f"{prefix}/uploads/0123456789abcdef")

    assert shown == f"{prefix}/uploads/01234567…"
