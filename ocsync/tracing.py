"""Traces for OpenTelemetry: a span for each request, and one for each of its steps.

Needs the extra `otel`, and is not even imported unless an endpoint is set. Steps are
told when they are over (`ocsync.timings`), so their spans are made afterwards, with
the times that were measured.
"""

import time
from typing import Any, Final, Protocol
from wsgiref.types import WSGIEnvironment

from ocsync._version import __version__
from ocsync.settings import SettingsError, TracingSettings

_NANOSECONDS: Final = 1_000_000_000
_SERVER_FAULT: Final = 500


class RequestSpan(Protocol):
    """The span of one request under way."""

    def step(self, name: str, began: float, ended: float) -> None:
        """A step of the request is over; times are those of `time.perf_counter`."""
        ...

    def end(
        self, *, method: str, route: str, path: str, status: int, request_id: str
    ) -> None:
        """The request is over. The path holds no credentials."""
        ...


class Tracer(Protocol):
    """Begins spans; thread-safe."""

    def begin(self, environ: WSGIEnvironment) -> RequestSpan:
        """The span of a request, below that of its client if it names one."""
        ...

    def close(self) -> None:
        """Send what is left."""
        ...


def open_tracer(settings: TracingSettings) -> Tracer | None:
    """The tracer of this process, to be opened after it was forked; None if off.

    Raises:
        SettingsError: traces are wanted, but the extra is not installed.
    """
    if settings.endpoint is None:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
    except ImportError as error:
        raise SettingsError(
            "tracing.endpoint: traces need the extra: pip install 'ocsync[otel]'"
        ) from error
    return OtelTracer(settings, exporter=OTLPSpanExporter(endpoint=settings.endpoint))


class OtelTracer:
    """Tells OpenTelemetry; the exporter decides where spans go."""

    def __init__(self, settings: TracingSettings, *, exporter: Any) -> None:
        """Send spans by the exporter, in batches from a thread of its own."""
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        from opentelemetry.sdk.trace.sampling import (  # noqa: PLC0415
            ParentBased,
            TraceIdRatioBased,
        )
        from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
            TraceContextTextMapPropagator,
        )

        self._provider = TracerProvider(
            resource=Resource.create(
                {"service.name": settings.service, "service.version": __version__}
            ),
            sampler=ParentBased(TraceIdRatioBased(settings.percent / 100)),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("ocsync", __version__)
        self._propagator = TraceContextTextMapPropagator()

    def begin(self, environ: WSGIEnvironment) -> RequestSpan:
        """The span of a request."""
        carrier = {"traceparent": environ.get("HTTP_TRACEPARENT", "")}
        return _OtelSpan(self._tracer, self._propagator.extract(carrier))

    def close(self) -> None:
        """Send what is left, and end the thread."""
        self._provider.shutdown()


class _OtelSpan:
    """A span of kind SERVER with the steps below it."""

    def __init__(self, tracer: Any, parent: Any) -> None:
        from opentelemetry import trace  # noqa: PLC0415

        self._trace = trace
        self._tracer = tracer
        self._offset = time.time_ns() - time.perf_counter_ns()
        self._span = tracer.start_span(
            "request", context=parent, kind=trace.SpanKind.SERVER
        )
        self._inside = trace.set_span_in_context(self._span)

    def step(self, name: str, began: float, ended: float) -> None:
        """Add a span below."""
        if not self._span.is_recording():
            return
        span = self._tracer.start_span(
            name, context=self._inside, start_time=self._at(began)
        )
        span.end(end_time=self._at(ended))

    def end(
        self, *, method: str, route: str, path: str, status: int, request_id: str
    ) -> None:
        """Name the span by the semantic conventions for HTTP, and end it."""
        span = self._span
        if span.is_recording():
            span.update_name(f"{method} {route or '/'}")
            span.set_attributes(
                {
                    "http.request.method": method,
                    "http.route": route or "/",
                    "http.response.status_code": status,
                    "url.path": path,
                    "ocsync.request_id": request_id,
                }
            )
            if status >= _SERVER_FAULT:
                span.set_status(self._trace.StatusCode.ERROR)
        span.end()

    def _at(self, moment: float) -> int:
        return self._offset + int(moment * _NANOSECONDS)
