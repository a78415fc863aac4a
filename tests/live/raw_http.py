"""A client that sends exactly the bytes it is given, and reads answers strictly."""

import socket
import ssl
import struct
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

TIME_OUT = 20.0
CHUNKED = "Transfer-Encoding: chunked"
HUGE = "Content-Length: 10737418240"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer from the wire."""

    status: int
    reason: str
    fields: list[tuple[str, str]]
    body: bytes

    def __getitem__(self, name: str) -> str:
        """The value of a field that came exactly once."""
        (value,) = (value for key, value in self.fields if key == name.lower())
        return value

    def __contains__(self, name: str) -> bool:
        """Whether a field came."""
        return any(key == name.lower() for key, _ in self.fields)


class RawClient:
    """One connection."""

    def __init__(
        self,
        address: int | Path,
        *,
        tls: ssl.SSLContext | None = None,
        receive_buffer: int = 0,
    ) -> None:
        family = socket.AF_INET if isinstance(address, int) else socket.AF_UNIX
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(TIME_OUT)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        target = ("127.0.0.1", address) if isinstance(address, int) else str(address)
        try:
            self.socket.connect(target)
        except OSError:
            self.socket.close()
            raise
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self._buffer = b""

    def send(self, *parts: bytes) -> None:
        """Send the parts in one go."""
        self.socket.sendall(b"".join(parts))

    def request(self, line: str, *fields: str, body: bytes = b"") -> None:
        """Send a request with a Host, and a Content-Length if there is a body."""
        lines = [f"{line} HTTP/1.1", "Host: localhost", *fields]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode("latin-1"), b"\r\n\r\n", body)

    def ask(self, line: str, *fields: str, body: bytes = b"") -> Answer:
        """Send a request and read its answer."""
        self.request(line, *fields, body=body)
        return self.read_answer(is_head=line.startswith("HEAD "))

    def read_answer(self, *, is_head: bool = False) -> Answer:
        """The next answer, interim ones too."""
        status_line, *lines = (
            self._read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        )
        version, status, reason = status_line.split(" ", 2)
        assert version == "HTTP/1.1"
        fields = [_parse_field(line) for line in lines]
        code = int(status)
        body = b""
        if not is_head and code >= 200 and code not in {204, 304}:
            body = self._read_body(dict(fields))
        return Answer(code, reason, fields, body)

    def is_silent(self) -> bool:
        """Whether nothing has come that was not read; does not wait long."""
        if self._buffer:
            return False
        self.socket.settimeout(0.05)
        try:
            self._buffer = self.socket.recv(65536)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(TIME_OUT)
        return False

    def is_at_end(self) -> bool:
        """Whether the server closes, sending nothing more; waits for it."""
        try:
            return not self._buffer and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def end_sending(self) -> None:
        """Send FIN."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Send RST."""
        option = struct.pack("ii", 1, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
        self.socket.close()

    def close(self) -> None:
        """Close."""
        self.socket.close()

    def __enter__(self) -> Self:
        """Return itself; leaving the block closes it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def _read_body(self, fields: dict[str, str]) -> bytes:
        if fields.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self._read_until(b"\r\n"), 16):
                body += self._read(size)
                assert self._read(2) == b"\r\n"
            assert self._read(2) == b"\r\n"
            return body
        if "content-length" in fields:
            return self._read(int(fields["content-length"]))
        body = self._buffer
        self._buffer = b""
        while data := self.socket.recv(65536):
            body += data
        return body

    def _read_until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            self._receive()
        found, _, self._buffer = self._buffer.partition(end)
        return found

    def _read(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._receive()
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return found

    def _receive(self) -> None:
        data = self.socket.recv(1 << 20)
        if not data:
            raise EOFError(f"the connection ended after {self._buffer!r}")
        self._buffer += data


def _parse_field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.lower(), value.strip()
