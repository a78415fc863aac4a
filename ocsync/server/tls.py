"""TLS from certificate files: the context, and the transport of one connection."""

import contextlib
import select
import socket
import ssl

from ocsync.server.options import ServerOptions
from ocsync.server.transport import DONT_WAIT, abort_socket, is_socket_gone


def load_context(options: ServerOptions) -> ssl.SSLContext | None:
    """The context for the operator's certificate; None where there is none.

    Raises:
        OSError: the files cannot be read, or do not fit each other.
    """
    if options.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(options.certificate, options.private_key)
    return context


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

    @property
    def needs_handshake(self) -> bool:
        """TLS begins with one."""
        return True

    def begin(self) -> bool:
        """Go on with the handshake; True when it is done."""
        try:
            self._socket.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def receive(self, size: int, *, wait: bool) -> bytes | None:
        """One receive; b"" at the end of the stream, None if nothing has come yet."""
        buffer = bytearray(size)
        view = memoryview(buffer)
        count = self._receive_soon(view) if wait else self._receive_now(view)
        return None if count is None else bytes(memoryview(buffer)[:count])

    def receive_into(self, view: memoryview, *, wait: bool) -> int | None:
        """Into a buffer, with as many records as have come."""
        count = self._receive_soon(view) if wait else self._receive_now(view)
        if not count:
            return count
        filled = count
        with contextlib.suppress(OSError):  # the next call meets it again
            while filled < len(view) and (more := self._receive_now(view[filled:])):
                filled += more
        return filled

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
            return socket.socket.recv_into(self._socket, view, 0, DONT_WAIT)
        except BlockingIOError:
            return None

    def is_peer_gone(self) -> bool:
        """Whether the peer has closed or reset the connection; never waits."""
        return is_socket_gone(self._socket)

    def end_sending(self) -> None:
        """Send close_notify, then FIN."""
        with contextlib.suppress(OSError, ValueError):
            self._socket.unwrap()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def abort(self) -> None:
        """Shut both directions below TLS, which wakes whoever waits."""
        abort_socket(self._socket)

    def close(self, *, reset: bool = False) -> None:
        """Close; without close_notify the peer knows that the stream was cut."""
        if not reset:
            with contextlib.suppress(OSError, ValueError):
                self._socket.unwrap()
        self._socket.close()

    def _receive_soon(self, view: memoryview) -> int | None:
        count = self._receive_now(view)
        if count is None:
            poller = select.poll()
            poller.register(self._socket.fileno(), select.POLLIN)
            if poller.poll(self._linger_ms):
                count = self._receive_now(view)
        return count

    def _receive_now(self, view: memoryview) -> int | None:
        try:
            return self._socket.recv_into(view)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
