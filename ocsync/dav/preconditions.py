"""Whether a request's conditions hold of what is there now.

An early judgement, before a body is read or a statement is run; what changes
anything is judged again inside its transaction (`DavRequest.guard`).
"""

from dataclasses import dataclass

from ocsync.dav.locations import InSpace
from ocsync.dav.request import DavRequest
from ocsync.problems import HttpProblem
from ocsync.wire.if_header import State
from ocsync.wire.malformed import MalformedHeader
from spaces.clock import Instant
from spaces.errors import NotFound, PreconditionFailed, SpacesError
from spaces.library import Library
from spaces.model import Entry, Place


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a resource tag of the If header leads to."""

    state: State
    entry: Entry | None

    def is_same(self, target: Entry | None) -> bool:
        """Whether that is the target, by whatever URL."""
        if target is None or self.entry is None:
            return False
        return self.entry.node.id == target.node.id


_NOTHING = _Seen(State(None, frozenset()), None)


class NotModified(Exception):
    """The client's copy is the present state."""


@dataclass(frozen=True, slots=True)
class Preconditions:
    """Judges one request's If-* headers."""

    library: Library
    request: DavRequest

    def require(
        self,
        etag: str | None,
        modified_at: Instant | None,
        *,
        place: Place | None = None,
        entry: Entry | None = None,
    ) -> None:
        """Refuse if a condition does not hold of the target.

        Args:
            etag: of the target, None if there is nothing.
            modified_at: of the target.
            place: where the target is, for locks.
            entry: the target, if it is a node.

        Raises:
            PreconditionFailed: a condition does not hold.
            NotModified: the condition of a GET or HEAD says so.
        """
        request = self.request
        if request.conditions:
            failing = request.conditions.failing_header(etag, modified_at)
            if failing in {"If-None-Match", "If-Modified-Since"} and (
                request.method in {"GET", "HEAD"}
            ):
                raise NotModified
            if failing is not None and failing != "If-Modified-Since":
                raise PreconditionFailed(failing, etag)
        if request.if_header is not None:
            self._require_if(etag, place, entry)

    def _require_if(
        self, etag: str | None, place: Place | None, entry: Entry | None
    ) -> None:
        header = self.request.if_header
        assert header is not None
        seen: dict[str | None, _Seen] = {}

        def see(url: str | None) -> _Seen:
            if url not in seen:
                seen[url] = (
                    _Seen(State(etag, self._tokens(place, entry)), entry)
                    if url is None
                    else self._see(url)
                )
            return seen[url]

        if not header.is_met(lambda url: see(url).state):
            raise PreconditionFailed("If", etag)
        if any(
            url is None or see(url).is_same(entry) for url in header.etags_demanded_of()
        ):
            self.request.etag_seen = etag

    def _tokens(self, place: Place | None, entry: Entry | None) -> frozenset[str]:
        if place is None:
            return frozenset()
        locks = self.library.locks
        actor = self.request.actor
        if entry is not None:
            return frozenset(lock.token for lock in locks.on(actor, entry))
        if not place.path:
            return frozenset()
        try:
            parent = self.library.tree.get(
                actor, Place(place.space_id, place.path[:-1], place.anchor)
            )
        except NotFound:
            return frozenset()
        return frozenset(lock.token for lock in locks.on(actor, parent) if lock.is_deep)

    def _see(self, url: str) -> _Seen:
        try:
            location = self.request.locate_url(url)
            if not isinstance(location, InSpace):
                return _NOTHING
            place = location.place
            try:
                entry = self.library.tree.get(self.request.actor, place)
            except NotFound:
                return _Seen(State(None, self._tokens(place, None)), None)
            return _Seen(State(entry.node.etag, self._tokens(place, entry)), entry)
        except (HttpProblem, MalformedHeader, SpacesError):
            return _NOTHING
