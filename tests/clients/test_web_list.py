"""Folders of ten thousand entries on the web page, and changes that others make."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from benchmarks.harness import ocsync_server
from benchmarks.harness.planting import Planter
from spaces.clock import system_clock
from spaces.ids import SpaceId
from tests.clients.browser import Visit, chromium, go, log_in, visiting
from tests.live_server import LiveServer

pytestmark = pytest.mark.clients

MANY: Final = 10_000
MOST_ROWS: Final = 100
_SCROLL: Final = """async (steps) => {
  const gaps = [];
  for (let step = 0; step < steps; step += 1) {
    scrollBy(0, 1500);
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    const rows = [...document.querySelectorAll(".entries [role=row]")];
    const boxes = rows.map((row) => row.getBoundingClientRect());
    const isCovered = (y) => boxes.some((box) => box.top <= y && y <= box.bottom);
    if (![100, innerHeight / 2, innerHeight - 100].every(isCovered)) gaps.push(scrollY);
  }
  return { gaps, rows: document.querySelectorAll(".entries [role=row]").length };
}"""
"""Scrolls, and tells where after a frame there were no rows to see."""
_SLOW_FRAMES: Final = """() => {
  const frame = requestAnimationFrame;
  window.requestAnimationFrame = (draw) => setTimeout(() => frame(draw), 500);
}"""
"""The rest of a folder then comes before its first part is drawn anew."""


@pytest.fixture(scope="module")
def visit(server: LiveServer) -> Iterator[Visit]:
    """The admin, logged in, with a folder of many files."""
    with ocsync_server.opened(server.data, "safe") as library:
        space_id = SpaceId(library.accounts.get(server.user).id)
        planter = Planter(library, space_id, system_clock())
        names = [f"file {number:05}.txt" for number in range(MANY)]
        planter.plant(planter.folder(space_id, "many", names))
    with server.api() as api:
        # What was planted has no history; from here on the folder has one.
        url = "/dav/files/admin/many/file 00000.txt"
        api.put(url, content=bytes(1000)).raise_for_status()
    with chromium() as browser, visiting(browser) as visit:
        log_in(visit.page, server)
        yield visit


@pytest.fixture
def page(visit: Visit, server: LiveServer) -> Iterator[Page]:
    """The page at the folder, which must not complain."""
    go(visit.page, server, f"s/{server.personal_space()}/many")
    yield visit.page
    assert visit.complaints == []


def test_the_first_part_shows_while_the_rest_arrives(page: Page) -> None:
    """Rows are there when only a part of the answer has come."""
    page.add_init_script(
        """const read = ReadableStreamDefaultReader.prototype.read;
        let parts = 0;
        ReadableStreamDefaultReader.prototype.read = async function () {
          const part = await read.call(this);
          parts += 1;
          if (parts > 3 && sessionStorage.isCut) await new Promise(() => {});
          return part;
        };"""
    )
    page.evaluate("sessionStorage.isCut = true")
    page.reload()

    expect(page.get_by_role("button", name="File file 00000.txt")).to_be_visible()
    expect(page.get_by_text("Loading…")).to_be_visible()
    page.evaluate("delete sessionStorage.isCut")
    page.reload()
    expect(page.get_by_text("10000 entries")).to_be_visible()


def test_ten_thousand_scroll(page: Page) -> None:
    """Few rows exist, each frame shows those that belong there, to the very end."""
    expect(page.get_by_text("10000 entries")).to_be_visible()

    scrolled = page.evaluate(_SCROLL, 60)

    assert scrolled["gaps"] == []
    assert scrolled["rows"] < MOST_ROWS
    grid = page.get_by_role("grid")
    expect(grid).to_have_attribute("aria-rowcount", str(MANY + 1))


def test_the_keyboard_reaches_the_end(page: Page) -> None:
    """The last of all has the focus, is in sight, and knows its number."""
    expect(page.get_by_text("10000 entries")).to_be_visible()
    page.get_by_role("button", name="File file 00000.txt").focus()

    page.keyboard.press("End")

    last = page.get_by_role("button", name="File file 09999.txt")
    expect(last).to_be_focused()
    expect(last).to_be_in_viewport()
    row = page.get_by_role("row").filter(has=last)
    expect(row).to_have_attribute("aria-rowindex", str(MANY + 1))
    page.keyboard.press("Control+a")
    expect(page.get_by_text("10000 selected · 10 MB")).to_be_visible()
    page.get_by_label("Find in this folder").fill("0123")
    expect(page.get_by_text("11 of 10000")).to_be_visible()


def test_coming_back(page: Page) -> None:
    """The order and the entry are those that were left, however far down it is."""
    expect(page.get_by_text("10000 entries")).to_be_visible()
    size = page.get_by_role("columnheader", name="Size")
    size.get_by_role("button").click()
    page.get_by_role("button", name="File file 00001.txt").focus()
    page.keyboard.press("End")
    focused = page.evaluate("document.activeElement.title")
    page.evaluate(_SLOW_FRAMES)
    page.get_by_role("link", name="Connect a client").click()
    expect(page.get_by_role("heading", name="Connect a client")).to_be_focused()

    page.go_back()

    last = page.get_by_role("button", name=f"File {focused}")
    expect(last).to_be_focused()
    expect(last).to_be_in_viewport()
    expect(size).to_have_attribute("aria-sort", "ascending")
    page.reload()  # with frames as they were


def test_changes_of_others_show(page: Page, server: LiveServer) -> None:
    """What another client makes, changes and removes; the focus stays where it is."""
    expect(page.get_by_text("10000 entries")).to_be_visible()
    at = page.get_by_role("button", name="File file 00003.txt")
    at.focus()
    with server.api() as api:
        base = "/dav/files/admin/many"
        api.put(f"{base}/file 00000a.txt", content=b"new").raise_for_status()
        api.put(f"{base}/file 00001.txt", content=b"other").raise_for_status()
        api.delete(f"{base}/file 00002.txt").raise_for_status()

    expect(page.get_by_role("row", name="File file 00000a.txt 3 B")).to_be_visible()
    expect(page.get_by_role("row", name="File file 00001.txt 5 B")).to_be_visible()
    gone = page.get_by_role("button", name="File file 00002.txt")
    expect(gone).to_have_count(0)
    expect(at).to_be_focused()
