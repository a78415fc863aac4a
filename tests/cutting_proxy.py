"""A relay between a client and the server that cuts connections now and then.

It knows bytes, not HTTP. Where it cuts is drawn from a seeded source, and there is a
bounded number of cuts, so a client that goes on will come to its end.
"""

import contextlib
import random
import socket
import struct
import threading
from typing import Final, Self
from urllib.parse import urlsplit

_PIECE: Final = 256 * 1024
_RESET: Final = struct.pack("ii", 1, 0)


class _Pair:
    """The two sockets of one relayed connection."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client = client
        self.server = server
        self.loses_answer = False
        self._lock = threading.Lock()
        self._carriers = 2

    def cut(self, *, reset: bool) -> None:
        """End both connections at once, politely or with a reset."""
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                if reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.shutdown(socket.SHUT_RDWR)

    def leave(self) -> None:
        """Note that one direction has ended; after both the sockets are closed.

        A socket that is only shut would let a client that still sends wait for ever:
        nothing takes its bytes, and nothing tells it so.
        """
        with self._lock:
            self._carriers -= 1
            if self._carriers == 0:
                self.client.close()
                self.server.close()


class CuttingProxy:
    """A loopback address in front of the server; a context manager.

    Every cut comes after `least` to `most` further bytes of requests. It happens either
    there, in the middle of what is sent, or when the answer to that arrives.
    """

    def __init__(
        self, server_url: str, *, cuts: int, least: int, most: int, seed: int = 1
    ) -> None:
        """Take where to relay to and how often, and after how much, to cut."""
        parts = urlsplit(server_url)
        self._server = (str(parts.hostname), int(parts.port or 80))
        self._random = random.Random(seed)
        self._between = (least, most)
        self._left = self._random.randint(least, most)
        self._cuts_left = cuts
        self._lock = threading.Lock()
        self._pairs: list[_Pair] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.cut_count = 0

    def __enter__(self) -> Self:
        """Begin to accept connections."""
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        """End all connections and wait for the threads."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        for pair in self._pairs:
            pair.cut(reset=False)
        for thread in self._threads:
            thread.join()

    def _start(self, job: object, *arguments: object) -> None:
        assert callable(job)
        thread = threading.Thread(target=job, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                pair = _Pair(client, socket.create_connection(self._server))
                self._pairs.append(pair)
                self._start(self._carry_requests, pair)
                self._start(self._carry_answers, pair)

    def _carry_requests(self, pair: _Pair) -> None:
        with contextlib.ExitStack() as stack:
            stack.callback(pair.leave)
            stack.enter_context(contextlib.suppress(OSError))
            while data := pair.client.recv(_PIECE):
                passed = self._admit(pair, len(data))
                pair.server.sendall(data[:passed])
                if passed < len(data):
                    self._cut(pair)
                    return
            pair.server.shutdown(socket.SHUT_WR)

    def _carry_answers(self, pair: _Pair) -> None:
        with contextlib.ExitStack() as stack:
            stack.callback(pair.leave)
            stack.enter_context(contextlib.suppress(OSError))
            while data := pair.server.recv(_PIECE):
                if pair.loses_answer:
                    self._cut(pair)
                    return
                pair.client.sendall(data)
            pair.client.shutdown(socket.SHUT_WR)

    def _admit(self, pair: _Pair, count: int) -> int:
        """How many of these bytes may pass; fewer than all of them means to cut."""
        with self._lock:
            self._left -= count
            if self._left > 0 or self._cuts_left == 0:
                return count
            passed = count + self._left
            self._cuts_left -= 1
            self._left = self._random.randint(*self._between)
            if passed < count and self._random.random() < 0.6:
                return passed
            pair.loses_answer = True
            return count

    def _cut(self, pair: _Pair) -> None:
        with self._lock:
            self.cut_count += 1
            reset = self._random.random() < 0.5
        pair.cut(reset=reset)
