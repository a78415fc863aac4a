"""Uploads of the page that meet kill -9, reloads and a network that is gone.

A 300 MB file and a folder of 200 files are dropped for real; whatever happens then,
nothing that the server has is sent again, and every hash is right in the end.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.clients.browser import log_in, visiting
from tests.clients.killable import KillableServer, killable
from tests.clients.page_uploads import (
    Sent,
    drop,
    hash_of,
    open_folder,
    write_random,
    write_tree,
)
from tests.clients.screenshots import shoot
from tests.clients.uploaded import MAX_CHUNK, hash_on_server
from tests.live_server import LiveServer

pytestmark = pytest.mark.clients

BIG_BYTES: Final = 300_000_000
FILES: Final = 200
_LONG_MS: Final = 120_000


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KillableServer]:
    """A server that keeps what it has confirmed, and can be killed."""
    with killable(tmp_path_factory.mktemp("killable")) as server:
        yield server


def reach(page: Page, offset: int) -> None:
    """Wait until the page sends the part at an offset of the big file."""
    with page.expect_request(
        lambda request: request.headers.get("upload-offset") == str(offset),
        timeout=_LONG_MS,
    ):
        pass


def require_all(server: LiveServer, folder: str, big: Path, tree: Path) -> None:
    """Everything is in a folder of the server as it is here."""
    with server.api() as api:
        for path in sorted(tree.rglob("*.txt")):
            name = path.relative_to(tree.parent)
            got = api.get(f"{folder}/{name}").raise_for_status()
            assert got.content == path.read_bytes(), name
    there = hash_on_server(server, f"{folder}/{big.name}")
    assert there == hash_of(big)


def make_space(page: Page, name: str) -> str:
    """Make a space on the page and go there; its path at the server."""
    page.get_by_role("button", name="New space").click()
    page.get_by_label("Name of the space").fill(name)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=name).first.click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_focused()
    space = page.evaluate("location.hash.split('/')[2]")
    return f"/dav/spaces/{space}"


def test_kill_and_reload(own: KillableServer, browser: Browser, tmp_path: Path) -> None:
    """Into a new space; the server is killed half-way, and the page loaded again."""
    big = write_random(tmp_path / "big.bin", BIG_BYTES)
    tree = write_tree(tmp_path / "photos", FILES)
    with visiting(browser) as visit:
        page = visit.page
        log_in(page, own.live)
        space = make_space(page, "Orbit")
        drop(page, big, tree)
        reach(page, 15 * MAX_CHUNK)

        own.kill()
        retrying = page.get_by_text("No connection; trying again").first
        expect(retrying).to_be_visible(timeout=_LONG_MS)
        own.start()
        sent = Sent(page)
        page.reload()
        expect(page.get_by_text(f"of {FILES + 1} done")).to_be_visible()
        expect(page.get_by_role("link", name="Folder photos")).to_be_visible()
        shoot(page, "web-uploads", when=page.get_by_text("MB/s").first)

        done = page.get_by_text(f"{FILES + 1} of {FILES + 1} done")
        expect(done).to_be_visible(timeout=_LONG_MS)
        assert min(sent.offsets) >= 14 * MAX_CHUNK
        assert sorted(set(sent.offsets)) == sent.offsets
    require_all(own.live, space, big, tree)


def test_the_network_is_cut(
    own: KillableServer, browser: Browser, tmp_path: Path
) -> None:
    """Away in the middle of a part, and back: the page goes on by itself."""
    big = write_random(tmp_path / "big.bin", BIG_BYTES, seed=2)
    tree = write_tree(tmp_path / "music", FILES)
    with visiting(browser) as visit:
        page = visit.page
        log_in(page, own.live)
        open_folder(page, own.live, "cut")
        drop(page, big, tree)
        reach(page, 5 * MAX_CHUNK)

        page.context.set_offline(True)
        retrying = page.get_by_text("No connection; trying again").first
        expect(retrying).to_be_visible(timeout=_LONG_MS)
        sent = Sent(page)
        page.context.set_offline(False)

        done = page.get_by_text(f"{FILES + 1} of {FILES + 1} done")
        expect(done).to_be_visible(timeout=_LONG_MS)
        assert min(sent.offsets) >= 4 * MAX_CHUNK
    require_all(own.live, "/dav/files/admin/cut", big, tree)


def test_a_connection_falls_silent(
    own: KillableServer, browser: Browser, tmp_path: Path
) -> None:
    """A part that is never answered is given up after a minute, and sent again."""
    big = write_random(tmp_path / "big.bin", 3 * MAX_CHUNK, seed=3)
    held: list[Route] = []

    def hold(route: Route) -> None:
        is_part = route.request.headers.get("upload-offset") == str(MAX_CHUNK)
        if is_part and not held:
            held.append(route)  # and no answer ever comes
        else:
            route.continue_()

    with visiting(browser) as visit:
        page = visit.page
        page.clock.install()
        log_in(page, own.live)
        open_folder(page, own.live, "silent")
        page.route("**/data/*", hold)
        drop(page, big)
        reach(page, MAX_CHUNK)
        page.clock.fast_forward(61_000)

        done = page.get_by_text("1 of 1 done")
        expect(done).to_be_visible(timeout=_LONG_MS)
        assert held
        page.unroute_all(behavior="ignoreErrors")
    there = hash_on_server(own.live, "/dav/files/admin/silent/big.bin")
    assert there == hash_of(big)


def test_files_that_may_not_be_read_at_once(
    own: KillableServer, browser: Browser, tmp_path: Path
) -> None:
    """After the browser itself was closed, a press on a button lets them go on."""
    (tmp_path / "later.txt").write_text("later")
    with visiting(browser) as visit:
        page = visit.page
        page.add_init_script(_FORGET_PERMISSION)
        log_in(page, own.live)
        open_folder(page, own.live, "asked")
        page.route("**/dav/spaces/*/asked", lambda route: route.abort())
        drop(page, tmp_path / "later.txt")
        expect(page.get_by_text("No connection; trying again")).to_be_visible()
        page.unroute_all(behavior="ignoreErrors")
        page.reload()

        page.get_by_role("button", name="Go on").click()

        row = page.get_by_role("row", name="File later.txt 5 B")
        expect(row).to_be_visible()
        expect(page.get_by_role("button", name="Go on")).to_have_count(0)


_FORGET_PERMISSION = """
  let isAsked = false;
  FileSystemHandle.prototype.queryPermission = async () =>
    isAsked ? "granted" : "prompt";
  FileSystemHandle.prototype.requestPermission = async () => {
    if (!navigator.userActivation.isActive) throw new Error("nobody pressed");
    isAsked = true;
    return "granted";
  };
"""
