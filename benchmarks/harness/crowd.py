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
_STATUS: Final = len("HTTP/1.1 ")


class Questions(Protocol):
    """What the connections of a crowd ask."""

    def next(self, client: int, number: int) -> tuple[bytes, int]:
        """A whole request, and something to know it by when it is answered."""

    def is_right(self, token: int, answer: bytearray, body_at: int) -> bool:
        """Whether a whole answer, whose body begins there, is the right one."""


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

    def is_right(self, token: int, answer: bytearray, body_at: int) -> bool:
        """Status, and what must be inside."""
        del token
        is_inside = answer.find(self.contains, body_at) >= 0
        return is_inside and answer.startswith(self.status, _STATUS)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNames:
    """A request with a new name each time, in place of @NAME@."""

    template: bytes
    prefix: str

    def next(self, client: int, number: int) -> tuple[bytes, int]:
        """The request with the next name."""
        name = f"{self.prefix}-{client}-{number}".encode()
        return self.template.replace(b"@NAME@", name), 0

    def is_right(self, token: int, answer: bytearray, body_at: int) -> bool:
        """Created, or replaced where a server does not tell the two apart."""
        del token, body_at
        return answer.startswith((b"201", b"204"), _STATUS)


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

    def is_right(self, token: int, answer: bytearray, body_at: int) -> bool:
        """206 with the very bytes."""
        first = token % len(self.pattern)
        expected = self.pattern[first : first + self.length]
        if len(expected) < self.length:
            expected += self.pattern[: self.length - len(expected)]
        is_whole = len(answer) == body_at + self.length
        is_same = answer.startswith(expected, body_at)
        return is_whole and is_same and answer.startswith(b"206", _STATUS)


@dataclass(slots=True)
class _Crowd:
    """The connections of one client process."""

    port: int
    questions: Questions
    client: int
    poll: select.epoll = field(default_factory=select.epoll)
    peers: dict[int, socket.socket] = field(default_factory=dict)
    answers: dict[int, bytearray] = field(default_factory=dict)
    tokens: dict[int, int] = field(default_factory=dict)
    room: memoryview = field(default_factory=lambda: memoryview(bytearray(_RECEIVE)))
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
        self.answers[number] = bytearray()
        peer.sendall(request)

    def receive(self, number: int) -> bool:
        """Take what came and ask again after a whole answer; whether it was one."""
        count = self.peers[number].recv_into(self.room)
        answer = self.answers[number]
        if not count:
            self._again(number, answer)
            return False
        answer += self.room[:count]
        body_at = answer.find(b"\r\n\r\n") + 4
        if body_at < 4 or not _is_whole(answer, body_at):
            return False
        if not self.questions.is_right(self.tokens[number], answer, body_at):
            text = bytes(answer[: min(body_at, 300)])
            raise WrongAnswer(f"{text!r} and {len(answer) - body_at} bytes")
        if _CLOSES.search(answer, 0, body_at):
            self.drop(number)
            self.connect()
        else:
            self.send(self.peers[number])
        return True

    def _again(self, number: int, answer: bytearray) -> None:
        """The server hung up: that is its right, but not amid an answer."""
        if answer:
            raise WrongAnswer(f"cut short: {bytes(answer[:200])!r}")
        self.drop(number)
        self.connect()

    def drop(self, number: int) -> None:
        """Close a connection."""
        self.poll.unregister(number)
        self.peers.pop(number).close()


def _is_whole(answer: bytearray, body_at: int) -> bool:
    if length := _LENGTH.search(answer, 0, body_at):
        return len(answer) >= body_at + int(length[1])
    return answer.startswith(b"204", _STATUS) or answer.endswith(b"0\r\n\r\n")


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
