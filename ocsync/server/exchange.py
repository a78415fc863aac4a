"""One request and its answer: calls the application as PEP 3333 says.

It turns what the application returns or raises into an answer on the wire, and
decides whether the connection can go on after it. It does not parse, and does not
know where the connection goes afterwards.
"""

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from types import TracebackType
from typing import Final, cast
from wsgiref.types import WSGIApplication, WSGIEnvironment

from ocsync.server.channel import Channel, ClientGone
from ocsync.server.head import RequestHead
from ocsync.server.host import Host
from ocsync.server.pace import Pace
from ocsync.server.read_ahead import read_ahead
from ocsync.server.request_body import (
    ChunkedBody,
    LengthBody,
    RequestBody,
    StreamedBody,
)
from ocsync.server.response import BrokenAnswer, Framing, Response
from ocsync.wire.body import (
    BodyError,
    BodyInterrupted,
    BodyTimeout,
    BodyTooLarge,
    BodyTooSlow,
    TruncatedBody,
)
from ocsync.wire.filebody import FileBody

_LOG: Final = logging.getLogger("ocsync.server")

ExcInfo = (
    tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
)

_SMALL_BYTES: Final = 128 * 1024
"""What a client's receive buffer takes in one go."""
_QUICK_BYTES: Final = 1024 * 1024
"""What is sent in a millisecond to a client that is ready for it."""
_PROBE_BYTES: Final = 8 * 1024 * 1024
"""More than buffers on the way hold, so that it shows how fast the client takes it."""
_PROBE_SECONDS: Final = 0.1
_WHOLE: Final = (list, tuple)
_NO_BODY: Final = RequestBody()
_QUICK_BLOCKS: Final = 2
_SCRATCH_BYTES: Final = 64 * 1024
_BODY_ERRORS: Final[dict[type[BodyError], str]] = {
    BodyInterrupted: "503 Service Unavailable",
    BodyTimeout: "408 Request Timeout",
    BodyTooSlow: "408 Request Timeout",
    BodyTooLarge: "413 Content Too Large",
}


class Overloaded(Exception):
    """The answer would keep a thread that others need more."""


