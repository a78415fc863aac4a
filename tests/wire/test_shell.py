"""What every request meets: health, headers, hosts, errors, credentials."""

import io
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from webtest import TestApp

from ocsync.app import create_app
from ocsync.log import Log, open_log
from ocsync.metrics.board import Board
from ocsync.metrics.meter import Meter
from ocsync.middleware.cors import Cors
from ocsync.middleware.errors import Errors
from ocsync.middleware.gatehouse import Gatehouse
from ocsync.middleware.origin import Origin
from ocsync.observer import Observer
from ocsync.redaction import Redactor
from ocsync.renderings import Form
from ocsync.routes import Mount, Router, Routes
from ocsync.settings import (
    LogSettings,
    ServerSettings,
    Settings,
    load_settings,
)
from spaces.library import Library


def test_status_php_has_the_keys_clients_read(app: TestApp) -> None:
    """The first document every ownCloud client asks for, without credentials."""
    status = app.get("/status.php").json

    assert status["installed"] is True
    assert status["maintenance"] is False
    assert status["needsDbUpgrade"] is False
    assert status["version"] == "10.11.0.0"
    assert status["productversion"]
    assert {"versionstring", "edition", "productname", "product"} <= status.keys()


def test_health_and_readiness(app: TestApp) -> None:
    """The process answers, and its database and blob store take work."""
    assert app.get("/healthz").json == {"status": "ok"}
    assert app.get("/readyz").json == {
        "status": "ok",
        "database": "ok",
        "blobs": "ok",
    }


def test_readiness_notices_a_lost_store(app: TestApp, settings: Settings) -> None:
    """Without its folder of blobs the server is not ready, and says which part."""
    blobs = settings.data / "blobs"
    blobs.rename(settings.data / "elsewhere")
    blobs.write_text("in the way")

    answer = app.get("/readyz", status=503).json

    assert (answer["database"], answer["blobs"]) == ("ok", "failed")


def test_health_is_asked_under_any_host(app: TestApp) -> None:
    """A load balancer knows the server by its address only."""
    app.get("/healthz", headers={"Host": "10.1.2.3:9200"})
    app.get("/status.php", headers={"Host": "10.1.2.3:9200"}, status=421)


def test_only_reading_methods(app: TestApp) -> None:
    """Other methods are refused with what would be allowed."""
    answer = app.post("/status.php", status=405)

    assert answer.headers["Allow"] == "GET, HEAD"


def test_every_answer_has_security_headers(app: TestApp) -> None:
    """Also answers that no part gave."""
    for path, status in (("/status.php", 200), ("/nothing/here", 404)):
        headers = app.get(path, status=status).headers
        assert headers["Content-Security-Policy"] == "default-src 'none';"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "SAMEORIGIN"
        assert headers["X-Download-Options"] == "noopen"
        assert headers["X-Permitted-Cross-Domain-Policies"] == "none"
        assert headers["X-Robots-Tag"] == "none"
        assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
        assert headers["Vary"] == "Origin"
        assert "Strict-Transport-Security" not in headers


def test_request_ids_are_echoed_or_made(app: TestApp) -> None:
    """A sane id of the client is kept, anything else replaced."""
    given = app.get("/healthz", headers={"X-Request-Id": "abc-1"})
    made = app.get("/healthz")
    evil = app.get("/healthz", headers={"X-Request-Id": "a b\x7f<script>"})

    assert given.headers["X-Request-Id"] == "abc-1"
    assert len(made.headers["X-Request-Id"]) == 36
    assert len(evil.headers["X-Request-Id"]) == 36


# Hosts and proxies ---------------------------------------------------------------


