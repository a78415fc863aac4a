"""The WSGI environ of a request (PEP 3333), with what this server adds to it.

Added: `REQUEST_URI` as it came, and under `ocsync.` the body, the interim answers,
the control of the connection and, by whoever reads the head, when that was there.
Strings hold bytes as latin-1, as the PEP demands.
"""

import sys
from typing import Protocol
from wsgiref.types import WSGIEnvironment

from ocsync.server.exchange import Exchange
from ocsync.server.head import RequestHead
from ocsync.wire.filebody import BLOCK_BYTES


class Readable(Protocol):
    """The least a file for `wsgi.file_wrapper` can do."""

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes; b"" at the end."""
        ...


class FileWrapper:
    """`wsgi.file_wrapper`: any file-like object as blocks."""

    def __init__(self, file: Readable, block_bytes: int = BLOCK_BYTES) -> None:
        self._file = file
        self._block_bytes = max(block_bytes, 64 * 1024)

    def __iter__(self) -> "FileWrapper":
        """Itself: it can be read once."""
        return self

    def __next__(self) -> bytes:
        """The next block."""
        block = self._file.read(self._block_bytes)
        if not block:
            raise StopIteration
        return block

    def close(self) -> None:
        """Close the file, if it can be closed."""
        close = getattr(self._file, "close", None)
        if close is not None:
            close()


def environ_template(
    *,
    server: tuple[str, int],
    client: tuple[str, int],
    is_tls: bool,
    is_multiprocess: bool,
) -> WSGIEnvironment:
    """What is the same for all requests of one connection."""
    template: WSGIEnvironment = {
        "SCRIPT_NAME": "",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_SOFTWARE": "ocsync",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https" if is_tls else "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": is_multiprocess,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "wsgi.file_wrapper": FileWrapper,
    }
    if is_tls:
        template["HTTPS"] = "on"
    return template


def complete_environ(
    template: WSGIEnvironment, head: RequestHead, exchange: Exchange
) -> WSGIEnvironment:
    """The environ of one request."""
    environ = {**head.fields, **template}
    environ["REQUEST_METHOD"] = head.method
    environ["PATH_INFO"] = head.path
    environ["QUERY_STRING"] = head.query
    environ["REQUEST_URI"] = head.target
    environ["SERVER_PROTOCOL"] = "HTTP/1.1" if head.minor else "HTTP/1.0"
    environ["wsgi.input"] = environ["ocsync.body"] = exchange.body
    environ["ocsync.connection"] = exchange
    environ["ocsync.send_interim"] = exchange.response.send_interim
    return environ
