"""Many connections that each ask again once they are answered, over two processes.

Every answer is looked at: its status, its length, and what is in it. One that is
wrong ends the measurement.
"""

import multiprocessing
import random
import re
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.pool import Pool
from time import perf_counter
from typing import Final, Protocol

from benchmarks.harness.site import TIME_OUT, WrongAnswer

CLIENTS: Final = 2
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSES: Final = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_RECEIVE: Final = 256 * 1024


class Questions(Protocol):
    """What the connections of a crowd ask."""

    def next(self, client: int, number: int) -> tuple[bytes, int]:
        """A whole request, and something to know it by when it is answered."""

    def is_right(self, token: int, head: bytes, body: bytes) -> bool:
        """Whether a whole answer is the right one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Same:
    """The same request again and again, with one answer."""

    request: bytes
    status: bytes = b"200"
    contains: bytes = b""

    def next(self, client: int, number: int) -> tuple[bytes, int]:
        """The request."""
        del client, number
        return self.request, 0

    def is_right(self, token: int, head: bytes, body: bytes) -> bool:
        """Status, and what must be inside."""
        del token
        return head[9:12] == self.status and self.contains in body


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNames:
    """A request with a new name each time, in place of @NAME@."""

    template: bytes
    prefix: str

    def next(self, client: int, number: int) -> tuple[bytes, int]:
        """The request with the next name."""
        name = f"{self.prefix}-{client}-{number}".encode()
        return self.template.replace(b"@NAME@", name), 0

    def is_right(self, token: int, head: bytes, body: bytes) -> bool:
        """Created, or replaced where a server does not tell the two apart."""
        del token, body
        return head[9:12] in {b"201", b"204"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomRanges:
    """Ranges of one length anywhere in a file that repeats the pattern."""

    template: bytes
    length: int
    size: int
    pattern: bytes

    def next(self, client: int, number: int) -> tuple[bytes, int]:
        """A request for a range; its first byte."""
        del client, number
        first = random.randrange(self.size - self.length)
        text = b"%d-%d" % (first, first + self.length - 1)
        return self.template.replace(b"@RANGE@", text), first

    def is_right(self, token: int, head: bytes, body: bytes) -> bool:
        """206 with the very bytes."""
        first = token % len(self.pattern)
        expected = self.pattern[first : first + self.length]
        if len(expected) < self.length:
            expected += self.pattern[: self.length - len(expected)]
        return head[9:12] == b"206" and body == expected


@dataclass(slots=True)
class _Crowd:
    """The connections of one client process."""

    port: int
    questions: Questions
    client: int
    poll: select.epoll = field(default_factory=select.epoll)
    peers: dict[int, socket.socket] = field(default_factory=dict)
    answers: dict[int, bytes] = field(default_factory=dict)
    tokens: dict[int, int] = field(default_factory=dict)
    sent: int = 0

    def connect(self) -> None:
        """Add a connection that asks at once."""
        peer = socket.create_connection(("127.0.0.1", self.port), timeout=TIME_OUT)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peers[peer.fileno()] = peer
        self.poll.register(peer, select.EPOLLIN)
        self.send(peer)

    def send(self, peer: socket.socket) -> None:
        """Ask."""
        self.sent += 1
        number = peer.fileno()
        request, self.tokens[number] = self.questions.next(self.client, self.sent)
        self.answers[number] = b""
        peer.sendall(request)

    def receive(self, number: int) -> bool:
        """Take what came and ask again after a whole answer; whether it was one."""
        peer = self.peers[number]
        data = peer.recv(_RECEIVE)
        answer = self.answers[number] = self.answers[number] + data
        if not data:
            if answer:
                raise WrongAnswer(f"cut short: {answer[:200]!r}")
            self.drop(number)
            self.connect()
            return False
        head, end, body = answer.partition(b"\r\n\r\n")
        if not end or not _is_whole(head, body):
            return False
        if not self.questions.is_right(self.tokens[number], head, body):
            raise WrongAnswer(f"{head[:300]!r} and {len(body)} bytes")
        if _CLOSES.search(head):
            self.drop(number)
            self.connect()
        else:
            self.send(peer)
        return True

    def drop(self, number: int) -> None:
        """Close a connection."""
        self.poll.unregister(number)
        self.peers.pop(number).close()


def _is_whole(head: bytes, body: bytes) -> bool:
    if length := _LENGTH.search(head):
        return len(body) >= int(length[1])
    return head[9:12] in {b"204", b"304"} or body.endswith(b"0\r\n\r\n")


def _hammer(
    port: int, questions: Questions, client: int, connections: int, seconds: float
) -> int:
    """Ask on so many connections for so long; how many answers came."""
    crowd = _Crowd(port, questions, client)
    try:
        for _ in range(connections):
            crowd.connect()
        count = 0
        end = perf_counter() + seconds
        while perf_counter() < end:
            for number, _ in crowd.poll.poll(1):
                count += crowd.receive(number)
    finally:
        for number in list(crowd.peers):
            crowd.drop(number)
        crowd.poll.close()
    return count


@dataclass(frozen=True, slots=True)
class Clients:
    """The client processes, which live as long as the run."""

    pool: Pool

    def ask(
        self, port: int, questions: Questions, connections: int, seconds: float
    ) -> int:
        """How many right answers a crowd got.

        Raises:
            WrongAnswer: one was not right, or none came.
        """
        jobs = [
            (port, questions, client, connections // CLIENTS, seconds)
            for client in range(CLIENTS)
        ]
        count = sum(self.pool.starmap(_hammer, jobs, chunksize=1))
        if not count:
            raise WrongAnswer("no answer at all")
        return count


@contextmanager
def client_processes() -> Iterator[Clients]:
    """Fork the clients; to be done before any thread is started."""
    with multiprocessing.get_context("fork").Pool(CLIENTS, random.seed) as pool:
        yield Clients(pool)
