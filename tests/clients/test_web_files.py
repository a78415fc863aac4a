"""What a person does with files and folders on the web page, by mouse and keyboard."""

import hashlib
import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.clients.browser import (
    PHONE,
    Visit,
    go,
    overflows,
    visiting,
)
from tests.clients.page_uploads import open_folder
from tests.clients.screenshots import shoot
from tests.live_server import LiveServer

pytestmark = pytest.mark.clients


def put(server: LiveServer, folder: str, *names: str) -> None:
    """Write files of the admin's, each with its name in it."""
    with server.api() as api:
        for name in names:
            url = f"/dav/files/admin/{folder}/{name}"
            api.put(url, content=name.encode()).raise_for_status()


def read(server: LiveServer, path: str) -> str:
    """What is in a file of the admin's."""
    with server.api() as api:
        return api.get(f"/dav/files/admin/{path}").raise_for_status().text


def make(server: LiveServer, path: str) -> None:
    """Make a folder of the admin's."""
    with server.api() as api:
        api.request("MKCOL", f"/dav/files/admin/{path}").raise_for_status()


def file(page: Page, name: str) -> Locator:
    """The name of a file in the list."""
    return page.get_by_role("button", name=f"File {name}", exact=True)


def shown(page: Page) -> list[str]:
    """The names in the list, in their order."""
    names: list[str] = page.locator(".entries [data-name]").evaluate_all(
        "rows => rows.map((row) => row.dataset.name)"
    )
    return names


def test_folders_are_made_and_gone_through(server: LiveServer, page: Page) -> None:
    """The focus is on what was made, then on the heading, and back where it was."""
    open_folder(page, server, "made")
    page.get_by_role("button", name="New folder").click()
    page.get_by_label("Name of the folder").fill("Summer & <b>sun")
    page.keyboard.press("Enter")
    made = page.get_by_role("link", name="Folder Summer & <b>sun")
    expect(made).to_be_focused()

    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Summer & <b>sun")).to_be_focused()
    expect(page.get_by_text("Nothing is in here yet.")).to_be_visible()
    page.get_by_role("link", name="made").click()
    expect(made).to_be_focused()


def test_names_that_cannot_be(server: LiveServer, visit: Visit, page: Page) -> None:
    """Said where they are typed; what was typed stays when the name is taken."""
    open_folder(page, server, "named")
    put(server, "named", "a.txt", "b.txt")
    file(page, "a.txt").focus()
    page.keyboard.press("F2")
    field = page.get_by_label("New name")
    field.fill("a/b")
    page.keyboard.press("Enter")
    expect(field).to_have_js_property("validity.customError", value=True)

    field.fill("b.txt")
    page.keyboard.press("Enter")

    dialog = page.get_by_role("dialog", name="Something of this name is there already")
    expect(dialog.get_by_label("New name")).to_have_value("b.txt")
    visit.expect_refusal(412)
    page.keyboard.press("Escape")
    expect(file(page, "a.txt")).to_be_focused()


def test_links_to_files(server: LiveServer, page: Page) -> None:
    """Copied from the menu; whoever follows one is led to the file."""
    open_folder(page, server, "linked")
    put(server, "linked", "a.txt", "b.txt")
    page.get_by_role("button", name="Actions for b.txt").click()
    page.get_by_role("menuitem", name="Copy a link to b.txt").click()
    expect(page.get_by_text("The link is copied.")).to_be_visible()
    address = page.evaluate("navigator.clipboard.readText()")

    page.goto("about:blank")
    page.goto(address)

    expect(file(page, "b.txt")).to_be_focused()


def test_sorted_and_narrowed(server: LiveServer, page: Page) -> None:
    """By each heading, both ways; and by what is typed."""
    open_folder(page, server, "sorted")
    put(server, "sorted", "a9", "a10", "longest name")
    make(server, "sorted/z folder")
    expect(file(page, "a10")).to_be_visible()
    expect(page.get_by_role("link", name="Folder z folder")).to_be_visible()
    assert shown(page) == ["z folder", "a9", "a10", "longest name"]

    page.get_by_role("button", name="Name", exact=True).click()
    assert shown(page) == ["z folder", "longest name", "a10", "a9"]
    page.get_by_role("button", name="Size", exact=True).click()
    assert shown(page) == ["z folder", "a9", "a10", "longest name"]
    heading = page.get_by_role("columnheader", name="Size")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    page.get_by_label("Find in this folder").fill("A1")
    assert shown(page) == ["a10"]
    expect(page.get_by_text("1 of 4")).to_be_visible()


