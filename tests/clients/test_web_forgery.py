"""Requests that other sites send with the visitor's cookies: they change nothing."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.clients.browser import log_in, visiting
from tests.live_server import LiveServer

pytestmark = pytest.mark.clients


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """An empty page."""
        body = b"<!doctype html><title>Elsewhere</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write no log."""


@contextmanager
def elsewhere() -> Iterator[int]:
    """The port of another site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield site.server_port
        site.shutdown()


# The first is another origin of the same site: there, even cookies of the kind
# SameSite=Lax go along with every request.
@pytest.fixture(params=["127.0.0.1", "localhost"])
def evil(
    request: pytest.FixtureRequest, server: LiveServer, browser: Browser
) -> Iterator[Page]:
    """A page of another origin, in the browser of somebody who is logged in."""
    with elsewhere() as port, visiting(browser) as visit:
        log_in(visit.page, server)
        page = visit.page.context.new_page()
        page.goto(f"http://{request.param}:{port}/")
        yield page
        page.close()
        visit.page.reload()
        expect(visit.page.get_by_role("heading", name="Spaces")).to_be_visible()
        assert visit.complaints == []


def cookies(page: Page) -> dict[str, str]:
    """The issuer's cookies."""
    found = page.context.cookies()
    assert all(each["httpOnly"] and each["sameSite"] == "Lax" for each in found)
    return {each["name"]: each["value"] for each in found}


def send(page: Page, url: str, options: dict[str, Any]) -> object:
    """What a script of the other site reads, with the visitor's cookies."""
    return page.evaluate(
        """async ([url, options]) => {
          try {
            const signal = AbortSignal.timeout(10_000);
            const own = { credentials: "include", signal };
            const answer = await fetch(url, { ...options, ...own });
            return [answer.status, await answer.text()];
          } catch (error) {
            return String(error);
          }
        }""",
        [url, options],
    )


def submit(page: Page, url: str, fields: dict[str, str]) -> None:
    """Send a form from the other site, as a click on it would."""
    with page.expect_navigation():
        page.evaluate(
            """([url, fields]) => {
              const form = document.createElement("form");
              form.method = "post";
              form.action = url;
              for (const [name, value] of Object.entries(fields)) {
                const input = document.createElement("input");
                Object.assign(input, { name, value });
                form.append(input);
              }
              document.body.append(form);
              form.submit();
            }""",
            [url, fields],
        )


def test_scripts_elsewhere(server: LiveServer, evil: Page) -> None:
    """Read nothing and change nothing: cookies open no door but the issuer's."""
    with server.api() as api:
        api.put("/dav/files/admin/kept.txt", content="kept").raise_for_status()
    dav = f"{server.url}/dav/files/admin/kept.txt"
    failed = "TypeError: Failed to fetch"
    origin = {"Origin": evil.evaluate("location.origin")}

    assert send(evil, f"{server.url}/oidc/authorize", {}) == failed
    assert send(evil, f"{server.url}/oidc/logout", {"method": "POST"}) == failed
    for method in ("PUT", "DELETE", "MOVE", "PROPFIND"):
        assert send(evil, dav, {"method": method}) == failed
    for path in ("graph/v1.0/me", "auth-app/tokens", "dav/files/admin/kept.txt"):
        url = f"{server.url}/{path}"
        for method in ("GET", "POST", "PUT", "DELETE"):
            answer = evil.request.fetch(url, method=method, headers=origin)
            assert answer.status == 401

    with server.api() as api:
        assert api.get("/dav/files/admin/kept.txt").text == "kept"
        assert api.get("/auth-app/tokens").json() == []


def test_forms_elsewhere(server: LiveServer, evil: Page) -> None:
    """Log nobody in, allow no program and log nobody out: they have no token."""
    before = cookies(evil)
    start = evil.url
    request = (
        "response_type=code&client_id=web&state=x&scope=openid"
        f"&redirect_uri={server.url}/&code_challenge={'a' * 43}"
        "&code_challenge_method=S256"
    )
    login = {
        "request": request, "token": "x", "username": "admin",
        "password": server.password,
    }  # fmt: skip

    submit(evil, f"{server.url}/oidc/login", login)
    expect(evil.get_by_text("The form was too old")).to_be_visible()
    evil.goto(start)
    submit(evil, f"{server.url}/oidc/logout", {"token": "x"})
    asked = evil.get_by_role("heading", name=re.compile(r"Log out\?|Logged out"))
    expect(asked).to_be_visible()

    after = cookies(evil)
    assert after["ocsync_session"] == before["ocsync_session"]


@pytest.mark.parametrize("path", ["/", "/oidc/logout", "/#/tokens"])
def test_frames_elsewhere(server: LiveServer, evil: Page, path: str) -> None:
    """The page and the issuer's pages are shown in no frame."""
    with evil.expect_event("framenavigated", lambda frame: frame.url != "about:blank"):
        evil.evaluate(
            """(url) => {
              const frame = document.createElement("iframe");
              frame.src = url;
              document.body.append(frame);
            }""",
            f"{server.url}{path}",
        )
    assert [frame.url for frame in evil.frames[1:]] == ["chrome-error://chromewebdata/"]
