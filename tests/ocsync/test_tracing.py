"""Traces: a span for each request and its steps, and nothing at all when off."""

import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from webtest import TestApp

from ocsync.app import create_app
from ocsync.library import open_library
from ocsync.log import open_log
from ocsync.metrics.board import Board
from ocsync.metrics.meter import Meter
from ocsync.settings import Settings, TracingSettings
from ocsync.tracing import OtelTracer, open_tracer

PASSWORD = "open-sesame"
CLIENT_TRACE = "0af7651916cd43dd8448eb211c80319c"


class Site:
    """A whole service whose spans end in memory."""

    def __init__(
        self, app: TestApp, tracer: OtelTracer, spans: InMemorySpanExporter
    ) -> None:
        self.app = app
        self._tracer = tracer
        self._spans = spans

    def spans(self) -> tuple[ReadableSpan, ...]:
        """All spans of the requests so far, the service being at its end."""
        self._tracer.close()
        return self._spans.get_finished_spans()


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    """With the account ann."""
    exporter = InMemorySpanExporter()
    tracer = OtelTracer(TracingSettings(), exporter=exporter)
    meter = Meter(Board.create(workers=1))
    log = open_log(settings.log, stream=io.StringIO())
    with open_library(settings, create=True, watch=meter) as library:
        library.accounts.create("ann", PASSWORD)
        app = TestApp(
            create_app(settings, library=library, log=log, meter=meter, tracer=tracer),
            extra_environ={"REMOTE_ADDR": "127.0.0.1"},
        )
        app.authorization = ("Basic", ("ann", PASSWORD))
        yield Site(app, tracer, exporter)


def of_request(spans: tuple[ReadableSpan, ...]) -> ReadableSpan:
    """The one span of kind SERVER."""
    (span,) = (each for each in spans if each.kind is SpanKind.SERVER)
    return span


def test_a_request_and_its_steps(site: Site) -> None:
    """Named by method and route; what the domain did lies below, and within."""
    site.app.put("/dav/files/ann/a.txt", b"hello", status=201)

    spans = site.spans()
    request = of_request(spans)
    steps = [each for each in spans if each is not request]

    assert request.name == "PUT /dav"
    assert request.attributes is not None
    assert request.attributes["http.response.status_code"] == 201
    assert request.attributes["url.path"] == "/dav/files/ann/a.txt"
    assert {each.name for each in steps} >= {
        "authentication",
        "database_read",
        "database_lock_wait",
        "database_commit",
        "blob_seal",
    }
    for step in steps:
        assert step.parent is not None
        assert step.parent.span_id == request.context.span_id
        assert step.start_time is not None
        assert step.end_time is not None
        assert step.start_time <= step.end_time


def test_the_trace_of_a_client_goes_on(site: Site) -> None:
    """The request's span hangs below the one that the client names."""
    header = {"traceparent": f"00-{CLIENT_TRACE}-b7ad6b7169203331-01"}
    site.app.get("/status.php", headers=header)

    request = of_request(site.spans())

    assert f"{request.context.trace_id:032x}" == CLIENT_TRACE
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == "b7ad6b7169203331"


def test_credentials_do_not_get_into_traces(site: Site) -> None:
    """Neither the token of a data URL, nor a header, nor a query."""
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
    site.app.get(f"/data/{token}?access_token=hidden", status="*")

    told = "".join(each.to_json() for each in site.spans())

    assert token[12:] not in told
    assert "hidden" not in told
    assert PASSWORD not in told
    assert "Authorization" not in told


def test_methods_that_nobody_knows_have_one_name(site: Site) -> None:
    """A client cannot make up names of spans."""
    site.app.request("/status.php", method="BREW", status="*")

    assert of_request(site.spans()).name.startswith("_OTHER ")


def test_faults_are_marked(settings: Settings) -> None:
    """An answer of 5xx is an error, a refusal is none."""
    exporter = InMemorySpanExporter()
    tracer = OtelTracer(TracingSettings(), exporter=exporter)
    for status in (404, 500):
        span = tracer.begin({})
        span.end(method="GET", route="/x", path="/x", status=status, request_id="r")
    tracer.close()

    refused, failed = exporter.get_finished_spans()

    assert refused.status.status_code is StatusCode.UNSET
    assert failed.status.status_code is StatusCode.ERROR


def test_of_none_nothing_is_kept(settings: Settings) -> None:
    """The share of requests is a setting."""
    exporter = InMemorySpanExporter()
    tracer = OtelTracer(replace(TracingSettings(), percent=0), exporter=exporter)
    span = tracer.begin({})
    span.step("x", 1.0, 2.0)
    span.end(method="GET", route="/x", path="/x", status=200, request_id="r")
    tracer.close()

    assert exporter.get_finished_spans() == ()


def test_off_means_not_even_imported() -> None:
    """Without an endpoint nothing of OpenTelemetry costs anything."""
    assert open_tracer(TracingSettings()) is None

    code = (
        "import sys; import ocsync.cli.serve;"
        " sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_endpoint_opens_a_tracer() -> None:
    """That of the settings; nothing is sent before there is a span."""
    settings = replace(TracingSettings(), endpoint="http://127.0.0.1:9/v1/traces")

    tracer = open_tracer(settings)

    assert tracer is not None
    tracer.close()
