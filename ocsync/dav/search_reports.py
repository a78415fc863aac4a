"""REPORT oc:search-files and oc:filter-files: nodes found otherwise than by path."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from wsgiref.types import StartResponse

from ocsync.dav.multistatus import send_multistatus
from ocsync.dav.node_rows import LockRootIds, NodeRenderer, NodeRows, node_href
from ocsync.dav.property_table import Wanted
from ocsync.dav.request import DavRequest
from ocsync.wire.url_paths import join_path
from spaces.ids import NodeId
from spaces.library import Library
from spaces.model import NO_EXTRAS, Entry, Extras
from spaces.query_parser import parse_query

DEFAULT_RESULTS: Final = 200


@dataclass(frozen=True, slots=True)
class FoundRows:
    """Entries from anywhere as DAV:response elements.

    `target` is the folder of the request, whose URL the hrefs begin with; without
    one they name each entry's space.
    """

    library: Library
    request: DavRequest
    target: Entry | None
    wanted: Wanted

    def responses(self, entries: Collection[Entry]) -> Iterator[str]:
        """One response for each entry."""
        rows = NodeRows(self.library, self.request, self.wanted)
        extras: Mapping[NodeId, Extras] = {}
        if rows.with_extras:
            extras = self.library.properties.extras_for(self.request.actor, entries)
        renderers: dict[str, NodeRenderer] = {}
        for entry in entries:
            space = entry.space
            renderer = renderers.get(space.id)
            if renderer is None:
                renderer = rows.space_renderer(
                    space,
                    LockRootIds(self.request, space.id),
                    sync_seq=rows.sync_seq(entry.node),
                )
                renderers[space.id] = renderer
            href = node_href(self._href(entry), entry.node)
            its_extras = extras.get(entry.node.id, NO_EXTRAS)
            yield renderer.response(href, entry.node, its_extras)

    def _href(self, entry: Entry) -> str:
        if self.target is not None:
            below = entry.path[len(self.target.path) :]
            return self.request.href + join_path(below)
        space_id = self.request.resource_id(entry.space.id)
        return join_path((*self.request.mount, "spaces", space_id, *entry.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchReport:
    """What a query finds below the target, or in all of the actor's spaces."""

    library: Library
    request: DavRequest
    target: Entry | None
    wanted: Wanted
    pattern: str
    limit: int | None
    offset: int | None

    def answer(self, start_response: StartResponse) -> Iterable[bytes]:
        """Answer 207 with one page; Content-Range tells how many there are in all.

        Raises:
            QueryRefused: the pattern cannot be understood.
        """
        start = self.offset or 0
        found = self.library.search.find(
            self.request.actor,
            parse_query(self.pattern),
            space_id=None if self.target is None else self.target.space.id,
            below=_scope(self.target),
            limit=DEFAULT_RESULTS if self.limit is None else self.limit,
            offset=start,
        )
        rows = FoundRows(self.library, self.request, self.target, self.wanted)
        last = start + max(len(found.entries) - 1, 0)
        return send_multistatus(
            start_response,
            rows.responses(found.entries),
            headers=[("Content-Range", f"rows {start}-{last}/{found.total}")],
        )


@dataclass(frozen=True, slots=True)
class FavoritesReport:
    """The actor's favourites below the target, or in all spaces."""

    library: Library
    request: DavRequest
    target: Entry | None
    wanted: Wanted

    def answer(self, start_response: StartResponse) -> Iterable[bytes]:
        """Answer 207."""
        entries = self.library.properties.favorites(self.request.actor)
        rows = FoundRows(self.library, self.request, self.target, self.wanted)
        return send_multistatus(
            start_response, rows.responses(list(filter(self._is_inside, entries)))
        )

    def _is_inside(self, entry: Entry) -> bool:
        return self.target is None or self.target.node.id in entry.ancestor_ids


def _scope(target: Entry | None) -> NodeId | None:
    """The folder to search below; a space's root is no narrower than the space."""
    return None if target is None or target.node.is_root else target.node.id
