"""From outside: the public URL, who answers there, its clock, the proxies between."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from ocsync.client.connection import Answer, Http
from ocsync.client.dates import parse_date
from ocsync.client.errors import ClientError
from ocsync.doctor.findings import Finding, problem, warning, well
from ocsync.settings import ServerSettings

_MOST_SKEW_SECONDS: Final = 30.0
_MISDIRECTED: Final = 421
_UNAUTHORIZED: Final = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Where to knock, and with what."""

    url: str
    http: Http
    user: str


def local_url(server: ServerSettings) -> str | None:
    """Where the server should answer on this machine, if that can be told."""
    if server.unix_socket is not None or not server.port:
        return None
    scheme = "https" if server.has_tls else "http"
    host = "127.0.0.1" if server.listens_everywhere else server.host
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{server.port}"


def examine_server(http: Http, server: ServerSettings) -> Iterator[Finding]:
    """Whether the server runs, and is ready."""
    check = "server"
    url = local_url(server)
    if url is None:
        yield well(check, "it listens where only its parent or proxy can knock")
        return
    try:
        answer = http.ask("GET", f"{url}/readyz")
        document = json.loads(answer.body)
    except ClientError as error:
        if server.has_tls:
            yield well(check, f"not asked directly: {error}")
            return
        yield problem(
            check,
            f"it does not answer at {url}: {error}",
            "start it (`ocsync serve`, `systemctl start ocsync`), and give the doctor"
            " the same settings",
        )
        return
    except ValueError:
        yield problem(
            check,
            f"another program answers at {url}",
            "end that program, or set server.port to a free one",
        )
        return
    if answer.is_done:
        yield well(check, f"ready at {url}")
        return
    parts = [name for name, state in document.items() if state == "failed"]
    yield problem(
        check, f"not ready: {', '.join(parts)} failed", "its log says what failed"
    )


def examine_url(server: ServerSettings) -> Iterator[Finding]:
    """Whether the settings tell a URL that others can use."""
    check = "public URL"
    if server.url is None:
        if server.listens_everywhere and not server.hosts:
            yield problem(
                check,
                "it listens to every network but answers only to loopback names",
                "set OCSYNC_URL to the URL that clients use",
            )
        else:
            yield well(check, "not set: only this machine uses the server")
        return
    parts = urlsplit(server.url)
    host = parts.hostname or ""
    is_loopback = host in {"localhost", "::1"} or host.startswith("127.")
    if parts.scheme == "http" and not is_loopback:
        yield problem(
            check,
            f"{server.url} is not https: passwords can be read on the way",
            "put a proxy with https in front (config/ has two), or set server.tls_cert"
            " and tls_key; then set OCSYNC_URL to the https URL",
        )


def examine_answer(visit: Visit, *, now: datetime) -> Iterator[Finding]:
    """Whether this very server answers at its public URL, at the same time of day."""
    check = "public URL"
    wrong = "set OCSYNC_URL to the URL under which clients reach this server"
    try:
        status = visit.http.ask("GET", f"{visit.url}/status.php")
    except ClientError as error:
        yield problem(
            check,
            f"{visit.url} cannot be reached from here: {error}",
            f"{wrong}; see that its name leads to the proxy, and the proxy here",
        )
        return
    if _product(status) != "ocsync":
        yield problem(
            check,
            f"something else answers at {visit.url} ({status.status})",
            f"{wrong}; see where its proxy leads to",
        )
        return
    try:
        me = visit.http.ask("GET", f"{visit.url}/graph/v1.0/me")
    except ClientError as error:
        yield problem(check, f"{visit.url} broke off: {error}", wrong)
        return
    if me.status == _UNAUTHORIZED:
        yield problem(
            check,
            f"another ocsync answers at {visit.url}, or Authorization is lost",
            f"{wrong}; see that the proxy passes on the Authorization header",
        )
        return
    if not me.is_done:
        yield problem(check, f"{visit.url} answers {me.status}", wrong)
        return
    yield well(check, f"{visit.url} leads to this server")
    yield _skew(status, now=now)


def _product(answer: Answer) -> str:
    with suppress(ValueError, AttributeError):
        return str(json.loads(answer.body).get("product", ""))
    return ""


def _skew(answer: Answer, *, now: datetime) -> Finding:
    check = "clock"
    told = parse_date(answer.get("Date"))
    if told is None:
        return warning(check, "the public URL tells no time", "let the proxy send Date")
    seconds = abs((told - now).total_seconds())
    if seconds > _MOST_SKEW_SECONDS:
        return problem(
            check,
            f"this machine and {urlsplit(answer.url).netloc} differ by"
            f" {seconds:.0f} seconds",
            "run an NTP client on both (chrony, systemd-timesyncd): logins, upload URLs"
            " and certificates depend on the time",
        )
    return well(check, "this machine and the public URL agree")


def examine_proxies(visit: Visit, server: ServerSettings) -> Iterator[Finding]:
    """Whether the server believes the proxy that is in front of it."""
    check = "forwarded headers"
    try:
        answer = visit.http.ask("GET", f"{visit.url}/healthz")
    except ClientError:
        return
    if not _has_proxy(answer, visit.url, server):
        yield well(check, "no proxy is in between")
    elif server.trusted_proxies or server.unix_socket is not None:
        yield well(check, "the server believes its proxy")
    else:
        yield problem(
            check,
            "a proxy is in front, and the server does not believe what it says: every"
            " client seems to have the proxy's address, so that wrong passwords of one"
            " keep all of them out",
            "set server.trusted_proxies to the address from which the proxy connects"
            " (127.0.0.1 on the same machine), and let it send X-Forwarded-For",
        )


def _has_proxy(answer: Answer, url: str, server: ServerSettings) -> bool:
    scheme, port = urlsplit(url).scheme, urlsplit(url).port
    usual = {"http": 80, "https": 443}[scheme]
    return (
        answer.get("Via") is not None
        or answer.get("Server") != "ocsync"
        or (scheme == "https") != server.has_tls
        or (port or usual) != server.port
    )
