"""The web page's uploads: chosen or dropped, stopped and resumed, asked about."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.clients.browser import Visit, log_in, visiting
from tests.clients.page_uploads import (
    Sent,
    choose,
    drop,
    hash_of,
    open_folder,
    write_random,
    write_tree,
)
from tests.clients.uploaded import hash_on_server
from tests.live_server import LiveServer

pytestmark = pytest.mark.clients

BIG_BYTES: Final = 25_000_000


@pytest.fixture
def page(visit: Visit) -> Iterator[Page]:
    """The page, which must not complain of anything but what a test does to it."""
    visit.complaints.clear()
    yield visit.page
    visit.page.unroute_all(behavior="ignoreErrors")
    clear = visit.page.get_by_role("button", name="Clear finished")
    if clear.is_visible():
        clear.click()
    ours = ("ERR_FAILED", "the server responded with a status of 503")
    assert [
        each for each in visit.complaints if not re.search("|".join(ours), each)
    ] == []


def read(server: LiveServer, path: str) -> str:
    """What is in a file of the admin's."""
    with server.api() as api:
        return api.get(f"/dav/files/admin/{path}").raise_for_status().text


def names(server: LiveServer, folder: str) -> set[str]:
    """What is in a folder of the admin's."""
    with server.api() as api:
        answer = api.request(
            "PROPFIND", f"/dav/files/admin/{folder}", headers={"Depth": "1"}
        )
    found = re.findall(r"<oc:name>([^<]*)</oc:name>", answer.raise_for_status().text)
    return set(found) - {folder}


def test_chosen_files_arrive_whole(
    server: LiveServer, page: Page, tmp_path: Path
) -> None:
    """A large one in parts, a small and an empty one at once, with their times."""
    big = write_random(tmp_path / "big.bin", BIG_BYTES)
    (tmp_path / "small.txt").write_text("small")
    (tmp_path / "empty.txt").touch()
    open_folder(page, server, "chosen")

    choose(page, [big, tmp_path / "small.txt", tmp_path / "empty.txt"])

    expect(page.get_by_text("3 of 3 done")).to_be_visible()
    expect(page.get_by_role("row", name="File big.bin 25 MB")).to_be_visible()
    expect(page.get_by_role("row", name="File empty.txt 0 B")).to_be_visible()
    assert hash_on_server(server, "/dav/files/admin/chosen/big.bin") == hash_of(big)
    assert read(server, "chosen/small.txt") == "small"


@pytest.mark.parametrize("way", ["chosen", "dropped"])
def test_a_whole_folder(
    server: LiveServer, page: Page, tmp_path: Path, way: str
) -> None:
    """With everything in it, by the button or dropped; empty folders when dropped."""
    tree = write_tree(tmp_path / "tree", 30)
    (tree / "nothing in it").mkdir()
    open_folder(page, server, f"tree-{way}")

    if way == "chosen":
        choose(page, tree, "Upload a folder")
    else:
        drop(page, tree)

    expect(page.get_by_text("30 of 30 done")).to_be_visible()
    expect(page.get_by_role("link", name="Folder tree")).to_be_visible()
    for path in tree.rglob("*.txt"):
        name = path.relative_to(tmp_path)
        assert read(server, f"tree-{way}/{name}") == path.read_text()
    if way == "dropped":
        assert "nothing in it" in names(server, "tree-dropped/tree")


def test_a_second_time_nothing_is_sent(
    server: LiveServer, page: Page, tmp_path: Path
) -> None:
    """What is there with the same size and time counts as done, without a question."""
    tree = write_tree(tmp_path / "twice", 6)
    open_folder(page, server, "again")
    drop(page, tree)
    expect(page.get_by_text("6 of 6 done")).to_be_visible()
    page.get_by_role("button", name="Clear finished").click()
    sent: list[str] = []
    page.on("request", lambda each: sent.append(each.method))

    drop(page, tree)

    expect(page.get_by_text("6 of 6 done")).to_be_visible()
    assert not {"POST", "PATCH"} & set(sent)


