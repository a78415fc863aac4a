"""A service to send to and fetch from, which fails where a test wants it to.

`Faults` stands before the application: for each request it asks the test's rules
whether to answer something else, or to do something first.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from ocsync.client.connection import Http
from ocsync.client.credentials import Credentials, basic
from ocsync.client.download import DownloadRules
from ocsync.client.events import Event
from ocsync.client.fetching import Fetching
from ocsync.client.journal import Journal
from ocsync.client.sending import Sending
from ocsync.client.stopping import Stop
from ocsync.client.upload import UploadRules

Refusal = tuple[str, list[tuple[str, str]], bytes]
E = TypeVar("E")
Rule = Callable[[WSGIEnvironment], Refusal | None]


class Faults:
    """An application with another one behind it, and rules that come first."""

    def __init__(self) -> None:
        self.app: WSGIApplication | None = None
        self._lock = threading.Lock()
        self.rules: list[Rule] = []
        self.seen: list[str] = []
        self.authorizations: list[str | None] = []

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer as the first rule says that says something, else as the other does."""
        with self._lock:
            self.seen.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
            self.authorizations.append(environ.get("HTTP_AUTHORIZATION"))
        for rule in self.rules:
            refusal = rule(environ)
            if refusal is not None:
                status, headers, body = refusal
                start_response(status, [*headers, ("Content-Length", str(len(body)))])
                return [body]
        assert self.app is not None
        return self.app(environ, start_response)

    def count(self, method: str) -> int:
        """How often the method was seen."""
        return sum(each.startswith(f"{method} ") for each in self.seen)


def nth(method: str, number: int, then: Callable[[], Refusal | None]) -> Rule:
    """At the request of that number with this method, and only then."""
    counted: list[None] = []

    def rule(environ: WSGIEnvironment) -> Refusal | None:
        if environ["REQUEST_METHOD"] != method:
            return None
        counted.append(None)
        return then() if len(counted) == number else None

    return rule


def always(method: str, status: str, *headers: tuple[str, str]) -> Rule:
    """Every request with this method is answered so."""
    return lambda environ: (
        (status, list(headers), b"") if environ["REQUEST_METHOD"] == method else None
    )


@dataclass
class Log:
    """What a transfer told."""

    events: list[Event] = field(default_factory=list)

    def tell(self, event: Event) -> None:
        """Keep it."""
        self.events.append(event)

    def of(self, kind: type[E]) -> list[E]:
        """Those of one kind."""
        return [each for each in self.events if isinstance(each, kind)]

    def reasons(self) -> list[str]:
        """Why files failed or were skipped."""
        return [
            str(getattr(each, "reason", ""))
            for each in self.events
            if hasattr(each, "reason") and not hasattr(each, "seconds")
        ]


@dataclass(frozen=True)
class Transfers:
    """Sends and fetches as the command line does, in a folder of the test."""

    url: str
    folder: Path
    user: str = "admin"
    password: str = "secret-word"

    def connector(self, stop: Stop) -> Callable[[], Http]:
        """Makes connections that are logged in."""
        login = Credentials(((self.url, basic(self.user, self.password)),))
        return lambda: Http(credentials=login, stop=stop, timeout=20)

    def send(
        self,
        *paths: Path,
        to: str = "/dav/files/admin/",
        stop: Stop | None = None,
        parallel: int = 1,
        follow: bool = False,
        **rules: object,
    ) -> tuple[int, Log]:
        """Send files; how many failed, and what was told."""
        log, stop = Log(), Stop() if stop is None else stop
        failures = Sending(
            connect=self.connector(stop),
            journal=Journal(self.folder / "state"),
            rules=UploadRules(**({"chunk_bytes": 100_000} | rules)),  # type: ignore[arg-type]
            listener=log,
            stop=stop,
            parallel=parallel,
            follow=follow,
        ).send_all(paths, to if "://" in to else f"{self.url}{to}")
        return failures, log

    def fetch(
        self,
        *paths: str,
        to: Path,
        stop: Stop | None = None,
        parallel: int = 1,
        **rules: object,
    ) -> tuple[int, Log]:
        """Fetch files; how many failed, and what was told."""
        log, stop = Log(), Stop() if stop is None else stop
        failures = Fetching(
            connect=self.connector(stop),
            rules=DownloadRules(**rules),  # type: ignore[arg-type]
            listener=log,
            stop=stop,
            parallel=parallel,
        ).fetch_all((f"{self.url}{path}" for path in paths), to)
        return failures, log


def content(size: int, seed: str = "") -> bytes:
    """Bytes that no two tests share."""
    return hashlib.shake_256(seed.encode()).digest(size)


def tree_of(folder: Path) -> dict[str, bytes]:
    """Every file below the folder, by its path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
