"""Links made by somebody else: they lead nowhere else, and nothing in them runs."""

from typing import Final
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, expect

from tests.clients.browser import Visit, log_in, visiting
from tests.live_server import LiveServer

pytestmark = pytest.mark.clients

ASKED: Final = ("web/", "config.json", "graph/v1.0/", "dav/spaces/", "dav/meta/", "#/")
"""What the page asks for by itself, whatever the link says."""
SCRIPT: Final = "<script>alert(1)</script>"


def authorization(server: LiveServer, **changes: str) -> str:
    """The page's own request for a login, changed by an attacker."""
    query = {
        "response_type": "code",
        "client_id": "web",
        "redirect_uri": f"{server.url}/",
        "scope": "openid",
        "state": "state",
        "code_challenge": "a" * 43,
        "code_challenge_method": "S256",
    }
    return f"{server.url}/oidc/authorize?{urlencode(query | changes)}"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "{url}.evil.example/",
        "{url}@evil.example/",
        "{url}/..//evil.example/",
        "{url}/?next=https://evil.example",
        "{url}/#/f/x",
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        " {url}/",
        "{url}\\@evil.example/",
    ],
)
def test_logins_end_here(server: LiveServer, browser: Browser, target: str) -> None:
    """The issuer sends nobody to an address that is not the page's own."""
    url = authorization(server, redirect_uri=target.format(url=server.url))
    with visiting(browser) as visit:
        visit.page.goto(url)
        expect(visit.page.get_by_text("This does not work")).to_be_visible()
        assert visit.page.url == url
        visit.expect_refusal(400)
        assert visit.complaints == []


def test_a_login_that_was_not_begun(server: LiveServer, browser: Browser) -> None:
    """A code and a state from elsewhere are dropped, and nobody is logged in."""
    with visiting(browser) as visit:
        page = visit.page
        query = urlencode({"code": SCRIPT, "state": SCRIPT})
        page.goto(f"{server.url}/?{query}#/connect")
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        assert page.url == f"{server.url}/"
        assert page.evaluate("sessionStorage.length") == 0
        assert visit.complaints == []


def test_a_state_from_elsewhere_during_a_login(
    server: LiveServer, browser: Browser
) -> None:
    """Does not log anybody in as somebody else: the state must be the tab's own."""
    with visiting(browser) as visit:
        page = visit.page
        log_in(page, server)
        page.goto(f"{server.url}/?{urlencode({'code': 'x', 'state': SCRIPT})}")
        expect(page.get_by_role("heading", name="Spaces")).to_be_visible()
        assert page.url == f"{server.url}/"
        page.goto(authorization(server, state=SCRIPT))
        expect(page.get_by_role("heading", name="Spaces")).to_be_visible()
        assert page.url == f"{server.url}/"
        assert visit.complaints == []


@pytest.mark.parametrize(
    "path",
    [
        "/f/%2F%2Fevil.example",
        "/f/https%3A%2F%2Fevil.example",
        "/f/javascript%3Aalert(1)",
        "/f/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/f/%0D%0ALocation%3A%20https%3A%2F%2Fevil.example",
        "//evil.example/f/x",
        "/%5Cevil.example",
        "/#//evil.example",
        "/#/f/javascript:alert(1)",
        "/#/f/..%2F..%2Foidc%2Flogout",
        "/#/s/..",
        "/#/s/../..",
        "/#/trash/..",
        "/#/space/..%2F..%2F..",
        "/#/s/%00",
        "/#/__proto__/x",
        "/#/constructor",
        "/#/%E0%A4%A",
    ],
)
def test_links_stay_here(server: LiveServer, visit: Visit, path: str) -> None:
    """Whatever a link says, the page stays where it is and asks nobody else."""
    asked: list[str] = []
    page = visit.page
    page.goto("about:blank")
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{server.url}{path}")
    shown = page.locator("main:not([aria-busy]) h1, body:not(:has(main))")
    expect(shown.first).to_be_visible()

    assert page.url.startswith(f"{server.url}/")
    own = tuple(f"{server.url}/{each}" for each in ASKED)
    plain = {f"{server.url}{path}".partition("#")[0], f"{server.url}/"}
    assert [url for url in asked if not url.startswith(own) and url not in plain] == []
    assert [each for each in visit.complaints if "status of 4" not in each] == []