def test_taken_names_are_asked_about(
    server: LiveServer, page: Page, tmp_path: Path
) -> None:
    """Replaced as a version, kept beside, or left out; one answer for all if wanted."""
    open_folder(page, server, "taken")
    with server.api() as api:
        for name in ("a.txt", "b.txt", "c.txt", "d.txt"):
            api.put(f"/dav/files/admin/taken/{name}", content=b"older")
            (tmp_path / name).write_text("new")

    choose(page, [tmp_path / "a.txt"])
    expect(page.get_by_text("There: 5 B")).to_be_visible()
    expect(page.get_by_text("To be uploaded: 3 B")).to_be_visible()
    page.get_by_role("button", name=re.compile("Replace")).click()
    expect(page.get_by_role("row", name="File a.txt 3 B")).to_be_visible()
    choose(page, [tmp_path / "b.txt", tmp_path / "c.txt", tmp_path / "d.txt"])
    page.get_by_role("button", name="Skip").click()
    page.get_by_label("The same for the other files").check()
    page.get_by_role("button", name="Keep both").click()

    expect(page.get_by_role("row", name="File d (2).txt 3 B")).to_be_visible()
    expect(page.get_by_role("row", name="File c (2).txt 3 B")).to_be_visible()
    assert "b (2).txt" not in names(server, "taken")
    assert read(server, "taken/a.txt") == "new"
    assert {read(server, f"taken/{name}.txt") for name in "bcd"} == {"older"}


def test_stopped_and_resumed(server: LiveServer, page: Page, tmp_path: Path) -> None:
    """One is paused and goes on, one is cancelled; all together, too."""
    for name in ("kept.txt", "left.txt"):
        (tmp_path / name).write_text(name)
    open_folder(page, server, "stopped")
    held: list[Route] = []
    page.route(
        re.compile("/dav/spaces/.*/stopped$"),
        lambda route: (
            held.append(route) if route.request.method == "POST" else route.continue_()
        ),
    )
    choose(page, [tmp_path / "kept.txt", tmp_path / "left.txt"])
    page.get_by_role("button", name="Pause kept.txt").click()
    expect(page.get_by_text("Paused")).to_be_visible()
    page.get_by_role("button", name="Cancel left.txt").click()
    expect(page.get_by_text("left.txt")).to_have_count(0)
    page.get_by_role("button", name="Resume all").click()
    page.get_by_role("button", name="Pause all").click()
    for route in held:
        route.abort()
    page.unroute_all(behavior="ignoreErrors")
    page.get_by_role("button", name="Resume kept.txt").click()

    expect(page.get_by_role("row", name="File kept.txt 8 B")).to_be_visible()
    assert names(server, "stopped") == {"kept.txt"}
    assert page.evaluate("localStorage.length") == 0


def test_a_file_chosen_again_goes_on(
    server: LiveServer, page: Page, tmp_path: Path
) -> None:
    """Where the browser cannot read a file again by itself, after a reload."""
    big = write_random(tmp_path / "again.bin", BIG_BYTES)
    open_folder(page, server, "reloaded")
    page.route(
        "**/data/*",
        lambda route: (
            route.abort()
            if route.request.headers.get("upload-offset", "0") != "0"
            else route.continue_()
        ),
    )
    choose(page, big)
    expect(page.get_by_text("No connection; trying again")).to_be_visible()
    with page.expect_event("dialog") as warning:
        page.reload()
    assert warning.value.type == "beforeunload"
    page.unroute_all(behavior="ignoreErrors")
    sent = Sent(page)

    with page.expect_file_chooser() as box:
        page.get_by_role("button", name="Choose again.bin again to go on").click()
    box.value.set_files(big)

    expect(page.get_by_role("row", name="File again.bin 25 MB")).to_be_visible()
    assert sent.offsets == [10_000_000, 20_000_000]
    there = hash_on_server(server, "/dav/files/admin/reloaded/again.bin")
    assert there == hash_of(big)


