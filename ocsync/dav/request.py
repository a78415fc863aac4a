"""One WebDAV request: its URL, who asks, and what its headers demand.

Made once by the edge and handed on in the environ, so that the provider, wsgidav's
request server and our own methods see the same thing. Reads headers, never rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from wsgiref.types import StartResponse

from ocsync.dav.locations import Location, Naming
from ocsync.problems import HttpProblem, status_line
from ocsync.wire.conditions import NO_CONDITIONS, Conditions, parse_conditions
from ocsync.wire.dates import parse_unix_seconds
from ocsync.wire.dav_headers import Depth, parse_depth, parse_destination
from ocsync.wire.if_header import IfHeader, parse_if_header
from ocsync.wire.malformed import MalformedHeader
from ocsync.wire.url_paths import join_path, raw_request_path, split_path
from spaces.clock import Instant
from spaces.ids import NodeId, ResourceId, SpaceId
from spaces.model import Actor, Guard, Node

if TYPE_CHECKING:
    from ocsync.dav.resources import Resource

KEY: Final = "ocsync.dav"
_LEGACY: Final = ("remote.php",)
_CONDITIONS: Final = frozenset(
    {
        "HTTP_IF_MATCH",
        "HTTP_IF_NONE_MATCH",
        "HTTP_IF_MODIFIED_SINCE",
        "HTTP_IF_UNMODIFIED_SINCE",
    }
)
_IF: Final = "HTTP_IF"

Headers = Iterable[tuple[str, str]]


@lru_cache(maxsize=256)
def _environ_key(header: str) -> str:
    return f"HTTP_{header.upper().replace('-', '_')}"


@dataclass(slots=True, kw_only=True)
class DavRequest:
    """A request below one of the WebDAV mounts.

    `mount` is the encoded path under which WebDAV was called (`/remote.php/dav`),
    `segments` the decoded rest.
    """

    environ: dict[str, Any]
    mount: tuple[str, ...]
    segments: tuple[str, ...]
    naming: Naming
    resources: "dict[str, Resource | None]" = field(default_factory=dict)
    etag_seen: str | None = None
    """The target's ETag that made an If header true: it must still hold at commit."""
    _location: Location | None = field(default=None, init=False)
    _conditions: Conditions | None = field(default=None, init=False)
    _if_header: IfHeader | None = field(default=None, init=False)

    @classmethod
    def parse(cls, environ: dict[str, Any], *, storage_id: str) -> "DavRequest":
        """Read the URL.

        Raises:
            MalformedHeader: the path is not one.
        """
        segments = split_path(raw_request_path(environ))
        script = environ.get("SCRIPT_NAME", "")
        count = len([part for part in script.split("/") if part])
        return cls(
            environ=environ,
            mount=segments[:count],
            segments=segments[count:],
            naming=Naming(environ.get("ocsync.actor"), storage_id),
        )

    @property
    def method(self) -> str:
        """The method, upper case."""
        method: str = self.environ["REQUEST_METHOD"]
        return method

    @property
    def actor(self) -> Actor:
        """Who asks.

        Raises:
            HttpProblem: 401, nobody has logged in.
        """
        actor = self.naming.actor
        if actor is None:
            raise HttpProblem(401, "Authentication error")
        return actor

    @property
    def path(self) -> str:
        """The path as wsgidav wants it: decoded, below the mount."""
        return "/" + "/".join(self.segments)

    @property
    def href(self) -> str:
        """The encoded path that was asked, without a slash at the end."""
        return join_path((*self.mount, *self.segments))

    @property
    def location(self) -> Location:
        """What the URL names."""
        location = self._location
        if location is None:
            location = self._location = self.locate(self.segments)
        return location

    def locate(self, segments: tuple[str, ...]) -> Location:
        """What segments below the same mount name."""
        name = self.mount[-1] if self.mount else "dav"
        return self.naming.locate(name, segments)

    def header(self, name: str) -> str | None:
        """A header of the request."""
        value: str | None = self.environ.get(_environ_key(name))
        return value

    def depth(self, default: Depth) -> Depth:
        """The Depth header."""
        return parse_depth(self.header("Depth"), default=default)

    @property
    def is_conditional(self) -> bool:
        """Whether there is any header that makes demands on the target's state."""
        keys = self.environ.keys()
        return _IF in keys or not keys.isdisjoint(_CONDITIONS)

    @property
    def conditions(self) -> Conditions:
        """The conditional headers of RFC 9110."""
        if self._conditions is None:
            self._conditions = (
                NO_CONDITIONS
                if self.environ.keys().isdisjoint(_CONDITIONS)
                else parse_conditions(
                    if_match=self.header("If-Match"),
                    if_none_match=self.header("If-None-Match"),
                    if_modified_since=self.header("If-Modified-Since"),
                    if_unmodified_since=self.header("If-Unmodified-Since"),
                )
            )
        return self._conditions

    @property
    def if_header(self) -> IfHeader | None:
        """The If header of RFC 4918."""
        if self._if_header is None and _IF in self.environ:
            self._if_header = parse_if_header(self.environ[_IF])
        return self._if_header

    @property
    def lock_tokens(self) -> frozenset[str]:
        """The lock tokens that the request submits."""
        header = self.if_header
        return frozenset() if header is None else header.submitted_tokens

    def guard(self) -> Guard:
        """What must still hold of the target inside the transaction."""
        if_match = self.conditions.if_match
        if if_match is None and self.etag_seen is not None:
            if_match = (self.etag_seen,)
        return Guard(if_match, self.conditions.if_none_match, self.lock_tokens)

    def lock_guard(self) -> Guard:
        """Only the submitted lock tokens, for what is not the target itself."""
        return Guard(lock_tokens=self.lock_tokens)

    def modified_at(self) -> Instant | None:
        """The time in X-OC-Mtime.

        Raises:
            MalformedHeader: it is none.
        """
        text = self.header("X-OC-Mtime")
        if text is None:
            return None
        return parse_unix_seconds(text, header="X-OC-Mtime")

    def require_no_body(self) -> None:
        """Refuse a body where the method has no use for one (RFC 4918 §8.4).

        Raises:
            HttpProblem: 415.
        """
        length = self.environ.get("CONTENT_LENGTH")
        if length not in {None, "", "0"} or self.environ.get("HTTP_TRANSFER_ENCODING"):
            raise HttpProblem(415, f"{self.method} takes no body")

    def destination(self) -> tuple[Location, tuple[str, ...]]:
        """What the Destination names, and the decoded segments of its path.

        Raises:
            MalformedHeader: missing, unreadable, elsewhere, or not below WebDAV.
        """
        raw = parse_destination(self.header("Destination"), hosts=self._hosts())
        segments = split_path(raw, header="Destination")
        return self._locate_path(segments, header="Destination"), segments

    def locate_url(self, url: str) -> Location:
        """What a URL in an If header names.

        Raises:
            MalformedHeader: unreadable, elsewhere, or not below WebDAV.
        """
        raw = parse_destination(url, hosts=self._hosts())
        return self._locate_path(split_path(raw, header="If"), header="If")

    def _locate_path(self, segments: tuple[str, ...], *, header: str) -> Location:
        """What a path names below any of the mounts, however this one was called."""
        for at, name in enumerate(segments):
            if name in {"dav", "webdav"} and segments[:at] in self._prefixes:
                return self.naming.locate(name, segments[at + 1 :])
        raise MalformedHeader(header, "it does not lie below WebDAV")

    @property
    def _prefixes(self) -> set[tuple[str, ...]]:
        """What may stand before a mount: the path of the public URL, `/remote.php`."""
        above = self.mount[:-1]
        if above[-1:] == _LEGACY:
            above = above[:-1]
        return {(), _LEGACY, above, (*above, *_LEGACY)}

    def _hosts(self) -> frozenset[str]:
        environ = self.environ
        base = str(environ.get("ocsync.base_url", ""))
        hosts = {
            environ.get("HTTP_HOST", ""),
            f"{environ.get('SERVER_NAME', '')}:{environ.get('SERVER_PORT', '')}",
            base.partition("://")[2].partition("/")[0],
        }
        return frozenset(host for host in hosts if host)

    def file_id(self, node: Node) -> str:
        """The id of a node as clients see it."""
        return self.resource_id(node.space_id, node.id)

    def resource_id(self, space_id: SpaceId, node_id: NodeId | None = None) -> str:
        """`storage$space` or `storage$space!node`."""
        return str(ResourceId(self.naming.storage_id, space_id, node_id))


def dav_request(environ: Mapping[str, Any]) -> DavRequest:
    """The request that the edge put into the environ."""
    request = environ[KEY]
    assert isinstance(request, DavRequest)
    return request


def respond(
    start_response: StartResponse,
    status: int,
    headers: Headers = (),
    body: bytes = b"",
) -> Iterable[bytes]:
    """Answer with a whole body; 204 and 304 have none and say no length."""
    length = [] if status in {204, 304} else [("Content-Length", str(len(body)))]
    start_response(status_line(status), [*headers, *length])
    return [body] if body else []
