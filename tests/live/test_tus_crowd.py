"""Many clients upload many files at once, through two processes."""

import hashlib
import random
import threading
from pathlib import Path

from tests.live.killable_server import Server, running
from tests.live.tus_site import AUTH, CHUNK, VERSION

CLIENTS = 50
FILES = 20
CHUNK_BYTES = 16 * 1024


def content_of(client: int, file: int) -> bytes:
    """The bytes of one file: different ones, of a length of their own."""
    chance = random.Random(f"{client}/{file}")
    return chance.randbytes(chance.randrange(0, 3 * CHUNK_BYTES))


class Uploader(threading.Thread):
    """One client: each of its files in chunks, on connections that come and go."""

    def __init__(self, server: Server, number: int) -> None:
        super().__init__(name=f"client {number}")
        self.number = number
        self.paths: list[str] = []
        self.statuses: set[int] = set()
        self._server = server

    def run(self) -> None:
        """Upload everything."""
        for file in range(FILES):
            content = content_of(self.number, file)
            path = self._server.start(len(content))
            for offset in range(0, len(content), CHUNK_BYTES):
                with self._server.connect() as client:
                    body = content[offset : offset + CHUNK_BYTES]
                    status = self._server.patch(client, path, offset, body)
                    self.statuses.add(status)
            self.paths.append(path)


def test_a_thousand_uploads_at_once(tmp_path: Path) -> None:
    """Every hash is right, and nothing was refused."""
    with running(tmp_path / "data", workers=2) as server:
        uploaders = [Uploader(server, number) for number in range(CLIENTS)]
        for uploader in uploaders:
            uploader.start()
        for uploader in uploaders:
            uploader.join()

        for uploader in uploaders:
            assert uploader.statuses == {204}
            assert len(uploader.paths) == FILES
            for file, path in enumerate(uploader.paths):
                expected = content_of(uploader.number, file)
                assert hashlib.sha256(server.read(path)).digest() == (
                    hashlib.sha256(expected).digest()
                )


def test_two_clients_fight_over_one_upload(tmp_path: Path) -> None:
    """At each offset are the bytes of exactly one of them."""
    length, block = 400_000, 10_000
    with running(tmp_path / "data", workers=2) as server:
        path = server.start(length)
        won: dict[int, bytes] = {}
        seen: set[int] = set()

        def fight(letter: bytes) -> None:
            offset = 0
            while offset < length:
                with server.connect() as client:
                    client.request(
                        f"PATCH {path}",
                        AUTH,
                        VERSION,
                        CHUNK,
                        f"Upload-Offset: {offset}",
                        body=letter * block,
                    )
                    answer = client.read_answer()
                seen.add(answer.status)
                if answer.status == 204:
                    assert offset not in won
                    won[offset] = letter * block
                offset = int(answer["upload-offset"])

        fighters = [threading.Thread(target=fight, args=(x,)) for x in (b"a", b"b")]
        for fighter in fighters:
            fighter.start()
        for fighter in fighters:
            fighter.join()

        assert seen <= {204, 409, 423}
        assert server.read(path) == b"".join(won[offset] for offset in sorted(won))
        assert sorted(won) == list(range(0, length, block))
