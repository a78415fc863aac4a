"""What a sync client does over weeks, in a row: owncloudcmd and nextcloudcmd.

500 files, nothing to do, changes on either side, renames, deletions, a conflict, a
large file; with the client's debug log, which must not complain of the server.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.live_server import LiveServer
from tests.programs import require_program, run_client

pytestmark = pytest.mark.clients

FILES: Final = 500
LARGE_BYTES: Final = 60 * 1024 * 1024

_COMPLAINT: Final = re.compile(r"\b(?:warning|critical|fatal)\b", re.IGNORECASE)
_OF_ITS_OWN: Final = (
    # Of the machine: lists of ignored names that the packages do not bring.
    "exclude list file could not be read",
    # Of the client: a conflict is what the test has made.
    "onflict",
    # Of Qt without a desktop, and of the client's own database and settings.
    "QStandardPaths",
    "qt.",
    "No translation",
    "propagator.root.deletion",
    # Of the size that the local disk gives to a folder that was renamed.
    "sync.propagator.remotemove",
    # Of its own plan: a file that was renamed, seen again under its former name.
    "Useless task found",
    "was modified before the last sync run and is not in the sync journal",
    # Nextcloud's takes Qt's text for "no error" for one, after each new folder.
    'SyncFileItem::Success and error: "Unknown error"',
)


@dataclass(frozen=True)
class Device:
    """One folder that a client keeps in sync."""

    server: LiveServer
    program: str
    folder: Path

    def sync(self) -> list[str]:
        """Sync once, and return the complaints of the client's log."""
        exclude = self.folder.parent / "exclude.lst"
        exclude.write_text("]*.~*\n")
        done = run_client(
            [
                require_program(self.program),
                "--non-interactive",
                "--trust",
                "--logdebug",
                "--exclude",
                exclude,
                "-u",
                self.server.user,
                "-p",
                self.server.password,
                self.folder,
                self.server.url,
            ],
            cwd=self.folder.parent,
        )
        log = done.stdout + done.stderr
        assert done.returncode == 0, log[-6000:]
        return [
            line[:300]
            for line in log.splitlines()
            if _COMPLAINT.search(line[:80])
            and not any(own in line for own in _OF_ITS_OWN)
        ]

    def contents(self) -> dict[str, bytes]:
        """Every file, but for the client's own."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and not path.name.startswith((".sync", "._sync", "."))
        }


@pytest.fixture(params=["owncloudcmd", "nextcloudcmd"])
def program(request: pytest.FixtureRequest) -> str:
    """Each client."""
    return str(request.param)


@pytest.fixture
def devices(server: LiveServer, program: str, tmp_path: Path) -> tuple[Device, Device]:
    """Two devices of one person, on an empty space."""
    require_program(program)
    with server.api() as api:
        root = f"{server.url}/dav/spaces/{server.personal_space()}"
        listing = api.request("PROPFIND", root, headers={"Depth": "1"}).text
        for href in re.findall(r"<d:href>([^<]+)</d:href>", listing)[1:]:
            api.request("DELETE", href).raise_for_status()
    made = []
    for name in ("here", "there"):
        folder = tmp_path / name
        folder.mkdir()
        made.append(Device(server, program, folder))
    return made[0], made[1]


def changes(server: LiveServer) -> str:
    """The etag of the whole space, which every change moves."""
    with server.api() as api:
        drives = api.get("/graph/v1.0/me/drives").json()["value"]
    return str(drives[0]["root"]["eTag"])


def fill(folder: Path) -> list[str]:
    """Many small files in some folders; their names."""
    names = [f"part {n % 20}/näme {n} #%.txt" for n in range(FILES)]
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(f"{name}\n".encode() * (number % 50))
    return names


def test_a_long_life(devices: tuple[Device, Device]) -> None:
    """The whole sequence; both devices always end with the same."""
    here, there = devices
    names = fill(here.folder)

    complaints = here.sync()
    complaints += there.sync()
    assert there.contents() == here.contents()
    assert len(there.contents()) == FILES

    before = changes(here.server)
    complaints += here.sync()
    assert changes(here.server) == before, "a sync without changes changed something"

    (there.folder / names[1]).write_text("changed there")
    (there.folder / names[2]).rename(there.folder / "part 1" / "renamed.txt")
    (there.folder / names[3]).unlink()
    (there.folder / "part 5").rename(there.folder / "part five")
    complaints += there.sync()
    (here.folder / names[4]).write_text("changed here, at the same time")
    complaints += here.sync()
    complaints += there.sync()
    assert there.contents() == here.contents()
    assert (here.folder / names[1]).read_text() == "changed there"
    assert (here.folder / "part 1" / "renamed.txt").exists()
    assert not (here.folder / names[3]).exists()
    assert (here.folder / "part five").is_dir()
    assert not (here.folder / "part 5").exists()

    large = bytes(range(256)) * (LARGE_BYTES // 256)
    (here.folder / "large.bin").write_bytes(large)
    complaints += here.sync()
    complaints += there.sync()
    assert (there.folder / "large.bin").read_bytes() == large

    (here.folder / names[6]).write_text("one version")
    (there.folder / names[6]).write_text("quite another version")
    complaints += here.sync()
    complaints += there.sync()
    complaints += here.sync()
    assert (there.folder / names[6]).read_text() == "one version"
    texts = {data for name, data in there.contents().items() if "6" in name}
    assert b"quite another version" in texts, "the other version is kept beside it"

    assert complaints == []


def test_changes_by_others(devices: tuple[Device, Device]) -> None:
    """What another program does over WebDAV arrives, and the other way round."""
    here, _ = devices
    server = here.server
    (here.folder / "local.txt").write_text("from here")
    # Where every file goes away at once, Nextcloud's client stops and asks a person.
    (here.folder / "stays.txt").write_text("stays")
    here.sync()
    root = f"{server.url}/dav/spaces/{server.personal_space()}"

    with server.api() as api:
        assert api.get(f"{root}/local.txt").text == "from here"
        api.put(f"{root}/remote.txt", content=b"by others").raise_for_status()
        api.request("MKCOL", f"{root}/folder").raise_for_status()
        headers = {"Destination": f"{root}/folder/moved.txt"}
        api.request("MOVE", f"{root}/local.txt", headers=headers).raise_for_status()
    here.sync()

    assert here.contents() == {
        "stays.txt": b"stays",
        "remote.txt": b"by others",
        "folder/moved.txt": b"from here",
    }


def test_large_file_that_old_clients_stumble_over(
    devices: tuple[Device, Device],
) -> None:
    """A size at which the desktop 2.11 miscounts its chunks; it must come through.

    With 10 MB chunks it computes what is left as size minus twice the offset, which is
    nothing half-way through such a file, and sends empty chunks for ever.
    """
    here, there = devices
    (here.folder / "large.bin").write_bytes(b"0123456789" * 6_000_000)

    here.sync()
    there.sync()

    assert (there.folder / "large.bin").stat().st_size == 60_000_000


def test_wrong_password_is_no_success(server: LiveServer, tmp_path: Path) -> None:
    """Nothing is synced, and the folder stays as it was."""
    program = require_program("owncloudcmd")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    exclude = tmp_path / "exclude.lst"
    exclude.write_text("]*.~*\n")

    run_client(
        [
            program,
            "--non-interactive",
            "--trust",
            "--exclude",
            exclude,
            "-u",
            server.user,
            "-p",
            "wrong",
            folder,
            server.url,
        ],
        cwd=tmp_path,
        seconds=120,
    )

    assert (folder / "mine.txt").read_text() == "mine"
    answer = httpx.get(
        f"{server.url}/remote.php/webdav/mine.txt", auth=(server.user, server.password)
    )
    assert answer.status_code == 404
