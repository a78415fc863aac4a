"""Uploads of the page that meet kill -9, reloads and a network that is gone.

A 300 MB file and a folder of 200 files are dropped for real; whatever happens then,
nothing that the server has is sent again, and every hash is right in the end.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.clients.browser import chromium, log_in, visiting
from tests.clients.conftest import LiveServer
from tests.clients.killable import KillableServer, killable
from tests.clients.page_uploads import (
    drop,
    hash_of,
    open_folder,
    write_random,
    write_tree,
)
from tests.clients.uploaded import MAX_CHUNK, hash_on_server

pytestmark = pytest.mark.clients

BIG_BYTES: Final = 300_000_000
CUT_BYTES: Final = 120_000_000
FILES: Final = 200
_LONG_MS: Final = 120_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KillableServer]:
    """A server that keeps what it has confirmed, and can be killed."""
    with killable(tmp_path_factory.mktemp("killable")) as server:
        yield server


class Sent:
    """The offsets of the parts that a page sends, and when a certain one is reached."""

    def __init__(self, page: Page) -> None:
        """Begin to listen."""
        self.offsets: list[int] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.method == "PATCH":
            self.offsets.append(int(request.headers["upload-offset"]))


def reach(page: Page, offset: int) -> None:
    """Wait until the page sends the part at an offset of the big file."""
    with page.expect_request(
        lambda request: request.headers.get("upload-offset") == str(offset),
        timeout=_LONG_MS,
    ):
        pass


def require_all(server: LiveServer, folder: str, big: Path, tree: Path) -> None:
    """Everything is at the server as it is here."""
    with server.api() as api:
        for path in sorted(tree.rglob("*.txt")):
            name = path.relative_to(tree.parent)
            got = api.get(f"/dav/files/admin/{folder}/{name}").raise_for_status()
            assert got.content == path.read_bytes(), name
    there = hash_on_server(server, f"/dav/files/admin/{folder}/{big.name}")
    assert there == hash_of(big)


def test_kill_and_reload(own: KillableServer, browser: Browser, tmp_path: Path) -> None:
    """The server is killed half-way and started again, the page is loaded again."""
    big = write_random(tmp_path / "big.bin", BIG_BYTES)
    tree = write_tree(tmp_path / "photos", FILES)
    with visiting(browser) as visit:
        page = visit.page
        log_in(page, own.live)
        open_folder(page, own.live, "killed")
        drop(page, big, tree)
        reach(page, 15 * MAX_CHUNK)

        own.kill()
        retrying = page.get_by_text("No connection; trying again").first
        expect(retrying).to_be_visible(timeout=_LONG_MS)
        own.start()
        sent = Sent(page)
        page.reload()

        done = page.get_by_text(f"{FILES + 1} of {FILES + 1} done")
        expect(done).to_be_visible(timeout=_LONG_MS)
        assert min(sent.offsets) >= 14 * MAX_CHUNK
        assert sorted(set(sent.offsets)) == sent.offsets
    require_all(own.live, "killed", big, tree)


def test_the_network_is_cut(
    own: KillableServer, browser: Browser, tmp_path: Path
) -> None:
    """Away in the middle of a part, and back: the page goes on by itself."""
    big = write_random(tmp_path / "big.bin", CUT_BYTES, seed=2)
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
    require_all(own.live, "cut", big, tree)
