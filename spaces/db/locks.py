"""Rows of the `locks` table: who holds what, and which lock stands in the way.

A lock counts until its time is up by the database's clock; rows whose time is up
are ignored here and deleted by whoever comes by. The cost of a question depends on
the depth of the tree and on how many locks the space has, never on how many nodes:
where a space has no locks it is one look into an index.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from sqlalchemy import (
    CTE,
    Connection,
    RowMapping,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from spaces.clock import Instant
from spaces.db.schema import locks, nodes
from spaces.ids import NodeId, SpaceId, UserId
from spaces.model import Lock

_IN_FORCE: Final = or_(
    locks.c.expires_at.is_(None), locks.c.expires_at > bindparam("now")
)
_ANY_IN_SPACE: Final = (
    select(literal(1)).where(locks.c.space_id == bindparam("space_id")).limit(1)
)
_ON_NODES: Final = select(locks).where(
    locks.c.node_id.in_(bindparam("node_ids", expanding=True)), _IN_FORCE
)
_BY_TOKEN: Final = select(locks).where(locks.c.token == bindparam("token"), _IN_FORCE)


def blocking(
    connection: Connection,
    *,
    node_id: NodeId,
    ancestor_ids: Sequence[NodeId],
    parent_id: NodeId | None = None,
    include_below: bool = False,
    tokens: Collection[str],
    user_id: UserId,
    now: Instant,
) -> Lock | None:
    """The lock that forbids the user to change a node, or None.

    Args:
        connection: of the transaction that makes the change.
        node_id: what is to be changed; for a new member: the folder it comes into.
        ancestor_ids: from the root of the space to the node's parent.
        parent_id: the folder that loses or renames a member by the change, whose
            own lock then counts even if it is not deep (RFC 4918 §7.4).
        include_below: whether everything below the node changes with it.
        tokens: what the client submitted; only the user's own locks obey them.
        user_id: who makes the change.
        now: by the database's clock.
    """
    space_id = SpaceId(ancestor_ids[0] if ancestor_ids else node_id)
    if not _has_any(connection, space_id):
        return None
    own_depth = {node_id} if parent_id is None else {node_id, parent_id}
    covering = [
        lock
        for lock in on_nodes(connection, [node_id, *ancestor_ids], now)
        if lock.is_deep or lock.node_id in own_depth
    ]
    found = _unsatisfied(covering, tokens, user_id)
    if found is None and include_below:
        held = _satisfies(covering, tokens, user_id)
        for group in _by_node(below(connection, space_id, node_id, now)):
            found = _unsatisfied(group, tokens, user_id, shared_is_held=held)
            if found is not None:
                break
    return found


def conflicting(
    connection: Connection,
    *,
    node_id: NodeId,
    ancestor_ids: Sequence[NodeId],
    is_exclusive: bool,
    is_deep: bool,
    now: Instant,
) -> Lock | None:
    """A lock that cannot stand beside the one wanted, or None."""
    space_id = SpaceId(ancestor_ids[0] if ancestor_ids else node_id)
    if not _has_any(connection, space_id):
        return None
    met = covering_locks(connection, node_id, ancestor_ids, now)
    if is_deep:
        met += below(connection, space_id, node_id, now)
    return next((lock for lock in met if is_exclusive or lock.is_exclusive), None)


def covering_locks(
    connection: Connection,
    node_id: NodeId,
    ancestor_ids: Sequence[NodeId],
    now: Instant,
) -> list[Lock]:
    """The locks on the node itself and the deep ones above it."""
    return [
        lock
        for lock in on_nodes(connection, [node_id, *ancestor_ids], now)
        if lock.is_deep or lock.node_id == node_id
    ]


def on_nodes(
    connection: Connection, node_ids: Iterable[NodeId], now: Instant
) -> list[Lock]:
    """The locks set on these very nodes."""
    found = connection.execute(_ON_NODES, {"node_ids": list(node_ids), "now": now})
    return [_lock(row) for row in found.mappings()]


def on_children(connection: Connection, folder_id: NodeId, now: Instant) -> list[Lock]:
    """The locks set on the members of a folder, in one statement."""
    found = connection.execute(
        select(locks)
        .join(nodes, nodes.c.id == locks.c.node_id)
        .where(nodes.c.parent_id == bindparam("folder_id"), _IN_FORCE),
        {"folder_id": folder_id, "now": now},
    )
    return [_lock(row) for row in found.mappings()]


def below(
    connection: Connection, space_id: SpaceId, node_id: NodeId, now: Instant
) -> list[Lock]:
    """The locks on whatever lies below the node, by climbing from each lock."""
    climb = _climb_from_locks()
    found = connection.execute(
        select(locks)
        .join(climb, climb.c.token == locks.c.token)
        .where(climb.c.above_id == bindparam("node_id"), _IN_FORCE),
        {"space_id": space_id, "node_id": node_id, "now": now},
    )
    return [_lock(row) for row in found.mappings()]


def find(connection: Connection, token: str, now: Instant) -> Lock | None:
    """The lock of this token, if it is in force."""
    row = connection.execute(_BY_TOKEN, {"token": token, "now": now}).mappings().first()
    return None if row is None else _lock(row)


def count_held(connection: Connection, space_id: SpaceId, user_id: UserId) -> int:
    """How many locks the user has in the space."""
    counted: int = connection.execute(
        select(func.count())
        .select_from(locks)
        .where(locks.c.space_id == space_id, locks.c.owner_id == user_id)
    ).scalar_one()
    return counted


def add(connection: Connection, lock: Lock) -> None:
    """Store a new lock; whether it may stand there was asked before."""
    connection.execute(
        insert(locks).values(
            token=lock.token,
            node_id=lock.node_id,
            space_id=lock.space_id,
            owner_id=lock.owner_id,
            owner_xml=lock.owner_xml,
            is_exclusive=lock.is_exclusive,
            is_deep=lock.is_deep,
            expires_at=lock.expires_at,
            created_at=lock.created_at,
        )
    )


def set_expiry(connection: Connection, token: str, expires_at: Instant) -> None:
    """Give the lock a new end."""
    connection.execute(
        update(locks).where(locks.c.token == token).values(expires_at=expires_at)
    )


def remove(connection: Connection, token: str) -> None:
    """Delete the lock; nothing happens if there is none."""
    connection.execute(delete(locks).where(locks.c.token == token))


def remove_under(connection: Connection, space_id: SpaceId, node_id: NodeId) -> None:
    """Delete the locks on a node and all below it: they neither move nor die with it.

    Called by whatever removes or moves the node, while it still is where it was.
    """
    if not _has_any(connection, space_id):
        return
    climb = _climb_from_locks()
    connection.execute(
        delete(locks).where(
            or_(
                locks.c.node_id == bindparam("node_id"),
                and_(
                    locks.c.space_id == bindparam("space_id"),
                    locks.c.token.in_(
                        select(climb.c.token).where(
                            climb.c.above_id == bindparam("node_id")
                        )
                    ),
                ),
            )
        ),
        {"space_id": space_id, "node_id": node_id},
    )


def remove_expired(connection: Connection, now: Instant) -> int:
    """Delete the locks whose time is up; how many there were."""
    return connection.execute(delete(locks).where(locks.c.expires_at <= now)).rowcount


def _has_any(connection: Connection, space_id: SpaceId) -> bool:
    found = connection.execute(_ANY_IN_SPACE, {"space_id": space_id})
    return found.first() is not None


def _climb_from_locks() -> CTE:
    """(token, above_id) for each lock of a space and each folder above its node."""
    start = (
        select(locks.c.token, nodes.c.parent_id.label("above_id"))
        .join(nodes, nodes.c.id == locks.c.node_id)
        .where(locks.c.space_id == bindparam("space_id"))
        .cte("climb", recursive=True)
    )
    return start.union_all(
        select(start.c.token, nodes.c.parent_id)
        .join(nodes, nodes.c.id == start.c.above_id)
        .where(nodes.c.parent_id.is_not(None))
    )


def _unsatisfied(
    found: Iterable[Lock],
    tokens: Collection[str],
    user_id: UserId,
    *,
    shared_is_held: bool = False,
) -> Lock | None:
    """The first lock that the tokens do not open.

    Each exclusive lock needs its own token; of the shared ones any (RFC 4918 §7).
    """
    closed = [lock for lock in found if not _opens(lock, tokens, user_id)]
    for lock in closed:
        if lock.is_exclusive:
            return lock
    if not closed or shared_is_held or _satisfies(found, tokens, user_id):
        return None
    return closed[0]


def _satisfies(found: Iterable[Lock], tokens: Collection[str], user_id: UserId) -> bool:
    return any(_opens(lock, tokens, user_id) for lock in found)


def _opens(lock: Lock, tokens: Collection[str], user_id: UserId) -> bool:
    return lock.token in tokens and lock.owner_id == user_id


def _by_node(found: Iterable[Lock]) -> Iterable[list[Lock]]:
    groups: dict[NodeId, list[Lock]] = {}
    for lock in found:
        groups.setdefault(lock.node_id, []).append(lock)
    return groups.values()


def _lock(row: RowMapping) -> Lock:
    return Lock(
        token=row["token"],
        node_id=NodeId(row["node_id"]),
        space_id=SpaceId(row["space_id"]),
        owner_id=UserId(row["owner_id"]),
        owner_xml=row["owner_xml"],
        is_exclusive=row["is_exclusive"],
        is_deep=row["is_deep"],
        expires_at=row["expires_at"],
        created_at=row["created_at"],
    )
