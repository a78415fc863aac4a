"""Takes new connections from the listening sockets, in turn with other workers."""

import errno
import logging
import selectors
import socket
import time
from collections.abc import Callable, Iterable
from typing import Final

from ocsync.server.load import LoadBoard

_LOG: Final = logging.getLogger("ocsync.server")
_YIELD_SECONDS: Final = 0.003
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_EXHAUSTED_SECONDS: Final = 0.1


class Acceptor:
    """Accepts for one worker, called by the one thread that leads there."""

    def __init__(
        self,
        *,
        listeners: Iterable[socket.socket],
        selector: selectors.BaseSelector,
        board: LoadBoard,
        index: int,
        welcome: Callable[[socket.socket, object], None],
        relieve: Callable[[], None],
    ) -> None:
        self._listeners = list(listeners)
        self._selector = selector
        self._board = board
        self._index = index
        self._welcome = welcome
        self._relieve = relieve
        self._again_at = 0.0
        for listener in self._listeners:
            listener.setblocking(False)
        self._listen()

    def patience(self, seconds: float) -> float:
        """How long the loop may sleep: so long, or less when accepting pauses."""
        if not self._again_at:
            return seconds
        return max(0.0, min(seconds, self._again_at - time.monotonic()))

    def on_readable(self, listener: socket.socket) -> None:
        """Take a connection, unless another worker holds fewer."""
        if self._board.is_least(self._index):
            self._accept(listener)
        else:
            self._pause(_YIELD_SECONDS)

    def resume_when_due(self) -> None:
        """After a pause, listen again and take what nobody else has taken."""
        if not self._again_at or time.monotonic() < self._again_at:
            return
        self._listen()
        for listener in self._listeners:
            if self._again_at:
                return
            self._accept(listener)

    def finish(self) -> None:
        """Take all who have come, then close the listeners; idempotent."""
        for listener in self._listeners:
            while self._accept(listener):
                pass
        for listener in self._listeners:
            if not self._again_at:
                self._selector.unregister(listener)
            listener.close()
        self._listeners = []
        self._again_at = 0.0

    def _listen(self) -> None:
        self._again_at = 0.0
        for listener in self._listeners:
            self._selector.register(listener, selectors.EVENT_READ, listener)

    def _pause(self, seconds: float) -> None:
        if not self._again_at:
            self._again_at = time.monotonic() + seconds
            for listener in self._listeners:
                self._selector.unregister(listener)

    def _accept(self, listener: socket.socket) -> bool:
        try:
            sock, address = listener.accept()
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno in _EXHAUSTED:
                _LOG.warning("cannot accept a connection: %s", error.strerror)
                self._relieve()
                self._pause(_EXHAUSTED_SECONDS)
            return False
        try:
            self._welcome(sock, address)
        except OSError as error:
            _LOG.debug("a connection was gone at once: %s", error)
            sock.close()
        return True
