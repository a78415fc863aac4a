"""rclone, speaking to the server as Infinite Scale (tus) and as plain ownCloud."""

from pathlib import Path

import pytest

from tests.clients.conftest import LiveServer, require_program, run_client

pytestmark = pytest.mark.clients


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Files of many sizes and with awkward names."""
    root = tmp_path / "tree"
    sizes = {
        "empty": 0,
        "one byte": 1,
        "naïve ünïcödé.txt": 100,
        "a/b/c/deep.bin": 100_000,
        "a/100% & more #1?.bin": 5000,
        "big.bin": 25_000_000,
    }
    for name, size in sizes.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(range(256)) * (size // 256) + bytes(size % 256))
    return root


@pytest.mark.parametrize("vendor", ["infinitescale", "owncloud"])
def test_copy_there_check_and_back(
    server: LiveServer, tmp_path: Path, tree: Path, vendor: str
) -> None:
    """What is copied there is the same by checksum, and comes back the same."""
    rclone = require_program("rclone")
    url = f"{server.url}/remote.php/webdav"
    if vendor == "infinitescale":
        url = f"{server.url}/dav/spaces/{server.personal_space()}"
    obscured = run_client([rclone, "obscure", server.password], cwd=tmp_path)
    (tmp_path / "rclone.conf").write_text(
        f"[ocsync]\ntype = webdav\nvendor = {vendor}\nurl = {url}\n"
        f"user = {server.user}\npass = {obscured.stdout.strip()}\n"
    )
    options = ["--config", tmp_path / "rclone.conf", "--retries", "1"]
    remote = f"ocsync:rclone-{vendor}"

    for arguments in (
        ["copy", tree, remote],
        ["check", tree, remote],
        ["copy", remote, tmp_path / "back"],
        ["check", "--download", tmp_path / "back", remote],
        ["moveto", f"{remote}/big.bin", f"{remote}/a/moved.bin"],
        ["purge", f"{remote}/a"],
    ):
        done = run_client([rclone, *arguments, *options], cwd=tmp_path)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"

    assert (tmp_path / "back" / "big.bin").read_bytes() == (
        tree / "big.bin"
    ).read_bytes()


def test_nothing_to_do_the_second_time(
    server: LiveServer, tmp_path: Path, tree: Path
) -> None:
    """Times and checksums are kept, so a second sync transfers nothing."""
    rclone = require_program("rclone")
    obscured = run_client([rclone, "obscure", server.password], cwd=tmp_path)
    (tmp_path / "rclone.conf").write_text(
        "[ocsync]\ntype = webdav\nvendor = infinitescale\n"
        f"url = {server.url}/dav/spaces/{server.personal_space()}\n"
        f"user = {server.user}\npass = {obscured.stdout.strip()}\n"
    )
    options = ["--config", tmp_path / "rclone.conf", "--stats-one-line", "-v"]

    first = run_client([rclone, "sync", tree, "ocsync:again", *options], cwd=tmp_path)
    second = run_client([rclone, "sync", tree, "ocsync:again", *options], cwd=tmp_path)

    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert "Copied (new)" in first.stderr
    assert "Copied" not in second.stderr
