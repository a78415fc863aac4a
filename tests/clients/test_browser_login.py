"""The desktop's login with a real browser, and what survives a restart.

A scripted public client listens on loopback as the desktop does; headless Chromium
goes through the login and consent pages with JavaScript switched off.
"""

import base64
import hashlib
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Page

from tests.clients.browser import chromium
from tests.live_server import PASSWORD

pytestmark = pytest.mark.clients

CLIENT_ID: Final = "xdXOt13JKxym1B1QcEncf2XDkLAexMBFwiT9j6EfhhHFJhs2KM9jbjTmf8JBXE69"


@contextmanager
def serving(data: Path) -> Iterator[str]:
    """A server over the data folder, by its URL; stopped at the end."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("OCSYNC_")}
    command = [
        sys.executable, "-m", "ocsync", "serve", "--port", "0", "--workers", "1",
        "--data", str(data), "--set", "storage.durability=fast",
    ]  # fmt: skip
    with subprocess.Popen(
        command,
        cwd=Path(__file__).parent.parent.parent,
        env=own | {"OCSYNC_ADMIN_PASSWORD": PASSWORD},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        assert process.stdout is not None
        found = (re.search(r" serves (http://\S+)", line) for line in process.stdout)
        url = next((match[1] for match in found if match), None)
        watchdog.cancel()
        assert url is not None
        try:
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


class _Listener(HTTPServer):
    """Takes the one redirect that ends a login."""

    query: str = ""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Keep the query and thank."""
        assert isinstance(self.server, _Listener)
        self.server.query = urlsplit(self.path).query
        body = b"<!doctype html><title>Thanks</title>You can go back now."
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write no log."""


@dataclass
class Desktop:
    """A public client with a loopback redirect and PKCE."""

    port: int
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(8))

    @property
    def redirect_uri(self) -> str:
        """Where the listener is."""
        return f"http://127.0.0.1:{self.port}"

    def authorization(self, endpoint: str) -> str:
        """The URL to open in the browser."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        parameters = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": self.redirect_uri,
            "scope": "openid offline_access email profile",
            "prompt": "select_account consent",
            "state": self.state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{endpoint}?{urlencode(parameters)}"

    def ask(self, endpoint: str, **form: str) -> httpx.Response:
        """One request to the token endpoint."""
        return httpx.post(endpoint, data={"client_id": CLIENT_ID, **form})

    def refresh(self, endpoint: str, token: str) -> httpx.Response:
        """Exchange a refresh token."""
        return self.ask(endpoint, grant_type="refresh_token", refresh_token=token)


@pytest.fixture
def page() -> Iterator[Page]:
    """Chromium without JavaScript."""
    with (
        chromium() as browser,
        browser.new_context(java_script_enabled=False) as context,
    ):
        yield context.new_page()


def log_in(page: Page, server: str) -> tuple[Desktop, dict[str, Any]]:
    """The whole login, from discovery to tokens."""
    discovery = httpx.get(f"{server}/.well-known/openid-configuration").json()
    with _Listener(("127.0.0.1", 0), _Handler) as listener:
        thread = threading.Thread(target=listener.handle_request)
        thread.start()
        desktop = Desktop(listener.server_port)
        page.goto(desktop.authorization(discovery["authorization_endpoint"]))
        page.get_by_label("User name").fill("admin")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        assert "do not fit" in page.get_by_role("alert").inner_text()
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("heading", name="Allow ownCloud Desktop").wait_for()
        page.get_by_role("button", name="Allow", exact=True).click()
        page.wait_for_url(f"{desktop.redirect_uri}/**")
        thread.join(timeout=10)
        returned = {k: v[0] for k, v in parse_qs(listener.query).items()}
    assert returned["state"] == desktop.state
    tokens = desktop.ask(
        discovery["token_endpoint"],
        grant_type="authorization_code",
        code=returned["code"],
        redirect_uri=desktop.redirect_uri,
        code_verifier=desktop.verifier,
    )
    document: dict[str, Any] = tokens.raise_for_status().json()
    return desktop, document


def me(server: str, token: str) -> int:
    """The status that an access token gets."""
    return httpx.get(
        f"{server}/graph/v1.0/me", headers={"Authorization": f"Bearer {token}"}
    ).status_code


def test_login_restart_refresh_and_theft(page: Page, tmp_path: Path) -> None:
    """Tokens survive a restart; a refresh token that comes twice ends them all."""
    with serving(tmp_path / "data") as server:
        desktop, tokens = log_in(page, server)
        assert me(server, tokens["access_token"]) == 200

    with serving(tmp_path / "data") as server:
        endpoint = f"{server}/oidc/token"
        assert me(server, tokens["access_token"]) == 200
        fresh = desktop.refresh(endpoint, tokens["refresh_token"]).json()
        assert me(server, fresh["access_token"]) == 200

        stolen = desktop.refresh(endpoint, tokens["refresh_token"])

        assert stolen.json()["error"] == "invalid_grant"
        assert desktop.refresh(endpoint, fresh["refresh_token"]).status_code == 400
        assert me(server, fresh["access_token"]) == 401
