"""The web page in a real browser: signing in and out, links, how much it loads."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from ocsync.web.assets import read_assets
from tests.clients.browser import log_in, visiting
from tests.live_server import LiveServer, serving

pytestmark = pytest.mark.clients

FIRST_VIEW_BYTES = 60_000
FIRST_VIEW_ANSWERS = 15


def test_signing_in_and_out(server: LiveServer, browser: Browser) -> None:
    """Nothing of the session stays in the browser after it."""
    with visiting(browser) as visit:
        log_in(visit.page, server)
        visit.page.get_by_role("button", name="Sign out").click()
        expect(visit.page.get_by_role("button", name="Sign in")).to_be_visible()

        stored = visit.page.evaluate("sessionStorage.length + localStorage.length")

        assert stored == 0
        assert visit.complaints == []


def test_links_lead_to_folders(server: LiveServer, browser: Browser) -> None:
    """The link of a file opens the folder that it is in, after the login."""
    space = server.personal_space()
    with server.api() as api:
        api.request("MKCOL", f"/dav/spaces/{space}/Linked").raise_for_status()
        made = api.put(f"/dav/spaces/{space}/Linked/here.txt", content=b"x")
    with visiting(browser) as visit:
        log_in(visit.page, server)
        visit.page.goto(f"{server.url}/f/{made.headers['OC-FileId']}")
        expect(visit.page.get_by_role("heading", name="Linked")).to_be_visible()
        expect(visit.page.get_by_role("button", name="File here.txt")).to_be_visible()
        assert visit.complaints == []


def test_the_first_view_is_small(server: LiveServer, browser: Browser) -> None:
    """All that comes before the first entry shows: content, compressed, and heads."""
    with server.api() as api:
        api.put("/dav/files/admin/first.txt", content=b"x").raise_for_status()
    with visiting(browser) as visit:
        log_in(visit.page, server)
        page = visit.page
        page.goto("about:blank")
        answers: list[Response] = []
        page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108  # playwright marks it
        page.context.new_cdp_session(page).send("Network.clearBrowserCache")
        page.goto(f"{server.url}/#/s/{server.personal_space()}")
        expect(page.get_by_role("button", name="File first.txt")).to_be_visible()

        first = list(answers)  # what is fetched for later does not count
        sizes = {each.url: each.request.sizes() for each in first}

    assert any(url.endswith("/main.js") for url in sizes)
    assert len(sizes) <= FIRST_VIEW_ANSWERS, sizes
    total = sum(
        each["responseBodySize"] + each["responseHeadersSize"]
        for each in sizes.values()
    )
    assert total <= FIRST_VIEW_BYTES, sizes


def test_all_is_there_before_the_server_goes(
    server: LiveServer, browser: Browser
) -> None:
    """Every module is fetched while there is time, whoever will need it."""
    with visiting(browser) as visit:
        log_in(visit.page, server)
        visit.page.wait_for_function(_HAS_FETCHED, arg=[
            path
            for path in read_assets().files
            if path.endswith(".js") and not path.startswith(("texts/de", *_OF_WORKERS))
        ])  # fmt: skip
        assert visit.complaints == []


_OF_WORKERS = ("wire/hash_worker", "wire/sha1")
_HAS_FETCHED = """(paths) => {
  const names = performance.getEntriesByType("resource").map((each) => each.name);
  return paths.every((path) => names.some((name) => name.endsWith(`/${path}`)));
}"""


def test_a_module_that_does_not_come(server: LiveServer, browser: Browser) -> None:
    """Whoever needs it hears of that; a view without it offers another try."""
    with server.api() as api:
        api.put("/dav/files/admin/stays.txt", content=b"x").raise_for_status()
    with visiting(browser) as visit:
        page = visit.page
        page.route(re.compile("/view/(deeds|trash).js$"), lambda route: route.abort())
        log_in(page, server)
        page.goto(f"{server.url}/#/s/{server.personal_space()}")
        page.get_by_role("button", name="Delete stays.txt").click()
        notice = "This part of the page could not be loaded. Reload the page."
        expect(page.get_by_role("status").get_by_text(notice)).to_be_visible()
        page.get_by_role("link", name="Trash").click()
        expect(page.get_by_role("alert")).to_have_text(notice)
        page.unroute_all(behavior="ignoreErrors")

        page.get_by_role("button", name="Try again").click()

        expect(page.get_by_role("heading", name="Trash of Admin")).to_be_visible()


def test_a_second_tab_keeps_both_signed_in(
    server: LiveServer, browser: Browser
) -> None:
    """A duplicated tab has the same session; renewing it in either ends neither."""
    with visiting(browser) as visit:
        log_in(visit.page, server)
        with visit.page.expect_popup() as opened:
            visit.page.evaluate("void window.open(location.href)")
        tabs: tuple[Page, Page] = (visit.page, opened.value)
        expect(tabs[1].get_by_role("heading", name="Spaces")).to_be_visible()

        for tab in (*tabs, *tabs):
            tab.evaluate(EXPIRE)
            tab.reload()
            expect(tab.get_by_role("link", name=re.compile("Admin"))).to_be_visible()

        assert visit.complaints == []


EXPIRE = """() => {
  const tokens = JSON.parse(sessionStorage.getItem("ocsync.tokens"));
  sessionStorage.setItem("ocsync.tokens", JSON.stringify({ ...tokens, until: 0 }));
}"""


def test_without_a_login_the_page_says_how_else(
    browser: Browser, tmp_path: Path
) -> None:
    """Where there is no OpenID Connect, there are the cards of other clients."""
    options = ("--set", "auth.oidc_embedded=false")
    with serving(tmp_path, *options) as server, visiting(browser) as visit:
        visit.page.goto(server.url)
        heading = visit.page.get_by_role("heading", name="Connect a client")
        expect(heading).to_be_visible()
        expect(visit.page.get_by_role("region", name="curl")).to_contain_text(
            f"{server.url}/dav/files/USER/"
        )
        assert visit.complaints == []