def show_base(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Answer with what the middleware found out about the request's origin."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    keys = ("ocsync.base_url", "REMOTE_ADDR", "SCRIPT_NAME", "PATH_INFO")
    return [" ".join(str(environ.get(key, "")) for key in keys).encode()]


def ask(server: dict[str, str], path: str = "/x", **environ: str) -> tuple[int, str]:
    """Status and body of a request through the origin middleware."""
    overrides = {f"server.{key}": value for key, value in server.items()}
    settings = load_settings(environ={}, overrides=overrides).settings.server
    origin = Origin(show_base, settings=settings, open_paths=frozenset())
    answer = TestApp(origin).get(
        path, extra_environ={"REMOTE_ADDR": "192.0.2.9", **environ}, status="*"
    )
    return answer.status_int, answer.text


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("localhost:9200", "http://localhost:9200"),
        ("127.0.0.1:9200", "http://127.0.0.1:9200"),
        ("[::1]:9200", "http://[::1]:9200"),
        ("localhost:80", "http://localhost"),
        ("dev.localhost", "http://dev.localhost"),
        ("files.example.org", "http://files.example.org"),
        ("FILES.example.org.", "http://FILES.example.org."),
    ],
)
def test_hosts_that_are_ours(host: str, base: str) -> None:
    """Loopback and configured names become the base of absolute URLs."""
    status, text = ask({"hosts": "files.example.org"}, HTTP_HOST=host)

    assert (status, text.split()[0]) == (200, base)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("192.168.1.5", 421),
        ("a b", 400),
        ("localhost:port", 400),
        ("user@localhost", 400),
        ("localhost/path", 400),
    ],
)
def test_hosts_that_are_not_ours(host: str, status: int) -> None:
    """Others never end up in a link."""
    assert ask({}, HTTP_HOST=host)[0] == status


def test_the_public_url_is_the_base_for_all() -> None:
    """With OCSYNC_URL nothing is taken from the request."""
    status, text = ask({"url": "https://cloud.example"}, HTTP_HOST="whatever")

    assert (status, text.split()[0]) == (200, "https://cloud.example")


def test_a_path_in_the_public_url_is_taken_off() -> None:
    """A server below a path finds its own URLs."""
    _, text = ask({"url": "https://a.example/cloud"}, path="/cloud/dav/x")

    assert text == "https://a.example/cloud 192.0.2.9 /cloud /dav/x"


def test_forwarded_headers_of_strangers_are_ignored() -> None:
    """Anyone can send them; only a trusted proxy is believed."""
    forged = {
        "HTTP_HOST": "localhost",
        "HTTP_X_FORWARDED_HOST": "evil.example",
        "HTTP_X_FORWARDED_PROTO": "https",
        "HTTP_X_FORWARDED_FOR": "203.0.113.1",
    }

    assert ask({}, **forged)[1].split()[:2] == ["http://localhost", "192.0.2.9"]


def test_x_forwarded_headers_of_a_trusted_proxy() -> None:
    """Scheme, host and address are the client's."""
    server = {"trusted_proxies": "192.0.2.0/24", "hosts": "cloud.example"}

    _, text = ask(
        server,
        HTTP_X_FORWARDED_HOST="cloud.example",
        HTTP_X_FORWARDED_PROTO="https",
        HTTP_X_FORWARDED_FOR="198.51.100.7, 203.0.113.1, 192.0.2.8",
    )

    assert text.split()[:2] == ["https://cloud.example", "203.0.113.1"]


def test_the_forwarded_header() -> None:
    """RFC 7239, with quoted values and an IPv6 address."""
    server = {"trusted_proxies": "192.0.2.9", "hosts": "cloud.example"}

    _, text = ask(
        server,
        HTTP_FORWARDED='for="[2001:db8::7]:4711";proto=https;host="cloud.example:8443"',
    )

    assert text.split()[:2] == ["https://cloud.example:8443", "2001:db8::7"]


# Errors --------------------------------------------------------------------------


def observer_of(log: Log) -> Observer:
    """Tells the log, and counts for itself."""
    return Observer(
        log=log,
        meter=Meter(Board.create(workers=1)),
        redactor=Redactor.of(Settings()),
        slow_seconds=None,
        tracer=None,
    )


def faulty(app: WSGIApplication, stream: io.StringIO) -> TestApp:
    """An application mounted behind the errors middleware."""
    log = open_log(LogSettings(format="json", access=False), stream=stream)
    routes = Routes([Mount(prefix="/x", app=app, form=Form.JSON)])
    return TestApp(
        Gatehouse(Errors(Router(routes), log=log), observer=observer_of(log))
    )


def test_unexpected_errors_are_logged_once_and_tell_nothing() -> None:
    """500 without detail; the log has the traceback and the request's id."""

    def app(_environ: WSGIEnvironment, _start: StartResponse) -> list[bytes]:
        raise RuntimeError("secret detail")

    stream = io.StringIO()
    headers = {"X-Request-Id": "r-9"}
    answer = faulty(app, stream).get("/x", headers=headers, status=500)

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert "secret" not in answer.text
    assert len(lines) == 1
    assert lines[0]["request_id"] == "r-9"
    assert "secret detail" in lines[0]["exception"]


