"""Bytes in and out of one accepted socket without waiting long.

The plain one is here, TLS in `ocsync.server.tls`. Every call returns at once or
within the linger time, None meaning "would block"; who waits, how long, and what a
wait costs is decided above (`ocsync.server.channel`).
"""

import contextlib
import select
import socket
import struct
from typing import Final, Protocol

DONT_WAIT: Final = int(getattr(socket, "MSG_DONTWAIT", 0))
_WAIT_ALL: Final = int(getattr(socket, "MSG_WAITALL", 0))
_MORE: Final = int(getattr(socket, "MSG_MORE", 0))
_PEER_CLOSED: Final = getattr(select, "POLLRDHUP", 0)
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class Transport(Protocol):
    """What a connection needs of its socket."""

    @property
    def fileno(self) -> int:
        """The descriptor, for polling; -1 once closed."""
        ...

    @property
    def has_buffered(self) -> bool:
        """Whether bytes wait that polling the descriptor would not show."""
        ...

    @property
    def needs_handshake(self) -> bool:
        """Whether `begin` does anything."""
        ...

    def begin(self) -> bool:
        """Go on with the handshake; True when there is nothing more to do.

        Raises:
            OSError: the peer speaks something else, or is gone.
        """
        ...

    def receive(self, size: int, *, wait: bool) -> bytes | None:
        """One receive; b"" at the end of the stream, None if nothing has come yet.

        Without `wait` it does not even linger.
        """
        ...

    def receive_into(self, view: memoryview, *, wait: bool) -> int | None:
        """Into a buffer, if possible all of it; 0 at the end of the stream.

        It may linger for more although some bytes have come: fewer but a full buffer
        means that nothing more comes at present.
        """
        ...

    def send(self, data: bytes | memoryview, *, more: bool = False) -> int | None:
        """One send; how much was taken, None if nothing could be.

        After None the next call MUST begin with the same bytes.
        """
        ...

    def discard_into(self, view: memoryview) -> int | None:
        """As `receive_into`, for bytes whose meaning no longer matters."""
        ...

    def is_peer_gone(self) -> bool:
        """Whether the peer has closed or reset the connection; never waits."""
        ...

    def end_sending(self) -> None:
        """Tell the peer that nothing more will come."""
        ...

    def abort(self) -> None:
        """Fail whatever another thread does or will do here; close comes later."""
        ...

    def close(self, *, reset: bool = False) -> None:
        """Close; with a reset, so that the peer cannot take it for a clean end."""
        ...


class PlainTransport:
    """TCP or Unix socket. The kernel's receive time-out is the linger.

    A receive so costs one system call both when bytes are there and when they come
    within the linger, which between two requests of a busy client is the rule.
    """

    def __init__(self, sock: socket.socket, *, linger_seconds: float) -> None:
        self._socket = sock
        sock.settimeout(None)
        microseconds = max(1, round(linger_seconds * 1_000_000))
        seconds, microseconds = divmod(microseconds, 1_000_000)
        time_out = struct.pack("@ll", seconds, microseconds)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, time_out)

    @property
    def fileno(self) -> int:
        """The descriptor, for polling; -1 once closed."""
        return self._socket.fileno()

    @property
    def has_buffered(self) -> bool:
        """Never: the kernel holds everything."""
        return False

    @property
    def needs_handshake(self) -> bool:
        """There is no handshake."""
        return False

    def begin(self) -> bool:
        """There is no handshake."""
        return True

    def receive(self, size: int, *, wait: bool) -> bytes | None:
        """One receive; b"" at the end of the stream, None if nothing has come yet."""
        try:
            return self._socket.recv(size, 0 if wait else DONT_WAIT)
        except BlockingIOError:
            return None

    def receive_into(self, view: memoryview, *, wait: bool) -> int | None:
        """Into a buffer, as far as bytes come within the linger."""
        try:
            return self._socket.recv_into(view, 0, _WAIT_ALL if wait else DONT_WAIT)
        except BlockingIOError:
            return None

    def send(self, data: bytes | memoryview, *, more: bool = False) -> int | None:
        """One send; how much was taken, None if nothing could be."""
        try:
            return self._socket.send(data, DONT_WAIT | (_MORE if more else 0))
        except BlockingIOError:
            return None

    def discard_into(self, view: memoryview) -> int | None:
        """As `receive_into`, but without the linger."""
        try:
            return self._socket.recv_into(view, 0, DONT_WAIT)
        except BlockingIOError:
            return None

    def is_peer_gone(self) -> bool:
        """Whether the peer has closed or reset the connection; never waits."""
        return is_socket_gone(self._socket)

    def end_sending(self) -> None:
        """Send FIN."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def abort(self) -> None:
        """Shut both directions, which wakes whoever waits."""
        abort_socket(self._socket)

    def close(self, *, reset: bool = False) -> None:
        """Close; with a reset, so that the peer cannot take it for a clean end."""
        if reset:
            with contextlib.suppress(OSError):
                self._socket.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE
                )
        self._socket.close()


def abort_socket(sock: socket.socket) -> None:
    """Shut both directions, which wakes whoever waits."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def is_socket_gone(sock: socket.socket) -> bool:
    """By the poll's own word where there is one, else by peeking."""
    if sock.fileno() < 0:
        return True
    if _PEER_CLOSED:
        poller = select.poll()
        poller.register(sock.fileno(), _PEER_CLOSED)
        return bool(poller.poll(0))
    try:
        flags = socket.MSG_PEEK | DONT_WAIT
        return socket.socket.recv(sock, 1, flags) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
