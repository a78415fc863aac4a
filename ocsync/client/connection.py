"""One request and its answer, over connections that are kept open.

Made of the standard library's client, which lets a body be sent piece by piece and an
early answer be read when the server hangs up in the middle of it. Certificates are
checked against the system's own authorities. Of credentials it knows only to whom they
may be told.
"""

import http.client
import os
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from email.message import Message
from typing import Final, Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from ocsync._version import __version__
from ocsync.client.credentials import Credentials
from ocsync.client.errors import ClientError, Refused, Temporary
from ocsync.client.stopping import Stop
from ocsync.client.urls import origin_of, resolve

Headers = Mapping[str, str]

_FOLLOWED: Final = frozenset({301, 302, 303, 307, 308})
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND"})
_MOST_REDIRECTS: Final = 5
_MOST_BODY_BYTES: Final = 16 * 1024 * 1024
_BLOCK: Final = 256 * 1024


class Body(Protocol):
    """What a request carries."""

    @property
    def length(self) -> int:
        """How many bytes the blocks have together."""
        ...

    def blocks(self) -> Iterable[bytes | memoryview]:
        """The bytes, from the beginning each time."""
        ...


@dataclass(frozen=True, slots=True)
class Bytes:
    """A body that is at hand."""

    data: bytes

    @property
    def length(self) -> int:
        """How many there are."""
        return len(self.data)

    def blocks(self) -> Iterable[bytes]:
        """All at once."""
        return (self.data,)


NOTHING: Final = Bytes(b"")
NONE: Final[Headers] = {}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said; `url` is where it said it, after redirects.

    `is_anonymous` tells that it was asked without credentials.
    """

    status: int
    headers: Message
    url: str
    body: bytes = b""
    is_anonymous: bool = False
    stream: http.client.HTTPResponse | None = field(default=None, repr=False)

    def get(self, name: str) -> str | None:
        """A header's value."""
        value = self.headers.get(name)
        return None if value is None else str(value).strip()

    @property
    def is_done(self) -> bool:
        """Whether it is what was asked for."""
        return 200 <= self.status < 300

    def read(self, size: int = -1) -> bytes:
        """The next bytes of a stream; empty at its end.

        Raises:
            Temporary: the connection broke off.
        """
        assert self.stream is not None
        try:
            return self.stream.read(size if size >= 0 else None)
        except (OSError, http.client.HTTPException) as error:
            raise _as_temporary(error, self.url) from error


