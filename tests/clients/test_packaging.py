"""What is published: built twice, installed into nothing by pip, uv and pipx, and used.

The program that is tested here is the installed one, not the tree's.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from ocsync._version import __version__
from tests.live_server import PASSWORD
from tests.programs import require_program, run_client

pytestmark = [pytest.mark.clients, pytest.mark.timeout(900)]

ROOT: Final = Path(__file__).parent.parent.parent
_NO_TREE: Final = shutil.ignore_patterns(
    ".git", ".*venv", "node_modules", "dist", "build", "data", "*.egg-info",
    "__pycache__", ".*_cache", ".hypothesis", "site",
)  # fmt: skip
_BUILD_SECONDS: Final = 420
_MEGABYTE: Final = 1_000_000
_SMALLEST_PIPE: Final = 4096
CONTENT: Final = hashlib.shake_256(b"packaging").digest(40 * _MEGABYTE)


def make_dist(tree: Path, target: Path, *options: str) -> None:
    """Build, as `make dist` does."""
    done = run_client(
        [sys.executable, tree / "release" / "make_dist.py", *options, target],
        cwd=tree,
        environ={"SOURCE_DATE_EPOCH": "1700000000", "HOME": os.environ["HOME"]},
        seconds=_BUILD_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of what was built."""
    target = tmp_path_factory.mktemp("dist")
    make_dist(ROOT, target)
    return target


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    """The wheel in it."""
    (found,) = dist.glob("*.whl")
    return found


def test_two_builds_are_the_same(dist: Path, tmp_path: Path) -> None:
    """In another folder, at another time, by somebody with another umask."""
    tree = tmp_path / "another name"
    shutil.copytree(ROOT, tree, ignore=_NO_TREE, copy_function=shutil.copyfile)

    make_dist(tree, tmp_path / "dist", "--no-bill")

    first, second = digests(dist), digests(tmp_path / "dist")
    assert set(second) == {f"ocsync-{__version__}.tar.gz", wheel_name()}
    assert second == {name: first[name] for name in second}


