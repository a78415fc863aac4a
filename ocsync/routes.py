"""Which part of the service answers a URL: a table of path prefixes.

The longest prefix wins, and only on the border of a path segment. A mount is called
as WSGI wants it: SCRIPT_NAME ends with its prefix, PATH_INFO is the rest, and the two
together are the path as it was asked. WebDAV mounts answer under `/remote.php` too;
that they were called by it stands in SCRIPT_NAME, so hrefs echo it by themselves.

Nothing here knows what a mount does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from ocsync.problems import HttpProblem
from ocsync.renderings import Form

LEGACY_PREFIX: Final = "/remote.php"
_BELOW_LEGACY: Final = f"{LEGACY_PREFIX}/"


class Access(Enum):
    """What a mount wants to know about who asks."""

    REQUIRED = "required"
    """Nobody comes in without valid credentials."""
    OPTIONAL = "optional"
    """Credentials that are given must be valid; without them the actor is None."""
    IGNORED = "ignored"
    """Credentials are not even looked at; the actor is None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A part of the service and the URLs it answers.

    Args:
        prefix: `/dav`, without a slash at the end; `` answers whatever no other does.
        app: called with SCRIPT_NAME and PATH_INFO shifted.
        form: how problems look that are answered on the mount's behalf.
        access: what it wants to know about who asks.
        open_methods: methods for which access is IGNORED instead.
        has_legacy_prefix: whether `/remote.php` in front means the same.
        is_exact: whether only the prefix itself is answered, nothing below it.
        any_origin: whether the mount does its own CORS, open to every origin.
        any_origin_methods: methods that pages of every origin may use.
        problem_headers: what problems carry that are answered on its behalf.
    """

    prefix: str
    app: WSGIApplication
    form: Form = Form.TEXT
    access: Access = Access.REQUIRED
    open_methods: frozenset[str] = frozenset()
    has_legacy_prefix: bool = False
    is_exact: bool = False
    any_origin: bool = False
    any_origin_methods: frozenset[str] = frozenset()
    problem_headers: tuple[tuple[str, str], ...] = ()


class Match(NamedTuple):
    """A mount found for a path, and how the path divides."""

    mount: Mount
    script: str
    rest: str


class Routes:
    """The mount table, asked by path."""

    def __init__(self, mounts: Iterable[Mount]) -> None:
        """Build the table.

        Raises:
            ValueError: two mounts have the same prefix.
        """
        self._by_prefix: dict[str, Mount] = {}
        for mount in mounts:
            if mount.prefix in self._by_prefix:
                raise ValueError(f"two parts are mounted at {mount.prefix!r}")
            self._by_prefix[mount.prefix] = mount

    @property
    def prefixes(self) -> tuple[str, ...]:
        """All prefixes, sorted: what is mounted."""
        return tuple(sorted(self._by_prefix))

    def find(self, path: str) -> Match | None:
        """The mount whose prefix is the longest one of the path, if any."""
        legacy = ""
        if path.startswith(_BELOW_LEGACY) or path == LEGACY_PREFIX:
            legacy, path = LEGACY_PREFIX, path.removeprefix(LEGACY_PREFIX)
        prefix = path.rstrip("/") or ""
        while True:
            mount = self._by_prefix.get(prefix)
            if mount is not None and (
                (mount.has_legacy_prefix or not legacy)
                and (not mount.is_exact or path.rstrip("/") == prefix)
            ):
                return Match(mount, legacy + prefix, path[len(prefix) :])
            if not prefix:
                return None
            prefix = prefix[: prefix.rfind("/")]


class Router:
    """The WSGI application that hands a request to the mount it is for."""

    def __init__(self, routes: Routes) -> None:
        """Take the table."""
        self._routes = routes

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Call the mount, or raise 404."""
        path = environ.get("PATH_INFO", "") or "/"
        match = self._routes.find(path)
        if match is None:
            raise HttpProblem(404, "There is nothing at this URL")
        environ["ocsync.mount"] = match.mount
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + match.script
        environ["PATH_INFO"] = match.rest
        return match.mount.app(environ, start_response)


def problem_headers_of(environ: WSGIEnvironment) -> tuple[tuple[str, str], ...]:
    """What problems carry at the mount that the request was routed to."""
    mount = environ.get("ocsync.mount")
    return mount.problem_headers if isinstance(mount, Mount) else ()


def form_of(environ: WSGIEnvironment) -> Form:
    """The form of the mount that the request was routed to; text before that."""
    mount = environ.get("ocsync.mount")
    return mount.form if isinstance(mount, Mount) else Form.TEXT
