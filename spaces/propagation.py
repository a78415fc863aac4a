"""The one way to change a space: begin, check, write, record.

Every change draws one fresh etag, and `record` gives it, the time and the change in
size to the folders above, counts the bytes, and writes the change row. What is
changed is up to the services; they all do it through a `SpaceChange`.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from spaces.access import Permission
from spaces.clock import Instant
from spaces.db import changes, locks, nodes
from spaces.db import spaces as space_rows
from spaces.db.engine import Database
from spaces.db.spaces import SpaceRow
from spaces.errors import Locked, PreconditionFailed, TooDeep
from spaces.etags import new_etag
from spaces.ids import NodeId, SpaceId
from spaces.lookup import Spot, find_space, find_spot, locate
from spaces.model import NO_GUARD, Actor, ChangeKind, Guard, Node, Place, Space
from spaces.names import MAX_DEPTH, require_name
from spaces.quota import quota_exceeded


@dataclass(frozen=True, slots=True)
class SpaceChange:
    """A change to one space, in a transaction that its writers queue for."""

    connection: Connection
    actor: Actor
    row: SpaceRow
    guard: Guard
    now: Instant
    etag: str
    begun_at: tuple[Place, Spot] | None = None
    """What was looked up with the space, to be had at no cost."""

    @property
    def space(self) -> Space:
        """The space as it was when the change began."""
        return self.row.space

    def target(self, place: Place) -> Spot:
        """Where something shall be written.

        Raises:
            NameRefused: nothing may bear the name.
            ParentNotFound: there is no folder to hold it.
            TooDeep: it would be nested too deeply.
        """
        if place.path:
            require_name(place.path[-1])
        spot = self._locate(place)
        spot.require_parent()
        if len(spot.path) > MAX_DEPTH:
            raise TooDeep
        return spot

    def source(self, place: Place) -> Spot:
        """Where something is that shall be changed.

        Raises:
            NodeNotFound: there is nothing.
        """
        spot = self._locate(place)
        spot.require_node()
        return spot

    def _locate(self, place: Place) -> Spot:
        if self.begun_at is not None and self.begun_at[0] is place:
            return self.begun_at[1]
        return locate(self.connection, self.row, place)

    def require_state(self, node: Node | None) -> None:
        """Refuse if the guard expected another state of the node.

        Raises:
            PreconditionFailed: says which header is not met.
        """
        require_state(self.guard, node)

    def require_unlocked(self, spot: Spot, *, moves: bool = False) -> None:
        """Refuse if a lock stands in the way whose token was not given.

        `moves` says that the node leaves its folder or its name, with all below it.
        Where there is no node, it is the folder that would change.

        Raises:
            Locked: names the lock's owner.
        """
        if not self.row.has_locks:
            return
        node_id, ancestor_ids, parent_id = _locking_place(spot, moves=moves)
        lock = locks.blocking(
            self.connection,
            node_id=node_id,
            ancestor_ids=ancestor_ids,
            parent_id=parent_id,
            include_below=moves and spot.node is not None and spot.node.is_folder,
            tokens=self.guard.lock_tokens,
            user_id=self.actor.user_id,
            now=self.now,
        )
        if lock is not None:
            raise Locked(lock.node_id, lock.owner_id)

    def touch(self, folder_ids: tuple[NodeId, ...], *, delta: int = 0) -> None:
        """Mark folders as changed and let them grow by `delta` bytes."""
        nodes.touch(
            self.connection,
            folder_ids,
            etag=self.etag,
            modified_at=self.now,
            delta=delta,
        )

    def log(
        self,
        kind: ChangeKind,
        node_id: NodeId,
        *,
        used_delta: int = 0,
        reserved_delta: int = 0,
        old_parent_id: NodeId | None = None,
        old_name: str | None = None,
    ) -> None:
        """Count the bytes and write the change row, without touching folders.

        Raises:
            QuotaExceeded: the space would hold and promise more than it may.
        """
        seq = space_rows.advance(
            self.connection,
            self.space.id,
            used_delta=used_delta,
            reserved_delta=reserved_delta,
        )
        if seq is None:
            raise quota_exceeded(
                self.connection, self.space.id, used_delta + reserved_delta
            )
        changes.insert_change(
            self.connection,
            space_id=self.space.id,
            seq=seq,
            kind=kind,
            node_id=node_id,
            old_parent_id=old_parent_id,
            old_name=old_name,
            changed_at=self.now,
        )

    def record(
        self,
        kind: ChangeKind,
        node_id: NodeId,
        folder_ids: tuple[NodeId, ...],
        *,
        delta: int = 0,
        reserved_delta: int = 0,
        old_parent_id: NodeId | None = None,
        old_name: str | None = None,
    ) -> None:
        """Finish a change of one node below these folders: `touch` and `log`.

        Raises:
            QuotaExceeded: the space would hold and promise more than it may.
        """
        self.log(
            kind,
            node_id,
            used_delta=delta,
            reserved_delta=reserved_delta,
            old_parent_id=old_parent_id,
            old_name=old_name,
        )
        self.touch(folder_ids, delta=delta)


def begin_change(
    database: Database,
    connection: Connection,
    actor: Actor,
    space_id: SpaceId,
    *,
    permission: Permission = Permission.WRITE,
    guard: Guard = NO_GUARD,
) -> SpaceChange:
    """Begin a change to a space by reading it and keeping other writers out.

    Raises:
        SpaceNotFound: it does not exist or the actor may not see its files.
        SpaceDisabled: it is closed.
        Forbidden: the actor's role does not include the permission.
    """
    row = find_space(connection, actor, space_id, permission, lock=True)
    now = database.now(connection)
    return SpaceChange(connection, actor, row, guard, now, new_etag())


def begin_change_at(
    database: Database,
    connection: Connection,
    actor: Actor,
    place: Place,
    *,
    permission: Permission = Permission.WRITE,
    guard: Guard = NO_GUARD,
    lock: bool = True,
) -> SpaceChange:
    """Begin a change at one place, which is looked up together with its space.

    Without `lock`, in a connection that only reads, it serves to ask beforehand
    whether a change would be refused.

    Raises:
        SpaceNotFound, SpaceDisabled, Forbidden: as `begin_change`.
    """
    spot = find_spot(connection, actor, place, permission, lock=lock)
    now = database.now(connection)
    begun_at = (place, spot)
    return SpaceChange(connection, actor, spot.row, guard, now, new_etag(), begun_at)


def require_state(guard: Guard, node: Node | None) -> None:
    """Refuse if the guard expected another state of the node (RFC 9110 §13.1).

    Raises:
        PreconditionFailed: says which header is not met.
    """
    etag = None if node is None else node.etag
    if guard.if_match is not None and not _matches(guard.if_match, etag):
        raise PreconditionFailed("If-Match", etag)
    if guard.if_none_match is not None and _matches(guard.if_none_match, etag):
        raise PreconditionFailed("If-None-Match", etag)


def _matches(wanted: tuple[str, ...], etag: str | None) -> bool:
    return etag is not None and ("*" in wanted or etag in wanted)


def _locking_place(
    spot: Spot, *, moves: bool
) -> tuple[NodeId, tuple[NodeId, ...], NodeId | None]:
    if spot.node is None:
        return spot.folder_ids[-1], spot.folder_ids[:-1], None
    parent_id = spot.folder_ids[-1] if moves and spot.folder_ids else None
    return spot.node.id, spot.folder_ids, parent_id
