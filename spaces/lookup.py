"""Finding spaces and nodes for an actor.

Every service begins here, so that visibility is decided in one place. Nothing is
changed here.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from spaces.access import Permission, require_content
from spaces.db import nodes, paths, places
from spaces.db import spaces as space_rows
from spaces.db.engine import Database
from spaces.db.paths import Walk
from spaces.db.spaces import SpaceRow
from spaces.errors import NodeNotFound, ParentNotFound, SpaceNotFound
from spaces.ids import NodeId, SpaceId
from spaces.model import Actor, Entry, Node, Place
from spaces.names import name_key


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a place leads: the folders on the way, and the node if there is one.

    `folder_ids` runs from the root to the folder that holds, or would hold, the
    node; it is empty for the root itself. `name` is as asked for.
    """

    row: SpaceRow
    path: tuple[str, ...]
    folder_ids: tuple[NodeId, ...]
    node: Node | None
    has_parent: bool = True

    @property
    def name(self) -> str:
        """The last name of the path, empty for the root."""
        return self.path[-1] if self.path else ""

    @property
    def parent_id(self) -> NodeId:
        """The folder that holds the node; a root has none, so do not ask for it."""
        return self.folder_ids[-1]

    def require_node(self) -> Node:
        """The node.

        Raises:
            NodeNotFound: there is none.
        """
        if self.node is None:
            raise NodeNotFound(self.name)
        return self.node

    def require_parent(self) -> None:
        """Refuse a place in no folder.

        Raises:
            ParentNotFound: the folder is missing or is a file.
        """
        if not self.has_parent:
            raise ParentNotFound(self.path[-2] if len(self.path) > 1 else "")

    def entry(self) -> Entry:
        """What readers get.

        Raises:
            NodeNotFound: there is no node.
        """
        node = self.require_node()
        return Entry(self.row.space, node, self.path, self.folder_ids)


def find_space(
    connection: Connection,
    actor: Actor,
    space_id: SpaceId,
    permission: Permission,
    *,
    lock: bool = False,
) -> SpaceRow:
    """The space, for work on its files.

    Raises:
        SpaceNotFound: it does not exist or the actor may not see its files.
        SpaceDisabled: it is closed.
        Forbidden: the actor's role does not include the permission.
    """
    row = space_rows.find(connection, space_id, actor.user_id, lock=lock)
    if row is None:
        raise SpaceNotFound
    require_content(row.space, permission)
    return row


def read_spot(database: Database, actor: Actor, place: Place) -> Spot:
    """The space and where the place leads in it, as they are now.

    Raises:
        SpaceNotFound, SpaceDisabled, Forbidden: as `find_space`.
    """
    reading = database.read_once if _is_simple(place) else database.read
    with reading() as connection:
        return find_spot(connection, actor, place, Permission.READ)


def find_spot(
    connection: Connection,
    actor: Actor,
    place: Place,
    permission: Permission,
    *,
    lock: bool = False,
) -> Spot:
    """The space and where the place leads in it, in one statement if that can be.

    Raises:
        SpaceNotFound, SpaceDisabled, Forbidden: as `find_space`.
    """
    if not _is_simple(place):
        row = find_space(connection, actor, place.space_id, permission, lock=lock)
        return locate(connection, row, place)
    keys = tuple(map(name_key, place.path))
    found = places.find(connection, place.space_id, actor.user_id, keys, lock=lock)
    if found is None:
        raise SpaceNotFound
    row, walk = found
    require_content(row.space, permission)
    if not keys:
        return Spot(row, (), (), walk.node)
    return _spot(row, place.path, (row.space.root_id,), walk, len(keys))


def locate(connection: Connection, row: SpaceRow, place: Place) -> Spot:
    """Follow a place as far as it leads."""
    start = row.space.root_id
    folder_ids: tuple[NodeId, ...] = ()
    path: tuple[str, ...] = ()
    if place.anchor is not None and place.anchor != start:
        climbed = paths.climb(connection, place.anchor)
        if not climbed or climbed[0][0] != start:
            return Spot(row, place.path, (), None, has_parent=False)
        start = place.anchor
        folder_ids = tuple(node_id for node_id, _ in climbed[:-1])
        path = tuple(name for _, name in climbed[1:])
    if not place.path:
        return Spot(row, path, folder_ids, nodes.find(connection, start))
    path += place.path
    if not all(map(_can_exist, place.path)):
        return Spot(row, path, folder_ids, None, has_parent=False)
    keys = tuple(map(name_key, place.path))
    found = paths.walk(connection, start, keys)
    if found.ids or _is_folder(connection, row, start):
        return _spot(row, path, (*folder_ids, start), found, len(keys))
    return Spot(row, path, (*folder_ids, start), None, has_parent=False)


def _spot(
    row: SpaceRow,
    path: tuple[str, ...],
    folder_ids: tuple[NodeId, ...],
    walk: Walk,
    count: int,
) -> Spot:
    """Where so many names lead, that were followed from the last of the folders."""
    ids = walk.ids
    if walk.node is not None:
        return Spot(row, path, folder_ids + ids[:-1], walk.node)
    has_parent = len(ids) == count - 1 and walk.parent_is_folder
    return Spot(row, path, folder_ids + ids, None, has_parent)


def find_entry(connection: Connection, actor: Actor, node_id: NodeId) -> Entry:
    """A living node by its id.

    Raises:
        NodeNotFound: there is none that the actor may see.
        SpaceDisabled: its space is closed.
    """
    node = nodes.find(connection, node_id)
    if node is None:
        raise NodeNotFound
    try:
        row = find_space(connection, actor, node.space_id, Permission.READ)
    except SpaceNotFound:
        raise NodeNotFound from None
    return locate(connection, row, Place(node.space_id, anchor=node_id)).entry()


def _is_simple(place: Place) -> bool:
    """Whether the place can be found in one statement."""
    return (
        (place.anchor is None or place.anchor == NodeId(place.space_id))
        and len(place.path) <= places.MOST_NAMES
        and all(map(_can_exist, place.path))
    )


def _can_exist(name: str) -> bool:
    """Whether a database can be asked for the name at all."""
    if name.isascii():
        return "\0" not in name
    try:
        return "\0" not in name and bool(name.encode())
    except UnicodeEncodeError:
        return False


def _is_folder(connection: Connection, row: SpaceRow, node_id: NodeId) -> bool:
    if node_id == row.space.root_id:
        return True
    node = nodes.find(connection, node_id)
    return node is not None and node.is_folder
