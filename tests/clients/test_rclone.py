"""rclone, speaking to the server as to ownCloud, Infinite Scale (tus) and Nextcloud."""

import re
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.live_server import LiveServer, serving
from tests.programs import require_program, run_client

pytestmark = pytest.mark.clients

VENDORS: Final = ("owncloud", "infinitescale", "nextcloud")


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


@pytest.mark.parametrize("vendor", VENDORS)
def test_copy_there_check_and_back(
    server: LiveServer, tmp_path: Path, tree: Path, vendor: str
) -> None:
    """What is copied there is the same by checksum, and comes back the same."""
    rclone = require_program("rclone")
    options = configured(server, rclone, tmp_path, vendor)
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


@pytest.mark.parametrize("vendor", VENDORS)
def test_nothing_to_do_the_second_time(
    server: LiveServer, tmp_path: Path, tree: Path, vendor: str
) -> None:
    """Times and checksums are kept, so a second sync transfers nothing."""
    rclone = require_program("rclone")
    options = [*configured(server, rclone, tmp_path, vendor), "--stats-one-line", "-v"]
    remote = f"ocsync:again-{vendor}"

    first = run_client([rclone, "sync", tree, remote, *options], cwd=tmp_path)
    second = run_client([rclone, "sync", tree, remote, *options], cwd=tmp_path)

    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert "Copied (new)" in first.stderr
    assert "Copied" not in second.stderr


def test_answers_leave_nothing_to_ask(tmp_path: Path, tree: Path) -> None:
    """A new file takes three requests, and a folder with nothing to do one."""
    rclone = require_program("rclone")
    files = sum(path.is_file() for path in tree.rglob("*"))
    folders = sum(path.is_dir() for path in tree.rglob("*")) + 1

    with serving(tmp_path) as server:
        options = configured(server, rclone, tmp_path, "owncloud")
        remote = "ocsync:counted"
        copied = run_client([rclone, "copy", tree, remote, *options], cwd=tmp_path)
        up = methods(server.log)
        again = run_client([rclone, "sync", tree, remote, *options], cwd=tmp_path)
        same = methods(server.log) - up

    assert copied.returncode == again.returncode == 0, copied.stderr + again.stderr
    assert up["PUT"] == files
    # Some more before it begins: what the remote is, and what is there.
    assert files <= up["PROPFIND"] <= files + folders
    assert files <= up["MKCOL"] <= files + 2 * folders
    assert set(up) == {"PUT", "PROPFIND", "MKCOL"}
    assert same == {"PROPFIND": folders + 1}


def configured(
    server: LiveServer, rclone: str, folder: Path, vendor: str
) -> list[object]:
    """The options for a remote `ocsync` in the user's own space."""
    obscured = run_client([rclone, "obscure", server.password], cwd=folder)
    # To Nextcloud it sends large files in chunks, and finds their folder by this URL.
    path = f"/dav/spaces/{server.personal_space()}"
    if vendor == "nextcloud":
        path = f"/remote.php/dav/files/{server.user}"
    (folder / "rclone.conf").write_text(
        f"[ocsync]\ntype = webdav\nvendor = {vendor}\npacer_min_sleep = 0s\n"
        f"url = {server.url}{path}\n"
        f"user = {server.user}\npass = {obscured.stdout.strip()}\n"
    )
    return ["--config", folder / "rclone.conf", "--retries", "1"]


def methods(log: Path) -> Counter[str]:
    """How often a server was asked what, by rclone."""
    return Counter(re.findall(r" method=(\w+) .* agent=rclone/", log.read_text()))


def test_long_listings_are_compressed_for_it(tmp_path: Path) -> None:
    """It asks for gzip by itself; what it reads is the same."""
    rclone = require_program("rclone")
    names = {f"file {number}" for number in range(200)}

    with serving(tmp_path) as server:
        with server.api() as api:
            for name in names:
                api.put(f"/dav/files/admin/{name}").raise_for_status()
            api.headers["Accept-Encoding"] = "identity"
            plain = api.request("PROPFIND", "/dav/files/admin/", headers={"Depth": "1"})
        options = configured(server, rclone, tmp_path, "owncloud")
        listed = run_client([rclone, "lsf", "ocsync:", *options], cwd=tmp_path)
        sent = re.findall(r" bytes=(\d+) .* agent=rclone/", server.log.read_text())

    assert set(listed.stdout.splitlines()) == names, listed.stderr
    assert 0 < max(map(int, sent)) < len(plain.content) / 4
