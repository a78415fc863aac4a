"""Moving and copying nodes, within a space or from one to another.

Both are one transaction whatever the size of the subtree. A move costs the same for
any subtree within a space; into another space, and for a copy, its rows are written
by a fixed number of statements. What is in the way goes to the trash.
"""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from spaces.access import Permission
from spaces.db import copying, locks, nodes, subtrees
from spaces.db.engine import Database
from spaces.errors import AlreadyExists, IntoItself, RootRefused, TooDeep
from spaces.ids import NodeId
from spaces.lookup import Spot
from spaces.model import Actor, ChangeKind, Guard, Node, Place, Written
from spaces.names import MAX_DEPTH
from spaces.propagation import SpaceChange, begin_change
from spaces.removal import remove_node


@dataclass(frozen=True, slots=True)
class _Transfer:
    """Both ends of a move or copy; they are one change if the space is the same."""

    source: SpaceChange
    target: SpaceChange
    origin: Spot
    goal: Spot

    @property
    def node(self) -> Node:
        """What is moved or copied."""
        return self.origin.require_node()

    @property
    def replaced(self) -> Node | None:
        """What is in the way; not the node itself, when it only changes its form."""
        there = self.goal.node
        return None if there is None or there.id == self.node.id else there

    @property
    def stays_in_space(self) -> bool:
        """Whether one space sees it all."""
        return self.source is self.target


def move_node(
    database: Database,
    connection: Connection,
    actor: Actor,
    source: Place,
    target: Place,
    *,
    overwrite: bool,
    guard: Guard,
) -> Written:
    """Give a node another name, folder or space; see `Tree.move`."""
    transfer = _begin(
        database,
        connection,
        actor,
        source,
        target,
        permission=Permission.WRITE,
        guard=guard,
    )
    if transfer.node.is_root:
        raise RootRefused
    _require_free(transfer, overwrite=overwrite)
    if transfer.node.id in transfer.goal.folder_ids:
        raise IntoItself
    transfer.source.require_unlocked(transfer.origin, moves=True)
    _require_fit(transfer)
    change, node = transfer.target, transfer.node
    _clear_goal(transfer)
    if transfer.source.row.has_locks:
        locks.remove_under(connection, transfer.source.space.id, node.id)
    moved = replace(
        node,
        space_id=change.space.id,
        parent_id=transfer.goal.parent_id,
        name=transfer.goal.name,
        etag=change.etag,
    )
    nodes.set_place(connection, moved)
    if transfer.stays_in_space:
        _record_move_within(transfer)
    else:
        subtrees.rehouse(connection, node.id, change.space.id)
        _record_move_across(transfer)
    return Written(moved, is_new=transfer.replaced is None, role=change.space.role)


def copy_node(
    database: Database,
    connection: Connection,
    actor: Actor,
    source: Place,
    target: Place,
    *,
    overwrite: bool,
    deep: bool,
    guard: Guard,
) -> Written:
    """Copy a node, with all below it if `deep`; see `Tree.copy`."""
    transfer = _begin(
        database,
        connection,
        actor,
        source,
        target,
        permission=Permission.READ,
        guard=guard,
    )
    _require_free(transfer, overwrite=overwrite)
    if transfer.goal.node is not None and transfer.replaced is None:
        raise IntoItself
    node, change = transfer.node, transfer.target
    is_whole = deep or not node.is_folder
    if is_whole:
        if node.id in transfer.goal.folder_ids:
            raise IntoItself
        _require_fit(transfer)
    _clear_goal(transfer)
    size = node.size if is_whole else 0
    copy_id = copying.copy_tree(
        connection,
        node.id,
        space_id=change.space.id,
        parent_id=transfer.goal.parent_id,
        name=transfer.goal.name,
        size=size,
        etag=change.etag,
        now=change.now,
        deep=is_whole and node.is_folder,
    )
    change.record(ChangeKind.ARRIVED, copy_id, transfer.goal.folder_ids, delta=size)
    copy = nodes.find(connection, copy_id)
    assert copy is not None
    return Written(copy, is_new=transfer.replaced is None, role=change.space.role)


def _begin(
    database: Database,
    connection: Connection,
    actor: Actor,
    source: Place,
    target: Place,
    *,
    permission: Permission,
    guard: Guard,
) -> _Transfer:
    """Begin in both spaces, always in the same order, so that no two can deadlock."""
    needed = {source.space_id: permission}
    needed[target.space_id] = Permission.WRITE
    changes = {
        space_id: begin_change(
            database,
            connection,
            actor,
            space_id,
            permission=needed[space_id],
            guard=guard,
        )
        for space_id in sorted(needed)
    }
    leaving, entering = changes[source.space_id], changes[target.space_id]
    origin = leaving.source(source)
    leaving.require_state(origin.node)
    return _Transfer(leaving, entering, origin, entering.target(target))


def _require_free(transfer: _Transfer, *, overwrite: bool) -> None:
    """Refuse a target that may not be replaced, or that is locked."""
    goal, node = transfer.goal, transfer.node
    if goal.node is not None and goal.node.is_root:
        raise RootRefused
    if goal.node is not None and goal.node.id == node.id:
        if goal.name == node.name:
            raise IntoItself
        return
    if goal.node is not None:
        if not overwrite:
            raise AlreadyExists(goal.name)
        if goal.node.id in transfer.origin.folder_ids:
            raise IntoItself
    transfer.target.require_unlocked(goal, moves=True)


def _require_fit(transfer: _Transfer) -> None:
    """Refuse a subtree whose lowest nodes would come too deep."""
    depth = len(transfer.goal.path)
    if depth <= len(transfer.origin.path) or not transfer.node.is_folder:
        return
    if (
        depth + subtrees.height(transfer.source.connection, transfer.node.id)
        > MAX_DEPTH
    ):
        raise TooDeep


def _clear_goal(transfer: _Transfer) -> None:
    if transfer.replaced is not None:
        remove_node(transfer.target, transfer.goal)


def _record_move_within(transfer: _Transfer) -> None:
    change, node = transfer.target, transfer.node
    change.log(
        ChangeKind.MOVED,
        node.id,
        old_parent_id=transfer.origin.parent_id,
        old_name=node.name,
    )
    left, entered = transfer.origin.folder_ids, transfer.goal.folder_ids
    change.touch(_only_in(left, entered), delta=-node.size)
    change.touch(_only_in(entered, left), delta=node.size)
    change.touch(tuple(folder for folder in left if folder in set(entered)))


def _record_move_across(transfer: _Transfer) -> None:
    node = transfer.node
    transfer.source.record(
        ChangeKind.REMOVED,
        node.id,
        transfer.origin.folder_ids,
        delta=-node.size,
        old_parent_id=transfer.origin.parent_id,
        old_name=node.name,
    )
    transfer.target.record(
        ChangeKind.ARRIVED, node.id, transfer.goal.folder_ids, delta=node.size
    )


def _only_in(
    these: tuple[NodeId, ...], not_those: tuple[NodeId, ...]
) -> tuple[NodeId, ...]:
    others = set(not_those)
    return tuple(node_id for node_id in these if node_id not in others)
