"""Questions between the processes of one machine, over datagram sockets in a folder.

Each process that holds uploads listens on a socket named by its token. A question is
the id of an upload and whether the asker insists; the answer is one word. A socket
nobody listens on belongs to a process that has ended. What the words mean is known to
`holds`.
"""

import os
import secrets
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_MESSAGE_BYTES: Final = 256
_FOLDER_MODE: Final = 0o700
_INSISTS: Final = "!"


class Gone(Exception):
    """The process that was asked has ended."""


class Silent(Exception):
    """The process that was asked did not answer in time."""


class Ear:
    """Listens in a thread of its own and answers each question by a function."""

    def __init__(
        self, folder: Path, token: str, answer: Callable[[str, bool], str]
    ) -> None:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        _remove_dead(folder)
        self._folder = folder
        self._token = token
        self._answer = answer
        self._pid = os.getpid()
        self._is_closed = False
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            with _address(folder, token) as address:
                self._socket.bind(address)
        except OSError:
            self._socket.close()
            raise
        self._thread = threading.Thread(
            target=self._listen, name="upload-ear", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening; in a child of the process only let go of the socket."""
        if self._pid == os.getpid():
            self._is_closed = True
            (self._folder / self._token).unlink(missing_ok=True)
            self._socket.shutdown(socket.SHUT_RDWR)
            self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while True:
            message = self._socket.recv(_MESSAGE_BYTES)
            if self._is_closed:
                return
            self._reply(message.decode("ascii", "replace"))

    def _reply(self, message: str) -> None:
        asker, _, question = message.partition(" ")
        upload_id, _, tone = question.partition(" ")
        word = self._answer(upload_id, tone == _INSISTS)
        with _address(self._folder, asker) as address:
            try:
                self._socket.sendto(word.encode("ascii"), address)
            except OSError:
                return


def ask(
    folder: Path, token: str, upload_id: str, *, insists: bool, seconds: float
) -> str:
    """Ask the process of that token about an upload; its word.

    Raises:
        Gone: it has ended.
        Silent: it did not answer in so many seconds.
    """
    name = f"asker-{secrets.token_hex(8)}"
    tone = _INSISTS if insists else "?"
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking,
        _address(folder, name) as mine,
        _address(folder, token) as theirs,
    ):
        asking.setblocking(False)
        asking.bind(mine)
        try:
            asking.sendto(f"{name} {upload_id} {tone}".encode("ascii"), theirs)
            ready, _, _ = select.select([asking], [], [], seconds)
            if not ready:
                raise Silent
            return asking.recv(_MESSAGE_BYTES).decode("ascii", "replace")
        except (FileNotFoundError, ConnectionRefusedError):
            raise Gone from None
        except BlockingIOError:
            raise Silent from None
        finally:
            (folder / name).unlink(missing_ok=True)


def _remove_dead(folder: Path) -> None:
    """Remove what processes left behind that ended without a word."""
    for path in folder.iterdir():
        with (
            _address(folder, path.name) as address,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking,
        ):
            try:
                asking.connect(address)
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
            except OSError:
                continue


@contextmanager
def _address(folder: Path, name: str) -> Iterator[str]:
    """The socket's path; by a short way round, as the system takes about 100 bytes."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)
