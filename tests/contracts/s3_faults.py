"""A proxy that stands before an S3 server and spoils what a test tells it to."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

TIME_OUT = 30


class Faults:
    """What is to go wrong: the next so many requests of a method, in which way.

    `503` is answered so; `reset` cuts the connection before an answer; `cut` does so
    in the middle of its body; `stall` says nothing until the test is over.
    """

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.is_over = threading.Event()
        self._guard = threading.Lock()
        self._planned: list[tuple[str, str]] = []

    def plan(self, method: str, kind: str, times: int = 1) -> None:
        """Spoil the next requests of the method."""
        with self._guard:
            self._planned += [(method, kind)] * times

    def take(self, method: str) -> str:
        """What to do with a request."""
        with self._guard:
            self.seen.append(method)
            for index, (wanted, kind) in enumerate(self._planned):
                if wanted == method:
                    del self._planned[index]
                    return kind
        return ""


class _Proxy(ThreadingHTTPServer):
    """Listens on a free port."""

    daemon_threads = True

    def __init__(self, endpoint: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.faults = Faults()
        self.target = urlsplit(endpoint).netloc


class _Handler(BaseHTTPRequestHandler):
    """Passes on, or does not."""

    protocol_version = "HTTP/1.1"
    server: _Proxy

    def handle_any(self) -> None:
        """One request."""
        faults = self.server.faults
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = faults.take(self.command)
        if kind == "stall":
            faults.is_over.wait(TIME_OUT)
        if kind in {"reset", "stall"}:
            self.cut()
            return
        if kind == "503":
            self.answer(503, [("Content-Length", "0")], b"")
            return
        upstream = HTTPConnection(self.server.target, timeout=TIME_OUT)
        upstream.request(self.command, self.path, body, dict(self.headers.items()))
        answer = upstream.getresponse()
        data = answer.read()
        upstream.close()
        headers = [
            (name, value)
            for name, value in answer.getheaders()
            if name.lower() not in {"connection", "transfer-encoding", "date"}
        ]
        if kind == "cut":
            data = data[: len(data) // 2]
        self.answer(answer.status, headers, data)
        if kind == "cut":
            self.cut()

    def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Send an answer."""
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def cut(self) -> None:
        """End the connection without a word."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any  # noqa: N815


@contextmanager
def faulty(endpoint: str) -> Iterator[tuple[str, Faults]]:
    """The proxy's endpoint, and what it spoils."""
    proxy = _Proxy(endpoint)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{proxy.server_port}", proxy.faults
    finally:
        proxy.faults.is_over.set()
        proxy.shutdown()
        proxy.server_close()
        thread.join()
