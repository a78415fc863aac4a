"""Locks: who has reserved what for writing (RFC 4918 §6 and §7), for every process.

A lock sits on one node; a deep one covers all below it too. It ends by itself, by
the database's clock, and does not go along when its node is moved or removed. What
a lock forbids is asked by every change itself (`SpaceChange.require_unlocked`).
"""

import uuid
from typing import Final

from sqlalchemy import Connection

from spaces.access import Permission
from spaces.clock import SECOND, Instant
from spaces.db import locks as rows
from spaces.db.engine import Database
from spaces.errors import Forbidden, LimitExceeded, LockConflict, LockNotFound
from spaces.lookup import Spot, find_space
from spaces.model import NO_GUARD, Actor, Entry, Guard, Lock, Place
from spaces.policy import Policy
from spaces.propagation import SpaceChange, begin_change

MAX_OWNER_BYTES: Final = 16 * 1024
MAX_LOCKS_HELD: Final = 10_000
"""By one user in one space."""


class Locks:
    """Write locks on files and folders; thread-safe."""

    def __init__(self, *, database: Database, policy: Policy) -> None:
        self._database = database
        self._policy = policy

    def create(
        self,
        actor: Actor,
        place: Place,
        *,
        owner_xml: str = "",
        exclusive: bool = True,
        deep: bool = True,
        timeout_seconds: int | None = None,
        guard: Guard = NO_GUARD,
    ) -> Lock:
        """Lock what is at the place.

        The timeout is cut to what the policy allows; None stands for its default.

        Raises:
            NodeNotFound: there is nothing at the place.
            LockConflict: another lock stands in the way, on the node, above or,
                for a deep one, below it.
            PreconditionFailed: the guard expected another state.
            LimitExceeded: the owner text is too long, or the user has too many.
            SpaceNotFound, SpaceDisabled, Forbidden: as for every change.
        """
        if len(owner_xml.encode()) > MAX_OWNER_BYTES:
            raise LimitExceeded("bytes of a lock's owner", MAX_OWNER_BYTES)
        token = f"opaquelocktoken:{uuid.uuid4()}"

        def job(connection: Connection) -> Lock:
            change = begin_change(
                self._database, connection, actor, place.space_id, guard=guard
            )
            spot = change.source(place)
            node = spot.require_node()
            change.require_state(node)
            rows.remove_expired(connection, change.now)
            is_deep = deep and node.is_folder
            _require_free(change, spot, is_exclusive=exclusive, is_deep=is_deep)
            held = rows.count_held(connection, place.space_id, actor.user_id)
            if held >= MAX_LOCKS_HELD:
                raise LimitExceeded("locks of a user in a space", MAX_LOCKS_HELD)
            lock = Lock(
                token=token,
                node_id=node.id,
                space_id=place.space_id,
                owner_id=actor.user_id,
                owner_xml=owner_xml,
                is_exclusive=exclusive,
                is_deep=deep,
                expires_at=self._end(change.now, timeout_seconds),
                created_at=change.now,
            )
            rows.add(connection, lock)
            return lock

        return self._database.write(job, space_id=place.space_id)

    def refresh(
        self,
        actor: Actor,
        place: Place,
        token: str,
        *,
        timeout_seconds: int | None = None,
    ) -> Lock:
        """Let a lock of the actor's that covers the place last longer.

        Raises:
            LockNotFound: there is no such lock, or it is not on this place.
            Forbidden: it is somebody else's, or the actor may write no more.
            NodeNotFound, SpaceNotFound, SpaceDisabled: as for every change.
        """

        def job(connection: Connection) -> Lock:
            change = begin_change(self._database, connection, actor, place.space_id)
            lock = _covering(change, place, token)
            _require_owner(actor, lock)
            rows.set_expiry(connection, token, self._end(change.now, timeout_seconds))
            return _existing(rows.find(connection, token, change.now))

        return self._database.write(job, space_id=place.space_id)

    def release(self, actor: Actor, place: Place, token: str) -> None:
        """Give up a lock of the actor's that covers the place.

        Raises:
            LockNotFound: there is no such lock, or it is not on this place.
            Forbidden: it is somebody else's.
            NodeNotFound, SpaceNotFound, SpaceDisabled: as for reading.
        """

        def job(connection: Connection) -> None:
            change = begin_change(
                self._database,
                connection,
                actor,
                place.space_id,
                permission=Permission.READ,
            )
            _require_owner(actor, _covering(change, place, token))
            rows.remove(connection, token)

        self._database.write(job, space_id=place.space_id)

    def on(self, actor: Actor, entry: Entry) -> tuple[Lock, ...]:
        """The locks that cover an entry: its own, and the deep ones above it.

        Raises:
            SpaceNotFound, SpaceDisabled: as for reading.
        """
        with self._database.read() as connection:
            now = self._database.now(connection)
            row = find_space(connection, actor, entry.space.id, Permission.READ)
            if not row.has_locks:
                return ()
            return tuple(
                rows.covering_locks(connection, entry.node.id, entry.ancestor_ids, now)
            )

    def _end(self, now: Instant, timeout_seconds: int | None) -> Instant:
        wanted = self._policy.lock_age
        if timeout_seconds is not None:
            wanted = max(timeout_seconds, 1) * SECOND
        return Instant(now + min(wanted, self._policy.lock_max_age))


def _require_free(
    change: SpaceChange, spot: Spot, *, is_exclusive: bool, is_deep: bool
) -> None:
    if not change.row.has_locks:
        return
    conflict = rows.conflicting(
        change.connection,
        node_id=spot.require_node().id,
        ancestor_ids=spot.folder_ids,
        is_exclusive=is_exclusive,
        is_deep=is_deep,
        now=change.now,
    )
    if conflict is not None:
        raise LockConflict(conflict.node_id)


def _covering(change: SpaceChange, place: Place, token: str) -> Lock:
    """The lock of this token, which must cover the place."""
    spot = change.source(place)
    lock = _existing(rows.find(change.connection, token, change.now))
    is_own = lock.node_id == spot.require_node().id
    if not is_own and not (lock.is_deep and lock.node_id in spot.folder_ids):
        raise LockNotFound
    return lock


def _existing(lock: Lock | None) -> Lock:
    if lock is None:
        raise LockNotFound
    return lock


def _require_owner(actor: Actor, lock: Lock) -> None:
    if lock.owner_id != actor.user_id:
        raise Forbidden("lock")
