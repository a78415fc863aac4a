"""Trash: what was removed, looking into it, bringing it back, letting it go.

An item is a node with everything below it, untouched since it was removed; parts of
it can be had as well, by their path below the item. Purging only marks, whatever
the size; the sweeper takes apart what is marked. How things come here is
`spaces.removal`'s matter.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from spaces.access import Permission
from spaces.audit import record
from spaces.audit_model import Action
from spaces.db import nodes, paths, subtrees, upkeep
from spaces.db import trash as rows
from spaces.db.engine import Database
from spaces.errors import (
    AlreadyExists,
    NameRefused,
    NotAFolder,
    RootRefused,
    TooDeep,
    TrashItemNotFound,
)
from spaces.ids import NodeId, SpaceId
from spaces.lookup import Spot, find_space
from spaces.model import (
    NO_GUARD,
    Actor,
    ChangeKind,
    Guard,
    Node,
    Place,
    TrashItem,
    Written,
)
from spaces.names import MAX_DEPTH, name_key, require_name
from spaces.propagation import SpaceChange, begin_change
from spaces.removal import remove_node


@dataclass(frozen=True, slots=True)
class _Found:
    """A node in the trash: an item, or something below one.

    `folder_ids` runs from the item to the folder that holds the node, and is empty
    for the item itself.
    """

    item: TrashItem
    original_parent_id: NodeId
    node: Node
    folder_ids: tuple[NodeId, ...] = ()


class Trash:
    """The removed things of each space."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def list(self, actor: Actor, space_id: SpaceId) -> Iterator[TrashItem]:
        """What was removed from a space, the latest first, read while consumed.

        Raises:
            SpaceNotFound, SpaceDisabled: as for reading.
        """
        with self._database.read() as connection:
            find_space(connection, actor, space_id, Permission.READ)
        return self._stream_items(space_id)

    def get(self, actor: Actor, space_id: SpaceId, node_id: NodeId) -> TrashItem:
        """One removed node.

        Raises:
            TrashItemNotFound: it is not in the trash of this space.
            SpaceNotFound, SpaceDisabled: as for reading.
        """
        with self._database.read() as connection:
            find_space(connection, actor, space_id, Permission.READ)
            return _find(connection, space_id, node_id, ()).item

    def node(
        self,
        actor: Actor,
        space_id: SpaceId,
        node_id: NodeId,
        path: tuple[str, ...] = (),
    ) -> Node:
        """A removed node, or one below it.

        Raises:
            TrashItemNotFound: there is none.
            SpaceNotFound, SpaceDisabled: as for reading.
        """
        with self._database.read() as connection:
            find_space(connection, actor, space_id, Permission.READ)
            return _find(connection, space_id, node_id, path).node

    def children(
        self,
        actor: Actor,
        space_id: SpaceId,
        node_id: NodeId,
        path: tuple[str, ...] = (),
    ) -> Iterator[Node]:
        """The members of a removed folder, or of one below it, by name.

        Raises:
            TrashItemNotFound: there is no such node.
            NotAFolder: it is a file.
            SpaceNotFound, SpaceDisabled: as for reading.
        """
        folder = self.node(actor, space_id, node_id, path)
        if not folder.is_folder:
            raise NotAFolder
        return self._stream_children(folder.id)

    def restore(
        self,
        actor: Actor,
        space_id: SpaceId,
        node_id: NodeId,
        target: Place | None = None,
        *,
        path: tuple[str, ...] = (),
        overwrite: bool = False,
        guard: Guard = NO_GUARD,
    ) -> Written:
        """Bring a removed node, or one below it, back into the tree; its id stays.

        Without a target the item goes where it was: into the same folder, wherever
        that is now, under the same name. The guard's conditions are about the
        target.

        Raises:
            TrashItemNotFound: it is not in the trash of this space.
            ParentNotFound: the folder that should hold it is gone.
            AlreadyExists: the target is taken, and not to be overwritten.
            RootRefused: the target is the root of a space.
            NameRefused, TooDeep: it cannot be at the target.
            PreconditionFailed, Locked, QuotaExceeded: see the guard and the space.
            SpaceNotFound, SpaceDisabled, Forbidden: as for every change.
        """
        target_space = space_id if target is None else target.space_id

        def job(connection: Connection) -> Written:
            changes = {
                each: begin_change(self._database, connection, actor, each, guard=guard)
                for each in sorted({space_id, target_space})
            }
            found = _find(connection, space_id, node_id, path)
            place = _former_place(found) if target is None else target
            change = changes[target_space]
            spot = change.target(place)
            _make_way(change, spot, overwrite=overwrite)
            if len(spot.path) + _height(connection, found.node) > MAX_DEPTH:
                raise TooDeep
            _take_out(changes[space_id], found, to=target_space)
            _note(change, Action.TRASH_RESTORED, spot.path, found.node.id)
            return _put_back(change, spot, found.node)

        return self._database.write(job, space_id=min(space_id, target_space))

    def purge(
        self,
        actor: Actor,
        space_id: SpaceId,
        node_id: NodeId,
        *,
        path: tuple[str, ...] = (),
    ) -> None:
        """Let a removed node, or one below it, go for good, as a manager may.

        Raises:
            TrashItemNotFound: it is not in the trash of this space.
            SpaceNotFound, SpaceDisabled, Forbidden: as for every change.
        """

        def job(connection: Connection) -> None:
            change = self._begin_purge(connection, actor, space_id)
            found = _find(connection, space_id, node_id, path)
            if found.folder_ids:
                _take_out(change, found, to=space_id)
                nodes.detach(connection, found.node.id, etag=change.etag)
                rows.insert_item(
                    connection,
                    node_id=found.node.id,
                    space_id=space_id,
                    original_parent_id=found.folder_ids[-1],
                    original_path=(*found.item.original_path, *path),
                    removed_at=change.now,
                    removed_by=actor.user_id,
                )
            rows.mark_purged(connection, found.node.id)
            path_before = (*found.item.original_path, *path)
            _note(change, Action.TRASH_PURGED, path_before, found.node.id)

        self._database.write(job, space_id=space_id)

    def empty(self, actor: Actor, space_id: SpaceId) -> int:
        """Let everything go that was removed from a space; how many items.

        Raises:
            SpaceNotFound, SpaceDisabled, Forbidden: as for every change.
        """

        def job(connection: Connection) -> int:
            change = self._begin_purge(connection, actor, space_id)
            count = rows.mark_all_purged(connection, space_id)
            _note(change, Action.TRASH_EMPTIED, (), change.space.root_id, items=count)
            return count

        return self._database.write(job, space_id=space_id)

    def _begin_purge(
        self, connection: Connection, actor: Actor, space_id: SpaceId
    ) -> SpaceChange:
        return begin_change(
            self._database,
            connection,
            actor,
            space_id,
            permission=Permission.MANAGE,
        )

    def _stream_items(self, space_id: SpaceId) -> Iterator[TrashItem]:
        with self._database.read() as connection:
            yield from rows.stream_items(connection, space_id)

    def _stream_children(self, folder_id: NodeId) -> Iterator[Node]:
        with self._database.read() as connection:
            yield from nodes.stream_children(connection, folder_id)


