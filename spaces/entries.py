"""Entries of nodes that were found otherwise than by their path.

Search results and favourites come as bare nodes, alive or not. Here the living ones
get their space, path and ancestors, many in one statement.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from sqlalchemy import Connection

from spaces.db import spaces as space_rows
from spaces.db.chains import Chains
from spaces.ids import NodeId, SpaceId
from spaces.model import Actor, Entry, Node, Space


def readable_spaces(connection: Connection, actor: Actor) -> dict[SpaceId, Space]:
    """The spaces whose files the actor may read now."""
    listed = space_rows.list_of_member(connection, actor.user_id)
    return {space.id: space for space in listed if not space.is_disabled}


def living_entries(
    chains: Chains,
    spaces: Mapping[SpaceId, Space],
    nodes: Iterable[Node],
    *,
    within: Collection[NodeId] = (),
) -> Iterator[Entry]:
    """The entries of those nodes that are alive in one of the spaces.

    Only of those somewhere below each folder of `within`. Roots have no place in a
    path and are left out.
    """
    wanted = [
        node for node in nodes if node.space_id in spaces and node.parent_id is not None
    ]
    chains.load(node.parent_id for node in wanted if node.parent_id is not None)
    for node in wanted:
        assert node.parent_id is not None
        chain = chains.of(node.parent_id)
        ancestor_ids = tuple(folder_id for folder_id, _ in chain)
        if ancestor_ids[0] != NodeId(node.space_id):
            continue  # the topmost folder lies in the trash
        if any(folder_id not in ancestor_ids for folder_id in within):
            continue
        path = (*(name for _, name in chain[1:]), node.name)
        yield Entry(spaces[node.space_id], node, path, ancestor_ids)
