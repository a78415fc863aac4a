"""The web page in a real browser: from the login to a file that comes back the same."""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.sync_api import Page, Route, expect, sync_playwright

from tests.clients.conftest import LiveServer, require_program, run_client, serving

pytestmark = pytest.mark.clients

EVIL_NAME: Final = "<img src=x onerror=alert(1)>.txt"
BIG_BYTES: Final = 30_000_000
_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_PATIENCE_MS: Final = 40_000


@contextmanager
def browsing() -> Iterator[tuple[Page, list[str]]]:
    """A page in Chromium, and what it complains of in its console."""
    program = require_program("chromium")
    expect.set_options(timeout=_PATIENCE_MS)
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=list(_ARGUMENTS)
        )
        with browser.new_context(locale="en-GB", accept_downloads=True) as context:
            page = context.new_page()
            page.set_default_timeout(_PATIENCE_MS)
            page.on(
                "console",
                lambda message: (
                    complaints.append(message.text)
                    if message.type in {"error", "warning"}
                    else None
                ),
            )
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("dialog", lambda dialog: complaints.append(dialog.message))
            yield page, complaints
        browser.close()


def log_in(page: Page, server: LiveServer) -> None:
    """Go from the page to the login and back."""
    page.goto(server.url)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("User name").fill(server.user)
    page.get_by_label("Password").fill(server.password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Spaces")).to_be_focused()


def write_big_file(folder: Path) -> Path:
    """A file of several chunks that does not repeat itself at their borders."""
    path = folder / "big.bin"
    path.write_bytes((bytes(range(251)) * (BIG_BYTES // 251 + 1))[:BIG_BYTES])
    return path


def digest(path: Path) -> str:
    """The hash of a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_files_go_up_and_come_back(server: LiveServer, tmp_path: Path) -> None:
    """Log in, make a folder, upload, download, replace, rename, delete, log out."""
    big = write_big_file(tmp_path)
    (tmp_path / EVIL_NAME).write_text("inert")
    with browsing() as (page, complaints):
        log_in(page, server)
        page.get_by_role("link", name="Admin").click()
        page.get_by_role("button", name="New folder").click()
        page.get_by_label("Name of the folder").fill("Summer & <b>sun")
        page.get_by_role("button", name="Create").click()
        page.get_by_role("link", name="Folder Summer & <b>sun").click()
        expect(page.get_by_role("heading", name="Summer & <b>sun")).to_be_focused()

        chosen = page.locator("#chosen-files")
        chosen.set_input_files([big, tmp_path / EVIL_NAME])
        expect(page.get_by_role("row", name="File big.bin 30 MB")).to_be_visible()
        expect(page.get_by_role("button", name=f"File {EVIL_NAME}")).to_be_visible()
        assert page.locator("img").count() == 0

        with page.expect_download() as download:
            page.get_by_role("button", name="Download big.bin").click()
        assert download.value.suggested_filename == "big.bin"
        assert digest(Path(download.value.path())) == digest(big)

        chosen.set_input_files([tmp_path / EVIL_NAME])
        page.get_by_role("button", name="Keep both").click()
        second = EVIL_NAME.replace(".txt", " (2).txt")
        page.get_by_role("button", name=f"Rename {second}").click()
        page.get_by_label("New name").fill("plain.txt")
        page.get_by_role("button", name="Rename", exact=True).click()
        expect(page.get_by_role("button", name="File plain.txt")).to_be_focused()

        (tmp_path / "plain.txt").write_text("replaced")
        chosen.set_input_files([tmp_path / "plain.txt"])
        page.get_by_role("button", name=re.compile("Replace")).click()
        expect(page.get_by_role("row", name="File plain.txt 8 B")).to_be_visible()

        page.get_by_role("button", name="Delete plain.txt").click()
        page.get_by_role("button", name="Delete", exact=True).click()
        expect(page.get_by_role("button", name="File plain.txt")).to_have_count(0)

        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        assert page.evaluate("sessionStorage.length") == 0
    assert complaints == []
    assert page_keeps(server, "Summer & <b>sun") == {"big.bin", EVIL_NAME}


def page_keeps(server: LiveServer, folder: str) -> set[str]:
    """The names in a folder, as the server itself lists them."""
    with server.api() as api:
        url = httpx.URL(f"{server.url}/dav/spaces/{server.personal_space()}").copy_with(
            path=f"/dav/spaces/{server.personal_space()}/{folder}"
        )
        answer = api.request("PROPFIND", url, headers={"Depth": "1"})
    names = re.findall(r"<oc:name>([^<]*)</oc:name>", answer.raise_for_status().text)
    unescaped = {
        name.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        for name in names
    }
    return unescaped - {folder}


def test_an_upload_goes_on_after_a_reload(server: LiveServer, tmp_path: Path) -> None:
    """What the server has by then is not sent again, and the content is right."""
    big = write_big_file(tmp_path)
    with browsing() as (page, complaints):
        log_in(page, server)
        page.get_by_role("link", name="Admin").click()
        page.route(
            "**/data/*",
            lambda route: (
                route.abort()
                if route.request.headers.get("upload-offset", "0") != "0"
                else route.continue_()
            ),
        )
        page.locator("#chosen-files").set_input_files([big])
        expect(page.get_by_text("No connection; trying again")).to_be_visible()
        page.unroute("**/data/*")
        offsets: list[str] = []
        page.on(
            "request",
            lambda request: (
                offsets.append(request.headers["upload-offset"])
                if request.method == "PATCH"
                else None
            ),
        )

        page.reload()
        again = page.get_by_label("Choose big.bin again to go on")
        again.locator("css=input, :scope").first.set_input_files([big])

        expect(page.get_by_role("row", name="File big.bin 30 MB")).to_be_visible()
        assert offsets == ["10000000", "20000000"]
        with page.expect_download() as download:
            page.get_by_role("button", name="File big.bin").click()
        assert digest(Path(download.value.path())) == digest(big)
    assert [each for each in complaints if "ERR_FAILED" not in each] == []


def test_dropped_files_can_wait_or_be_left_out(server: LiveServer) -> None:
    """Drop two files; one is paused and goes on, the other is cancelled."""
    held: list[Route] = []
    with browsing() as (page, complaints):
        log_in(page, server)
        page.get_by_role("link", name="Admin").click()
        expect(page.get_by_role("button", name="New folder")).to_be_visible()
        page.route("**/data/*", lambda route: held.append(route))  # noqa: PLW0108  # playwright marks it
        page.evaluate(
            """() => {
              const dataTransfer = new DataTransfer();
              for (const name of ["kept.txt", "left.txt"])
                dataTransfer.items.add(new File(["dropped"], name));
              for (const type of ["dragover", "drop"])
                document.body.dispatchEvent(new DragEvent(
                  type, { dataTransfer, bubbles: true, cancelable: true }));
            }"""
        )
        page.get_by_role("button", name="Pause kept.txt").click()
        expect(page.get_by_text("Paused")).to_be_visible()
        page.get_by_role("button", name="Cancel left.txt").click()
        page.unroute("**/data/*")
        page.get_by_role("button", name="Resume kept.txt").click()

        expect(page.get_by_role("row", name="File kept.txt 7 B")).to_be_visible()
        expect(page.get_by_text("left.txt")).to_have_count(0)
        assert page.evaluate("localStorage.length") == 0
    assert complaints == []


def test_links_lead_to_folders(server: LiveServer) -> None:
    """The link of a file opens the folder that it is in, after the login."""
    space = server.personal_space()
    with server.api() as api:
        api.request("MKCOL", f"/dav/spaces/{space}/Linked").raise_for_status()
        made = api.put(f"/dav/spaces/{space}/Linked/here.txt", content=b"x")
    with browsing() as (page, complaints):
        log_in(page, server)
        page.goto(f"{server.url}/f/{made.headers['OC-FileId']}")
        expect(page.get_by_role("heading", name="Linked")).to_be_visible()
        expect(page.get_by_role("button", name="File here.txt")).to_be_visible()
    assert complaints == []


def test_the_card_connects_rclone(server: LiveServer, tmp_path: Path) -> None:
    """The card's lines, pasted into a shell, list this user's files."""
    rclone = Path(require_program("rclone"))
    with server.api() as api:
        made = api.put("/dav/files/admin/seen by rclone.txt", content=b"x")
    made.raise_for_status()
    with browsing() as (page, complaints):
        log_in(page, server)
        page.get_by_role("link", name="Connect a client").click()
        lines = page.get_by_role("region", name="rclone").locator("pre").inner_text()
    done = run_client(
        ["bash", "-c", lines],
        cwd=tmp_path,
        stdin=f"{server.password}\n",
        environ={"PATH": f"{rclone.parent}:{os.environ['PATH']}"},
    )
    assert "seen by rclone.txt" in done.stdout, done.stderr
    assert complaints == []


def test_without_a_login_the_page_says_how_else(tmp_path: Path) -> None:
    """Where there is no OpenID Connect, there are the cards of other clients."""
    options = ("--set", "auth.oidc_embedded=false")
    with serving(tmp_path, *options) as server, browsing() as (page, complaints):
        page.goto(server.url)
        expect(page.get_by_role("heading", name="Connect a client")).to_be_visible()
        expect(page.get_by_role("region", name="curl")).to_contain_text(
            f"{server.url}/dav/files/USER/"
        )
    assert complaints == []