def test_searched_in_the_whole_space(server: LiveServer, page: Page) -> None:
    """Found by words of the name, wherever it is; and acted on there."""
    open_folder(page, server, "searched")
    make(server, "searched/deep")
    put(server, "searched/deep", "needle in hay.txt", "hay.txt")

    page.get_by_label("Find in this folder").fill("NEEDLE hay")
    page.keyboard.press("Enter")

    found = page.get_by_role("row", name="File needle in hay.txt searched/deep")
    expect(found).to_be_visible()
    assert shown(page) == ["needle in hay.txt"]
    file_button = page.get_by_role("button", name=re.compile("^File needle"))
    file_button.focus()
    page.keyboard.press("F2")
    page.get_by_label("New name").fill("needle.txt")
    page.keyboard.press("Enter")
    expect(page.get_by_text("It is called needle.txt now.")).to_be_visible()
    assert read(server, "searched/deep/needle.txt") == "needle in hay.txt"
    expect(page.get_by_text("Nothing here is called so.")).to_be_visible()


def test_selected_by_mouse(server: LiveServer, page: Page) -> None:
    """A click, with Shift a range, with Control one more; all and none."""
    open_folder(page, server, "Summer")
    days = ("arrival.txt", "beach.txt", "camp.txt", "diary.txt", "evening.txt")
    put(server, "Summer", *days)
    make(server, "Summer/Pictures")
    expect(file(page, "evening.txt")).to_be_visible()
    expect(page.get_by_role("link", name="Folder Pictures")).to_be_visible()
    bar = page.get_by_role("toolbar", name="What is selected")

    page.locator("[data-name='beach.txt'] .size").click()
    page.locator("[data-name='diary.txt'] .size").click(modifiers=["Shift"])
    expect(bar).to_contain_text("3 selected · 26 B")
    shoot(page, "web-selection")
    page.locator("[data-name='camp.txt'] .size").click(modifiers=["Control"])
    expect(bar).to_contain_text("2 selected")
    page.get_by_label("Select evening.txt").check()
    expect(bar).to_contain_text("3 selected")
    page.get_by_label("Select all").check()
    expect(bar).to_contain_text("6 selected")
    page.get_by_role("button", name="Select nothing").click()
    expect(bar).to_be_hidden()


