"""The web page in Firefox: what browsers do differently, once through everything."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.clients.browser import Visit, firefox, go, log_in, visiting
from tests.clients.page_uploads import (
    Sent,
    choose,
    hash_of,
    open_folder,
    write_random,
)
from tests.clients.samples import pdf, png, sound
from tests.clients.uploaded import hash_on_server
from tests.live_server import LiveServer

pytestmark = pytest.mark.clients

BIG_BYTES: Final = 60_000_000
_THEIRS: Final = (
    # What Firefox's viewer of PDFs says of every blob and of our small sample.
    "docBaseUrl",
    "PDF",
    # What Firefox says of styles that other browsers need.
    "-webkit-",
)


@pytest.fixture(scope="module")
def visit(server: LiveServer) -> Iterator[Visit]:
    """The admin, logged in."""
    with firefox() as browser, visiting(browser) as visit:
        log_in(visit.page, server)
        yield visit


@pytest.fixture
def page(visit: Visit) -> Iterator[Page]:
    """The page, which must not complain."""
    visit.complaints.clear()
    yield visit.page
    ours = [each for each in visit.complaints if not any(a in each for a in _THEIRS)]
    assert ours == []


def put(server: LiveServer, path: str, content: bytes | str) -> None:
    """Write a file of the admin's."""
    with server.api() as api:
        api.put(f"/dav/files/admin/{path}", content=content).raise_for_status()


def read(server: LiveServer, path: str) -> str:
    """What is in a file of the admin's."""
    with server.api() as api:
        return api.get(f"/dav/files/admin/{path}").raise_for_status().text


def file(page: Page, name: str) -> Locator:
    """The name of a file in the list."""
    return page.get_by_role("button", name=f"File {name}", exact=True)


