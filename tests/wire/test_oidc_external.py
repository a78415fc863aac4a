"""Access tokens of another issuer, which here is a second server of our own."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import jwt
import pytest
from webtest import TestApp

from ocsync.app import create_app
from ocsync.library import open_library
from ocsync.oidc.external import IssuerKeys, IssuerUnavailable, fetch_document
from ocsync.oidc.keys import Keys
from ocsync.settings import load_settings
from spaces.library import Library
from tests.wire.conftest import Person, make_person
from tests.wire.oidc_client import PublicClient, bearer


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Write no access log."""


@dataclass(frozen=True)
class Provider:
    """The other server, with somebody on it."""

    url: str
    app: TestApp
    library: Library
    carol: Person
    folder: Path

    def token(self) -> str:
        """An access token of the one who is known there."""
        self.app.reset()
        tokens = PublicClient(self.app).tokens(self.carol)
        return str(tokens["access_token"])


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    """An issuer on a loopback port."""
    folder = tmp_path / "provider"
    settings = load_settings(
        environ={},
        overrides={"storage.data": folder, "storage.durability": "fast"},
    ).settings
    with open_library(settings, create=True) as library:
        wsgi_app = create_app(settings, library=library)
        server = make_server("127.0.0.1", 0, wsgi_app, handler_class=_QuietHandler)
        host = f"127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Provider(
                url=f"http://{host}",
                app=TestApp(
                    wsgi_app,
                    extra_environ={"HTTP_HOST": host, "REMOTE_ADDR": "127.0.0.1"},
                ),
                library=library,
                carol=make_person(library, "carol"),
                folder=folder,
            )
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@pytest.fixture
def provisions() -> bool:
    """Whether accounts are made for whom the issuer vouches."""
    return True


@pytest.fixture
def overrides(provider: Provider, *, provisions: bool) -> dict[str, object]:
    """Trust the provider."""
    return {
        "auth.oidc_issuer": provider.url,
        "auth.oidc_audience": provider.library.storage_id,
        "auth.oidc_provision": provisions,
        "auth.oidc_name_claim": "sub",
    }


def test_user_of_the_other_issuer_gets_an_account(
    app: TestApp, provider: Provider, library: Library
) -> None:
    """The first token makes the account, the second finds it."""
    first = app.get("/graph/v1.0/me", headers=bearer(provider.token())).json
    second = app.get("/graph/v1.0/me", headers=bearer(provider.token())).json
    drives = app.get("/graph/v1.0/me/drives", headers=bearer(provider.token())).json

    assert first["id"] == second["id"]
    assert [drive["driveType"] for drive in drives["value"]] == ["personal"]
    assert len(library.accounts.list()) == 1


def test_clients_are_sent_to_the_other_issuer(app: TestApp, provider: Provider) -> None:
    """Webfinger and the web's configuration name it; ours is not there."""
    finger = app.get("/.well-known/webfinger?resource=http://localhost").json
    config = app.get("/config.json").json

    assert finger["links"][0]["href"] == provider.url
    assert config["openIdConnect"]["authority"] == provider.url
    app.get("/.well-known/openid-configuration", status=404)
    app.post("/oidc/token", status=404)


def test_rotated_keys_are_fetched(app: TestApp, provider: Provider) -> None:
    """A token by a key that is not known yet makes us look again, in time."""
    clock = _Clock()
    keys = IssuerKeys(issuer=provider.url, fetch=fetch_document, clock=clock)
    first = jwt.get_unverified_header(provider.token())["kid"]
    assert keys.find(first) is not None

    Keys(folder=provider.folder).rotate()
    second = jwt.get_unverified_header(provider.token())["kid"]

    assert keys.find(second) is None  # asked a moment ago
    clock.at += 60
    assert keys.find(second) is not None
    assert keys.find(first) is not None


def test_unknown_keys_do_not_flood_the_issuer(provider: Provider) -> None:
    """Forged key ids cause one fetch in a while, not one each."""
    fetched: list[str] = []

    def fetch(url: str) -> Mapping[str, Any]:
        fetched.append(url)
        return fetch_document(url)

    keys = IssuerKeys(issuer=provider.url, fetch=fetch, clock=_Clock())

    for number in range(100):
        assert keys.find(f"forged {number}") is None

    assert len(fetched) == 2  # the configuration and the keys, once


def test_known_keys_survive_an_outage(provider: Provider) -> None:
    """While the issuer is away, what it signed before is still believed."""
    clock = _Clock()
    is_away = False

    def fetch(url: str) -> Mapping[str, Any]:
        if is_away:
            raise IssuerUnavailable("away")
        return fetch_document(url)

    keys = IssuerKeys(issuer=provider.url, fetch=fetch, clock=clock)
    known = jwt.get_unverified_header(provider.token())["kid"]
    assert keys.find(known) is not None

    is_away = True
    clock.at += 100_000

    assert keys.find(known) is not None


def test_plain_http_beyond_loopback_is_refused() -> None:
    """Keys are not taken from a wire that anybody can write on."""
    with pytest.raises(IssuerUnavailable, match="https"):
        fetch_document("http://issuer.example/.well-known/openid-configuration")


class TestOtherAudience:
    """Tokens that were made for another service."""

    @pytest.fixture
    def overrides(self, provider: Provider) -> dict[str, object]:
        """Trust the issuer, but expect another audience."""
        return {
            "auth.oidc_issuer": provider.url,
            "auth.oidc_audience": "somebody else",
            "auth.oidc_provision": True,
        }

    def test_is_refused(
        self, app: TestApp, provider: Provider, library: Library
    ) -> None:
        """They open nothing here, and nobody gets an account."""
        app.get("/graph/v1.0/me", headers=bearer(provider.token()), status=401)

        assert library.accounts.list() == []


class TestWithoutProvisioning:
    """Accounts are made by the operator; the claim names them."""

    @pytest.fixture
    def provisions(self) -> bool:
        """Make nobody an account."""
        return False

    def test_unknown_name_stays_out(
        self, app: TestApp, provider: Provider, library: Library
    ) -> None:
        """Who has no account here is not let in."""
        app.get("/graph/v1.0/me", headers=bearer(provider.token()), status=401)

        assert library.accounts.list() == []

    def test_known_name_is_let_in(
        self, app: TestApp, provider: Provider, library: Library
    ) -> None:
        """The account of that name is used."""
        known = library.accounts.create(provider.carol.actor.user_id)

        me = app.get("/graph/v1.0/me", headers=bearer(provider.token())).json

        assert me["id"] == known.id


@dataclass
class _Clock:
    at: float = 1000.0

    def __call__(self) -> float:
        return self.at
