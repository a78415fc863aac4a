"""Which resource holds the lock that a request met, as its URL would name it.

RFC 4918 §16 wants the locked resource, which may be above or below the target, or at
the Destination. What the actor may not see is not named.
"""

from collections.abc import Iterator

from ocsync.dav.locations import InSpace
from ocsync.dav.node_rows import LockRootIds, node_href
from ocsync.dav.request import DavRequest
from ocsync.problems import HttpProblem
from ocsync.wire.malformed import MalformedHeader
from ocsync.wire.url_paths import join_path
from spaces.errors import LockConflict, Locked, SpacesError
from spaces.ids import NodeId
from spaces.library import Library
from spaces.model import Entry, Place


def met_lock_href(
    library: Library, request: DavRequest, error: Locked | LockConflict
) -> str | None:
    """The encoded path of the locked resource; None if the actor may not see it.

    It begins as the request's URL or the Destination where it lies below one of
    them, and is led to by its id elsewhere.
    """
    try:
        entry = library.tree.by_id(request.actor, NodeId(error.node_id))
    except SpacesError:
        return None
    for base, place in _bases(request):
        names = _names_below(place, entry)
        if names is not None:
            return node_href(join_path((*base, *names)), entry.node)
    return LockRootIds(request, entry.space.id)(entry.node.id)


def _bases(request: DavRequest) -> Iterator[tuple[tuple[str, ...], Place]]:
    """What the request names: the URL of each anchor, and the place."""
    asked = (*request.mount, *request.segments)
    if isinstance(request.location, InSpace):
        yield _anchor_url(asked, request.location.place)
    if request.method not in {"COPY", "MOVE"}:
        return
    try:
        target, segments = request.destination()
    except (HttpProblem, MalformedHeader, SpacesError):
        return
    if isinstance(target, InSpace):
        yield _anchor_url(segments, target.place)


def _anchor_url(
    segments: tuple[str, ...], place: Place
) -> tuple[tuple[str, ...], Place]:
    return segments[: len(segments) - len(place.path)], place


def _names_below(place: Place, entry: Entry) -> tuple[str, ...] | None:
    """The names that lead from a place's anchor to an entry; None if none do."""
    if entry.space.id != place.space_id:
        return None
    if place.anchor is None:
        return entry.path
    chain = (*entry.ancestor_ids, entry.node.id)
    if place.anchor not in chain:
        return None
    return entry.path[chain.index(place.anchor) :]