def _note(
    change: SpaceChange,
    action: Action,
    path: tuple[str, ...],
    node_id: NodeId,
    **detail: object,
) -> None:
    record(
        change.connection,
        change.now,
        action,
        "/".join(path),
        node_id,
        space_id=change.space.id,
        by=change.actor,
        detail=detail,
    )


def _find(
    connection: Connection, space_id: SpaceId, node_id: NodeId, path: tuple[str, ...]
) -> _Found:
    """The item, or what lies at the path below it."""
    found = rows.find_item(connection, space_id, node_id)
    if found is None:
        raise TrashItemNotFound
    item, original_parent_id = found
    if not path:
        return _Found(item, original_parent_id, item.node)
    try:
        keys = tuple(name_key(require_name(name)) for name in path)
    except NameRefused:
        raise TrashItemNotFound from None
    walk = paths.walk(connection, node_id, keys)
    if walk.node is None:
        raise TrashItemNotFound
    return _Found(item, original_parent_id, walk.node, (node_id, *walk.ids[:-1]))


def _former_place(found: _Found) -> Place:
    """Where an item was; a part of one goes beside where the item was."""
    return Place(
        found.node.space_id, (found.node.name,), anchor=found.original_parent_id
    )


def _make_way(change: SpaceChange, spot: Spot, *, overwrite: bool) -> None:
    """Remove what is at the target, if that is wanted and allowed."""
    change.require_state(spot.node)
    if spot.node is None:
        change.require_unlocked(spot)
        return
    if spot.node.is_root:
        raise RootRefused
    if not overwrite:
        raise AlreadyExists(spot.name)
    change.require_unlocked(spot, moves=True)
    remove_node(change, spot)


def _take_out(change: SpaceChange, found: _Found, *, to: SpaceId) -> None:
    """Take the node out of the trash, or out of the removed folder that has it."""
    space_id = change.space.id
    if found.folder_ids or to != space_id:
        upkeep.forget_up_to_removal(change.connection, found.item.node.id, space_id)
    if not found.folder_ids:
        rows.remove_item(change.connection, found.node.id)
        return
    change.touch(found.folder_ids, delta=-found.node.size)


def _put_back(change: SpaceChange, spot: Spot, node: Node) -> Written:
    restored = replace(
        node,
        space_id=change.space.id,
        parent_id=spot.parent_id,
        name=spot.name,
        etag=change.etag,
    )
    nodes.set_place(change.connection, restored)
    if node.space_id != change.space.id:
        subtrees.rehouse(change.connection, node.id, change.space.id)
    change.record(ChangeKind.ARRIVED, node.id, spot.folder_ids, delta=node.size)
    return Written(restored, is_new=spot.node is None, role=change.space.role)


def _height(connection: Connection, node: Node) -> int:
    return subtrees.height(connection, node.id) if node.is_folder else 0
