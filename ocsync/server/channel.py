"""One connection as a stream of bytes: what has come, what to wait for, what to send.

All waiting for a client happens here, within the limits, counted as waiting with the
pool of threads, and ended at once by `shut_reading`. It knows nothing of HTTP.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from ocsync.server.options import Limits
from ocsync.server.pace import Pace
from ocsync.server.threads import Threads
from ocsync.server.transport import Transport
from ocsync.server.waking import READABLE, WRITABLE, ThreadWakers, Waker
from ocsync.wire.body import BodyInterrupted, MalformedBody, TruncatedBody

RECEIVE_BYTES: Final = 16 * 1024
"""Asked for at once where heads and chunk sizes are looked for."""


class ClientGone(Exception):
    """The client closed the connection, or takes nothing, while it is answered."""


class Channel:
    """Reads for one thread at a time; `shut_reading` and `is_gone` are for any."""

    def __init__(
        self,
        transport: Transport,
        *,
        threads: Threads,
        wakers: ThreadWakers,
        limits: Limits,
        take_time: Callable[[], None],
    ) -> None:
        self.transport = transport
        self.buffered = b""
        """Received, but not used yet."""
        self._threads = threads
        self._wakers = wakers
        self._write_seconds = limits.write_seconds
        self._lock = threading.Lock()
        self._waker: Waker | None = None
        self._is_shut = False
        self._is_dry = False
        self._body: object = None
        self.resumable_body: object = None
        """The body that may be cut as soon as the server stops, if there is one."""
        self.take_time = take_time
        """To be called before anything that may take the thread long."""

    @property
    def is_shut(self) -> bool:
        """Whether somebody has shut the connection for reading."""
        return self._is_shut

    def begin_body(self, body: object) -> None:
        """A request with this body is being answered now."""
        self._body = body

    def end_body(self) -> bool:
        """The request was answered; whether reading may go on."""
        with self._lock:
            self._body = self.resumable_body = None
            return not self._is_shut

    def shut_reading(self, body: object = None) -> None:
        """Read no more; thread-safe, idempotent.

        With a body given, only if that is the present one. Whoever reads gets
        `BodyInterrupted` at once, with all earlier bytes handed out; the answer can
        still be sent, and the connection closes after it.
        """
        with self._lock:
            if body is not None and body is not self._body:
                return
            self._is_shut = True
            if self._waker is not None:
                self._waker.wake()

    def is_gone(self) -> bool:
        """Whether the client has closed or reset the connection; thread-safe."""
        return self.transport.is_peer_gone()

    def fill(self, *, wait: bool) -> bool | None:
        """Receive once to the buffer; False at the end, None if nothing has come."""
        data = self.transport.receive(RECEIVE_BYTES, wait=wait)
        if data is None:
            return None
        if self.buffered:
            self.buffered += data
        else:
            self.buffered = data
        return bool(data)

    def take(self, size: int) -> bytes:
        """Up to so many bytes of what is buffered."""
        data, self.buffered = self.buffered[:size], self.buffered[size:]
        return data

    def receive_into(self, view: memoryview, pace: Pace) -> int:
        """What is buffered, or else what one receive gives; 0 at the stream's end.

        A client that did not fill the view has been lingered for once; the next time
        the thread gives its turn away at once.

        Raises:
            TruncatedBody: the client stalls, is gone or is too slow, or the
                connection was shut for reading.
        """
        if self.buffered:
            data = self.take(len(view))
            view[: len(data)] = data
            return len(data)
        while True:
            if self._is_shut:
                raise BodyInterrupted("the server stopped reading")
            try:
                count = self.transport.receive_into(view, wait=not self._is_dry)
            except OSError as error:
                raise TruncatedBody(f"the connection broke: {error}") from error
            if count is not None:
                self._is_dry = count < len(view)
                pace.add(count)
                return count
            self._is_dry = False
            self._wait_to_read(pace)

    def receive_line(self, limit: int, pace: Pace) -> bytes:
        """The next line, without its CR LF.

        Raises:
            MalformedBody: it is longer, or ends in a bare line feed.
            TruncatedBody: as `receive_into`, or the stream ended.
        """
        while (end := self.buffered.find(b"\n", 0, limit)) < 0:
            if len(self.buffered) >= limit:
                raise MalformedBody("a line in the body is too long")
            self._fill_for(pace)
        line = self.take(end + 1)
        if not line.endswith(b"\r\n"):
            raise MalformedBody("a line in the body does not end in CR LF")
        return line[:-2]

    def send_all(self, data: bytes | memoryview, *, more: bool = False) -> None:
        """Send everything, waiting as long as the client keeps taking some.

        Raises:
            ClientGone: it does not.
        """
        try:
            sent = self.transport.send(data, more=more)
            if sent == len(data):
                return
            view = memoryview(data)
            while True:
                if sent is None:
                    self._wait_to_send()
                else:
                    view = view[sent:]
                    if not len(view):
                        return
                sent = self.transport.send(view, more=more)
        except OSError as error:
            raise ClientGone(str(error)) from error

    def _fill_for(self, pace: Pace) -> None:
        if self._is_shut:
            raise BodyInterrupted("the server stopped reading")
        try:
            is_open = self.fill(wait=True)
        except OSError as error:
            raise TruncatedBody(f"the connection broke: {error}") from error
        if is_open is None:
            self._wait_to_read(pace)
        elif not is_open:
            raise TruncatedBody("the connection ended within the body")

    def _wait_to_read(self, pace: Pace) -> None:
        pace.require_speed()
        started = time.monotonic()
        is_ready = self._wait(READABLE, pace.read_seconds)
        pace.add_wait(time.monotonic() - started, is_ready=is_ready)

    def _wait_to_send(self) -> None:
        if not self._wait(WRITABLE, self._write_seconds):
            raise ClientGone(f"it took nothing for {self._write_seconds:g} seconds")

    def _wait(self, events: int, seconds: float) -> bool:
        waker = self._wakers.waker
        with self._lock:
            if self._is_shut and events == READABLE:
                return True
            self._waker = waker
        self.take_time()
        self._threads.begin_wait()
        try:
            return waker.wait(self.transport.fileno, events, seconds)
        finally:
            self._threads.end_wait()
            with self._lock:
                self._waker = None
