"""One client's connection: from bytes to requests, one after the other.

A worker thread serves it for as long as something comes; then it goes back to
`ocsync.server.connections`, which watches it without a thread. After an answer that
leaves the client still sending, what it sends is thrown away for a while, so that it
can read the answer before the connection ends.
"""

import contextlib
import logging
import time
from enum import Enum
from typing import Final
from wsgiref.types import WSGIEnvironment

from ocsync.server.channel import RECEIVE_BYTES, Channel, ClientGone
from ocsync.server.environ import complete_environ
from ocsync.server.exchange import Exchange
from ocsync.server.head import END, HeadError, RequestHead
from ocsync.server.host import Host
from ocsync.server.response import simple_answer

_LOG: Final = logging.getLogger("ocsync.server")
_PIPELINED: Final = 64
"""Requests served in one go before others get the thread."""
_SMALL_BODY_SECONDS: Final = 0.2
_QUICK_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND"})
"""Those that usually are answered from memory and change nothing."""


class State(Enum):
    """What a connection needs next."""

    WAITING = "more bytes"
    QUICK = "an answer that will not take long"
    SLOW = "an answer, a refusal, or a handshake, that may take long"
    ENDED = "to be closed"


class Connection:
    """Serves one client. `communicate` and `close` are what cheroot's threads call."""

    def __init__(
        self,
        *,
        host: Host,
        channel: Channel,
        template: WSGIEnvironment,
        address: tuple[str, int],
    ) -> None:
        self.channel = channel
        self.remote_addr, self.remote_port = address
        self.used_at = time.monotonic()
        """When it came, or its last answer ended."""
        self.deadline = self.used_at + host.limits.head_seconds
        """When whoever watches the connection ends it."""
        self.is_lingering = False
        """Whether it only throws away what still comes."""
        self.is_answering = False
        """Whether a request is being served."""
        self.is_ready = False
        """Whether a request waits in its buffer, so that watching would not tell."""
        self.needs_linger = False
        """Whether the client may still be sending, and has an answer to read."""
        self._host = host
        self._template = template
        self._head: RequestHead | None = None
        self._error: HeadError | None = None
        self._arrived_at = 0.0
        self._is_slow = False
        self._is_body_awaited = False
        self._is_begun = False
        self._is_head_begun = False
        self._must_reset = False
        self._discarded = 0

    @property
    def is_idle(self) -> bool:
        """Whether no request has begun to come."""
        return (
            self._head is None
            and not self._is_head_begun
            and not self.is_answering
            and not self.is_lingering
        )

    def advance(self) -> State:
        """Take what has come, without waiting; for the leader only."""
        try:
            if not self._is_begun:
                if self.channel.transport.needs_handshake:
                    return State.SLOW
                self._is_begun = True
            if self._head is None and not self._receive_head(wait=False):
                return State.WAITING
            head = self._head
            if head is not None and head.has_body and not self._has_small_body(head):
                return State.WAITING
        except HeadError as error:
            self._error = error
            return State.SLOW
        except (OSError, ClientGone) as error:
            _LOG.debug("the connection of %s ended: %s", self.remote_addr, error)
            return State.ENDED
        except Exception:  # noqa: BLE001 - a fault here must not repeat for ever
            _LOG.exception("the connection of %s failed", self.remote_addr)
            return State.ENDED
        return State.QUICK if self._is_quick() else State.SLOW

    def answer(self) -> bool:
        """Answer the request that has come; whether the connection goes on after."""
        head, self._head = self._head, None
        assert head is not None
        self.is_answering = True
        self._is_body_awaited = False
        try:
            if head.has_body:
                self._admit(head)
            if not self._answer(head):
                return False
        except HeadError as error:
            self.refuse(error.status, error.reason)
            return False
        except (OSError, ClientGone) as error:
            _LOG.debug("the connection of %s ended: %s", self.remote_addr, error)
            self.needs_linger = False
            return False
        finally:
            self.is_answering = False
            if self._is_slow:
                self._is_slow = False
                self._host.threads.end_slow()
        self.used_at = time.monotonic()
        self.deadline = self.used_at + self._host.limits.idle_seconds
        return True

    def communicate(self) -> bool:
        """Serve what has come, and what comes soon; whether to watch on."""
        try:
            if not self._is_begun:
                if not self.channel.transport.begin():
                    return True
                self._is_begun = True
            if self._error is not None:
                raise self._error
            for _ in range(_PIPELINED):
                if self._head is None and not self._receive_head(wait=True):
                    return True
                if not self.answer():
                    return False
                if self._host.threads.has_queue:
                    break
        except HeadError as error:
            self.refuse(error.status, error.reason)
            return False
        except (OSError, ClientGone) as error:
            _LOG.debug("the connection of %s ended: %s", self.remote_addr, error)
            return False
        self.is_ready = bool(self.channel.buffered)
        return True

    def refuse(self, status: int, reason: str) -> None:
        """Answer what is no acceptable request; the connection is to be closed."""
        self.needs_linger = True
        self._host.refused(status)
        answer = simple_answer(status, reason)
        with contextlib.suppress(ClientGone):
            self.channel.send_all(answer)

    def close(self) -> None:
        """Give the connection back to the server, which ends it now or later."""
        self._host.release(self)

    def linger(self) -> None:
        """Say that nothing more comes, and begin to throw away what still does."""
        self.channel.transport.end_sending()
        self.is_lingering = True
        self.channel.buffered = b""
        self.deadline = time.monotonic() + self._host.limits.linger_seconds
        if self._host.is_stopping():
            self.hasten()

    def hasten(self) -> None:
        """Linger no longer than the server's end allows."""
        latest = time.monotonic() + self._host.limits.last_linger_seconds
        self.deadline = min(self.deadline, latest)

    def discard(self, scratch: memoryview) -> bool:
        """Throw away what has come; whether that was the last."""
        limit = self._host.limits.linger_bytes
        try:
            while self._discarded < limit:
                count = self.channel.transport.discard_into(scratch)
                if count is None:
                    return False
                if not count:
                    return True
                self._discarded += count
        except OSError:
            return True
        return True

    def end(self) -> None:
        """Close the socket for good."""
        self.channel.transport.close(reset=self._must_reset)

    def _receive_head(self, *, wait: bool) -> bool:
        """Whether the next head is there, or comes within the linger."""
        channel, heads = self.channel, self._host.heads
        while True:
            buffered = channel.buffered
            if buffered:
                end = heads.find_end(buffered)
                if end >= 0:
                    self._is_head_begun = False
                    channel.buffered = buffered[end + len(END) :]
                    self._head = heads.parse(buffered[:end])
                    self._arrived_at = time.perf_counter()
                    return True
                self._begin_head()
            is_open = channel.fill(wait=wait)
            if is_open is None:
                return False
            if not is_open:
                raise ClientGone("it closed the connection")

    def _has_small_body(self, head: RequestHead) -> bool:
        """Whether to go on with the request: its body, if it is small, has come.

        Many clients send head and body apart. Waiting for a small body here, for a
        moment, needs no thread; a large one, or a late one, is received by one.
        """
        channel = self.channel
        is_small = head.length <= RECEIVE_BYTES and not head.is_chunked
        if is_small and not head.expects_continue:
            while len(channel.buffered) < head.length:
                try:
                    is_open = channel.fill(wait=False)
                except OSError:
                    return True  # what has come is for the application to see
                if is_open is None and not self._is_body_late():
                    return False
                if not is_open:
                    break
        return True

    def _is_body_late(self) -> bool:
        now = time.monotonic()
        if not self._is_body_awaited:
            self._is_body_awaited = True
            self.deadline = now + _SMALL_BODY_SECONDS
        return now > self.deadline

    def _admit(self, head: RequestHead) -> None:
        """Let a request in, unless too many already wait for the rest of theirs."""
        if head.is_chunked or head.length > len(self.channel.buffered):
            if not self._host.threads.begin_slow():
                raise HeadError(503, "too many uploads are running; try again")
            self._is_slow = True

    def _is_quick(self) -> bool:
        """Whether the request that has come is whole, and of a quick kind."""
        head = self._head
        return (
            head is not None
            and head.method in _QUICK_METHODS
            and not head.is_chunked
            and head.length <= len(self.channel.buffered)
        )

    def _begin_head(self) -> None:
        """Bound the time that one head may take, from its first byte on."""
        now = time.monotonic()
        if not self._is_head_begun:
            self._is_head_begun = True
            self.deadline = now + self._host.limits.head_seconds
        elif now > self.deadline:
            raise HeadError(408, "the request took too long to come")

    def _answer(self, head: RequestHead) -> bool:
        """Serve one request; whether the connection can serve another."""
        host = self._host
        exchange = Exchange(self.channel, head, host)
        environ = complete_environ(self._template, head, exchange)
        environ["ocsync.arrived_at"] = self._arrived_at
        if exchange.run(host.app, environ):
            return True
        self._must_reset = exchange.must_reset
        is_unread = not exchange.body.is_finished or bool(self.channel.buffered)
        self.needs_linger = is_unread and not exchange.is_client_gone
        return False