class Exchange:
    """Serves one request on a channel."""

    def __init__(self, channel: Channel, head: RequestHead, host: Host) -> None:
        self._channel = channel
        self._head = head
        self._host = host
        self.response = Response(
            channel, method=head.method, minor=head.minor, date=host.date
        )
        self.body = self._open_body() if head.has_body else _NO_BODY
        self.must_reset = False
        """Whether only a reset keeps the client from taking the answer for whole."""
        self.is_client_gone = False

    def shut_reading(self) -> None:
        """Let the body of this request end here; thread-safe, idempotent.

        Whoever reads it gets `BodyInterrupted` at once. Later requests on the same
        connection are not touched.
        """
        if not self.body.is_finished:
            self._channel.shut_reading(self.body)

    def mark_resumable(self) -> None:
        """Let the body be cut as soon as the server stops, instead of after a while.

        For whoever keeps what has come of it, and whose client sends the rest later.
        """
        self._channel.resumable_body = self.body
        if self._host.is_stopping():
            self.shut_reading()

    def is_gone(self) -> bool:
        """Whether the client has closed or reset the connection; thread-safe."""
        return self._channel.is_gone()

    def run(self, app: WSGIApplication, environ: WSGIEnvironment) -> bool:
        """Answer; whether the connection can serve another request."""
        if self.body is not _NO_BODY:
            self._channel.begin_body(self.body)
        try:
            self._call(app, environ)
        except ClientGone as error:
            _LOG.debug("the client is gone: %s", error)
            self.is_client_gone = True
            return False
        except BodyError as error:
            self._fail(_BODY_ERRORS.get(type(error), "400 Bad Request"), str(error))
        except Overloaded as error:
            self._fail("503 Service Unavailable", str(error))
        except BrokenAnswer as error:
            _LOG.error("%s %s: %s", self._head.method, self._head.path, error)
            self._fail("500 Internal Server Error", "the server made a mistake")
        except Exception:  # noqa: BLE001 - any error of the application ends here
            _LOG.exception("%s %s failed", self._head.method, self._head.path)
            self._fail("500 Internal Server Error", "the server made a mistake")
        if not self.response.keeps_alive or self.body is _NO_BODY:
            return self.response.keeps_alive
        return self._finish_body() and self._channel.end_body()

    def _open_body(self) -> RequestBody:
        head = self._head
        pace = Pace(limits=self._host.limits)
        ask = self._ask_to_continue if head.expects_continue else None
        if head.is_chunked:
            return ChunkedBody(self._channel, pace, before_wait=ask)
        return LengthBody(self._channel, pace, length=head.length, before_wait=ask)

    def _ask_to_continue(self) -> None:
        try:
            self.response.send_interim(100, ())
        except ClientGone as error:
            raise TruncatedBody(str(error)) from error

    def _call(self, app: WSGIApplication, environ: WSGIEnvironment) -> None:
        result = app(environ, self._start_response)
        try:
            if isinstance(result, _WHOLE):
                block = result[0] if len(result) == 1 else b"".join(result)
                # Nothing given for a HEAD does not mean that a GET gets nothing.
                is_known = bool(block) or self._head.method != "HEAD"
                self._send(block, whole_length=len(block) if is_known else None)
            elif isinstance(result, FileBody):
                self._send_file(result)
            else:
                self._send_blocks(result)
            if not self.response.is_begun:
                is_known = self._head.method != "HEAD"
                self._say(b"", whole_length=0 if is_known else None)
            self.response.finish()
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()

    def _start_response(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: ExcInfo | None = None,
        /,
    ) -> Callable[[bytes], object]:
        if exc_info is not None and self.response.is_begun:
            raise cast("BaseException", exc_info[1])
        if exc_info is None and self.response.status:
            raise BrokenAnswer("start_response was called twice")
        if not (status[:3].isascii() and status[:3].isdigit()):
            raise BrokenAnswer(f"the status is malformed: {status!r}")
        self.response.status = status
        self.response.headers = headers
        return self._send

    def _send(self, block: bytes, *, whole_length: int | None = None) -> None:
        if not isinstance(block, bytes):
            raise BrokenAnswer(f"a block of the answer is no bytes: {type(block)}")
        self._say(block, whole_length=whole_length)

    def _say(
        self, block: bytes | memoryview, *, whole_length: int | None = None
    ) -> None:
        if not self.response.is_begun:
            self.response.may_keep_alive = self._may_keep_alive()
        self.response.send(block, whole_length=whole_length)

    def _send_blocks(self, blocks: Iterable[bytes]) -> None:
        count = 0
        for block in blocks:
            if block:
                count += 1
                if count == _QUICK_BLOCKS:
                    self._channel.take_time()
                self._send(block)

    def _send_file(self, file: FileBody) -> None:
        left = file.length
        if self._head.method == "HEAD" or not left:
            self._say(b"", whole_length=left)
            return
        if left <= _SMALL_BYTES:
            self._send_from(file)
            return
        if not self._host.threads.begin_slow():
            raise Overloaded("too many transfers are running; try again")
        try:
            if left > _QUICK_BYTES:
                self._channel.take_time()
            self._send_from(file)
        finally:
            self._host.threads.end_slow()

    def _send_from(self, file: FileBody) -> None:
        left = file.length
        scratch = self._host.scratch
        buffer = scratch.content
        began = time.perf_counter()
        look_at = left - _PROBE_BYTES if left >= 2 * _PROBE_BYTES else -1
        # The head is made after something was read: that may fail, and be answered.
        while left and (count := file.readinto(buffer[:left])):
            if not self.response.is_begun:
                self.response.may_keep_alive = self._may_keep_alive()
            self.response.send(buffer[:count], whole_length=file.length, within=scratch)
            left -= count
            if left <= look_at:
                if time.perf_counter() - began < _PROBE_SECONDS:
                    self._send_ahead(file, left)
                    return
                look_at = -1  # a slow client gets no second thread

    def _send_ahead(self, file: FileBody, left: int) -> None:
        scratch = self._host.scratch
        with closing(read_ahead(file, left)) as blocks:
            for block in blocks:
                self.response.send(block, whole_length=file.length, within=scratch)

    def _fail(self, status: str, message: str) -> None:
        """Answer with an error if nothing has been said yet, else break off."""
        response = self.response
        if response.is_begun:
            response.keeps_alive = False
            self.must_reset = response.framing is Framing.CLOSE
            return
        response.status = status
        response.headers = [("Content-Type", "text/plain; charset=utf-8")]
        if status.startswith("503"):
            response.headers = [*response.headers, ("Retry-After", "1")]
        block = f"{message}\n".encode()
        try:
            self._say(block, whole_length=len(block))
        except ClientGone as error:
            _LOG.debug("the client is gone: %s", error)
            response.keeps_alive = False

    def _may_keep_alive(self) -> bool:
        """Judge when the head goes out; what is unread then can be drained after."""
        body = self.body
        if not self._head.keeps_alive or self._channel.is_shut:
            return False
        if self._host.is_stopping():
            return False
        if body.is_finished:
            return True
        if not isinstance(body, StreamedBody) or body.is_broken or body.is_chunked:
            return False
        rest = body.remaining or 0
        return rest <= self._host.limits.drain_bytes and not body.awaits_continue

    def _finish_body(self) -> bool:
        """Read what nobody wanted; whether the next request begins after it."""
        body = self.body
        if isinstance(body, StreamedBody) and not body.is_finished:
            self._drain(body)
        return body.is_finished

    def _drain(self, body: StreamedBody) -> None:
        drain_seconds = self._host.limits.drain_seconds
        body.pace.read_seconds = drain_seconds
        deadline = time.monotonic() + drain_seconds
        scratch = bytearray(_SCRATCH_BYTES)
        try:
            while body.readinto(scratch) and time.monotonic() < deadline:
                pass
        except BodyError as error:
            _LOG.debug("the rest of the body was not read: %s", error)