def test_errors_in_the_iterable_become_answers_too() -> None:
    """What is raised before the first byte is sent can still be answered."""

    def app(_environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        yield from ()
        raise RuntimeError("late")

    faulty(app, io.StringIO()).get("/x", status=500)


def test_errors_after_the_first_byte_cut_the_answer() -> None:
    """Then only the server can tell the client, by cutting the connection."""

    def app(_environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        yield b"first"
        raise RuntimeError("too late")

    with pytest.raises(RuntimeError, match="too late"):
        faulty(app, io.StringIO()).get("/x")


def test_the_body_is_closed_whatever_happens() -> None:
    """WSGI's close() reaches the application's iterable."""
    closed: list[bool] = []

    class Body:
        """An iterable that notes its close."""

        def __iter__(self) -> Any:
            yield b"x"

        def close(self) -> None:
            closed.append(True)

    def app(_environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        return Body()

    faulty(app, io.StringIO()).get("/x")

    assert closed == [True]


# Access log ----------------------------------------------------------------------


def test_one_access_line_per_request(settings: Settings, library: Library) -> None:
    """With method, path, status, bytes and user; tokens cut short."""
    stream = io.StringIO()
    log = open_log(LogSettings(format="json"), stream=stream)
    app = TestApp(create_app(settings, library=library, log=log))

    size = len(app.get("/status.php").body)
    app.get("/data/abcdefghijklmnop", status="*")

    first, second = map(json.loads, stream.getvalue().splitlines())
    assert (first["method"], first["path"], first["status"]) == (
        "GET",
        "/status.php",
        200,
    )
    assert (first["bytes"], first["user"]) == (size, "-")
    assert "ms" in first
    assert second["path"] == "/data/abcdefgh…"


# CORS ----------------------------------------------------------------------------


def cors_app(origins: tuple[str, ...]) -> TestApp:
    """A mount of each kind behind CORS."""
    routes = Routes(
        [
            Mount(prefix="/api", app=show_base),
            Mount(prefix="/open", app=show_base, any_origin=True),
        ]
    )
    return TestApp(Cors(Router(routes), origins=origins, routes=routes))


PREFLIGHT = {
    "Origin": "https://web.example",
    "Access-Control-Request-Method": "PROPFIND",
    "Access-Control-Request-Headers": "depth, authorization",
}


def test_preflight_of_a_configured_origin() -> None:
    """204 with the origin echoed and everything allowed that clients send."""
    answer = cors_app(("https://web.example",)).options("/api/x", headers=PREFLIGHT)

    assert answer.status_int == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "https://web.example"
    assert "PROPFIND" in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {
        "accept", "authorization", "cache-control", "content-type", "depth",
        "destination", "if-match", "if-none-match", "ocs-apirequest", "origin",
        "overwrite", "tus-checksum-algorithm", "tus-resumable", "upload-checksum",
        "upload-concat", "upload-defer-length", "upload-expires", "upload-length",
        "upload-metadata", "upload-offset", "x-http-method-override", "x-request-id",
        "x-requested-with",
    } <= set(allowed)  # fmt: skip


def test_preflight_of_another_origin() -> None:
    """204, but nothing is allowed."""
    answer = cors_app(("https://other.example",)).options("/api/x", headers=PREFLIGHT)

    assert answer.status_int == 204
    assert not [name for name in answer.headers if name.startswith("Access-")]


def test_answers_to_configured_origins_expose_headers() -> None:
    """Scripts may read what uploads need; credentials are never shared."""
    origin = {"Origin": "https://web.example"}
    headers = cors_app(("https://web.example",)).get("/api/x", headers=origin).headers

    assert headers["Access-Control-Allow-Origin"] == "https://web.example"
    assert "Upload-Offset" in headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in headers


def test_open_mounts_do_their_own_cors() -> None:
    """Preflights of upload URLs reach their edge."""
    answer = cors_app(()).options("/open/x", headers=PREFLIGHT)

    assert answer.status_int == 200
    assert "Vary" not in answer.headers


# Credentials ---------------------------------------------------------------------


def test_wrong_path_without_credentials_is_not_found(app: TestApp) -> None:
    """What does not exist is 404 for everyone."""
    app.get("/no/such/part", status=404)


def test_hsts_over_https_only(tmp_path: Path) -> None:
    """Browsers are told to stay with https once they use it."""
    log = open_log(LogSettings(), stream=io.StringIO())
    settings = replace(ServerSettings(), url="https://cloud.example")
    app = Gatehouse(
        Origin(show_base, settings=settings, open_paths=frozenset()),
        observer=observer_of(log),
    )

    headers = TestApp(app).get("/").headers

    assert headers["Strict-Transport-Security"].startswith("max-age=315360000")