class Http:
    """Connections of one thread, each to one origin."""

    def __init__(
        self,
        *,
        credentials: Credentials,
        stop: Stop,
        timeout: float,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._credentials = credentials
        self._stop = stop
        self._timeout = timeout
        self._tls = tls
        self._open: dict[tuple[str, str, int], http.client.HTTPConnection] = {}
        stop.also(self._hang_up)

    def close(self) -> None:
        """Close all connections."""
        for connection in self._open.values():
            connection.close()
        self._open.clear()

    def ask(
        self, method: str, url: str, headers: Headers = NONE, body: Body | None = None
    ) -> Answer:
        """Ask, and read the answer to its end.

        Raises:
            Temporary: there was no answer.
            ClientError: there never will be one.
            Stopped: the user wants to end.
        """
        with self.stream(method, url, headers, body) as answer:
            assert answer.stream is not None
            data = answer.read(_MOST_BODY_BYTES + 1)
            if len(data) > _MOST_BODY_BYTES:
                self.close()
                raise ClientError(f"{url} answers more than anybody would want to read")
        return replace(answer, body=data, stream=None)

    @contextmanager
    def stream(
        self, method: str, url: str, headers: Headers = NONE, body: Body | None = None
    ) -> Iterator[Answer]:
        """Ask, and leave it to the caller to read the answer as far as he likes.

        Raises:
            Temporary, ClientError, Stopped: as for `ask`.
        """
        for _ in range(_MOST_REDIRECTS):
            answer = self._exchange(method, url, headers, body)
            target = answer.get("Location")
            if answer.status not in _FOLLOWED or target is None:
                break
            answer.read()
            target = resolve(url, target)
            if method not in _SAFE:
                raise Refused(f"{url} has moved to {target}", status=answer.status)
            url = target
        else:
            raise ClientError(f"{url} redirects in circles")
        try:
            yield answer
        finally:
            if answer.stream is not None and not answer.stream.isclosed():
                # What was not read would be taken for the next answer.
                self._drop(url)

    def _exchange(
        self, method: str, url: str, headers: Headers, body: Body | None
    ) -> Answer:
        self._stop.check()
        is_reused = origin_of(url) in self._open
        try:
            return self._try(method, url, headers, body)
        except (OSError, http.client.HTTPException) as error:
            self._drop(url)
            self._stop.check()
            is_repeatable = method in _SAFE or body is None
            if not (is_reused and is_repeatable and _is_hung_up(error)):
                raise _as_temporary(error, url) from error
        # The server had closed the connection that was kept open.
        try:
            return self._try(method, url, headers, body)
        except (OSError, http.client.HTTPException) as error:
            self._drop(url)
            self._stop.check()
            raise _as_temporary(error, url) from error

    def _try(
        self, method: str, url: str, headers: Headers, body: Body | None
    ) -> Answer:
        connection = self._connection(url)
        parts = urlsplit(url)
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        if _proxy_for(url) is not None and parts.scheme == "http":
            target = url
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in self._all_headers(url, headers, body):
            connection.putheader(name, value)
        try:
            connection.endheaders()
            for block in body.blocks() if body is not None else ():
                self._stop.check()
                connection.send(block)
        except (BrokenPipeError, ConnectionResetError):
            # It may have answered before it had all of it, and said why.
            with suppress(OSError, http.client.HTTPException):
                return self._answer(connection, url)
            raise
        return self._answer(connection, url)

    def _answer(self, connection: http.client.HTTPConnection, url: str) -> Answer:
        response = connection.getresponse()
        return Answer(
            response.status,
            response.msg,
            url,
            is_anonymous=self._credentials.for_url(url) is None,
            stream=response,
        )

    def _all_headers(
        self, url: str, headers: Headers, body: Body | None
    ) -> Iterator[tuple[str, str]]:
        yield "User-Agent", f"ocsync/{__version__}"
        yield "Accept-Encoding", "identity"
        authorization = self._credentials.for_url(url)
        if authorization is not None:
            yield "Authorization", authorization
        if body is not None and "Transfer-Encoding" not in headers:
            yield "Content-Length", str(body.length)
        yield from headers.items()

    def _connection(self, url: str) -> http.client.HTTPConnection:
        origin = origin_of(url)
        found = self._open.get(origin)
        if found is None:
            found = self._open[origin] = self._connect(url)
        return found

    def _connect(self, url: str) -> http.client.HTTPConnection:
        scheme, host, port = origin_of(url)
        proxy = _proxy_for(url)
        place = (host, port) if proxy is None else proxy
        connection: http.client.HTTPConnection
        if scheme == "https":
            connection = http.client.HTTPSConnection(
                *place, timeout=self._timeout, context=self._tls(), blocksize=_BLOCK
            )
            if proxy is not None:
                connection.set_tunnel(host, port)
        else:
            connection = http.client.HTTPConnection(
                *place, timeout=self._timeout, blocksize=_BLOCK
            )
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _drop(self, url: str) -> None:
        connection = self._open.pop(origin_of(url), None)
        if connection is not None:
            connection.close()

    def _hang_up(self) -> None:
        """End every exchange, from another thread."""
        for connection in list(self._open.values()):
            with suppress(OSError, AttributeError):
                connection.sock.shutdown(socket.SHUT_RDWR)


def _proxy_for(url: str) -> tuple[str, int] | None:
    """The proxy that the environment names for this URL."""
    scheme, host, port = origin_of(url)
    named = getproxies().get(scheme)
    if not named or proxy_bypass(f"{host}:{port}"):
        return None
    parts = urlsplit(named if "://" in named else f"http://{named}")
    return (parts.hostname, parts.port or 80) if parts.hostname else None


def _is_hung_up(error: Exception) -> bool:
    return isinstance(
        error,
        http.client.RemoteDisconnected | BrokenPipeError | ConnectionResetError,
    )


def _as_temporary(error: Exception, url: str) -> ClientError:
    """One line for what happened to the network; some of it stays so."""
    host = urlsplit(url).netloc
    match error:
        case ssl.SSLCertVerificationError():
            return ClientError(
                f"the certificate of {host} cannot be trusted: {error.verify_message};"
                " --ca-file names the authority that signed it"
            )
        case ssl.SSLError():
            return ClientError(f"no https with {host}: {error.reason or error}")
        case socket.gaierror() if error.errno == socket.EAI_NONAME:
            return ClientError(f"there is no host {host}")
        case TimeoutError():
            return Temporary(f"{host} does not answer")
        case ConnectionRefusedError():
            return Temporary(f"nothing listens at {host}")
        case http.client.HTTPException() | ConnectionError():
            return Temporary(f"the connection to {host} broke off")
        case OSError():
            reason = error.strerror or os.strerror(error.errno or 0)
            return Temporary(f"cannot reach {host}: {reason.lower()}")
    return ClientError(f"{host} does not answer as a web server does")
