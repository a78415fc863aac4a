"""owncloudcmd and nextcloudcmd, the desktop clients without a window."""

import os
from pathlib import Path

import pytest

from tests.live_server import LiveServer
from tests.programs import require_program, run_client

pytestmark = pytest.mark.clients

LARGE = 250_000
"""Blocks of 256 bytes: more than either client sends in one request."""


def sync(server: LiveServer, program: str, folder: Path) -> None:
    """Sync a folder with the server once; it must succeed."""
    exclude = folder.parent / "exclude.lst"
    exclude.write_text("]*.~*\n")
    command = [require_program(program), "--non-interactive", "--trust"]
    command += ["--exclude", str(exclude)]
    command += ["-u", server.user, "-p", server.password, str(folder), server.url]
    done = run_client(command, cwd=folder.parent)
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a synced folder, but for the client's own."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and not path.name.startswith((".sync_", "._sync_"))
        and path.name not in {".owncloudsync.log", ".nextcloudsync.log"}
    }


@pytest.mark.parametrize("program", ["owncloudcmd", "nextcloudcmd"])
def test_two_folders_stay_the_same(
    server: LiveServer, tmp_path: Path, program: str
) -> None:
    """First sync, changes on either side, rename and delete, all arrive."""
    require_program(program)
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    names = [f"{program}/part {n % 7}/file {n}.txt" for n in range(60)]
    for number, name in enumerate(names):
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{name}\n".encode() * number)
    large = f"{program}/large.bin"
    (here / large).write_bytes(bytes(range(256)) * LARGE)
    for name in (names[1], large):
        os.utime(here / name, (1_500_000_000, 1_500_000_000))

    sync(server, program, here)
    sync(server, program, there)
    assert contents(there) == contents(here)
    for name in (names[1], large):
        assert (there / name).stat().st_mtime == 1_500_000_000

    (there / names[5]).write_text("changed there")
    (there / names[6]).rename(there / program / "renamed there.txt")
    (there / names[7]).unlink()
    sync(server, program, there)
    (here / program / "new here.txt").write_text("new")
    sync(server, program, here)
    sync(server, program, there)

    assert contents(there) == contents(here)
    assert (here / names[5]).read_text() == "changed there"
    assert (here / program / "renamed there.txt").exists()
    assert not (here / names[7]).exists()
