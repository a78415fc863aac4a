"""cadaver, webdav4 and davfs2: a shell, a library and a mount over WebDAV."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.live_server import LiveServer
from tests.programs import require_program, run_client

pytestmark = pytest.mark.clients

COMMANDS = """\
mkcol cadaver
cd cadaver
put one.txt "a b.txt"
put two.txt
lock two.txt
put two.txt
unlock two.txt
move "a b.txt" moved.txt
copy moved.txt copied.txt
propset moved.txt colour blue
propget moved.txt colour
ls
get copied.txt back.txt
delete copied.txt
delete moved.txt
delete two.txt
cd ..
rmcol cadaver
quit
"""


@pytest.fixture(params=["/dav/spaces/{id}", "/remote.php/dav/files/admin", "/webdav"])
def root(request: pytest.FixtureRequest, server: LiveServer) -> str:
    """A WebDAV root in each form of URL."""
    return f"{server.url}{request.param.format(id=server.personal_space())}"


def test_cadaver(server: LiveServer, tmp_path: Path, root: str) -> None:
    """Create, edit, lock, rename, copy, set a property, delete."""
    cadaver = require_program("cadaver")
    host = server.url.partition("://")[2].partition(":")[0]
    netrc = tmp_path / ".netrc"
    netrc.write_text(
        f"machine {host}\nlogin {server.user}\npassword {server.password}\n"
    )
    netrc.chmod(0o600)
    (tmp_path / "one.txt").write_text("one\n")
    (tmp_path / "two.txt").write_text("two\n")

    done = run_client(
        [cadaver, f"{root}/"],
        cwd=tmp_path,
        stdin=COMMANDS,
    )

    assert "failed" not in done.stdout, done.stdout
    assert "blue" in done.stdout, done.stdout
    assert (tmp_path / "back.txt").read_text() == "one\n"
    with server.api() as api:
        assert api.get(f"{root}/cadaver").status_code == 404


def test_webdav4(server: LiveServer, tmp_path: Path, root: str) -> None:
    """The Python library lists, uploads, moves, copies, downloads and removes."""
    webdav4 = pytest.importorskip("webdav4.client")
    source = tmp_path / "source.bin"
    source.write_bytes(bytes(range(256)) * 1000)

    client = webdav4.Client(root, auth=(server.user, server.password))
    with closing(client.http):
        client.mkdir("webdav4")
        client.upload_file(source, "webdav4/a b&c.bin")
        client.move("webdav4/a b&c.bin", "webdav4/ü.bin")
        client.copy("webdav4/ü.bin", "webdav4/copy.bin")
        listed = {entry["name"] for entry in client.ls("webdav4")}
        client.download_file("webdav4/copy.bin", tmp_path / "back.bin")
        length = client.content_length("webdav4/ü.bin")
        client.remove("webdav4")
        is_there = client.exists("webdav4")

    assert {name.rpartition("/")[2] for name in listed} == {"ü.bin", "copy.bin"}
    assert length == source.stat().st_size
    assert (tmp_path / "back.bin").read_bytes() == source.read_bytes()
    assert not is_there


@contextmanager
def mounted(server: LiveServer, root: str, folder: Path) -> Iterator[Path]:
    """The root mounted by davfs2; skipped where there is no FUSE to be had."""
    mount = require_program("mount.davfs")
    if os.geteuid() != 0 or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("davfs2 needs root and /dev/fuse")
    point = folder / "mount"
    point.mkdir()
    # The daemon runs as a user of its own, who cannot look into the test's folder.
    cache = Path(tempfile.mkdtemp(prefix="davfs2-"))
    cache.chmod(0o777)
    secrets = folder / "secrets"
    secrets.write_text(f"{root} {server.user} {server.password}\n")
    secrets.chmod(0o600)
    (folder / "davfs2.conf").write_text(
        f"secrets {secrets}\ncache_dir {cache}\nuse_locks 1\nask_auth 0\n"
        "delay_upload 0\nbuf_size 64\n"
    )
    done = run_client(
        [mount, "-o", f"conf={folder / 'davfs2.conf'}", root, point], cwd=folder
    )
    if done.returncode != 0 and "fuse" in done.stderr.lower():
        pytest.skip(f"no FUSE here: {done.stderr}")
    assert done.returncode == 0, done.stdout + done.stderr
    try:
        yield point
    finally:
        subprocess.run(["umount", point], check=True, timeout=120, capture_output=True)
        shutil.rmtree(cache)


def test_davfs2(server: LiveServer, tmp_path: Path, root: str) -> None:
    """What is done in the mounted folder is there when it is mounted no more."""
    with mounted(server, root, tmp_path) as point:
        folder = point / "davfs2"
        folder.mkdir()
        (folder / "a b.txt").write_text("one")
        (folder / "gone.txt").write_text("gone")
        (folder / "a b.txt").write_text("changed")
        (folder / "a b.txt").rename(folder / "ü.txt")
        (folder / "gone.txt").unlink()
        assert [entry.name for entry in folder.iterdir()] == ["ü.txt"]

    with server.api() as api:
        assert api.get(f"{root}/davfs2/ü.txt").text == "changed"
        assert api.get(f"{root}/davfs2/a b.txt").status_code == 404
        assert api.get(f"{root}/davfs2/gone.txt").status_code == 404
        api.delete(f"{root}/davfs2").raise_for_status()
