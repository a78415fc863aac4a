"""What becomes known of a request: its access line, metrics, slow line, and trace.

The gatehouse calls it as the last one of each request. Credentials never get any
further than here.
"""

from dataclasses import dataclass
from time import perf_counter
from typing import Final
from wsgiref.types import WSGIEnvironment

from ocsync.log import Access, Log
from ocsync.metrics.catalogue import METHODS
from ocsync.metrics.meter import UNROUTED, Meter
from ocsync.redaction import Redactor
from ocsync.routes import Mount
from ocsync.timings import Timings
from ocsync.tracing import RequestSpan, Tracer
from spaces.ids import UserId
from spaces.model import Actor

_AGENT_CHARACTERS: Final = 120
_ADDRESS_CHARACTERS: Final = 64


@dataclass(slots=True)
class Visit:
    """One request under way, and what came of it; a `spaces.audit_model.Caller`."""

    environ: WSGIEnvironment
    path: str
    """As it was asked, decoded."""
    request_id: str
    timings: Timings
    status: int = 0
    sent_bytes: int = 0
    send_seconds: float = 0.0
    """Spent on waiting until the client took what it was sent."""
    span: RequestSpan | None = None

    @property
    def user_id(self) -> UserId | None:
        """Who asks, once that is known: for the audit log."""
        actor = self.environ.get("ocsync.actor")
        return actor.user_id if isinstance(actor, Actor) else None

    @property
    def user_name(self) -> str:
        """Their name."""
        actor = self.environ.get("ocsync.actor")
        return actor.name if isinstance(actor, Actor) else ""

    @property
    def address(self) -> str:
        """Where they ask from."""
        return str(self.environ.get("REMOTE_ADDR", ""))[:_ADDRESS_CHARACTERS]


class Observer:
    """Tells of requests; thread-safe."""

    def __init__(
        self,
        *,
        log: Log,
        meter: Meter,
        redactor: Redactor,
        slow_seconds: float | None,
        tracer: Tracer | None,
    ) -> None:
        """Take whom to tell; requests get a line of their own from `slow_seconds`."""
        self._log = log
        self._meter = meter
        self._redactor = redactor
        self._slow_seconds = slow_seconds
        self._tracer = tracer
        self.traces = tracer is not None
        """Whether it wants to know when requests begin."""

    def began(self, visit: Visit) -> None:
        """A request has come."""
        if self._tracer is not None:
            visit.span = visit.timings.trace = self._tracer.begin(visit.environ)

    def ended(self, visit: Visit) -> None:
        """A request has been answered, as far as its client took it."""
        ended = perf_counter()
        environ, timings = visit.environ, visit.timings
        body = environ.get("ocsync.body")
        arrived = environ.get("ocsync.arrived_at", timings.began)
        seconds = ended - arrived
        mount = environ.get("ocsync.mount")
        route = mount.prefix if isinstance(mount, Mount) else UNROUTED
        self._meter.request(
            route=route,
            method=environ["REQUEST_METHOD"],
            status=visit.status,
            seconds=seconds,
            received=_announced(environ) if body is None else body.received,
            sent=visit.sent_bytes,
            timings=timings,
        )
        self._write_access(visit, ended)
        waited = 0.0 if body is None else body.waited
        own = seconds - waited - visit.send_seconds
        if self._slow_seconds is not None and own >= self._slow_seconds:
            self._write_slow(
                visit,
                seconds=seconds,
                own=own,
                queue=timings.began - arrived,
                body=waited,
            )
        if visit.span is not None:
            self._end_span(visit.span, visit, route)

    def _write_access(self, visit: Visit, ended: float) -> None:
        environ = visit.environ
        self._log.access(
            Access(
                environ["REQUEST_METHOD"],
                self._redactor.path(visit.path),
                self._redactor.query(environ.get("QUERY_STRING", "")),
                visit.status,
                visit.sent_bytes,
                _milliseconds(ended - visit.timings.began),
                _user_name(environ),
                environ.get("REMOTE_ADDR", ""),
                environ.get("HTTP_USER_AGENT", "")[:_AGENT_CHARACTERS],
                visit.request_id,
            )
        )

    def _write_slow(
        self, visit: Visit, *, seconds: float, own: float, queue: float, body: float
    ) -> None:
        timings = visit.timings
        self._log.warning(
            "slow request",
            method=visit.environ["REQUEST_METHOD"],
            path=self._redactor.path(visit.path),
            query=self._redactor.query(visit.environ.get("QUERY_STRING", "")),
            status=visit.status,
            user=_user_name(visit.environ),
            ms=_milliseconds(seconds),
            own_ms=_milliseconds(own),
            queue_ms=_milliseconds(queue),
            auth_ms=_milliseconds(timings.auth),
            reads=timings.reads,
            read_ms=_milliseconds(timings.read),
            lock_wait_ms=_milliseconds(timings.turn),
            commit_ms=_milliseconds(timings.commit),
            blob_ms=_milliseconds(timings.blob),
            body_ms=_milliseconds(body),
            send_ms=_milliseconds(visit.send_seconds),
        )

    def _end_span(self, span: RequestSpan, visit: Visit, route: str) -> None:
        method = visit.environ["REQUEST_METHOD"]
        span.end(
            method=method if method in METHODS else "_OTHER",
            route=route,
            path=self._redactor.path(visit.path),
            status=visit.status,
            request_id=visit.request_id,
        )


def _announced(environ: WSGIEnvironment) -> int:
    """The length of the body, for servers that do not say how much was read."""
    length = environ.get("CONTENT_LENGTH") or ""
    return int(length) if length.isdigit() else 0


def _user_name(environ: WSGIEnvironment) -> str:
    return getattr(environ.get("ocsync.actor"), "name", "-")


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
