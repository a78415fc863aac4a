"""Small applications that show what the server does."""

import threading
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment


def hello(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Greets, and reads nothing."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Sends back the body it was sent."""
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return [body]


def refuse(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answers 409 without reading a byte."""
    start_response("409 Conflict", [("Upload-Offset", "5")])
    return [b"no"]


class Recorder:
    """Remembers the environs it saw."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer 204."""
        self.seen.append(dict(environ))
        start_response("204 No Content", [])
        return []


class Receiver:
    """Receives bodies as uploads do, and tells what it got and how it ended."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.error: BaseException | None = None
        self.connection: Any = None
        self.trailers: dict[str, str] = {}
        self.has_begun = threading.Event()
        self.has_some = threading.Event()
        self.has_ended = threading.Event()

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Read to the end, or to the error."""
        if environ["REQUEST_METHOD"] == "GET":
            return hello(environ, start_response)
        self.connection = environ["ocsync.connection"]
        if environ["PATH_INFO"] == "/resumable":
            self.connection.mark_resumable()
        self.has_begun.set()
        body = environ["ocsync.body"]
        buffer = memoryview(bytearray(64 * 1024))
        status = "200 OK"
        try:
            while count := body.readinto(buffer):
                self.received += buffer[:count]
                self.has_some.set()
            self.trailers = dict(body.trailers)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.error = error
            status = "503 Service Unavailable"
        self.has_ended.set()
        start_response(status, [("Upload-Offset", str(len(self.received)))])
        return [b"done"]


class Gate:
    """Answers /wait only when opened, everything else at once."""

    def __init__(self) -> None:
        self.has_entered = threading.Event()
        self.is_open = threading.Event()

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Wait if asked to."""
        if environ["PATH_INFO"] == "/wait":
            self.has_entered.set()
            assert self.is_open.wait(20)
        return hello(environ, start_response)


class Closing:
    """An iterable that knows whether it was closed."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = blocks
        self.is_closed = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        """The blocks."""
        return iter(self._blocks)

    def close(self) -> None:
        """Note it."""
        self.is_closed.set()
