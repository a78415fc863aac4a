"""The cards of other programs: their lines, pasted into a terminal, just work."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.clients.browser import go
from tests.clients.terminal import DONE, Terminal
from tests.live_server import LiveServer
from tests.programs import require_program, run_client

pytestmark = pytest.mark.clients


def copied_lines(page: Page, program: str) -> str:
    """A card's lines, by its button and the clipboard."""
    page.get_by_role("link", name="Connect a client").click()
    card = page.get_by_role("region", name=program)
    card.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied.").last).to_be_visible()
    lines: str = page.evaluate("navigator.clipboard.readText()")
    assert lines == card.locator("pre").inner_text()
    return lines


def make_token(page: Page, program: str) -> str:
    """An app token, made from the card of a program and copied."""
    card = page.get_by_role("region", name=program)
    card.get_by_role("button", name="New app token").click()
    expect(page.get_by_label("For which program?")).to_have_value(program)
    page.get_by_role("button", name="Create").click()
    dialog = page.get_by_role("dialog", name="Your app token")
    dialog.get_by_role("button", name="Copy the app token").click()
    token: str = page.evaluate("navigator.clipboard.readText()")
    assert token == dialog.locator("pre").inner_text()
    dialog.get_by_role("button", name="Close").click()
    expect(card.get_by_role("button", name="New app token")).to_be_focused()
    return token


def environ_for(*programs: str) -> dict[str, str]:
    """The environment, with the folders of programs that must be there."""
    folders = [str(Path(require_program(each)).parent) for each in programs]
    return {**os.environ, "PATH": ":".join([*folders, os.environ["PATH"]])}


def put(server: LiveServer, name: str) -> None:
    """A file for the program to see."""
    with server.api() as api:
        api.put(f"/dav/files/admin/{name}", content="seen").raise_for_status()


def test_rclone_from_the_page_alone(
    server: LiveServer, page: Page, tmp_path: Path
) -> None:
    """Lines and token come from the card; then rclone lists, and goes on doing so."""
    environ = environ_for("rclone")
    put(server, "seen by rclone.txt")
    lines = copied_lines(page, "rclone")
    token = make_token(page, "rclone")

    with Terminal(tmp_path, environ) as terminal:
        terminal.paste(lines)
        terminal.wait_for("rclone lsf files:")
        terminal.wait_for("App token: ")
        terminal.paste(token)
        assert "seen by rclone.txt" in terminal.wait_for_end()
    (tmp_path / "sent.txt").write_text("sent by rclone")
    rclone = require_program("rclone")
    done = run_client([rclone, "copy", "sent.txt", "files:in"], cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    with server.api() as api:
        assert api.get("/dav/files/admin/in/sent.txt").text == "sent by rclone"


def test_curl(server: LiveServer, page: Page, tmp_path: Path) -> None:
    """Asks for the token and uploads."""
    environ = environ_for("curl")
    lines = copied_lines(page, "curl")
    token = make_token(page, "curl")

    with Terminal(tmp_path, environ) as terminal:
        terminal.paste(lines)
        terminal.wait_for_end()
        terminal.wait_for("Enter host password for user 'admin':")
        terminal.paste(token)
        terminal.wait_for_end()

    with server.api() as api:
        answer = api.get("/dav/files/admin/uploaded.txt").raise_for_status()
    assert answer.text == (tmp_path / "uploaded.txt").read_text() != ""


def test_davfs2(server: LiveServer, page: Page, tmp_path: Path) -> None:
    """Asks for the token and shows the files in a folder, where there is FUSE."""
    environ = environ_for("mount.davfs")
    if os.geteuid() != 0 or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("davfs2 needs root and /dev/fuse")
    put(server, "seen by davfs2.txt")
    lines = copied_lines(page, "davfs2")
    token = make_token(page, "davfs2")
    if shutil.which("sudo") is None:
        sudo = tmp_path / "bin" / "sudo"
        sudo.parent.mkdir()
        sudo.write_text('#!/bin/sh\nexec "$@"\n')
        sudo.chmod(0o755)
        environ["PATH"] = f"{sudo.parent}:{environ['PATH']}"

    with Terminal(tmp_path, environ) as terminal:
        terminal.paste(lines)
        terminal.wait_for_end()
        terminal.wait_for("assword")
        terminal.paste(token)
        shown = terminal.wait_for(DONE)
        if "fuse" in shown.lower():
            pytest.skip(f"no FUSE here: {shown}")
        try:
            terminal.wait_for("0]")
            terminal.paste("cat ~/files/'seen by davfs2.txt'")
            assert "seen" in terminal.wait_for_end().splitlines()[-2]
        finally:
            point = tmp_path / "files"
            subprocess.run(["umount", point], check=True, timeout=120)


def test_the_desktop_client(server: LiveServer, page: Page, tmp_path: Path) -> None:
    """The card's address is what the desktop client takes."""
    program = require_program("owncloudcmd")
    put(server, "seen by the desktop.txt")
    address = copied_lines(page, "Desktop client")
    go(page, server, "tokens")
    page.get_by_role("button", name="New app token").click()
    page.get_by_label("For which program?").fill("My desktop")
    page.get_by_role("button", name="Create").click()
    token = page.get_by_role("dialog").locator("pre").inner_text()
    page.get_by_role("button", name="Close").click()
    folder = tmp_path / "synced"
    folder.mkdir()

    exclude = tmp_path / "exclude.lst"
    exclude.write_text("]*.~*\n")
    options = ["--non-interactive", "--trust", "--exclude", exclude]
    options += ["-u", server.user, "-p", token]
    done = run_client([program, *options, folder, address], cwd=tmp_path)

    assert done.returncode == 0, done.stderr[-4000:]
    assert (folder / "seen by the desktop.txt").read_text() == "seen"


def test_a_token_is_revoked(server: LiveServer, page: Page) -> None:
    """It is listed with its program and its end, and good for nothing afterwards."""
    go(page, server, "tokens")
    page.get_by_role("button", name="New app token").click()
    page.get_by_label("For which program?").fill("Old phone")
    page.get_by_label("Valid for").select_option("30 days")
    page.get_by_role("button", name="Create").click()
    token = page.get_by_role("dialog").locator("pre").inner_text()
    page.get_by_role("button", name="Close").click()
    row = page.get_by_role("listitem").filter(has_text="Old phone")
    expect(row).to_contain_text("valid until")
    expect(page.get_by_text(token)).to_have_count(0)
    me = f"{server.url}/graph/v1.0/me"
    bearer = {"Authorization": f"Bearer {token}"}
    assert page.request.get(me, headers=bearer).status == 200

    row.get_by_role("button", name="Revoke Old phone").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()

    expect(page.get_by_text("Old phone is revoked.")).to_be_visible()
    expect(row).to_have_count(0)
    assert page.request.get(me, headers=bearer).status == 401
