"""Entries of the web page's lists: cut, copied, pasted, and dragged onto folders."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.clients.browser import chromium, firefox
from tests.clients.page_uploads import open_folder
from tests.live_server import LiveServer

pytestmark = pytest.mark.clients

BROWSERS = {"chromium": chromium, "firefox": firefox}


@pytest.fixture(scope="module", params=BROWSERS)
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Each browser: they differ in what keys and mice do by themselves."""
    with BROWSERS[request.param]() as running:
        yield running


@pytest.fixture
def place(server: LiveServer, page: Page, request: pytest.FixtureRequest) -> str:
    """A folder with a folder and two files in it, which is shown."""
    name = str(request.node.name)
    open_folder(page, server, name)
    with server.api() as api:
        base = f"/dav/files/admin/{name}"
        api.request("MKCOL", f"{base}/inner").raise_for_status()
        for each in ("a.bin", "b.bin"):
            api.put(f"{base}/{each}", content=each.encode()).raise_for_status()
    expect(file(page, "b.bin")).to_be_visible()
    return name


def is_there(server: LiveServer, path: str) -> bool:
    """Whether the admin has a file of this path."""
    with server.api() as api:
        return api.head(f"/dav/files/admin/{path}").is_success


def file(page: Page, name: str) -> Locator:
    """The name of a file in the list."""
    return page.get_by_role("button", name=f"File {name}", exact=True)


def inner(page: Page) -> Locator:
    """The folder in the list."""
    return page.get_by_role("link", name="Folder inner", exact=True)


def test_cut_and_pasted(server: LiveServer, page: Page, place: str) -> None:
    """What is selected goes where it is pasted, once, and can come back."""
    file(page, "a.bin").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Control+x")
    expect(page.get_by_text("Cut: 2 entries.")).to_be_visible()
    assert is_there(server, f"{place}/a.bin")
    inner(page).press("Enter")
    expect(page.get_by_role("heading", name="inner")).to_be_focused()

    page.keyboard.press("Control+v")
    expect(file(page, "b.bin")).to_be_visible()
    assert is_there(server, f"{place}/inner/a.bin")
    assert not is_there(server, f"{place}/a.bin")
    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_text("Nothing is in here yet.")).to_be_visible()
    assert is_there(server, f"{place}/a.bin")


def test_copied_and_pasted(server: LiveServer, page: Page, place: str) -> None:
    """The entry with the focus, beside itself too; but nothing into itself."""
    file(page, "a.bin").focus()
    page.keyboard.press("Control+c")
    expect(page.get_by_text("Copied: a.bin.")).to_be_visible()
    page.keyboard.press("Control+v")
    expect(file(page, "a (2).bin")).to_be_visible()

    inner(page).focus()
    page.keyboard.press("Control+c")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="inner")).to_be_focused()
    page.keyboard.press("Control+v")
    expect(page.get_by_text("A folder cannot go into itself.")).to_be_visible()

    assert not is_there(server, f"{place}/inner/a.bin")


def test_keys_in_a_field_mean_text(page: Page, place: str) -> None:
    """Copying and pasting while one types does nothing to files."""
    file(page, "a.bin").focus()
    page.keyboard.press("Control+c")
    find = page.get_by_label("Find in this folder")
    find.fill("b.b")
    find.press("Control+v")

    expect(find).to_have_value("b.ba.bin")
    find.fill("")
    expect(file(page, "a (2).bin")).to_have_count(0)
    assert place


def test_dragged_onto_a_folder(server: LiveServer, page: Page, place: str) -> None:
    """Of the list, and of the way to it; what is selected goes together."""
    page.get_by_label("Select a.bin").check()
    page.get_by_label("Select b.bin").check()
    drag(page, row(page, "a.bin"), inner(page))
    expect(page.get_by_text("Moved: 2 entries")).to_be_visible()
    assert is_there(server, f"{place}/inner/a.bin")
    assert is_there(server, f"{place}/inner/b.bin")

    inner(page).click()
    expect(file(page, "b.bin")).to_be_visible()
    drag(page, row(page, "b.bin"), page.get_by_role("link", name=place))

    expect(page.get_by_text("Moved: b.bin")).to_be_visible()
    expect(file(page, "b.bin")).to_have_count(0)
    assert is_there(server, f"{place}/b.bin")


def row(page: Page, name: str) -> Locator:
    """What the mouse takes to drag an entry."""
    return page.locator(f"[data-name='{name}'] .size")


def drag(page: Page, what: Locator, onto: Locator) -> None:
    """Press, go there, let go; in Firefox, which drags by no driver, its events."""
    browser = page.context.browser
    if browser is None or browser.browser_type.name == "chromium":
        what.drag_to(onto)
        return
    data = {"dataTransfer": page.evaluate_handle("new DataTransfer()")}
    taken = what.element_handle()  # still at hand when the drop has moved its row away
    taken.dispatch_event("dragstart", data)
    onto.dispatch_event("dragover", data)
    onto.dispatch_event("drop", data)
    taken.dispatch_event("dragend", data)
