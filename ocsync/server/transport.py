"""Bytes in and out of one accepted socket, plain or TLS, without waiting long.

Every call returns at once or within the linger time, None meaning "would block"; who
waits, how long, and what a wait costs is decided above (`ocsync.server.connection`).
"""

import contextlib
import select
import socket
import ssl
import struct
from typing import Final, Protocol

_DONT_WAIT: Final = getattr(socket, "MSG_DONTWAIT", 0)
_MORE: Final = getattr(socket, "MSG_MORE", 0)
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

    def begin(self) -> bool:
        """Go on with the handshake; True when there is nothing more to do.

        Raises:
            OSError: the peer speaks something else, or is gone.
        """
        ...

    def receive_into(self, view: memoryview) -> int | None:
        """One receive; 0 at the end of the stream, None if nothing has come yet."""
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

    def begin(self) -> bool:
        """There is no handshake."""
        return True

    def receive_into(self, view: memoryview) -> int | None:
        """One receive; 0 at the end of the stream, None if nothing has come yet."""
        try:
            return self._socket.recv_into(view)
        except BlockingIOError:
            return None

    def send(self, data: bytes | memoryview, *, more: bool = False) -> int | None:
        """One send; how much was taken, None if nothing could be."""
        try:
            return self._socket.send(data, _DONT_WAIT | (_MORE if more else 0))
        except BlockingIOError:
            return None

    def discard_into(self, view: memoryview) -> int | None:
        """As `receive_into`, but without the linger."""
        try:
            return self._socket.recv_into(view, 0, _DONT_WAIT)
        except BlockingIOError:
            return None

    def is_peer_gone(self) -> bool:
        """Whether the peer has closed or reset the connection; never waits."""
        return _is_peer_gone(self._socket)

    def end_sending(self) -> None:
        """Send FIN."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self, *, reset: bool = False) -> None:
        """Close; with a reset, so that the peer cannot take it for a clean end."""
        if reset:
            with contextlib.suppress(OSError):
                self._socket.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE
                )
        self._socket.close()


class TlsTransport:
    """TLS on a non-blocking socket; the linger is a short poll."""

    def __init__(
        self, sock: socket.socket, context: ssl.SSLContext, *, linger_seconds: float
    ) -> None:
        sock.settimeout(0)
        self._socket = context.wrap_socket(
            sock, server_side=True, do_handshake_on_connect=False
        )
        self._linger_ms = max(1, round(linger_seconds * 1000))

    @property
    def fileno(self) -> int:
        """The descriptor, for polling; -1 once closed."""
        return self._socket.fileno()

    @property
    def has_buffered(self) -> bool:
        """Whether the TLS layer holds bytes that polling would not show."""
        return self._socket.pending() > 0

    def begin(self) -> bool:
        """Go on with the handshake; True when it is done."""
        try:
            self._socket.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def receive_into(self, view: memoryview) -> int | None:
        """One receive; 0 at the end of the stream, None if nothing has come yet."""
        count = self._receive_now(view)
        if count is None:
            poller = select.poll()
            poller.register(self._socket.fileno(), select.POLLIN)
            if poller.poll(self._linger_ms):
                count = self._receive_now(view)
        return count

    def send(self, data: bytes | memoryview, *, more: bool = False) -> int | None:
        """One send; how much was taken, None if nothing could be."""
        del more  # records are as large as what is given at once
        try:
            return self._socket.send(data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None

    def discard_into(self, view: memoryview) -> int | None:
        """Take bytes below TLS, for nobody will read them."""
        try:
            return socket.socket.recv_into(self._socket, view, 0, _DONT_WAIT)
        except BlockingIOError:
            return None

    def is_peer_gone(self) -> bool:
        """Whether the peer has closed or reset the connection; never waits."""
        return _is_peer_gone(self._socket)

    def end_sending(self) -> None:
        """Send close_notify, then FIN."""
        with contextlib.suppress(OSError, ValueError):
            self._socket.unwrap()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self, *, reset: bool = False) -> None:
        """Close; without close_notify the peer knows that the stream was cut."""
        if not reset:
            with contextlib.suppress(OSError, ValueError):
                self._socket.unwrap()
        self._socket.close()

    def _receive_now(self, view: memoryview) -> int | None:
        try:
            return self._socket.recv_into(view)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None


def _is_peer_gone(sock: socket.socket) -> bool:
    """By the poll's own word where there is one, else by peeking."""
    if sock.fileno() < 0:
        return True
    if _PEER_CLOSED:
        poller = select.poll()
        poller.register(sock.fileno(), _PEER_CLOSED)
        return bool(poller.poll(0))
    try:
        flags = socket.MSG_PEEK | _DONT_WAIT
        return socket.socket.recv(sock, 1, flags) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