def test_files_by_keyboard(server: LiveServer, page: Page) -> None:
    """Make a folder, select, rename, delete, take it back; the focus is never lost."""
    open_folder(page, server, "keys")
    for name in ("a.bin", "b.bin", "c.bin"):
        put(server, f"keys/{name}", name)
    page.get_by_role("button", name="New folder").press("Enter")
    page.get_by_label("Name of the folder").fill("Summer")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Folder Summer")).to_be_focused()

    page.keyboard.press("End")
    expect(file(page, "c.bin")).to_be_focused()
    page.keyboard.press("F2")
    page.get_by_label("New name").fill("cc.bin")
    page.keyboard.press("Enter")
    expect(file(page, "cc.bin")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Delete")
    expect(page.get_by_text("In the trash: 2 entries")).to_be_visible()
    expect(file(page, "a.bin")).to_be_focused()
    page.get_by_role("button", name="Undo").press("Enter")

    expect(file(page, "b.bin")).to_be_visible()
    expect(file(page, "cc.bin")).to_be_visible()


def test_the_menu_by_mouse(server: LiveServer, page: Page) -> None:
    """It stays open when the button is let go; a move by it, and back."""
    open_folder(page, server, "menu")
    put(server, "menu/a.bin", "a")
    with server.api() as api:
        api.request("MKCOL", "/dav/files/admin/menu/inner").raise_for_status()
    file(page, "a.bin").click(button="right")
    expect(page.get_by_role("menuitem", name="Show a.bin")).to_have_count(0)
    page.get_by_role("menuitem", name="Move a.bin").click()
    page.get_by_role("dialog").get_by_role("button", name="inner").click()
    page.get_by_role("button", name="Here").click()

    expect(page.get_by_text("Moved: a.bin")).to_be_visible()
    expect(file(page, "a.bin")).to_have_count(0)
    assert read(server, "menu/inner/a.bin") == "a"
    page.get_by_role("button", name="Undo").click()
    expect(file(page, "a.bin")).to_be_visible()


def test_an_upload_goes_on(server: LiveServer, page: Page, tmp_path: Path) -> None:
    """After the network is away, and after a reload with the file chosen again."""
    big = write_random(tmp_path / "big.bin", BIG_BYTES)
    open_folder(page, server, "uploads")
    page.route(
        "**/data/*",
        lambda route: (
            route.abort()
            if int(route.request.headers.get("upload-offset", "0")) >= BIG_BYTES // 2
            else route.continue_()
        ),
    )
    choose(page, big)
    expect(page.get_by_text("No connection; trying again")).to_be_visible()
    page.reload()
    page.unroute_all(behavior="ignoreErrors")
    sent = Sent(page)

    with page.expect_file_chooser() as box:
        page.get_by_role("button", name="Choose big.bin again to go on").click()
    box.value.set_files(big)

    expect(page.get_by_text("1 of 1 done")).to_be_visible()
    expect(page.get_by_role("row", name="File big.bin 60 MB")).to_be_visible()
    assert sent.offsets == [30_000_000, 40_000_000, 50_000_000]
    there = hash_on_server(server, "/dav/files/admin/uploads/big.bin")
    assert there == hash_of(big)


def test_a_file_that_changes(server: LiveServer, page: Page, tmp_path: Path) -> None:
    """Noticed before its next part goes; sent as it is now, once chosen again."""
    big = write_random(tmp_path / "live.bin", BIG_BYTES // 2)
    open_folder(page, server, "changing")
    sent: list[str] = []

    def change(route: Route) -> None:
        if route.request.method == "PATCH":
            sent.append(route.request.headers["upload-offset"])
            write_random(big, BIG_BYTES // 2, seed=2)
        route.continue_()

    page.route("**/data/*", change)
    choose(page, big)
    notice = "The file has changed while it was sent. Send it anew."
    expect(page.get_by_text(notice)).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")
    assert sent == ["0"]

    with page.expect_file_chooser() as box:
        page.get_by_role("button", name="Send live.bin anew").click()
    box.value.set_files(big)

    expect(page.get_by_role("row", name="File live.bin 30 MB")).to_be_visible()
    there = hash_on_server(server, "/dav/files/admin/changing/live.bin")
    assert there == hash_of(big)


def test_several_and_taken_names(
    server: LiveServer, page: Page, tmp_path: Path
) -> None:
    """All arrive; what has changed replaces, and what was can be brought back."""
    paths = [tmp_path / f"{number}.txt" for number in range(12)]
    for path in paths:
        path.write_text(path.name)
    open_folder(page, server, "several")
    choose(page, paths)
    expect(page.get_by_text("12 of 12 done")).to_be_visible()
    assert [read(server, f"several/{path.name}") for path in paths] == [
        path.name for path in paths
    ]
    page.get_by_role("button", name="Clear finished").click()
    paths[0].write_text("newer content")

    choose(page, paths[0])
    page.get_by_role("button", name=re.compile("Replace")).click()
    expect(page.get_by_text("1 of 1 done")).to_be_visible()
    assert read(server, "several/0.txt") == "newer content"
    page.get_by_role("button", name="Versions of 0.txt").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=re.compile("^Restore")).click()

    expect(dialog).to_have_count(0)
    assert read(server, "several/0.txt") == "0.txt"


def test_removed_and_restored(server: LiveServer, page: Page) -> None:
    """From the trash to where it was."""
    open_folder(page, server, "removed")
    put(server, "removed/dear.txt", "dear")
    page.get_by_role("button", name="Delete dear.txt").click()
    expect(page.get_by_text("In the trash: dear.txt")).to_be_visible()
    go(page, server, f"trash/{server.personal_space()}")

    page.get_by_role("button", name="Restore dear.txt").click()

    expect(page.get_by_text("dear.txt is back")).to_be_visible()
    assert read(server, "removed/dear.txt") == "dear"


def test_what_is_shown(server: LiveServer, page: Page) -> None:
    """A picture, sound, Markdown, and a PDF in Firefox's own viewer."""
    open_folder(page, server, "shown")
    put(server, "shown/dot.png", png())
    put(server, "shown/silence.wav", sound())
    put(server, "shown/read.md", "# Read me\n\n- one\n")
    put(server, "shown/paper.pdf", pdf())

    file(page, "dot.png").click()
    picture = page.get_by_role("img", name="dot.png")
    expect(picture).to_have_js_property("naturalWidth", 1)
    page.keyboard.press("Escape")
    file(page, "silence.wav").click()
    player = page.locator("audio")
    expect(player).to_have_js_property("duration", 2)
    page.keyboard.press("Escape")
    file(page, "read.md").click()
    heading = page.get_by_role("dialog").get_by_role("heading", name="Read me")
    expect(heading).to_be_visible()
    page.keyboard.press("Escape")
    file(page, "paper.pdf").click()
    viewer = page.frame_locator("iframe[title='paper.pdf']")
    expect(viewer.locator("#numPages, [data-page-number]").first).to_be_attached()
    page.keyboard.press("Escape")
    expect(file(page, "paper.pdf")).to_be_focused()


def test_downloads(server: LiveServer, page: Page) -> None:
    """One file as it is, and a folder as a zip."""
    open_folder(page, server, "down")
    put(server, "down/a.bin", "a")
    with server.api() as api:
        api.request("MKCOL", "/dav/files/admin/down/sub").raise_for_status()
    with page.expect_download() as one:
        page.get_by_role("button", name="Download a.bin").click()
    assert Path(one.value.path()).read_text() == "a"

    with page.expect_download() as folder:
        page.get_by_role("button", name="Download sub").click()

    assert folder.value.suggested_filename == "sub.zip"


def test_a_space_is_shared(server: LiveServer, page: Page) -> None:
    """Made, with a member who is found by letters of the name."""
    with server.api() as api:
        account = {
            "onPremisesSamAccountName": "alice",
            "displayName": "Alice Ample",
            "passwordProfile": {"password": server.password},
        }
        api.post("/graph/v1.0/users", json=account).raise_for_status()
    go(page, server, "")
    page.get_by_role("button", name="New space").click()
    page.get_by_label("Name of the space").fill("Crew")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Crew")).to_be_focused()
    search = page.get_by_label("Add a member")
    search.fill("ampl")
    page.get_by_role("button", name="Add Alice Ample").click()

    expect(page.get_by_text("Alice Ample is a member now.")).to_be_visible()
    expect(page.get_by_label("Role of Alice Ample")).to_be_visible()
