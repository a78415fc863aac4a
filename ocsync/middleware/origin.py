"""Which URL the client used, and from which address: before anyone relies on it.

With a public URL configured, that is the base of every absolute URL. Without one it
is made from the request, so only hosts that are ours are accepted: loopback names,
the address listened on, and configured names; others get 421 (RFC 9110 §15.5.20), so
that a forged Host header never ends up in a link. Forwarded headers are believed from
trusted proxies only.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from ocsync.problems import HttpProblem
from ocsync.renderings import Form, answer_problem
from ocsync.settings import ServerSettings

_HOST: Final = re.compile(
    r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>\d{1,5}))?"
)
_USUAL_PORTS: Final = {"http": "80", "https": "443"}
_PAIR: Final = re.compile(r'([A-Za-z]+)=("(?:[^"\\]|\\.)*"|[^\s;,"]+)')
_REMEMBERED: Final = 256
"""Hosts and addresses of which is remembered what was found out about them."""


@dataclass(frozen=True, slots=True)
class _Forwarded:
    """What proxies say about the request they pass on."""

    addresses: tuple[str, ...] = ()
    scheme: str = ""
    host: str = ""


_NOTHING_FORWARDED: Final = _Forwarded()


class Origin:
    """Sets `ocsync.base_url`, and corrects REMOTE_ADDR and the scheme."""

    def __init__(
        self,
        app: WSGIApplication,
        *,
        settings: ServerSettings,
        open_paths: frozenset[str],
    ) -> None:
        """Take what to wrap; `open_paths` answer under every host (health checks)."""
        self._app = app
        self._url = settings.url
        self._prefix = urlsplit(settings.url or "").path
        self._proxies = settings.trusted_proxies
        self._has_socket = settings.unix_socket is not None
        self._open_paths = open_paths
        self._names = {name.lower().rstrip(".") for name in settings.hosts}
        if not settings.listens_everywhere:
            self._names.add(settings.host.lower())
        self._is_ours = lru_cache(_REMEMBERED)(self._judge_host)
        self._is_proxy = lru_cache(_REMEMBERED)(self._judge_peer)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Settle where the request came from and went to, or refuse it."""
        try:
            self._settle(environ)
        except HttpProblem as error:
            return answer_problem(error.problem, Form.TEXT, environ, start_response)
        return self._app(environ, start_response)

    def _settle(self, environ: WSGIEnvironment) -> None:
        forwarded = _NOTHING_FORWARDED
        if self._is_proxy(environ.get("REMOTE_ADDR", "")):
            forwarded = self._read_forwarded(environ)
        scheme = environ["wsgi.url_scheme"] = (
            forwarded.scheme or environ["wsgi.url_scheme"]
        )
        if self._url is None:
            host = forwarded.host or environ.get("HTTP_HOST") or _own_host(environ)
            if not self._is_ours(host):
                self._require_open(host, environ)
            environ["ocsync.base_url"] = _base_url(scheme, host)
        else:
            environ["ocsync.base_url"] = self._url
            self._strip_prefix(environ)

    def _judge_host(self, host: str) -> bool:
        name = _name_of(host)
        return name in self._names or _is_loopback(name)

    def _require_open(self, host: str, environ: WSGIEnvironment) -> None:
        """Refuse what is not ours, but for paths that answer under every host."""
        if environ.get("PATH_INFO") not in self._open_paths:
            raise HttpProblem(
                421,
                f"This server does not answer for the host {_name_of(host)!r}:"
                " set OCSYNC_URL to its public URL, or OCSYNC_HOSTS to further names",
            )

    def _strip_prefix(self, environ: WSGIEnvironment) -> None:
        """Move the path of the public URL to where WSGI wants it."""
        path: str = environ.get("PATH_INFO", "")
        prefix = self._prefix
        if prefix and (path == prefix or path.startswith(f"{prefix}/")):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
            environ["PATH_INFO"] = path.removeprefix(prefix)

    def _read_forwarded(self, environ: WSGIEnvironment) -> _Forwarded:
        """What the proxy that asks tells, and who is behind it."""
        peer: str = environ.get("REMOTE_ADDR", "")
        header = environ.get("HTTP_FORWARDED")
        forwarded = _parse_forwarded(header) if header else _from_x_headers(environ)
        client = peer
        for address in reversed(forwarded.addresses):
            if not self._is_proxy(client):
                break
            client = address
        environ["REMOTE_ADDR"] = client
        return forwarded

    def _judge_peer(self, address: str) -> bool:
        if not self._proxies:
            return self._has_socket and not address
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return self._has_socket and not address
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in self._proxies)


def _own_host(environ: WSGIEnvironment) -> str:
    return f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"


def _name_of(host: str) -> str:
    """The name in a Host field, as it is compared.

    Raises:
        HttpProblem: 400, it is malformed.
    """
    match = _HOST.fullmatch(host)
    if match is None:
        raise HttpProblem(400, "The Host header is malformed")
    return match["name"].strip("[]").lower().rstrip(".")


@lru_cache(_REMEMBERED)
def _base_url(scheme: str, host: str) -> str:
    name, colon, port = host.rpartition(":")
    is_usual = colon and port == _USUAL_PORTS.get(scheme)
    return f"{scheme}://{name if is_usual else host}"


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _from_x_headers(environ: WSGIEnvironment) -> _Forwarded:
    addresses = _items(environ.get("HTTP_X_FORWARDED_FOR", ""))
    return _Forwarded(
        tuple(_bare_address(address) for address in addresses),
        _known_scheme(_last(environ.get("HTTP_X_FORWARDED_PROTO", ""))),
        _last(environ.get("HTTP_X_FORWARDED_HOST", "")),
    )


def _parse_forwarded(header: str) -> _Forwarded:
    """RFC 7239 §4: elements by comma, the last one from the proxy nearest to us."""
    elements = [
        {name.lower(): _unquote(value) for name, value in _PAIR.findall(element)}
        for element in _items(header)
    ]
    last = elements[-1] if elements else {}
    return _Forwarded(
        tuple(_bare_address(each["for"]) for each in elements if "for" in each),
        _known_scheme(last.get("proto", "")),
        last.get("host", ""),
    )


def _unquote(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def _items(header: str) -> list[str]:
    return [item.strip() for item in header.split(",") if item.strip()]


def _last(header: str) -> str:
    return (_items(header) or [""])[-1]


def _known_scheme(scheme: str) -> str:
    return scheme.lower() if scheme.lower() in _USUAL_PORTS else ""


def _bare_address(text: str) -> str:
    """The address without a port: `[::1]:80`, `192.0.2.1:80`, or bare."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
