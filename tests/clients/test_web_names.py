"""Names that are markup or scripts: on the web page they are names, everywhere."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.clients.browser import Visit, go, log_in, visiting
from tests.clients.samples import EVIL_SVG
from tests.live_server import LiveServer

pytestmark = pytest.mark.clients

MARKUP: Final = "<img src=x onerror=alert(1)><svg onload=alert(2)>"
QUOTES: Final = '\'" onmouseover=alert(3) x="${alert(4)}{{alert(5)}}'
BACKWARDS: Final = "safe\u202egnp.exe"
NAMES: Final = (MARKUP, QUOTES, BACKWARDS, "javascript:alert(6)", "&lt;b&gt;&amp;")


@pytest.fixture(scope="module")
def visit(browser: Browser, server: LiveServer) -> Iterator[Visit]:
    """The admin, logged in, with such a name too."""
    with server.api() as api:
        changes = {"displayName": MARKUP}
        api.patch("/graph/v1.0/me", json=changes).raise_for_status()
    with visiting(browser) as visit:
        log_in(visit.page, server)
        yield visit


@pytest.fixture
def page(visit: Visit) -> Iterator[Page]:
    """The page; no name became an element, an attribute or a script of it."""
    yield visit.page
    assert visit.complaints == []
    assert visit.page.locator("img, svg:not(.icon), [onmouseover]").count() == 0


@pytest.fixture(scope="module")
def space(server: LiveServer) -> str:
    """A space with files and folders of all these names, and such members."""
    with server.api() as api:
        document = {"name": MARKUP, "description": QUOTES}
        made = api.post("/graph/v1.0/drives", json=document).raise_for_status()
        space = str(made.json()["id"])
        for name in NAMES:
            url = f"{server.url}/dav/spaces/{space}"
            folder = f"{url}/{quoted('in ' + name)}"
            api.request("MKCOL", folder).raise_for_status()
            for content in ("one", "two"):
                file = f"{url}/{quoted(name + '.txt')}"
                api.put(file, content=content).raise_for_status()
            api.put(f"{folder}/{quoted(name)}", content="x").raise_for_status()
            api.delete(folder).raise_for_status()
            api.request("MKCOL", folder).raise_for_status()
        account = {
            "onPremisesSamAccountName": "mallory",
            "displayName": f"Mallory {MARKUP}",
            "passwordProfile": {"password": server.password},
        }
        user = api.post("/graph/v1.0/users", json=account).raise_for_status().json()
        invitation = {"recipients": [{"objectId": user["id"]}], "roles": ["viewer"]}
        url = f"/graph/v1.0/drives/{space}/root/invite"
        api.post(url, json=invitation).raise_for_status()
    return space


def quoted(name: str) -> str:
    """A name in a URL, with everything escaped that can be."""
    return "".join(f"%{byte:02X}" for byte in name.encode())


def test_spaces(server: LiveServer, page: Page, space: str) -> None:
    """In the list of spaces, and where one is managed."""
    go(page, server, "")
    card = page.get_by_role("listitem").filter(has_text=MARKUP).last
    expect(card).to_contain_text(QUOTES)

    go(page, server, f"space/{space}")
    expect(page.get_by_role("heading", name=MARKUP)).to_be_visible()
    expect(page.get_by_label("Description")).to_have_value(QUOTES)
    expect(page.get_by_label(f"Role of Mallory {MARKUP}")).to_be_visible()
    page.get_by_role("button", name=f"Remove Mallory {MARKUP}").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Mallory {MARKUP} will not get at this space")
    dialog.get_by_role("button", name="Cancel").click()


def test_folders_and_files(server: LiveServer, page: Page, space: str) -> None:
    """In lists, breadcrumbs, versions, previews and questions."""
    go(page, server, f"s/{space}")
    for name in NAMES:
        expect(page.get_by_role("link", name=f"Folder in {name}")).to_be_visible()
        file = f"{name}.txt"
        page.get_by_role("button", name=f"File {file}").click()
        expect(page.get_by_role("dialog", name=file)).to_contain_text("two")
        page.keyboard.press("Escape")
    page.get_by_role("link", name=f"Folder in {MARKUP}").click()
    expect(page.get_by_role("heading", name=f"in {MARKUP}")).to_be_visible()
    assert page.title().startswith(f"in {MARKUP}")


def test_trash(server: LiveServer, page: Page, space: str) -> None:
    """In the trash, and in what is said of it."""
    go(page, server, f"trash/{space}")
    for name in NAMES:
        row = page.get_by_role("listitem").filter(has_text=f"Folder in {name}")
        expect(row).to_be_visible()
    page.get_by_role("button", name=f"Delete in {QUOTES} for good").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"in {QUOTES} cannot be brought back")
    dialog.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text(f"in {QUOTES} is deleted.")).to_be_visible()


def test_tokens(server: LiveServer, page: Page) -> None:
    """As the name of a program."""
    with server.api() as api:
        query = {"label": MARKUP, "expiry": "1h"}
        api.post("/auth-app/tokens", params=query).raise_for_status()
    go(page, server, "tokens")
    expect(page.get_by_role("listitem").filter(has_text=MARKUP)).to_be_visible()
    expect(page.get_by_role("button", name=f"Revoke {MARKUP}")).to_be_visible()


def test_content_in_a_tab_of_its_own(
    server: LiveServer, page: Page, visit: Visit
) -> None:
    """The URL that a preview uses never opens as a page: it is a download."""
    with server.api() as api:
        for name in ("top.svg", "top.html"):
            url = f"/dav/files/admin/{name}"
            api.put(url, content=EVIL_SVG).raise_for_status()
    go(page, server, f"s/{server.personal_space()}")
    page.get_by_role("button", name="File top.svg").click()
    picture = page.get_by_role("dialog").get_by_role("img", name="top.svg")
    source = picture.get_attribute("src")
    page.keyboard.press("Escape")
    expect(picture).to_have_count(0)
    assert source is not None

    other = visit.page.context.new_page()
    with other.expect_download() as download:
        other.evaluate("url => location.assign(url)", source)
    assert download.value.suggested_filename == "top.svg"
    assert other.url == "about:blank"
    other.close()
