"""Uploads as a person makes them on the page: chosen by buttons, or really dropped."""

import hashlib
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Page, Request, expect

from tests.clients.browser import go
from tests.live_server import LiveServer

_STEPS: Final[tuple[Literal["dragEnter", "dragOver", "drop"], ...]] = (
    "dragEnter",
    "dragOver",
    "drop",
)


def open_folder(page: Page, server: LiveServer, name: str) -> None:
    """Make a folder in the personal space and go there."""
    space = server.personal_space()
    with server.api() as api:
        api.request("MKCOL", f"/dav/spaces/{space}/{name}").raise_for_status()
    go(page, server, f"s/{space}/{name}")
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_focused()


def choose(page: Page, paths: Sequence[Path] | Path, button: str = "Upload") -> None:
    """Press a button and choose files, or a folder, in the box that opens."""
    with page.expect_file_chooser() as box:
        page.get_by_role("button", name=button, exact=True).click()
    box.value.set_files(paths)


def drop(page: Page, *paths: Path) -> None:
    """Drop files and folders onto the page, as the operating system does it."""
    data = {
        "items": [],
        "files": [str(path) for path in paths],
        "dragOperationsMask": 1,
    }
    session = page.context.new_cdp_session(page)
    for step in _STEPS:
        event = {"type": step, "x": 500, "y": 400, "data": data}
        session.send("Input.dispatchDragEvent", event)
    session.detach()


class Sent:
    """The offsets of the parts that a page sends from now on."""

    def __init__(self, page: Page) -> None:
        """Begin to listen."""
        self.offsets: list[int] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.method == "PATCH":
            self.offsets.append(int(request.headers["upload-offset"]))


def write_random(path: Path, size: int, seed: int = 1) -> Path:
    """A file that repeats itself nowhere."""
    source = random.Random(seed)
    with path.open("wb") as file:
        for at in range(0, size, 1_000_000):
            file.write(source.randbytes(min(1_000_000, size - at)))
    return path


def write_tree(folder: Path, count: int) -> Path:
    """A folder with so many small files, in three folders below each other."""
    deep = folder / "one" / "two"
    deep.mkdir(parents=True)
    for number in range(count):
        place = (folder, folder / "one", deep)[number % 3]
        (place / f"{number:03}.txt").write_text(f"file {number}\n" * number)
    return folder


def hash_of(path: Path) -> str:
    """The SHA-256 of a file here."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
