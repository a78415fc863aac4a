"""The floor: a bare loop between a socket and a file, as a program.

    python -m benchmarks.harness.raw_loop PORT FOLDER [sync]

It takes PUT, GET and the PATCHes of tus, one connection after the other, and nothing
of what makes a server: no login, no checks, no checksums. A file that is there is
written over from its beginning and keeps its pages, so that no page has to be
allocated. With `sync` each PUT and PATCH ends with fdatasync.
"""

import os
import re
import socket
import sys
from base64 import b64decode
from pathlib import Path
from typing import Final

BLOCK: Final = 256 * 1024
LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
FILENAME: Final = re.compile(rb"\r\nupload-metadata: *filename (\S+)", re.IGNORECASE)
OFFSET: Final = re.compile(rb"\r\nupload-offset: *(\d+)", re.IGNORECASE)


class Loop:
    """One connection at a time, one buffer."""

    def __init__(self, folder: Path, *, syncs: bool) -> None:
        self._folder = folder
        self._syncs = syncs
        self._buffer = memoryview(bytearray(BLOCK))

    def serve(self, peer: socket.socket) -> None:
        """Answer until the client hangs up."""
        while True:
            count, end = 0, -1
            while end < 0:
                received = peer.recv_into(self._buffer[count:])
                if not received:
                    return
                count += received
                end = bytes(self._buffer[:count]).find(b"\r\n\r\n")
            head = bytes(self._buffer[: end + 4])
            self._answer(peer, head, bytes(self._buffer[end + 4 : count]))

    def _answer(self, peer: socket.socket, head: bytes, early: bytes) -> None:
        method, target = head.split()[:2]
        path = self._folder / target.decode().strip("/").replace("/", "-")
        if method in {b"PUT", b"PATCH"}:
            offset = OFFSET.search(head)
            length = LENGTH.search(head)
            assert length is not None
            position = int(offset[1]) if offset else 0
            self._receive(peer, path, position, early, int(length[1]))
            end = position + int(length[1])
            text = b"HTTP/1.1 204 No Content\r\nUpload-Offset: %d\r\n\r\n" % end
            peer.sendall(text)
        elif method == b"GET":
            self._send(peer, path)
        elif method == b"POST":
            name = FILENAME.search(head)
            assert name is not None
            place = b"/" + b64decode(name[1])
            peer.sendall(b"HTTP/1.1 201 Created\r\nLocation: %s\r\n" % place)
            peer.sendall(b"Content-Length: 0\r\n\r\n")
        else:
            path.unlink(missing_ok=True)
            peer.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    def _receive(
        self, peer: socket.socket, path: Path, position: int, early: bytes, length: int
    ) -> None:
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        os.lseek(file, position, os.SEEK_SET)
        os.write(file, early)
        left = length - len(early)
        while left and (count := peer.recv_into(self._buffer, min(left, BLOCK))):
            os.write(file, self._buffer[:count])
            left -= count
        if self._syncs:
            os.fdatasync(file)
        os.close(file)

    def _send(self, peer: socket.socket, path: Path) -> None:
        file = os.open(path, os.O_RDONLY)
        size = os.fstat(file).st_size
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while count := os.readv(file, [self._buffer]):
            peer.sendall(self._buffer[:count])
        os.close(file)


def main() -> None:
    """Serve until killed."""
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    loop = Loop(Path(sys.argv[2]), syncs="sync" in sys.argv[3:])
    while True:
        peer, _ = listener.accept()
        with peer:
            loop.serve(peer)


if __name__ == "__main__":
    main()
