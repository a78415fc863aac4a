"""Search: what a query finds among the files that somebody may see.

Only living nodes of spaces that are open to the actor are found; the trash never
shows. Roots of spaces are not found, they are no files.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from sqlalchemy import Connection

from spaces.access import Permission
from spaces.db import nodes
from spaces.db import search as rows
from spaces.db.chains import Chains
from spaces.db.engine import Database
from spaces.entries import living_entries, readable_spaces
from spaces.errors import SpaceDisabled, SpaceNotFound
from spaces.ids import NodeId, ResourceId, SpaceId
from spaces.lookup import find_space, locate
from spaces.model import Actor, Entry, Node, Place, Space
from spaces.query import Query

MAX_RESULTS: Final = 1000
"""Of one page."""
MAX_EXAMINED: Final = 50_000
"""Matches that are looked at for one answer; `total` counts no further."""

_CHUNK: Final = 512


@dataclass(frozen=True, slots=True)
class Found:
    """One page of results, and how many there are in all."""

    entries: tuple[Entry, ...]
    total: int


class Search:
    """Finds nodes by what is known of them."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def find(
        self,
        actor: Actor,
        query: Query,
        *,
        space_id: SpaceId | None = None,
        below: NodeId | None = None,
        limit: int = 200,
        offset: int = 0,
    ) -> Found:
        """What the query finds, by name: in one space, below a folder, or anywhere.

        A scope in the query narrows this further. Where there is nothing that the
        actor may see, nothing is found. `limit` is cut to `MAX_RESULTS`.
        """
        start = max(offset, 0)
        stop = start + min(max(limit, 0), MAX_RESULTS)
        entries: list[Entry] = []
        total = 0
        with self._database.read() as connection:
            area = _area(connection, actor, query, space_id, below)
            if area is not None:
                now = self._database.now(connection)
                matches = rows.stream_matches(connection, query.term, area.spaces, now)
                for entry in _living(connection, matches, area):
                    if start <= total < stop:
                        entries.append(entry)
                    total += 1
        return Found(tuple(entries), total)


@dataclass(frozen=True, slots=True)
class _Area:
    """Where is searched: in these spaces, below all of these folders."""

    spaces: Mapping[SpaceId, Space]
    folder_ids: frozenset[NodeId]


def _area(
    connection: Connection,
    actor: Actor,
    query: Query,
    space_id: SpaceId | None,
    below: NodeId | None,
) -> _Area | None:
    """Where to search; None if that is nowhere."""
    folders = []
    if below is not None:
        folders.append(nodes.find(connection, below))
    if query.scope is not None:
        folders.append(_scope(connection, actor, query.scope))
    spaces = readable_spaces(connection, actor)
    for folder in folders:
        if folder is None:
            return None
        spaces = _only(spaces, folder.space_id)
    if space_id is not None:
        spaces = _only(spaces, space_id)
    found = frozenset(folder.id for folder in folders if folder is not None)
    return _Area(spaces, found) if spaces else None


def _only(spaces: dict[SpaceId, Space], space_id: SpaceId) -> dict[SpaceId, Space]:
    return {space_id: spaces[space_id]} if space_id in spaces else {}


def _scope(connection: Connection, actor: Actor, scope: str) -> Node | None:
    """The folder that `storage$space!node/path` means to the actor, if there is one."""
    resource, *path = scope.split("/")
    try:
        parsed = ResourceId.parse(resource)
        row = find_space(connection, actor, parsed.space, Permission.READ)
    except (ValueError, SpaceNotFound, SpaceDisabled):
        return None
    names = tuple(name for name in path if name)
    return locate(connection, row, Place(parsed.space, names, anchor=parsed.node)).node


def _living(
    connection: Connection, matches: Iterator[Node], area: _Area
) -> Iterator[Entry]:
    chains = Chains(connection)
    examined = islice(matches, MAX_EXAMINED)
    while chunk := list(islice(examined, _CHUNK)):
        yield from living_entries(chains, area.spaces, chunk, within=area.folder_ids)
