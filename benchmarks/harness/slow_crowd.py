"""Many clients that each send a body slowly, in a process of their own."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Final, Self

from benchmarks.harness.site import TIME_OUT, WrongAnswer

_STEPS_A_SECOND: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowCrowd:
    """So many PUTs of new files at so many bytes a second."""

    port: int
    template: bytes
    """Head of the request; the number of the client takes the place of @NAME@."""

    clients: int
    bytes_a_second: int
    seconds: float

    @property
    def length(self) -> int:
        """Bytes of each body, for the Content-Length in the template."""
        return self._step * int(self.seconds * _STEPS_A_SECOND)

    @property
    def _step(self) -> int:
        return self.bytes_a_second // _STEPS_A_SECOND

    def asking(self, template: bytes) -> Self:
        """The same crowd with another template, now that the length is known."""
        return replace(self, template=template)

    def send(self) -> int:
        """Send everything; how many were answered with 201."""
        peers = [
            socket.create_connection(("127.0.0.1", self.port), timeout=TIME_OUT)
            for _ in range(self.clients)
        ]
        for number, peer in enumerate(peers):
            peer.sendall(self.template.replace(b"@NAME@", b"%d" % number))
        block = b"s" * self._step
        began = time.monotonic()
        steps = self.length // self._step
        for step in range(steps * self.clients):
            # Spread over the time, so that no two clients send at the same moment.
            due = began + step / self.clients / _STEPS_A_SECOND
            if (wait := due - time.monotonic()) > 0:
                time.sleep(wait)
            peers[step % self.clients].sendall(block)
        return sum(_is_created(peer) for peer in peers)


def _is_created(peer: socket.socket) -> bool:
    with peer:
        return peer.recv(65536)[9:12] == b"201"


@contextmanager
def sending(crowd: SlowCrowd) -> Iterator[None]:
    """Have the crowd send while the block runs; waits for the last answer.

    Raises:
        WrongAnswer: not every upload was taken.
    """
    if not crowd.clients:
        yield
        return
    context = get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_tell, args=(crowd, theirs), daemon=True)
    process.start()
    try:
        yield
        if not ours.poll(crowd.seconds + TIME_OUT):
            raise WrongAnswer("slow uploads were not answered")
        created = ours.recv()
    finally:
        process.kill()
        process.join()
    if created != crowd.clients:
        raise WrongAnswer(f"{created} of {crowd.clients} slow uploads were taken")


def _tell(crowd: SlowCrowd, pipe: Connection) -> None:
    try:
        pipe.send(crowd.send())
    except OSError as error:
        pipe.send(repr(error))
