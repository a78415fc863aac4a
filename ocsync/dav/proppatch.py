"""PROPPATCH: modification time, favourites, tags, and dead properties of any name.

All or nothing (RFC 4918 §9.2): if one property cannot be changed, none is, and the
others are reported as 424.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from wsgiref.types import StartResponse

from wsgidav.dav_error import PRECONDITION_CODE_ProtectedProperty

from ocsync.dav.multistatus import send_multistatus
from ocsync.dav.node_properties import NODE_PROPERTIES
from ocsync.dav.node_rows import node_href
from ocsync.dav.property_update import Update, read_updates
from ocsync.dav.request import DavRequest
from ocsync.dav.xml_body import read_xml
from ocsync.dav.xml_names import empty_element
from ocsync.problems import HttpProblem, status_line
from ocsync.wire.dates import parse_http_date, parse_unix_seconds
from ocsync.wire.malformed import MalformedHeader
from spaces.clock import Instant
from spaces.library import Library
from spaces.model import Entry, Place
from spaces.properties import Patch

_OC: Final = "{http://owncloud.org/ns}"
_MODIFIED: Final = {
    "{DAV:}lastmodified",
    "{DAV:}getlastmodified",
    # Windows keeps a copied file's time by it. As a dead property it would be shown
    # in place of the true time, even after others have changed the file.
    "{urn:schemas-microsoft-com:}Win32LastModifiedTime",
}
_FAVORITE: Final = f"{_OC}favorite"
_TAGS: Final = f"{_OC}tags"
_CHECKSUMS: Final = f"{_OC}checksums"
_DONE: Final = 200
_FAILED_DEPENDENCY: Final = 424
_PROTECTED: Final = 403
_UNFIT: Final = 409


@dataclass(slots=True)
class _Plan:
    """What the updates come to: a patch for the domain, or failures by name."""

    dead: dict[str, str | None] = field(default_factory=dict)
    modified_at: Instant | None = None
    is_favorite: bool | None = None
    tags: tuple[str, ...] | None = None
    failures: dict[str, int] = field(default_factory=dict)

    def patch(self) -> Patch:
        """The changes."""
        return Patch(self.dead, self.tags, self.is_favorite, self.modified_at)

    def add(self, update: Update) -> None:
        """Note one update, or why it cannot be."""
        if update.name in _MODIFIED:
            self._add_time(update)
        elif update.name == _FAVORITE:
            self._add_favorite(update)
        elif update.name == _TAGS:
            members = (tag.strip() for tag in update.text.split(","))
            self.tags = tuple(dict.fromkeys(tag for tag in members if tag))
        elif update.name == _CHECKSUMS:
            # rclone sends what it believes along with the time; ours are computed.
            pass
        elif update.name in NODE_PROPERTIES:
            self.failures[update.name] = _PROTECTED
        else:
            self.dead[update.name] = update.xml

    def _add_time(self, update: Update) -> None:
        if update.xml is None:
            self.failures[update.name] = _PROTECTED
            return
        self.modified_at = _parse_time(update.text)
        if self.modified_at is None:
            self.failures[update.name] = _UNFIT

    def _add_favorite(self, update: Update) -> None:
        text = update.text.lower() if update.xml is not None else "0"
        if text in {"1", "true", "yes"}:
            self.is_favorite = True
        elif text in {"0", "false", "no", ""}:
            self.is_favorite = False
        else:
            self.failures[update.name] = _UNFIT


def _parse_time(text: str) -> Instant | None:
    """Unix seconds, as rclone sends them, or a HTTP date."""
    try:
        return parse_unix_seconds(text, header="lastmodified")
    except MalformedHeader:
        return parse_http_date(text)


@dataclass(frozen=True, slots=True)
class PropPatch:
    """One PROPPATCH of a file or folder."""

    library: Library
    request: DavRequest
    entry: Entry
    place: Place

    def answer(self, start_response: StartResponse) -> Iterable[bytes]:
        """Change what is asked and answer 207.

        Raises:
            HttpProblem: the body is no DAV:propertyupdate.
            SpacesError: the domain refuses; nothing is changed.
        """
        root = read_xml(self.request.environ, root="{DAV:}propertyupdate")
        if root is None:
            raise HttpProblem(400, "PROPPATCH needs a body")
        updates = read_updates(root)
        plan = _Plan()
        for update in updates:
            plan.add(update)
        if not plan.failures:
            self.library.properties.patch(
                self.request.actor,
                self.place,
                plan.patch(),
                guard=self.request.guard(),
            )
        names = tuple(dict.fromkeys(update.name for update in updates))
        href = node_href(self.request.href, self.entry.node)
        return send_multistatus(start_response, [_response(href, names, plan.failures)])


def _response(href: str, names: tuple[str, ...], failures: dict[str, int]) -> str:
    """One DAV:response with a propstat for each status."""
    by_status: dict[int, list[str]] = {}
    for name in names:
        status = failures.get(name, _FAILED_DEPENDENCY) if failures else _DONE
        by_status.setdefault(status, []).append(empty_element(name))
    propstats = "".join(
        f"<d:propstat><d:prop>{''.join(tags)}</d:prop>"
        f"<d:status>HTTP/1.1 {status_line(status)}</d:status>"
        f"{_reason(status)}</d:propstat>"
        for status, tags in sorted(by_status.items())
    )
    return f"<d:response><d:href>{href}</d:href>{propstats}</d:response>"


def _reason(status: int) -> str:
    if status != _PROTECTED:
        return ""
    condition = PRECONDITION_CODE_ProtectedProperty.removeprefix("{DAV:}")
    return f"<d:error><d:{condition}/></d:error>"
