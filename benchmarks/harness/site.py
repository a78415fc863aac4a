"""A running server as its clients see it."""

import http.client
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Final

from benchmarks.harness import processes

TIME_OUT: Final = 60
EVERYTHING: Final = frozenset({"put", "get", "ranges", "propfind"})


class WrongAnswer(Exception):
    """A server did not do what it was asked for, so its speed means nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A server, where its files are, and how to log in."""

    name: str
    version: str
    durability: str
    """What an answer to a write promises, in words."""

    port: int
    pid: int
    root: str = "/"
    login: tuple[str, str] | None = None
    """Name and app token, for Basic authentication."""

    can: frozenset[str] = EVERYTHING

    def connect(self) -> HTTPConnection:
        """A new connection."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=TIME_OUT)
        connection.blocksize = 1024 * 1024
        connection.connect()
        return connection

    def headers(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Headers of a request, with what logs in."""
        login = {}
        if self.login is not None:
            basic = b64encode(":".join(self.login).encode()).decode()
            login["Authorization"] = f"Basic {basic}"
        return login | dict(more or {})

    def url(self, path: str) -> str:
        """The path of a URL, below the root of the files unless it begins with `/`."""
        return path if path.startswith("/") else self.root + path

    def head(self, method: str, path: str, *more: str) -> bytes:
        """The head of a request as it goes over the wire, with further lines."""
        lines = [f"{method} {self.url(path)} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in self.headers().items()]
        return "\r\n".join([*lines, *more, "", ""]).encode()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        expect: tuple[int, ...] = (200, 201, 204, 207),
    ) -> tuple[HTTPResponse, bytes]:
        """One request on a connection of its own.

        Raises:
            WrongAnswer: the status is none of those expected.
        """
        with self.asking() as connection:
            connection.request(
                method, self.url(path), body or None, self.headers(headers)
            )
            answer = connection.getresponse()
            content = answer.read()
        if answer.status not in expect:
            raise WrongAnswer(f"{self.name}: {method} {path}: {answer.status}")
        return answer, content

    @contextmanager
    def asking(self) -> Iterator[HTTPConnection]:
        """A connection for the length of a block.

        Raises:
            WrongAnswer: the server broke it.
        """
        connection = self.connect()
        try:
            yield connection
        except (OSError, http.client.HTTPException) as error:
            raise WrongAnswer(f"{self.name}: {error!r}") from error
        finally:
            connection.close()

    def cpu_seconds(self) -> float:
        """What its processes have used until now."""
        return processes.cpu_seconds(self.pid)
