"""Climbing from many folders to their roots at once.

For what is found by a property instead of by a path: search results, favourites,
tags. One statement per batch of folders, whatever their depth.
"""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, select

from spaces.db.batches import batches
from spaces.db.schema import nodes
from spaces.db.statement import SizedStatements, numbered
from spaces.ids import NodeId

Chain = tuple[tuple[NodeId, str], ...]
"""Id and name of each folder from the topmost down; alive if that is a root."""


def _links(count: int) -> Select[Any]:
    start = (
        select(nodes.c.id, nodes.c.parent_id, nodes.c.name)
        .where(nodes.c.id.in_([bindparam(f"id_{index}") for index in range(count)]))
        .cte("links", recursive=True)
    )
    above = nodes.alias("above")
    # UNION, not UNION ALL: a folder above several is climbed once.
    links = start.union(
        select(above.c.id, above.c.parent_id, above.c.name).where(
            above.c.id == start.c.parent_id
        )
    )
    return select(links.c.id, links.c.parent_id, links.c.name)


_LINKS: Final = SizedStatements(_links)


class Chains:
    """The chains of folders that were asked for, in one state of the database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._links: dict[NodeId, tuple[NodeId | None, str]] = {}
        self._chains: dict[NodeId, Chain] = {}

    def load(self, folder_ids: Iterable[NodeId]) -> None:
        """Read what is not known yet, in as few statements as possible."""
        missing = (each for each in folder_ids if each not in self._links)
        for batch in batches(missing):
            links = _LINKS.of(len(batch))
            rows = links.all(self._connection, **numbered("id", batch))
            for folder_id, parent_id, name in rows:
                self._links[folder_id] = (parent_id, name)

    def of(self, folder_id: NodeId) -> Chain:
        """The chain that ends in a folder that was loaded; empty if there is none."""
        known = self._chains.get(folder_id)
        if known is not None:
            return known
        if folder_id not in self._links:
            return ()
        parent_id, name = self._links[folder_id]
        above = () if parent_id is None else self.of(parent_id)
        chain = (*above, (folder_id, name))
        self._chains[folder_id] = chain
        return chain