def test_a_file_that_changes(server: LiveServer, page: Page, tmp_path: Path) -> None:
    """Noticed before its next part goes; dropped, it is read again at a press."""
    big = write_random(tmp_path / "live.bin", BIG_BYTES)
    open_folder(page, server, "changing")

    def change(route: Route) -> None:
        if route.request.method == "PATCH":
            write_random(big, BIG_BYTES + 1, seed=2)
        route.continue_()

    page.route("**/data/*", change)
    drop(page, big)
    again = page.get_by_role("button", name="Send live.bin anew")
    expect(again).to_be_visible()
    assert names(server, "changing") == set()
    page.unroute_all(behavior="ignoreErrors")

    again.click()

    expect(page.get_by_text("1 of 1 done")).to_be_visible()
    there = hash_on_server(server, "/dav/files/admin/changing/live.bin")
    assert there == hash_of(big)


def test_two_tabs_send_a_file_once(
    server: LiveServer, page: Page, tmp_path: Path
) -> None:
    """The second tab waits while the first one sends, and goes on when it is closed."""
    big = write_random(tmp_path / "shared.bin", BIG_BYTES)
    open_folder(page, server, "tabs")
    with page.expect_popup() as opened:
        page.evaluate("void window.open(location.href)")
    first = opened.value
    expect(first.get_by_role("heading", name="tabs")).to_be_visible()
    first.evaluate(_HOLD_SECOND_PART)
    with first.expect_console_message(lambda message: message.text == "held"):
        choose(first, big)
    sent = Sent(page)

    choose(page, big)
    expect(page.get_by_text("Being uploaded in another window")).to_be_visible()
    assert sent.offsets == []
    first.close()

    expect(page.get_by_role("row", name="File shared.bin 25 MB")).to_be_visible()
    assert sent.offsets == [10_000_000, 20_000_000]
    there = hash_on_server(server, "/dav/files/admin/tabs/shared.bin")
    assert there == hash_of(big)


# Held in the page: what a route holds goes out after all when its tab is closed.
_HOLD_SECOND_PART = """() => {
  const { setRequestHeader, send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.setRequestHeader = function (name, value) {
    if (name === "Upload-Offset") this.offset = value;
    setRequestHeader.call(this, name, value);
  };
  XMLHttpRequest.prototype.send = function (body) {
    if (this.offset === "10000000") console.log("held");
    else send.call(this, body);
  };
}"""


def test_a_busy_server_is_given_time(
    server: LiveServer, page: Page, tmp_path: Path
) -> None:
    """503 with Retry-After: not asked again before that, and then it is done."""
    (tmp_path / "later.txt").write_text("later")
    open_folder(page, server, "busy")
    asked: list[Route] = []

    def refuse_once(route: Route) -> None:
        if route.request.method != "POST":
            return route.continue_()
        asked.append(route)
        if len(asked) == 1:
            return route.fulfill(status=503, headers={"Retry-After": "3"})
        return route.continue_()

    page.route(re.compile("/dav/spaces/.*/busy$"), refuse_once)
    page.evaluate("window.began = performance.now()")
    choose(page, tmp_path / "later.txt")

    expect(page.get_by_role("row", name="File later.txt 5 B")).to_be_visible()
    assert len(asked) == 2
    assert page.evaluate("performance.now() - window.began") >= 3000


def test_a_session_ends_amid_uploads(
    server: LiveServer, browser: Browser, tmp_path: Path
) -> None:
    """What is not through and has to be chosen again is told of."""
    (tmp_path / "late.txt").write_text("late")
    with visiting(browser) as visit:
        log_in(visit.page, server)
        open_folder(visit.page, server, "ended")
        visit.page.route(
            re.compile("/dav/spaces/.*/ended$"),
            lambda route: (
                route.fulfill(status=401)
                if route.request.method == "POST"
                else route.continue_()
            ),
        )
        visit.page.route("**/token", lambda route: route.fulfill(status=400))

        choose(visit.page, tmp_path / "late.txt")

        notice = re.compile("not all files are uploaded. Sign in and choose them again")
        expect(visit.page.get_by_role("alert")).to_have_text(notice)
        expect(visit.page.get_by_role("button", name="Sign in")).to_be_visible()
