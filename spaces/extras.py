"""Extras: reading together what hangs on nodes beside themselves.

Favourites of one user, tags, dead properties and locks, for one node, for a folder
with its members, or for entries from anywhere, each in a few statements. Whether
the user may read them is asked before.
"""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection

from spaces.clock import Instant
from spaces.db import locks as lock_rows
from spaces.db import properties as rows
from spaces.ids import NodeId
from spaces.model import Actor, Entry, Extras, Lock


def read_one(
    connection: Connection, actor: Actor, entry: Entry, now: Instant, has_locks: bool
) -> Extras:
    """What hangs on one node."""
    node_id = entry.node.id
    locks: tuple[Lock, ...] = ()
    if has_locks:
        locks = tuple(
            lock_rows.covering_locks(connection, node_id, entry.ancestor_ids, now)
        )
    return Extras(
        is_favorite=rows.is_favorite(connection, actor.user_id, node_id),
        tags=rows.tags_of(connection, node_id),
        dead_properties=rows.dead_properties(connection, node_id),
        locks=locks,
    )


def read_around(
    connection: Connection, actor: Actor, folder: Entry, now: Instant, has_locks: bool
) -> dict[NodeId, Extras]:
    """What hangs on a folder and on its members."""
    folder_id = folder.node.id
    locks: Mapping[NodeId, tuple[Lock, ...]] = {}
    if has_locks:
        locks = lock_rows.around(
            connection, folder.space.id, folder_id, folder.ancestor_ids, now
        )
    return _joined(
        rows.favorites_around(connection, actor.user_id, folder_id),
        rows.tags_around(connection, folder_id),
        rows.dead_properties_around(connection, folder_id),
        locks,
    )


def read_many(
    connection: Connection, actor: Actor, entries: Collection[Entry], now: Instant
) -> dict[NodeId, Extras]:
    """What hangs on each of many entries."""
    chains = {entry.node.id: entry.ancestor_ids for entry in entries}
    return _joined(
        rows.favorites_among(connection, actor.user_id, chains),
        rows.tags_of_all(connection, chains),
        rows.dead_properties_of(connection, chains),
        lock_rows.covering_each(connection, chains, now),
    )


def _joined(
    favorites: set[NodeId],
    tags: Mapping[NodeId, tuple[str, ...]],
    dead: Mapping[NodeId, Mapping[str, str]],
    locks: Mapping[NodeId, tuple[Lock, ...]],
) -> dict[NodeId, Extras]:
    return {
        node_id: Extras(
            is_favorite=node_id in favorites,
            tags=tags.get(node_id, ()),
            dead_properties=dead.get(node_id, {}),
            locks=locks.get(node_id, ()),
        )
        for node_id in favorites | tags.keys() | dead.keys() | locks.keys()
    }