def digests(folder: Path) -> dict[str, str]:
    """What is in the folder, as checksums."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
    }


def wheel_name() -> str:
    """What the wheel is called: its version is that of the program."""
    return f"ocsync-{__version__}-py3-none-any.whl"


def test_everything_is_in_it(dist: Path, wheel: Path) -> None:
    """Web page, migrations and manual page; the archive has what operators copy too."""
    names = set(zipfile.ZipFile(wheel).namelist())
    with tarfile.open(dist / f"ocsync-{__version__}.tar.gz") as archive:
        sources = {name.partition("/")[2] for name in archive.getnames()}

    page = f"ocsync-{__version__}.data/data/share/man/man1/ocsync.1"
    migration = "spaces/db/migrations/versions/0001_initial.py"
    assert {page, migration, "ocsync/web/static/index.html", "ocsync/py.typed"} <= names
    assert not [name for name in names if name.startswith(("tests", "docs"))]
    assert {"config/nginx.conf", "config/ocsync.service", "docs/index.md"} <= sources
    assert not [name for name in sources if name.startswith("tests")]
    static = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "ocsync" / "web" / "static").rglob("*")
        if path.is_file()
    }
    assert static <= names


def test_the_bill_of_materials(dist: Path) -> None:
    """CycloneDX, with every dependency and its version, and nothing of this machine."""
    text = (dist / f"ocsync-{__version__}.cdx.json").read_text()

    bill = json.loads(text)
    found = {each["name"].lower(): each["version"] for each in bill["components"]}
    assert bill["bomFormat"] == "CycloneDX"
    assert found["ocsync"] == __version__
    assert {"wsgidav", "cheroot", "sqlalchemy", "click", "rich"} <= set(found)
    assert "pytest" not in found
    assert "file:///" not in text


@dataclass(frozen=True)
class Installed:
    """The program in an environment of its own."""

    program: Path
    home: Path

    def environ(self) -> dict[str, str]:
        """Nothing of ours around it."""
        kept = ("PATH", "LANG", "TMPDIR", "SSL_CERT_FILE")
        own = {name: os.environ[name] for name in kept if name in os.environ}
        return own | {"HOME": str(self.home), "OCSYNC_ADMIN_PASSWORD": PASSWORD}

    def start(self, *arguments: object) -> "subprocess.Popen[str]":
        """Run a command, which goes on."""
        return subprocess.Popen(
            [str(each) for each in (self.program, *arguments)],
            cwd=self.home,
            env=self.environ() | {"OCSYNC_TOKEN": PASSWORD},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: object) -> str:
        """Run a command to its end; what it printed, both ways."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=120)
        assert process.returncode == 0, out + err
        return out + err

    @contextmanager
    def serving(self) -> Iterator[str]:
        """A server of it, and its URL."""
        process = subprocess.Popen(
            [self.program, "serve", "--port", "0", "--data", self.home / "data"],
            cwd=self.home,
            env=self.environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        watchdog = threading.Timer(120, process.kill)
        watchdog.start()
        with process:
            try:
                assert process.stdout is not None
                yield next(
                    match[1]
                    for line in process.stdout
                    if (match := re.search(r" serves (http://\S+)", line))
                )
            finally:
                watchdog.cancel()
                process.send_signal(signal.SIGTERM)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """By pip, in an environment that was empty."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "venv", with_pip=True)
    pip = [folder / "venv/bin/python", "-m", "pip", "--disable-pip-version-check"]
    done = run_client(
        [*pip, "install", "--quiet", "--retries", "5", wheel],
        cwd=folder,
        environ={"HOME": os.environ["HOME"]},
        seconds=_BUILD_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Installed(folder / "venv/bin/ocsync", folder)


def test_an_upload_goes_on_after_a_kill(installed: Installed) -> None:
    """Start, upload, kill -9 at half of it, again: it resumes, and its bar says so."""
    path = installed.home / "large.bin"
    path.write_bytes(CONTENT)
    command = ["upload", "--user", "admin", "--chunk-size", "100kB"]
    with installed.serving() as url:
        with installed.start(*command, "--json", path, url) as process:
            watchdog = threading.Timer(120, process.kill)
            watchdog.start()
            assert process.stdout is not None
            # It has to wait for who reads, and so is never far ahead of the kill.
            fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, _SMALLEST_PIPE)
            for line in process.stdout:
                event = json.loads(line)
                half = len(CONTENT) // 2
                if event["event"] == "moved" and event["offset"] >= half:
                    break
            process.kill()
            watchdog.cancel()

        shown = at_a_terminal(installed, [*command, path, url])
        back = installed.home / "back.bin"
        installed.run(
            "download", "--user", "admin", f"{url}/dav/files/admin/large.bin", back
        )

    match = re.search(r"resumed at (\d+) %", shown)
    assert match is not None, shown
    assert 47 <= int(match[1]) <= 80
    assert "sent 1 (40 MB)" in shown
    assert back.read_bytes() == CONTENT


def at_a_terminal(installed: Installed, arguments: list[object]) -> str:
    """What somebody sees who runs the command at a terminal, which must succeed."""
    shown = bytearray()
    pid, terminal = os.forkpty()
    if not pid:
        os.chdir(installed.home)
        environ = installed.environ() | {
            "OCSYNC_TOKEN": PASSWORD, "TERM": "xterm", "COLUMNS": "120",
        }  # fmt: skip
        program = str(installed.program)
        os.execve(program, [program, *map(str, arguments)], environ)
    watchdog = threading.Timer(120, os.kill, (pid, signal.SIGKILL))
    watchdog.start()
    while True:
        try:
            data = os.read(terminal, 65_536)
        except OSError:  # the other end is closed: on Linux that is EIO
            break
        if not data:
            break
        shown += data
    _, status = os.waitpid(pid, 0)
    watchdog.cancel()
    os.close(terminal)
    text = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", shown).decode()
    assert status == 0, text
    return text


def test_the_manual_page_is_installed(installed: Installed) -> None:
    """Where `man` looks for the programs of an environment."""
    page = installed.program.parent.parent / "share/man/man1/ocsync.1"

    assert "ocsync" in page.read_text()


@pytest.mark.parametrize("tool", ["uv", "pipx"])
def test_other_installers(wheel: Path, tmp_path: Path, tool: str) -> None:
    """As a tool of its own, by whichever of them one has."""
    commands = {
        "uv": ["tool", "install", "--python", sys.executable, wheel],
        "pipx": ["install", "--python", sys.executable, wheel],
    }
    done = run_client(
        [require_program(tool), *commands[tool]],
        cwd=tmp_path,
        environ={
            "UV_TOOL_DIR": str(tmp_path / "tools"),
            "UV_TOOL_BIN_DIR": str(tmp_path / "bin"),
            "PIPX_HOME": str(tmp_path / "pipx"),
            "PIPX_BIN_DIR": str(tmp_path / "bin"),
            "PIP_RETRIES": "5",
        },
        seconds=_BUILD_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr

    shown = Installed(tmp_path / "bin" / "ocsync", tmp_path).run("--version")

    assert __version__ in shown
