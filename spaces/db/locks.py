"""Rows of the `locks` table: who holds what, and which lock stands in the way.

A lock counts until its time is up by the database's clock; rows whose time is up
are ignored here and deleted by whoever comes by. The cost of a question depends on
the depth of the tree and on how many locks the space has, never on how many nodes:
where a space has no locks it is one look into an index.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Final

from sqlalchemy import (
    CTE,
    Connection,
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
from spaces.db.batches import BatchStatement
from spaces.db.schema import locks, nodes
from spaces.db.statement import AnyRow, Statement
from spaces.ids import NodeId, SpaceId, UserId
from spaces.model import Lock


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


_CLIMB: Final = _climb_from_locks()
_COLUMNS: Final = (
    locks.c.token,
    locks.c.node_id,
    locks.c.space_id,
    locks.c.owner_id,
    locks.c.owner_xml,
    locks.c.is_exclusive,
    locks.c.is_deep,
    locks.c.expires_at,
    locks.c.created_at,
)
_IN_FORCE: Final = or_(
    locks.c.expires_at.is_(None), locks.c.expires_at > bindparam("now")
)
_OF_TOKEN: Final = locks.c.token == bindparam("of_token")
_ANY_IN_SPACE: Final = Statement(
    select(literal(1)).where(locks.c.space_id == bindparam("space_id")).limit(1)
)
_ON_NODES: Final = BatchStatement(select(*_COLUMNS).where(_IN_FORCE), locks.c.node_id)
_ON_CHILDREN: Final = Statement(
    select(*_COLUMNS)
    .join(nodes, nodes.c.id == locks.c.node_id)
    .where(
        locks.c.space_id == bindparam("space_id"),
        nodes.c.parent_id == bindparam("folder_id"),
        _IN_FORCE,
    )
)
_MEMBER_IDS: Final = Statement(
    select(nodes.c.id).where(nodes.c.parent_id == bindparam("folder_id"))
)
_BELOW: Final = Statement(
    select(*_COLUMNS)
    .join(_CLIMB, _CLIMB.c.token == locks.c.token)
    .where(_CLIMB.c.above_id == bindparam("node_id"), _IN_FORCE)
)
_FIND: Final = Statement(select(*_COLUMNS).where(_OF_TOKEN, _IN_FORCE))
_COUNT_HELD: Final = Statement(
    select(func.count()).where(
        locks.c.space_id == bindparam("space_id"),
        locks.c.owner_id == bindparam("user_id"),
    )
)
_INSERT: Final = Statement(
    insert(locks), columns=tuple(column.name for column in _COLUMNS)
)
_SET_EXPIRY: Final = Statement(
    update(locks).where(_OF_TOKEN).values(expires_at=bindparam("new_expires_at"))
)
_REMOVE: Final = Statement(delete(locks).where(_OF_TOKEN))
_REMOVE_UNDER: Final = Statement(
    delete(locks).where(
        locks.c.space_id == bindparam("space_id"),
        or_(
            locks.c.node_id == bindparam("node_id"),
            locks.c.token.in_(
                select(_CLIMB.c.token).where(_CLIMB.c.above_id == bindparam("node_id"))
            ),
        ),
    )
)
_REMOVE_EXPIRED: Final = Statement(
    delete(locks).where(locks.c.expires_at <= bindparam("now"))
)


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
    return [_lock(row) for row in _ON_NODES.stream(connection, node_ids, now=now)]


def on_children(
    connection: Connection, space_id: SpaceId, folder_id: NodeId, now: Instant
) -> list[Lock]:
    """The locks set on the members of a folder, in one statement."""
    rows = _ON_CHILDREN.all(connection, space_id=space_id, folder_id=folder_id, now=now)
    return [_lock(row) for row in rows]


def around(
    connection: Connection,
    space_id: SpaceId,
    folder_id: NodeId,
    ancestor_ids: Sequence[NodeId],
    now: Instant,
) -> dict[NodeId, tuple[Lock, ...]]:
    """The locks that cover a folder and each of its members, where there are any."""
    own = covering_locks(connection, folder_id, ancestor_ids, now)
    inherited = tuple(lock for lock in own if lock.is_deep)
    found: dict[NodeId, tuple[Lock, ...]] = {}
    if own:
        found[folder_id] = tuple(own)
    if inherited:
        members = _MEMBER_IDS.all(connection, folder_id=folder_id)
        found.update((row[0], inherited) for row in members)
    for lock in on_children(connection, space_id, folder_id, now):
        found[lock.node_id] = (*found.get(lock.node_id, ()), lock)
    return found


def covering_each(
    connection: Connection, chains: Mapping[NodeId, Sequence[NodeId]], now: Instant
) -> dict[NodeId, tuple[Lock, ...]]:
    """The locks that cover each of many nodes, given with their ancestors."""
    by_node: dict[NodeId, list[Lock]] = {}
    for lock in on_nodes(
        connection, {*chains, *chain.from_iterable(chains.values())}, now
    ):
        by_node.setdefault(lock.node_id, []).append(lock)
    if not by_node:
        return {}
    found: dict[NodeId, tuple[Lock, ...]] = {}
    for node_id, ancestor_ids in chains.items():
        above = chain.from_iterable(by_node.get(each, ()) for each in ancestor_ids)
        deep = (lock for lock in above if lock.is_deep)
        if covering := (*by_node.get(node_id, ()), *deep):
            found[node_id] = covering
    return found


def below(
    connection: Connection, space_id: SpaceId, node_id: NodeId, now: Instant
) -> list[Lock]:
    """The locks on whatever lies below the node, by climbing from each lock."""
    rows = _BELOW.all(connection, space_id=space_id, node_id=node_id, now=now)
    return [_lock(row) for row in rows]


def find(connection: Connection, token: str, now: Instant) -> Lock | None:
    """The lock of this token, if it is in force."""
    row = _FIND.first(connection, of_token=token, now=now)
    return None if row is None else _lock(row)


def count_held(connection: Connection, space_id: SpaceId, user_id: UserId) -> int:
    """How many locks the user has in the space."""
    return int(_COUNT_HELD.scalar(connection, space_id=space_id, user_id=user_id))


def add(connection: Connection, lock: Lock) -> None:
    """Store a new lock; whether it may stand there was asked before."""
    _INSERT.run(
        connection,
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


def set_expiry(connection: Connection, token: str, expires_at: Instant) -> None:
    """Give the lock a new end."""
    _SET_EXPIRY.run(connection, of_token=token, new_expires_at=expires_at)


def remove(connection: Connection, token: str) -> None:
    """Delete the lock; nothing happens if there is none."""
    _REMOVE.run(connection, of_token=token)


def remove_under(connection: Connection, space_id: SpaceId, node_id: NodeId) -> None:
    """Delete the locks on a node and all below it: they do not go where it goes.

    Called by whatever removes or moves the node, while it still is where it was.
    """
    if _has_any(connection, space_id):
        _REMOVE_UNDER.run(connection, space_id=space_id, node_id=node_id)


def remove_expired(connection: Connection, now: Instant) -> int:
    """Delete the locks whose time is up; how many there were."""
    return _REMOVE_EXPIRED.run(connection, now=now)


def _has_any(connection: Connection, space_id: SpaceId) -> bool:
    return _ANY_IN_SPACE.first(connection, space_id=space_id) is not None


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


def _lock(row: AnyRow) -> Lock:
    return Lock(
        token=row[0],
        node_id=NodeId(row[1]),
        space_id=SpaceId(row[2]),
        owner_id=UserId(row[3]),
        owner_xml=row[4],
        is_exclusive=bool(row[5]),
        is_deep=bool(row[6]),
        expires_at=None if row[7] is None else Instant(row[7]),
        created_at=Instant(row[8]),
    )
