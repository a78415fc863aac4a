"""Slow uploads to the whole service, as it comes: nobody else has to wait for them."""

from contextlib import ExitStack
from pathlib import Path

from tests.live.killable_server import running
from tests.live.raw_http import RawClient
from tests.live.tus_site import AUTH, CHUNK, VERSION

UPLOADS = 100
HALF = b"h" * 32 * 1024


def test_f12_two_hundred_stalled_uploads_hold_up_nobody(tmp_path: Path) -> None:
    """With half of each body there, others read and write; then all are completed."""
    with running(tmp_path / "data", workers=1) as server, ExitStack() as stack:
        paths = [server.start(2 * len(HALF)) for _ in range(UPLOADS)]
        heads = [
            *((f"PUT /dav/files/admin/{number}.bin",) for number in range(UPLOADS)),
            *((f"PATCH {path}", VERSION, CHUNK, "Upload-Offset: 0") for path in paths),
        ]
        uploads: list[RawClient] = []
        for head in heads:
            uploads.append(stack.enter_context(server.connect()))
            length = f"Content-Length: {2 * len(HALF)}"
            uploads[-1].request(*head, AUTH, length)
            uploads[-1].send(HALF)

        with server.connect() as other:
            answer = other.ask("PROPFIND /dav/files/admin/", AUTH, "Depth: 1")
            assert answer.status == 207
            assert b".bin" not in answer.body
            written = other.ask("PUT /dav/files/admin/quick.txt", AUTH, body=b"quick")
            assert written.status == 201
            whole = other.ask("PUT /dav/files/admin/whole.bin", AUTH, body=2 * HALF)
            assert whole.status == 201

        for upload in uploads:
            upload.send(HALF)
        statuses = [upload.read_answer().status for upload in uploads]
        assert statuses == [201] * UPLOADS + [204] * UPLOADS