def test_everything_by_keyboard(server: LiveServer, page: Page) -> None:
    """Go, select, rename, delete and take it back; the focus is never lost."""
    open_folder(page, server, "keys")
    put(server, "keys", "a.bin", "b.bin", "c.bin", "d.bin")
    expect(file(page, "d.bin")).to_be_visible()
    page.get_by_label("Find in this folder").focus()

    page.keyboard.press("ArrowDown")
    expect(file(page, "a.bin")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    expect(file(page, "c.bin")).to_be_focused()
    page.keyboard.press("F2")
    page.get_by_label("New name").fill("bb.bin")
    page.keyboard.press("Enter")
    expect(file(page, "bb.bin")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowUp")
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.keyboard.press("Delete")
    expect(page.get_by_text("In the trash: 2 entries")).to_be_visible()
    expect(file(page, "d.bin")).to_be_focused()
    page.get_by_role("button", name="Undo").press("Enter")
    expect(file(page, "b.bin")).to_be_visible()
    expect(file(page, "bb.bin")).to_be_visible()
    assert shown(page) == ["a.bin", "b.bin", "bb.bin", "d.bin"]


def test_the_menu_of_an_entry(server: LiveServer, page: Page) -> None:
    """By its button, by the other mouse button, and by keys; Escape leads back."""
    open_folder(page, server, "menu")
    put(server, "menu", "a.bin")
    file(page, "a.bin").click(button="right")
    expect(page.get_by_role("menuitem", name="Download a.bin")).to_be_focused()
    page.keyboard.press("Escape")
    opener = page.get_by_role("button", name="Actions for a.bin")
    expect(opener).to_be_focused()

    page.keyboard.press("Enter")
    page.keyboard.press("End")
    expect(page.get_by_role("menuitem", name="Delete a.bin")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_text("In the trash: a.bin")).to_be_visible()
    expect(page.get_by_role("heading", name="menu")).to_be_focused()


def test_moved_and_copied(server: LiveServer, page: Page) -> None:
    """To a folder that one goes to; a taken name is numbered, and a move goes back."""
    open_folder(page, server, "from")
    put(server, "from", "a.bin", "b.bin")
    make(server, "to")
    make(server, "to/inner")
    put(server, "to/inner", "a.bin")
    file(page, "a.bin").focus()
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="Copy 2 entries").click()
    to_inner(page)
    expect(page.get_by_text("Copied: 2 entries")).to_be_visible()
    assert read(server, "to/inner/a (2).bin") == "a.bin"

    page.get_by_role("button", name="Select nothing").click()
    page.get_by_role("button", name="Actions for b.bin").click()
    page.get_by_role("menuitem", name="Move b.bin").click()
    page.get_by_role("button", name="Folder above").click()
    page.get_by_role("button", name="to", exact=True).click()
    page.get_by_role("button", name="Here").click()

    expect(page.get_by_text("Moved: b.bin")).to_be_visible()
    expect(file(page, "b.bin")).to_have_count(0)
    assert read(server, "to/b.bin") == "b.bin"
    page.get_by_role("button", name="Undo").click()
    expect(file(page, "b.bin")).to_be_visible()


def to_inner(page: Page) -> None:
    """Choose the folder to/inner in the dialog."""
    page.get_by_role("button", name="Folder above").click()
    page.get_by_role("button", name="to", exact=True).click()
    page.get_by_role("button", name="inner", exact=True).click()
    page.get_by_role("button", name="Here").click()


def test_downloads(server: LiveServer, page: Page) -> None:
    """One file as it is; several and whole folders as a zip."""
    open_folder(page, server, "down")
    make(server, "down/sub")
    put(server, "down/sub", "x.txt")
    put(server, "down", "a.bin", "b.bin")
    expect(file(page, "b.bin")).to_be_visible()
    with page.expect_download() as one:
        page.get_by_role("button", name="Download a.bin").click()
    assert Path(one.value.path()).read_text() == "a.bin"
    assert one.value.suggested_filename == "a.bin"

    with page.expect_download() as folder:
        page.get_by_role("button", name="Download sub").click()
    assert zipped(folder.value.path()) == {"sub/x.txt": "x.txt"}
    page.get_by_label("Select b.bin").check()
    page.get_by_label("Select sub").check()
    with page.expect_download() as both:
        page.get_by_role("button", name="Download 2 entries").click()

    assert both.value.suggested_filename == "download.zip"
    assert zipped(both.value.path()) == {"sub/x.txt": "x.txt", "b.bin": "b.bin"}


def zipped(path: str | Path) -> dict[str, str]:
    """The files in an archive."""
    with zipfile.ZipFile(io.BytesIO(Path(path).read_bytes())) as archive:
        return {
            each: archive.read(each).decode()
            for each in archive.namelist()
            if not each.endswith("/")
        }


def test_on_a_phone(server: LiveServer, page: Page) -> None:
    """Nothing is wider than the screen, and everything is in reach."""
    open_folder(page, server, "phone")
    put(
        server,
        "phone",
        "a rather long name that does not fit onto a phone.txt",
        "b.bin",
    )
    expect(file(page, "b.bin")).to_be_visible()
    page.set_viewport_size(PHONE)
    expect(file(page, "b.bin")).to_be_visible()
    shoot(page, "web-phone", size=PHONE)

    assert not overflows(page)
    page.get_by_role("button", name="Actions for b.bin").click()
    page.get_by_role("menuitem", name="Rename b.bin").click()
    page.get_by_label("New name").fill("c.bin")
    page.keyboard.press("Enter")
    expect(file(page, "c.bin")).to_be_focused()
    page.set_viewport_size({"width": 1280, "height": 720})


def test_in_german(server: LiveServer, visit: Visit) -> None:
    """The page speaks the browser's language."""
    browser = visit.page.context.browser
    assert browser is not None
    with visiting(browser, locale="de-AT") as german:
        german.page.goto(server.url)
        expect(german.page.get_by_role("button", name="Anmelden")).to_be_visible()
        assert german.page.locator("html").get_attribute("lang") == "de-AT"
        assert german.complaints == []


def test_motion_is_reduced(server: LiveServer, page: Page) -> None:
    """Nothing moves by itself for whoever asked for that."""
    page.emulate_media(reduced_motion="reduce")
    go(page, server, f"s/{server.personal_space()}")
    button = page.get_by_role("button", name="New folder")

    duration = button.evaluate("node => getComputedStyle(node).transitionDuration")

    assert duration == "0s"
    page.emulate_media(reduced_motion="no-preference")


def test_large_downloads_come_back_whole(server: LiveServer, page: Page) -> None:
    """The browser itself fetches the file, by a signed URL."""
    content = bytes(range(251)) * 40_000
    open_folder(page, server, "large")
    with server.api() as api:
        api.put("/dav/files/admin/large/big.bin", content=content).raise_for_status()
    with page.expect_download() as download:
        file(page, "big.bin").click()

    got = Path(download.value.path()).read_bytes()

    assert hashlib.sha256(got).digest() == hashlib.sha256(content).digest()
