"""What the sweeper asks and deletes, each call a bounded number of rows."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    true,
    update,
)

from spaces.clock import Instant
from spaces.db.schema import blobs, changes, nodes, spaces, trash, versions
from spaces.db.statement import Parameters, Statement
from spaces.ids import BlobId, NodeId, SpaceId, VersionId

_LIMIT: Final[ColumnElement[int]] = bindparam("row_limit")
_BEFORE: Final[ColumnElement[int]] = bindparam("before")

_RELEASED: Final = Statement(
    select(blobs.c.id)
    .where(blobs.c.released_at < _BEFORE)
    .order_by(blobs.c.released_at)
    .limit(_LIMIT)
)
_REFERENCED: Final = Statement(
    select(literal(1)).where(
        or_(
            exists().where(nodes.c.blob_id == bindparam("blob_id")),
            exists().where(versions.c.blob_id == bindparam("blob_id")),
        )
    )
)
_KEEP_BLOB: Final = Statement(
    update(blobs).where(blobs.c.id == bindparam("of_id")).values(released_at=None)
)
_DELETE_BLOB: Final = Statement(delete(blobs).where(blobs.c.id == bindparam("of_id")))

_PURGED: Final = Statement(
    select(trash.c.node_id, trash.c.space_id)
    .where(trash.c.is_purged == true())
    .limit(_LIMIT)
)
_MEMBERS: Final = Statement(
    select(nodes.c.id, nodes.c.blob_id)
    .where(nodes.c.parent_id == bindparam("folder_id"))
    .limit(_LIMIT)
)
_REMOVAL: Final = Statement(
    select(changes.c.seq)
    .join(trash, trash.c.removed_at == changes.c.changed_at)
    .where(
        trash.c.node_id == bindparam("gone_id"),
        changes.c.node_id == bindparam("gone_id"),
        changes.c.kind == literal_column("'removed'"),  # as the index says it
    )
)
_OWN_BLOB: Final = Statement(
    update(blobs)
    .where(
        blobs.c.id.in_(
            select(nodes.c.blob_id).where(nodes.c.id == bindparam("gone_id"))
        )
    )
    .values(released_at=bindparam("now"))
)
_VERSION_BLOBS: Final = Statement(
    update(blobs)
    .where(
        blobs.c.id.in_(
            select(versions.c.blob_id).where(versions.c.node_id == bindparam("gone_id"))
        )
    )
    .values(released_at=bindparam("now"))
)
_DELETE_NODE: Final = Statement(delete(nodes).where(nodes.c.id == bindparam("gone_id")))
_DELETE_ITEM: Final = Statement(
    delete(trash).where(trash.c.node_id == bindparam("gone_id"))
)
_CUT_LOOSE: Final = Statement(
    update(nodes).where(nodes.c.id == bindparam("loose_id")).values(parent_id=None)
)
_INSERT_ITEM: Final = Statement(
    insert(trash),
    columns=(
        "node_id",
        "space_id",
        "original_parent_id",
        "original_path",
        "removed_at",
        "is_purged",
    ),
)

_OLD_TRASH: Final = Statement(
    select(trash.c.node_id)
    .where(trash.c.removed_at < _BEFORE, trash.c.is_purged != true())
    .order_by(trash.c.removed_at)
    .limit(_LIMIT)
)
_MARK_PURGED: Final = Statement(
    update(trash).where(trash.c.node_id == bindparam("gone_id")).values(is_purged=True)
)
_NEW_TRASH_SPACES: Final = Statement(
    select(trash.c.space_id).where(trash.c.removed_at >= _BEFORE).distinct()
)
_NEW_VERSION_NODES: Final = Statement(
    select(versions.c.node_id, func.max(versions.c.replaced_at))
    .where(versions.c.replaced_at > bindparam("after"))
    .group_by(versions.c.node_id)
    .order_by(func.max(versions.c.replaced_at))
    .limit(_LIMIT)
)
_OLD_VERSIONS: Final = Statement(
    select(versions.c.id)
    .where(versions.c.replaced_at < _BEFORE)
    .order_by(versions.c.replaced_at)
    .limit(_LIMIT)
)
_SURPLUS_VERSIONS: Final = Statement(
    select(versions.c.id)
    .where(versions.c.node_id == bindparam("of_node_id"))
    .order_by(versions.c.replaced_at.desc(), versions.c.id.desc())
    .offset(bindparam("kept"))
    .limit(_LIMIT)
)
_RELEASE_VERSION: Final = Statement(
    update(blobs)
    .where(
        blobs.c.id.in_(
            select(versions.c.blob_id).where(versions.c.id == bindparam("version_id"))
        )
    )
    .values(released_at=bindparam("now"))
)
_DELETE_VERSION: Final = Statement(
    delete(versions).where(versions.c.id == bindparam("version_id"))
)

_OLD_LOGS: Final = Statement(
    # Without gaps, the first change that is kept is the one after the floor.
    select(spaces.c.id, spaces.c.change_floor)
    .join(
        changes,
        and_(
            changes.c.space_id == spaces.c.id,
            changes.c.seq == spaces.c.change_floor + 1,
        ),
    )
    .where(changes.c.changed_at < _BEFORE)
    .limit(_LIMIT)
)
_LAST_OLD_CHANGE: Final = Statement(
    select(func.max(changes.c.seq)).where(
        changes.c.space_id == bindparam("of_id"),
        changes.c.seq <= bindparam("last"),
        changes.c.changed_at < _BEFORE,
    )
)
_LONG_LOGS: Final = Statement(
    select(spaces.c.id, spaces.c.change_floor, spaces.c.change_seq).where(
        spaces.c.change_seq - spaces.c.change_floor > bindparam("most")
    )
)
_RAISE_FLOOR: Final = Statement(
    update(spaces)
    .where(spaces.c.id == bindparam("of_id"), spaces.c.change_floor < bindparam("seq"))
    .values(change_floor=bindparam("seq"))
)
_DELETE_CHANGES: Final = Statement(
    delete(changes).where(
        changes.c.space_id == bindparam("of_id"), changes.c.seq <= bindparam("seq")
    )
)


def released_blobs(
    connection: Connection, *, before: Instant, limit: int
) -> list[BlobId]:
    """Blobs that lost a reference before then, the longest ago first."""
    rows = _RELEASED.all(connection, before=before, row_limit=limit)
    return [row[0] for row in rows]


def forget_unless_referenced(connection: Connection, blob_id: BlobId) -> bool:
    """Delete the row of a blob that nothing points to; whether that was so."""
    if _REFERENCED.first(connection, blob_id=blob_id) is not None:
        _KEEP_BLOB.run(connection, of_id=blob_id)
        return False
    _DELETE_BLOB.run(connection, of_id=blob_id)
    return True


def purged_items(connection: Connection, *, limit: int) -> list[tuple[NodeId, SpaceId]]:
    """Nodes that are gone for everyone and not yet taken apart."""
    return [(row[0], row[1]) for row in _PURGED.all(connection, row_limit=limit)]


def take_apart(
    connection: Connection,
    node_id: NodeId,
    space_id: SpaceId,
    *,
    now: Instant,
    limit: int,
) -> int:
    """Delete up to so many members of a purged node, at last the node itself.

    Folders among them become purged items of their own, so no step ever descends.
    The number of nodes dealt with.
    """
    members = _MEMBERS.all(connection, folder_id=node_id, row_limit=limit)
    if members:
        forget_up_to_removal(connection, node_id, space_id)
    files: list[Parameters] = [
        {"gone_id": row[0], "now": now} for row in members if row[1] is not None
    ]
    _delete_nodes(connection, files)
    folders = [row[0] for row in members if row[1] is None]
    _INSERT_ITEM.run_many(
        connection,
        [
            {
                "node_id": folder_id,
                "space_id": space_id,
                "original_parent_id": node_id,
                "original_path": "",
                "removed_at": now,
                "is_purged": True,
            }
            for folder_id in folders
        ],
    )
    _CUT_LOOSE.run_many(connection, [{"loose_id": folder} for folder in folders])
    if len(members) < limit:
        _DELETE_ITEM.run(connection, gone_id=node_id)
        _delete_nodes(connection, [{"gone_id": node_id, "now": now}])
    return len(members) + 1


def forget_up_to_removal(
    connection: Connection, node_id: NodeId, space_id: SpaceId
) -> None:
    """Forget the changes up to the one that brought an item into the trash.

    For when an item loses members: of a folder that has come in its place since,
    nobody could tell a client any more which of the item's members are not there.
    """
    removal = _REMOVAL.first(connection, gone_id=node_id)
    if removal is not None:
        _forget_changes(connection, {space_id: removal[0]})


def mark_old_trash(connection: Connection, *, before: Instant, limit: int) -> int:
    """Give up what was removed before then; how many items."""
    rows = _OLD_TRASH.all(connection, before=before, row_limit=limit)
    _MARK_PURGED.run_many(connection, [{"gone_id": row[0]} for row in rows])
    return len(rows)


def spaces_with_trash_since(connection: Connection, since: Instant) -> list[SpaceId]:
    """Spaces from which something was removed since then."""
    return [row[0] for row in _NEW_TRASH_SPACES.all(connection, before=since)]


def mark_surplus_trash(
    connection: Connection, space_id: SpaceId, *, kept_bytes: int, limit: int
) -> int:
    """Give up the oldest items of a space until the rest fits; how many items."""
    rows = connection.execute(_surplus_trash(space_id, kept_bytes).limit(limit)).all()
    _MARK_PURGED.run_many(connection, [{"gone_id": row[0]} for row in rows])
    return len(rows)


def _surplus_trash(space_id: SpaceId, kept_bytes: int) -> Select[Any]:
    newer = func.sum(nodes.c.size).over(
        order_by=(trash.c.removed_at.desc(), trash.c.node_id.desc())
    )
    items = (
        select(trash.c.node_id, newer.label("total"))
        .join(nodes, nodes.c.id == trash.c.node_id)
        .where(trash.c.space_id == space_id, trash.c.is_purged != true())
        .subquery()
    )
    return select(items.c.node_id).where(items.c.total > kept_bytes)


def surplus_versions_of_space(
    connection: Connection, space_id: SpaceId, *, kept_bytes: int, limit: int
) -> list[VersionId]:
    """The oldest versions of a space that do not fit into so many bytes."""
    newer = func.sum(blobs.c.size).over(
        order_by=(versions.c.replaced_at.desc(), versions.c.id.desc())
    )
    items = (
        select(versions.c.id, newer.label("total"))
        .join(nodes, nodes.c.id == versions.c.node_id)
        .join(blobs, blobs.c.id == versions.c.blob_id)
        .where(nodes.c.space_id == space_id)
        .subquery()
    )
    statement = select(items.c.id).where(items.c.total > kept_bytes).limit(limit)
    return [row[0] for row in connection.execute(statement)]


def nodes_with_versions_after(
    connection: Connection, after: Instant, *, limit: int
) -> list[tuple[NodeId, Instant]]:
    """Files that got a version after then, and when they got the latest."""
    rows = _NEW_VERSION_NODES.all(connection, after=after, row_limit=limit)
    return [(row[0], Instant(row[1])) for row in rows]


def old_versions(
    connection: Connection, *, before: Instant, limit: int
) -> list[VersionId]:
    """Versions that were replaced before then, the oldest first."""
    rows = _OLD_VERSIONS.all(connection, before=before, row_limit=limit)
    return [row[0] for row in rows]


def surplus_versions(
    connection: Connection, node_id: NodeId, *, kept: int, limit: int
) -> list[VersionId]:
    """Versions of a file beyond the newest so many."""
    rows = _SURPLUS_VERSIONS.all(
        connection, of_node_id=node_id, kept=kept, row_limit=limit
    )
    return [row[0] for row in rows]


def space_of(connection: Connection, node_id: NodeId) -> SpaceId | None:
    """The space a node is in."""
    found = connection.execute(
        select(nodes.c.space_id).where(nodes.c.id == node_id)
    ).scalar()
    return None if found is None else SpaceId(found)


def remove_versions(
    connection: Connection, version_ids: Iterable[VersionId], now: Instant
) -> None:
    """Delete versions and release their contents."""
    rows: list[Parameters] = [
        {"version_id": version_id, "now": now} for version_id in version_ids
    ]
    _RELEASE_VERSION.run_many(connection, rows)
    _DELETE_VERSION.run_many(connection, rows)


def trim_old_changes(connection: Connection, *, before: Instant, limit: int) -> int:
    """Forget so many of the changes made before then; how many, or some more."""
    floors: dict[str, int] = {}
    count = 0
    for space_id, floor in _OLD_LOGS.all(connection, before=before, row_limit=limit):
        last = _LAST_OLD_CHANGE.scalar(
            connection, of_id=space_id, last=floor + limit, before=before
        )
        floors[space_id] = last
        count += last - floor
        if count >= limit:
            break
    _forget_changes(connection, floors)
    return count


def trim_long_logs(connection: Connection, *, most: int, limit: int) -> int:
    """Forget the oldest changes of spaces that keep more than so many."""
    floors = {
        row[0]: min(row[2] - most, row[1] + limit)
        for row in _LONG_LOGS.all(connection, most=most)
    }
    _forget_changes(connection, floors)
    return len(floors)


def _forget_changes(connection: Connection, floors: dict[str, int]) -> None:
    rows: list[Parameters] = [
        {"of_id": space_id, "seq": seq} for space_id, seq in floors.items()
    ]
    _RAISE_FLOOR.run_many(connection, rows)
    _DELETE_CHANGES.run_many(connection, rows)


def _delete_nodes(connection: Connection, rows: list[Parameters]) -> None:
    _OWN_BLOB.run_many(connection, rows)
    _VERSION_BLOBS.run_many(connection, rows)
    _DELETE_NODE.run_many(connection, rows)
