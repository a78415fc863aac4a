"""rclone over many files with odd names: every vendor, both directions, bisync."""

import unicodedata
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.live_server import LiveServer
from tests.programs import require_program, run_client

pytestmark = pytest.mark.clients

FILES = 2000
ODD = (
    "spaces  in  names",
    "#%&+?'\"",
    "50% off; a=b, c@d!",
    "~`$^()[]{}",
    "naïve " + unicodedata.normalize("NFD", "ünïcödé"),
    unicodedata.normalize("NFC", "é"),
    "日本語 العربية",
    "😀 emoji",
    ".hidden",
    "dots...in.the.middle",
    "x" * 240,
    "ü" * 120,
)
Rclone = Callable[..., "CompletedProcess[str]"]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two thousand small files, a hundred in each folder."""
    root = tmp_path_factory.mktemp("names")
    for number in range(FILES):
        odd = ODD[number % len(ODD)]
        folder = root / f"{ODD[number // 100 % len(ODD)][:100]} {number // 100}"
        folder.mkdir(exist_ok=True)
        (folder / f"{odd}{number}").write_bytes(b"x" * (number % 50))
    return root


@pytest.fixture
def rclone(server: LiveServer, tmp_path: Path) -> Rclone:
    """Run rclone with a remote for each vendor; it must succeed."""
    program = require_program("rclone")
    obscured = run_client([program, "obscure", server.password], cwd=tmp_path)
    config = tmp_path / "rclone.conf"
    config.write_text(
        "".join(
            f"[{vendor}]\ntype = webdav\nvendor = {vendor}\n"
            f"url = {server.url}/dav/spaces/{server.personal_space()}\n"
            f"user = {server.user}\npass = {obscured.stdout.strip()}\n"
            for vendor in ("owncloud", "other")
        )
    )

    def run(*arguments: object) -> "CompletedProcess[str]":
        done = run_client(
            [program, *arguments, "--config", config, "--retries", "1", "-v"],
            cwd=tmp_path,
            # By itself it waits 10 ms before each of many thousand requests.
            environ={"RCLONE_WEBDAV_PACER_MIN_SLEEP": "1ms"},
            seconds=900,
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr[-4000:]}"
        return done

    return run


@pytest.mark.timeout(1800)
def test_owncloud(rclone: Rclone, tree: Path, tmp_path: Path) -> None:
    """copy, check by checksum, a second sync that moves nothing, moves, bisync."""
    rclone("copy", tree, "owncloud:names")
    rclone("check", "--checksum", tree, "owncloud:names")
    again = rclone("sync", tree, "owncloud:names")
    assert "There was nothing to transfer" in again.stderr
    rclone("moveto", "owncloud:names", "owncloud:moved")
    rclone("copy", "owncloud:moved", "owncloud:copied")
    rclone("check", "--checksum", "owncloud:moved", "owncloud:copied")
    work = tmp_path / "work"
    both = ("bisync", work, "owncloud:copied", "--workdir", tmp_path / "state")
    work.mkdir()
    rclone(*both, "--resync")
    (work / "new.txt").write_text("new")
    rclone(*both)
    rclone("check", "--checksum", work, "owncloud:copied")


@pytest.mark.timeout(1800)
def test_other(rclone: Rclone, tree: Path, tmp_path: Path) -> None:
    """copy, check by download, bisync by size: all a server without checksums gets."""
    rclone("copy", tree, "other:plain")
    rclone("check", "--download", tree, "other:plain")
    work = tmp_path / "work"
    work.mkdir()
    both = ("bisync", work, "other:plain", "--compare", "size")
    state = ("--workdir", tmp_path / "state")
    rclone(*both, *state, "--resync")
    (work / "new.txt").write_text("new")
    rclone(*both, *state)
    rclone("check", "--size-only", work, "other:plain")
