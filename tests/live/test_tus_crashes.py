"""Uploads when server processes are killed, and when several of them serve.

Tests are named by the rows of the fault matrix (`docs/tus.md`).
"""

import base64
import hashlib
import random
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.live.killable_server import Server, running
from tests.live.tus_site import AUTH, CHUNK, VERSION

DATA = random.Random(1).randbytes(3_000_000)


def send_until_killed(server: Server, path: str, sent: list[int]) -> None:
    """PATCH in pieces; `sent` gets what was sent and what was acknowledged."""
    step = 100_000
    with suppress(OSError, EOFError), server.connect() as client:
        offset = sent[1]
        while offset < len(DATA):
            body = DATA[offset : offset + step]
            sent[0] = offset + len(body)
            if server.patch(client, path, offset, body) != 204:
                return
            offset += len(body)
            sent[1] = offset


def kill_in_the_middle(folder: Path, rounds: int) -> None:
    """Kill the server again and again while an upload runs; then finish it."""
    chance = random.Random(rounds)
    with running(folder) as server:
        path = server.start(len(DATA))
    sent = [0, 0]
    for _ in range(rounds):
        with running(folder) as server:
            status, offset = server.head(path)
            assert status == 200
            assert sent[1] <= offset <= sent[0]
            if offset == len(DATA):
                break
            sent = [offset, offset]
            arguments = (server, path, sent)
            sender = threading.Thread(target=send_until_killed, args=arguments)
            sender.start()
            time.sleep(chance.uniform(0, 0.15))
            server.kill()
            sender.join()
    with running(folder) as server, server.connect() as client:
        _, offset = server.head(path)
        assert sent[1] <= offset <= sent[0]
        if offset < len(DATA):
            assert server.patch(client, path, offset, DATA[offset:]) == 204
        assert hashlib.sha256(server.read(path)).digest() == (
            hashlib.sha256(DATA).digest()
        )


def test_f01_killed_in_the_middle_of_patches(tmp_path: Path) -> None:
    """After kill -9 no acknowledged byte is missing, and the upload goes on."""
    kill_in_the_middle(tmp_path / "data", rounds=3)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_f01_killed_a_hundred_times(tmp_path: Path) -> None:
    """As above, at a hundred random moments."""
    for run in range(10):
        kill_in_the_middle(tmp_path / f"data-{run}", rounds=10)


def test_f02_bytes_beyond_the_row_are_cut_away(tmp_path: Path) -> None:
    """What was staged but never recorded is not part of the upload."""
    folder = tmp_path / "data"
    with running(folder) as server:
        path = server.start(10)
        with server.connect() as client:
            assert server.patch(client, path, 0, b"01234") == 204
    (staged,) = (folder / "blobs" / "staging").iterdir()
    with staged.open("ab") as file:
        file.write(b"torn")

    with running(folder) as server, server.connect() as client:
        assert server.head(path) == (200, 5)
        assert server.patch(client, path, 5, b"56789") == 204
        assert server.read(path) == b"0123456789"


def test_f25_other_processes_take_over(tmp_path: Path) -> None:
    """A PATCH that stalls in one process gives way to requests in any other."""
    with running(tmp_path / "data", workers=3) as server:
        path = server.start(len(DATA))
        half = len(DATA) // 2
        for offset in (0, half):
            with server.connect() as stalled:
                stalled.request(
                    f"PATCH {path}",
                    AUTH,
                    VERSION,
                    CHUNK,
                    f"Upload-Offset: {offset}",
                    f"Content-Length: {len(DATA) - offset}",
                )
                stalled.send(DATA[offset : offset + 1000])
                time.sleep(0.5)  # the fault itself: nothing comes for so long
                status, now_at = server.head(path)
                assert (status, now_at) == (200, offset + 1000)
            end = half if offset == 0 else len(DATA)
            with server.connect() as client:
                body = DATA[now_at:end]
                assert server.patch(client, path, now_at, body) == 204
        assert server.read(path) == DATA


def test_processes_serve_one_upload_in_turn(tmp_path: Path) -> None:
    """Each part may reach another process; checksums go on where they were."""
    digest = base64.b64encode(b"sha256 " + hashlib.sha256(DATA).hexdigest().encode())
    with running(tmp_path / "data", workers=3) as server:
        with server.connect() as client:
            created = client.ask(
                "POST /files",
                AUTH,
                VERSION,
                f"Upload-Length: {len(DATA)}",
                "Content-Length: 0",
                f"Upload-Metadata: checksum {digest.decode()}",
            )
        path = "/files/" + created["location"].rpartition("/")[2]
        for offset in range(0, len(DATA), 300_000):
            with server.connect() as client:
                body = DATA[offset : offset + 300_000]
                assert server.patch(client, path, offset, body) == 204
        assert server.read(path) == DATA


def test_f18_f19_uploads_go_on_after_a_restart(tmp_path: Path) -> None:
    """A server stopped in order keeps what arrived; the next one knows it."""
    folder = tmp_path / "data"
    with running(folder) as server:
        path = server.start(10)
        with server.connect() as client:
            client.request(
                f"PATCH {path}",
                AUTH,
                VERSION,
                CHUNK,
                "Upload-Offset: 0",
                "Content-Length: 10",
            )
            client.send(b"01234")
            time.sleep(0.3)  # the bytes arrive; nothing tells when
            server.stop()
    with running(folder) as server, server.connect() as client:
        assert server.head(path) == (200, 5)
        assert server.patch(client, path, 5, b"56789") == 204
        assert server.read(path) == b"0123456789"


def test_f05_full_store(tmp_path: Path) -> None:
    """507 when the store takes no more; what it took is kept and goes on later."""
    folder, data = tmp_path / "data", DATA * 4
    with running(folder, most_bytes=8_000_000) as server:
        path = server.start(len(data))
        with server.connect() as client:
            status = server.patch(client, path, 0, data)
        _, offset = server.head(path)
    with running(folder) as server, server.connect() as client:
        assert server.head(path) == (200, offset)
        assert server.patch(client, path, offset, data[offset:]) == 204
        content = server.read(path)

    assert status == 507
    assert 0 < offset <= 8_000_000
    assert content == data
