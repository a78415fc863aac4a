"""The doctor looks at URL, clock and proxies; a sound server has nothing."""

import http.client
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from tests.live.apps import hello
from tests.live.doctor.patient import Middleware, Patient, wrong
from tests.live.harness import Serve
from tests.live.tus_site import open_site


def test_a_sound_server(patient: Patient) -> None:
    """Nothing is wrong, every part was looked at, and nothing is left behind."""
    patient.put()

    found = patient.examine()

    assert wrong(found) == {}
    assert {
        "data folder", "secrets", "disk of data", "inodes of data", "open files",
        "content store", "database", "content", "accounts", "server", "public URL",
        "clock", "forwarded headers", "proxy buffering", "WebDAV", "client: desktop",
        "client: rclone", "client: web", "client: tus",
    } <= {each.check for each in found}  # fmt: skip
    library, actor = patient.site.library, patient.site.actor
    assert not library.accounts.tokens(actor.user_id)
    assert not library.uploads.list_open()
    assert not list(library.trash.list(actor, patient.site.home.id))
    answer = patient.site.ask("PROPFIND /dav/files/admin/", "Depth: 1")
    assert answer.body.count(b"<d:response>") == 2


def test_a_server_that_does_not_run(patient: Patient) -> None:
    """Nothing listens where it should."""
    assert "ocsync serve" in wrong(patient.examine(server__port=1))["server"]


def test_another_program_at_the_port(patient: Patient, serve: Serve) -> None:
    """It answers, but not as ocsync does."""
    other = serve(hello).port

    assert "another program" in wrong(patient.examine(server__port=other))["server"]


def test_a_wrong_url(patient: Patient, serve: Serve, tmp_path: Path) -> None:
    """OCSYNC_URL leads nowhere, to another program, or to another ocsync."""
    hint = "set OCSYNC_URL"
    other = f"http://127.0.0.1:{serve(hello).port}"

    nowhere = wrong(patient.examine(server__url="http://127.0.0.1:1"))
    elsewhere = wrong(patient.examine(server__url=other))
    with open_site(tmp_path / "second", serve) as second:
        third = f"http://127.0.0.1:{second.port}"
        to_another = wrong(patient.examine(server__url=third))

    assert hint in nowhere["public URL"]
    assert hint in elsewhere["public URL"]
    assert "something else answers" in elsewhere["public URL"]
    assert "another ocsync answers" in to_another["public URL"]


@pytest.mark.parametrize(
    "settings",
    [{"server__host": "0.0.0.0"}, {"server__url": "http://files.example.org"}],
)
def test_a_url_that_others_cannot_use(
    patient: Patient, settings: dict[str, str]
) -> None:
    """Open to the network without a name, or without https."""
    found = patient.examine(options={}, server__port=1, **settings)

    assert "OCSYNC_URL" in wrong(found[:20])["public URL"]


def test_a_clock_that_is_wrong(patient: Patient) -> None:
    """The date in the public server's answers is not that of this machine."""
    late = datetime.now(UTC) + timedelta(minutes=10)

    assert "NTP" in wrong(patient.examine(options={"now": lambda: late}))["clock"]


def telling(name: str, value: str) -> Middleware:
    """A proxy that adds a field to every answer."""

    def middleware(app: WSGIApplication) -> WSGIApplication:
        def answer(
            environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            """Add it."""
            return app(
                environ,
                lambda status, headers, *rest: start_response(
                    status, [*headers, (name, value)], *rest
                ),
            )

        return answer

    return middleware


def test_a_proxy_that_is_not_believed(patient: Patient) -> None:
    """Its forwarded headers are passed over, and nobody noticed so far."""
    patient.behind(telling("Via", "1.1 proxy"))

    found = wrong(patient.examine())
    trusted = wrong(patient.examine(server__trusted_proxies="127.0.0.1"))

    assert "server.trusted_proxies" in found["forwarded headers"]
    assert trusted == {}


def keeping(port: int) -> WSGIApplication:
    """A proxy that passes requests on when their bodies are whole."""

    def answer(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Read it all first; what breaks off raises, and is dropped."""
        body = environ["wsgi.input"].read()
        headers = {
            key.removeprefix("HTTP_").replace("_", "-"): str(value)
            for key, value in environ.items()
            if key.startswith("HTTP_") or key == "CONTENT_TYPE"
        }
        headers.pop("TRANSFER-ENCODING", None)
        behind = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        method, path = environ["REQUEST_METHOD"], quote(environ["PATH_INFO"])
        target = f"{path}?{environ.get('QUERY_STRING', '')}".rstrip("?")
        with closing(behind):
            behind.request(method, target, body, headers)
            response = behind.getresponse()
            content = response.read()
            hop = {"transfer-encoding", "connection"}
            given = [
                each for each in response.getheaders() if each[0].lower() not in hop
            ]
            start_response(f"{response.status} {response.reason}", given)
            return [content]

    return answer


def test_a_proxy_that_buffers(patient: Patient, serve: Serve) -> None:
    """Nothing of an upload that is cut arrives."""
    proxy = serve(keeping(patient.site.port))

    found = wrong(
        patient.examine(
            server__url=f"http://127.0.0.1:{proxy.port}",
            server__trusted_proxies="127.0.0.1",
        )
    )

    assert "proxy_request_buffering off" in found["proxy buffering"]


def refusing(is_meant: Callable[[WSGIEnvironment], object], status: str) -> Middleware:
    """A proxy that does not like some requests."""

    def middleware(app: WSGIApplication) -> WSGIApplication:
        def answer(
            environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            """Refuse, or pass on."""
            if is_meant(environ):
                start_response(status, [("Content-Length", "0")])
                return []
            return app(environ, start_response)

        return answer

    return middleware


@pytest.mark.parametrize(
    ("is_meant", "status", "check", "fix"),
    [
        (
            lambda each: int(each.get("CONTENT_LENGTH") or 0) > 1_000_000,
            "413 Content Too Large", "proxy buffering", "client_max_body_size 0",
        ),
        (
            lambda each: "HTTP_TRANSFER_ENCODING" in each,
            "411 Length Required", "WebDAV", "proxy_http_version 1.1",
        ),
        (
            lambda each: each["REQUEST_METHOD"] == "MOVE",
            "502 Bad Gateway", "WebDAV", "Destination",
        ),
        (
            lambda each: each["REQUEST_METHOD"] == "PROPFIND",
            "405 Method Not Allowed", "client: rclone", "X-Request-Id",
        ),
        (
            lambda each: each["PATH_INFO"].startswith("/ocs/"),
            "404 Not Found", "client: desktop", "X-Request-Id",
        ),
        (
            lambda each: each["PATH_INFO"] == "/config.json",
            "403 Forbidden", "client: web", "X-Request-Id",
        ),
        (
            lambda each: each["REQUEST_METHOD"] == "OPTIONS",
            "200 OK", "client: tus", "X-Request-Id",
        ),
    ],
)  # fmt: skip
def test_a_proxy_that_refuses(
    patient: Patient,
    is_meant: Callable[[WSGIEnvironment], object],
    status: str,
    check: str,
    fix: str,
) -> None:
    """Large bodies, bodies of unknown length, methods, paths."""
    patient.behind(refusing(is_meant, status))

    assert fix in wrong(patient.examine())[check]
