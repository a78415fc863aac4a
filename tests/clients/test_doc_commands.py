"""Every command of README and documentation, run as it stands.

Each page runs in a folder of its own, top to bottom, in one shell. Its server listens
on a free port in place of 9200; paths outside are moved into the folder. README starts
its own server, in a copy of the tree that nothing has been installed into.
"""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.doc_pages import ROOT, Block, commands, name_of, pages
from tests.live_server import PASSWORD
from tests.programs import require_program

pytestmark = pytest.mark.clients

_SECONDS: Final = 280
_PROGRAMS: Final = ("curl", "rclone", "owncloudcmd", "nextcloudcmd", "cadaver", "make")
_START: Final = """\
set -euo pipefail
server=
stop() {
    [ -z "$server" ] || { kill -TERM -- "-$server"; wait "$server" || true; }
    server=
}
trap stop EXIT
serve() {
    stop
    setsid bash -euo pipefail "$1" < /dev/null > "$1.log" 2>&1 &
    server=$!
    until curl -fs -o /dev/null "$READY"; do
        kill -0 "$server" 2> /dev/null || { cat "$1.log" >&2; exit 1; }
        sleep 0.2
    done
}
"""


def with_commands() -> list[Path]:
    """The pages that tell people to type something."""
    return [
        page
        for page in pages()
        if any(block.reason_not_run is None for block in commands(page))
    ]


@pytest.mark.parametrize("page", with_commands(), ids=name_of)
def test_commands_work(page: Path, tmp_path: Path) -> None:
    """Typed in one after the other, none of them fails."""
    for program in _PROGRAMS:
        require_program(program)
    desk = tmp_path / "desk"
    if page.parent == ROOT:
        copy_tree(desk)
    desk.mkdir(exist_ok=True)
    port = free_port()
    todo = [block for block in commands(page) if block.reason_not_run is None]
    steps = [
        _START,
        *(step(block, number, port, tmp_path) for number, block in enumerate(todo)),
    ]
    if not any(block.serves for block in todo):
        (tmp_path / "server.sh").write_text("exec ocsync serve\n")
        steps.insert(1, f"serve {tmp_path / 'server.sh'}\n")
    script = tmp_path / "page.sh"
    script.write_text("".join(steps))

    done = subprocess.run(
        ["bash", script],
        cwd=desk,
        env=environment(tmp_path, port),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )

    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


def step(block: Block, number: int, port: int, folder: Path) -> str:
    """The lines that run a block in the page's shell, or beside it if it serves."""
    path = folder / f"block-{number}.sh"
    path.write_text(moved(block.text, port, folder))
    how = "serve" if block.serves else "."
    return f"echo '== {block.place}' >&2\n{how} {path}\n"


def moved(text: str, port: int, folder: Path) -> str:
    """The commands, with this server's port, and with paths inside the folder."""
    text = text.replace("127.0.0.1:9200", f"127.0.0.1:{port}")
    for outside in ("/var/lib/ocsync", "/srv/ocsync"):
        text = text.replace(outside, str(folder / "desk/data"))
    return text.replace("/backups/", f"{folder}/backups/")


def environment(folder: Path, port: int) -> dict[str, str]:
    """As in a person's own shell, with the programs of this environment at hand."""
    programs = Path(sys.executable).parent
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OCSYNC_", "REQUIRE_")) and name != "VENV"
    }
    home = folder / "home"
    home.mkdir()
    return kept | {
        "HOME": str(home),
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PORT": str(port),
        "OCSYNC_PORT": str(port),
        "OCSYNC_ADMIN_PASSWORD": PASSWORD,
        "OCSYNC_DURABILITY": "fast",
        "READY": f"http://127.0.0.1:{port}/healthz",
        "QT_QPA_PLATFORM": "offscreen",
        "LC_ALL": "C.UTF-8",
    }


def copy_tree(target: Path) -> None:
    """What a fresh clone has."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)


def free_port() -> int:
    """A port that was free a moment ago: `make serve` must be told one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
