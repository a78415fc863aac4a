"""cadaver and webdav4: WebDAV for people, and for Python programs."""

from pathlib import Path

import pytest
from webdav4.client import Client, ResourceAlreadyExists, ResourceNotFound

from tests.live_server import LiveServer
from tests.programs import require_program, run_client

pytestmark = pytest.mark.clients


def test_cadaver_puts_moves_and_gets(server: LiveServer, tmp_path: Path) -> None:
    """A session as a person would type it."""
    cadaver = require_program("cadaver")
    host = server.url.partition("://")[2].partition(":")[0]
    (tmp_path / ".netrc").write_text(
        f"machine {host} login {server.user} password {server.password}\n"
    )
    (tmp_path / "here.txt").write_text("from here")
    commands = [
        "mkcol by-cadaver",
        "cd by-cadaver",
        "put here.txt there.txt",
        "lock there.txt",
        "unlock there.txt",
        "move there.txt moved.txt",
        "copy moved.txt copied.txt",
        "get copied.txt back.txt",
        "delete moved.txt",
        "ls",
        "quit",
    ]

    done = run_client(
        [cadaver, f"{server.url}/dav/files/admin/"],
        cwd=tmp_path,
        stdin="\n".join(commands) + "\n",
    )

    assert (tmp_path / "back.txt").read_text() == "from here", done.stdout
    assert "failed" not in done.stdout.lower()
    assert "copied.txt" in done.stdout


def test_webdav4(server: LiveServer, tmp_path: Path) -> None:
    """The Python client lists, uploads, moves and reads; refusals are its errors."""
    client = Client(
        f"{server.url}/remote.php/dav/files/admin", auth=(server.user, server.password)
    )
    with client.http:
        work_with(client, tmp_path)


def work_with(client: Client, tmp_path: Path) -> None:
    """What a program does with a folder."""
    (tmp_path / "f.txt").write_text("content")

    client.mkdir("webdav4")
    client.upload_file(tmp_path / "f.txt", "webdav4/f.txt")
    client.move("webdav4/f.txt", "webdav4/ü & x.txt")
    client.download_file("webdav4/ü & x.txt", tmp_path / "back.txt")
    listed = client.ls("webdav4", detail=True)

    assert (tmp_path / "back.txt").read_text() == "content"
    assert [each["content_length"] for each in listed] == [7]
    assert client.exists("webdav4/ü & x.txt")
    with pytest.raises(ResourceNotFound):
        client.remove("webdav4/f.txt")
    with pytest.raises(ResourceAlreadyExists):
        client.mkdir("webdav4")
