"""The web page for everybody: readers, keyboards, dark rooms, phones, other scripts.

axe-core looks at every view and dialog, light and dark; every view is narrowed to a
phone's width and mirrored, and the page is used without a mouse.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Final, Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.clients.browser import (
    DESK,
    PHONE,
    Visit,
    find_barriers,
    go,
    log_in,
    overflows,
    visiting,
)
from tests.clients.samples import README, pdf, png, sound
from tests.clients.screenshots import shoot
from tests.live_server import LiveServer

pytestmark = pytest.mark.clients

FILES: Final = {
    "dot.png": png(),
    "long.log": b"0123456789 " * 1000,
    "paper.pdf": pdf(),
    "readme.md": README.encode(),
    "tone.wav": sound(),
    f"{'a long name ' * 18}.bin": struct.pack(">I", 7),
}


@pytest.fixture(scope="module")
def visit(browser: Browser, server: LiveServer) -> Iterator[Visit]:
    """The admin, logged in; nothing moves on the page, so colours stand still."""
    with visiting(browser) as visit:
        visit.page.emulate_media(reduced_motion="reduce")
        log_in(visit.page, server)
        yield visit


@pytest.fixture
def page(visit: Visit) -> Iterator[Page]:
    """The page, as wide as a desk, which must not complain."""
    yield visit.page
    visit.page.set_viewport_size(DESK)
    visit.page.emulate_media(color_scheme="light")
    assert visit.complaints == []


@pytest.fixture(scope="module")
def spaces(server: LiveServer) -> dict[str, str]:
    """Spaces with something of everything: files, versions, trash, a token."""
    with server.api() as api:
        ids = {}
        for name in ("Open", "Closed"):
            document = {"name": f"{name} space", "description": f"{name} to members"}
            made = api.post("/graph/v1.0/drives", json=document).raise_for_status()
            ids[name] = str(made.json()["id"])
        api.delete(f"/graph/v1.0/drives/{ids['Closed']}").raise_for_status()
        root = f"/dav/spaces/{ids['Open']}"
        api.request("MKCOL", f"{root}/folder").raise_for_status()
        for name, content in FILES.items():
            api.put(f"{root}/{name}", content=b"old").raise_for_status()
            api.put(f"{root}/{name}", content=content).raise_for_status()
        for name in ("gone.txt", "gone.pdf"):
            api.put(f"{root}/{name}", content=b"gone").raise_for_status()
            api.delete(f"{root}/{name}").raise_for_status()
        query = {"label": "rclone", "expiry": "72h"}
        api.post("/auth-app/tokens", params=query).raise_for_status()
    return ids


VIEWS: Final[dict[str, str]] = {
    "start": "",
    "folder": "s/{Open}",
    "empty folder": "s/{Open}/folder",
    "trash": "trash/{Open}",
    "space": "space/{Open}",
    "disabled space": "space/{Closed}",
    "tokens": "tokens",
    "connect": "connect",
    "nothing": "s/{Open}/nothing",
}


def click(name: str) -> Callable[[Page], None]:
    """A click on what has this name."""

    def run(page: Page) -> None:
        page.get_by_role("button", name=name).first.click()

    return run


PICTURES: Final = ("start", "trash", "space", "tokens", "connect")
"""The views that the documentation has pictures of."""
DIALOGS: Final[dict[str, tuple[str, Callable[[Page], None]]]] = {
    "new space": ("start", click("New space")),
    "new folder": ("folder", click("New folder")),
    "picture": ("folder", click("File dot.png")),
    "text": ("folder", click("File long.log")),
    "markdown": ("folder", click("File readme.md")),
    "sound": ("folder", click("File tone.wav")),
    "purge": ("trash", click("Delete gone.txt for good")),
    "new token": ("tokens", click("New app token")),
    "revoke": ("tokens", click("Revoke rclone")),
    "disable": ("space", click("Disable")),
}


def open_view(
    page: Page, server: LiveServer, spaces: dict[str, str], view: str
) -> None:
    """Show a view, whole."""
    go(page, server, VIEWS[view].format(**spaces))
    expect(page.locator("main:not([aria-busy]) h1")).to_be_visible()


def barriers_in_both(page: Page) -> list[str]:
    """What axe-core finds, light and dark."""
    found = []
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {each}" for each in find_barriers(page)]
    return found


@pytest.mark.parametrize("view", VIEWS)
def test_views(
    server: LiveServer, visit: Visit, page: Page, spaces: dict[str, str], view: str
) -> None:
    """No barriers; nothing sticks out of a phone, nor the other way round."""
    open_view(page, server, spaces, view)
    if view in PICTURES:
        shoot(page, f"web-{view}")
    if view == "nothing":
        visit.expect_refusal(404)

    assert barriers_in_both(page) == []
    page.set_viewport_size(PHONE)
    assert not overflows(page)
    page.evaluate("document.documentElement.dir = 'rtl'")
    assert not overflows(page)
    page.set_viewport_size(DESK)
    assert not overflows(page)


@pytest.mark.parametrize("dialog", DIALOGS)
def test_dialogs(
    server: LiveServer, page: Page, spaces: dict[str, str], dialog: str
) -> None:
    """No barriers, and the focus comes back to where it was."""
    view, act = DIALOGS[dialog]
    open_view(page, server, spaces, view)

    act(page)
    shown = page.get_by_role("dialog")
    expect(shown).to_be_visible()
    expect(shown.locator("[aria-busy]")).to_have_count(0)
    if dialog == "markdown":
        shoot(page, "web-preview")
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    assert barriers_in_both(page) == []
    page.set_viewport_size(PHONE)
    assert not overflows(page)
    page.keyboard.press("Escape")
    expect(shown).to_have_count(0)
    assert page.evaluate("document.activeElement !== document.body")


def test_the_login(server: LiveServer, browser: Browser) -> None:
    """The pages before the login have no barriers either."""
    with visiting(browser) as visit:
        page = visit.page
        page.emulate_media(reduced_motion="reduce")
        page.goto(server.url)
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        assert barriers_in_both(page) == []
        page.emulate_media(color_scheme="light")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_label("User name")).to_be_visible()
        assert barriers_in_both(page) == []
        assert visit.complaints == []


def test_without_a_mouse(
    server: LiveServer, page: Page, spaces: dict[str, str]
) -> None:
    """From the skip link to a file's preview and back, by keys."""
    open_view(page, server, spaces, "start")
    press_to(page, "Shift+Tab", page.get_by_role("link", name="Skip to content"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    press_to(page, "Tab", page.get_by_role("link", name="Open space"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Open space")).to_be_focused()

    file = page.get_by_role("button", name="File readme.md")
    expect(file).to_be_visible()
    press_to(page, "Tab", page.get_by_role("button", name="Changed"))
    file.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="readme.md")).to_be_visible()
    page.keyboard.press("Escape")
    expect(file).to_be_focused()


def press_to(page: Page, key: str, target: Locator) -> None:
    """Press a key until something has the focus; there are not that many stops."""
    expect(target).to_be_visible()
    for _ in range(40):
        if target.evaluate("each => each === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(page.evaluate("document.activeElement.outerHTML"))


def test_in_german(server: LiveServer, browser: Browser) -> None:
    """Who reads German first gets German, and the page says so to readers."""
    with visiting(browser, locale="de-AT") as visit:
        page = visit.page
        page.goto(server.url)
        page.get_by_role("button", name="Anmelden").click()
        page.get_by_label("User name").fill(server.user)
        page.get_by_label("Password").fill(server.password)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("link", name="Papierkorb").first.click()
        expect(page.get_by_text("Der Papierkorb ist leer.")).to_be_visible()
        assert page.evaluate("document.documentElement.lang") == "de-AT"
        assert visit.complaints == []
