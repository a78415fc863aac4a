"""The web page's trash and versions: what was there comes back."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.clients.browser import Visit, go
from tests.live_server import LiveServer

pytestmark = pytest.mark.clients


def put(server: LiveServer, path: str, content: str) -> None:
    """Write a file of the admin's."""
    with server.api() as api:
        api.put(f"/dav/files/admin/{path}", content=content).raise_for_status()


def read(server: LiveServer, path: str) -> str:
    """What is in a file of the admin's."""
    with server.api() as api:
        return api.get(f"/dav/files/admin/{path}").raise_for_status().text


def remove(server: LiveServer, path: str) -> None:
    """Put something into the trash."""
    with server.api() as api:
        api.delete(f"/dav/files/admin/{path}").raise_for_status()


def open_trash(page: Page, server: LiveServer) -> None:
    """Go from the space to its trash."""
    go(page, server, f"s/{server.personal_space()}")
    page.get_by_role("link", name="Trash").click()
    expect(page.get_by_role("heading", name="Trash of Admin")).to_be_focused()


def test_a_removed_file_comes_back(
    server: LiveServer, visit: Visit, page: Page
) -> None:
    """Where it was, even if the folder has gone after it."""
    with server.api() as api:
        api.request("MKCOL", "/dav/files/admin/gone").raise_for_status()
    put(server, "gone/back.txt", "back")
    remove(server, "gone/back.txt")
    remove(server, "gone")
    open_trash(page, server)
    row = page.get_by_role("listitem").filter(has_text="File back.txt")
    expect(row).to_contain_text("From gone")

    page.get_by_role("button", name="Restore back.txt").click()

    expect(page.get_by_text("back.txt is back.")).to_be_visible()
    expect(row).to_have_count(0)
    assert read(server, "gone/back.txt") == "back"
    visit.expect_refusal(409)


def test_a_taken_name_is_asked_for(
    server: LiveServer, visit: Visit, page: Page
) -> None:
    """What has the name by now stays as it is."""
    put(server, "taken.txt", "old")
    remove(server, "taken.txt")
    put(server, "taken.txt", "new")
    open_trash(page, server)

    page.get_by_role("button", name="Restore taken.txt").click()
    dialog = page.get_by_role("dialog", name="Something of this name is there already")
    expect(dialog.get_by_label("New name")).to_have_value("taken (2).txt")
    dialog.get_by_role("button", name="Restore").click()

    expect(page.get_by_text("taken (2).txt is back.")).to_be_visible()
    assert read(server, "taken.txt") == "new"
    assert read(server, "taken (2).txt") == "old"
    visit.expect_refusal(412)


def test_things_go_for_good(server: LiveServer, page: Page) -> None:
    """One by one, or all at once; each after a question."""
    for name in ("one.txt", "two.txt", "three.txt"):
        put(server, name, name)
        remove(server, name)
    open_trash(page, server)

    page.get_by_role("button", name="Delete one.txt for good").click()
    page.get_by_role("button", name="Cancel").click()
    button = page.get_by_role("button", name="Delete one.txt for good")
    expect(button).to_be_focused()
    button.click()
    page.get_by_role("button", name="Delete for good", exact=True).click()
    expect(page.get_by_text("one.txt is deleted.")).to_be_visible()
    expect(page.get_by_text("File two.txt")).to_be_visible()

    page.get_by_role("button", name="Empty the trash").click()
    dialog = page.get_by_role("dialog", name="Empty the trash?")
    dialog.get_by_role("button", name="Empty the trash").click()

    expect(page.get_by_text("The trash is empty.")).to_be_visible()
    with server.api() as api:
        trash = f"/dav/spaces/trash-bin/{server.personal_space()}"
        answer = api.request("PROPFIND", trash, headers={"Depth": "1"})
    assert answer.text.count("<d:response>") == 1


def test_versions_are_seen_fetched_and_restored(server: LiveServer, page: Page) -> None:
    """The earlier content is shown, comes as a file, and is the content again."""
    for content in ("first words", "second words", "third words"):
        put(server, "written.txt", content)
    go(page, server, f"s/{server.personal_space()}")
    opener = page.get_by_role("button", name="Versions of written.txt")
    opener.click()
    dialog = page.get_by_role("dialog", name="Versions of written.txt")
    oldest = dialog.get_by_role("listitem").last
    expect(dialog.get_by_role("listitem")).to_have_count(2)

    oldest.get_by_role("button", name="Show").click()
    shown = page.get_by_role("dialog", name="written.txt", exact=True)
    expect(shown).to_contain_text("first words")
    page.keyboard.press("Escape")
    expect(oldest.get_by_role("button", name="Show")).to_be_focused()

    with page.expect_download() as download:
        oldest.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "written.txt"
    assert Path(download.value.path()).read_text() == "first words"

    oldest.get_by_role("button", name="Restore").click()
    expect(
        page.get_by_text("written.txt has its earlier content again.")
    ).to_be_visible()
    expect(dialog).to_have_count(0)
    assert read(server, "written.txt") == "first words"


def test_a_file_without_versions_says_so(server: LiveServer, page: Page) -> None:
    """In words, and how there come to be some."""
    put(server, "fresh.txt", "fresh")
    go(page, server, f"s/{server.personal_space()}")
    page.get_by_role("button", name="Versions of fresh.txt").click()

    expect(page.get_by_text("There are no earlier versions.")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Versions of fresh.txt")).to_be_focused()
