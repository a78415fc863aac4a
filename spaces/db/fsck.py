"""What the check of an installation asks of the database, and what repairs change.

Each question is one statement that answers with what is wrong, so that sound rows
cost no memory here.
"""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from spaces.clock import Instant
from spaces.db.schema import blobs, changes, nodes, spaces, trash, uploads, versions
from spaces.db.statement import AnyRow, Parameters, Statement
from spaces.ids import BlobId, NodeId, SpaceId
from spaces.model import Checksums, Content
from spaces.upload_model import UploadState

_member = nodes.alias("member")
_parent = nodes.alias("parent")


def _reached() -> CTE:
    """All nodes below a root or an item of the trash."""
    tops = select(nodes.c.id).where(
        nodes.c.parent_id.is_(None),
        or_(
            nodes.c.id == nodes.c.space_id,
            exists().where(trash.c.node_id == nodes.c.id),
        ),
    )
    reached = tops.cte("reached", recursive=True)
    return reached.union_all(
        select(_member.c.id).where(_member.c.parent_id == reached.c.id)
    )


def _total(value: ColumnElement[int]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(value), 0), BigInteger)


def _wrong_folder_sizes() -> Select[Any]:
    total = _total(_member.c.size)
    return (
        select(nodes.c.id, nodes.c.size, total)
        .outerjoin(_member, _member.c.parent_id == nodes.c.id)
        .where(nodes.c.blob_id.is_(None))
        .group_by(nodes.c.id, nodes.c.size)
        .having(nodes.c.size != total)
    )


def _reserved_by_uploads() -> ColumnElement[int]:
    total = _total(uploads.c.reserved_bytes)
    return (
        select(total)
        .where(
            uploads.c.space_id == spaces.c.id,
            uploads.c.state == UploadState.OPEN.value,
        )
        .scalar_subquery()
    )


def _wrong_logs() -> Select[Any]:
    """Logs that are not exactly the numbers after the floor up to the counter."""
    is_kept = changes.c.seq > spaces.c.change_floor
    kept = func.count(changes.c.seq).filter(is_kept)
    last = func.coalesce(func.max(changes.c.seq), spaces.c.change_seq)
    return (
        select(spaces.c.id, spaces.c.change_floor, spaces.c.change_seq, kept)
        .outerjoin(changes, changes.c.space_id == spaces.c.id)
        .group_by(spaces.c.id, spaces.c.change_floor, spaces.c.change_seq)
        .having(
            or_(
                kept != spaces.c.change_seq - spaces.c.change_floor,
                kept != func.count(changes.c.seq),
                last > spaces.c.change_seq,
            )
        )
    )


_UNUSED: Final = and_(
    ~exists().where(nodes.c.blob_id == blobs.c.id),
    ~exists().where(versions.c.blob_id == blobs.c.id),
)
_OF_ID: Final[ColumnElement[str]] = bindparam("of_id")

_BLOBS: Final = Statement(
    select(
        blobs.c.id,
        blobs.c.size,
        blobs.c.sha1,
        blobs.c.adler32,
        blobs.c.md5,
        blobs.c.sha256,
    )
    .where(blobs.c.id > bindparam("after_id"))
    .order_by(blobs.c.id)
    .limit(bindparam("row_limit"))
)
_UNUSED_BLOBS: Final = Statement(
    select(blobs.c.id, blobs.c.released_at).where(_UNUSED).order_by(blobs.c.id)
)
_FILE_SIZES: Final = Statement(
    select(nodes.c.id, nodes.c.size, blobs.c.size)
    .join(blobs, blobs.c.id == nodes.c.blob_id)
    .where(nodes.c.size != blobs.c.size)
)
_FOLDER_SIZES: Final = Statement(_wrong_folder_sizes())
_UNREACHED: Final = Statement(
    select(nodes.c.id, nodes.c.name)
    .where(nodes.c.id.not_in(select(_reached().c.id)))
    .order_by(nodes.c.parent_id.is_not(None), nodes.c.id)
)
_BELOW_FILES: Final = Statement(
    select(nodes.c.id, nodes.c.name)
    .join(_parent, _parent.c.id == nodes.c.parent_id)
    .where(_parent.c.blob_id.is_not(None))
)
_WRONG_SPACES: Final = Statement(
    select(nodes.c.id, nodes.c.space_id, _parent.c.space_id)
    .join(_parent, _parent.c.id == nodes.c.parent_id)
    .where(nodes.c.space_id != _parent.c.space_id)
)
_TRASHED_ALIVE: Final = Statement(
    select(trash.c.node_id)
    .join(nodes, nodes.c.id == trash.c.node_id)
    .where(or_(nodes.c.parent_id.is_not(None), nodes.c.id == nodes.c.space_id))
)
_ROOTLESS: Final = Statement(
    select(spaces.c.id).where(
        ~exists().where(nodes.c.id == spaces.c.id, nodes.c.parent_id.is_(None))
    )
)
_USED: Final = Statement(
    select(spaces.c.id, spaces.c.used_bytes, nodes.c.size)
    .join(nodes, nodes.c.id == spaces.c.id)
    .where(spaces.c.used_bytes != nodes.c.size)
)
_RESERVED: Final = Statement(
    select(spaces.c.id, spaces.c.reserved_bytes, _reserved_by_uploads()).where(
        spaces.c.reserved_bytes != _reserved_by_uploads()
    )
)
_LOGS: Final = Statement(_wrong_logs())
_NAMES: Final = Statement(select(nodes.c.id, nodes.c.name, nodes.c.name_key))

_RELEASE: Final = Statement(
    update(blobs)
    .where(blobs.c.released_at.is_(None), _UNUSED)
    .values(released_at=bindparam("now"))
)
_SET_SIZE: Final = Statement(
    update(nodes).where(nodes.c.id == _OF_ID).values(size=bindparam("new_size"))
)
_SET_SPACE: Final = Statement(
    update(nodes).where(nodes.c.id == _OF_ID).values(space_id=bindparam("new_space"))
)
_SET_USED: Final = Statement(
    update(spaces).where(spaces.c.id == _OF_ID).values(used_bytes=bindparam("new_used"))
)
_SET_RESERVED: Final = Statement(
    update(spaces)
    .where(spaces.c.id == _OF_ID)
    .values(reserved_bytes=bindparam("new_reserved"))
)
_DETACH: Final = Statement(
    update(nodes).where(nodes.c.id == _OF_ID).values(parent_id=None)
)
_SPACE_OF: Final = Statement(select(nodes.c.space_id).where(nodes.c.id == _OF_ID))
_TO_TRASH: Final = Statement(
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
_OUT_OF_TRASH: Final = Statement(delete(trash).where(trash.c.node_id == _OF_ID))
_END_LOG: Final = Statement(
    update(spaces)
    .where(spaces.c.id == _OF_ID)
    .values(
        change_seq=bindparam("new_seq"),
        change_floor=bindparam("new_seq"),
    )
)
_CLEAR_LOG: Final = Statement(delete(changes).where(changes.c.space_id == _OF_ID))
_LAST_CHANGE: Final = Statement(
    select(func.max(changes.c.seq)).where(changes.c.space_id == _OF_ID)
)


def structural_damage(connection: Connection) -> Iterator[str]:
    """What the database says is wrong with itself; only SQLite can be asked."""
    if connection.dialect.name != "sqlite":
        return
    for (line,) in connection.exec_driver_sql("PRAGMA integrity_check(100)"):
        if line != "ok":
            yield line
    for table, row, target, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"row {row} of {table} refers to a row that {target} does not have"


def list_blobs(connection: Connection, *, after: BlobId, limit: int) -> list[Content]:
    """The blobs that rows promise, in the order of their ids."""
    return [
        Content(BlobId(row[0]), row[1], Checksums(*row[2:]))
        for row in _BLOBS.all(connection, after_id=after, row_limit=limit)
    ]


def unused_blobs(connection: Connection) -> Iterator[tuple[BlobId, bool]]:
    """Blobs that nothing points to, and whether the sweeper knows."""
    for blob_id, released_at in _UNUSED_BLOBS.stream(connection):
        yield BlobId(blob_id), released_at is not None


def wrong_file_sizes(connection: Connection) -> list[tuple[NodeId, int, int]]:
    """Files whose size is not that of their content, with both."""
    return [_sizes(row) for row in _FILE_SIZES.all(connection)]


def wrong_folder_sizes(connection: Connection) -> list[tuple[NodeId, int, int]]:
    """Folders whose size is not the sum of their members', with both."""
    return [_sizes(row) for row in _FOLDER_SIZES.all(connection)]


def unreached(connection: Connection) -> list[tuple[NodeId, str]]:
    """Nodes that are neither in a space nor in its trash, those on top first."""
    return [(NodeId(row[0]), row[1]) for row in _UNREACHED.all(connection)]


def below_files(connection: Connection) -> list[tuple[NodeId, str]]:
    """Nodes whose parent is a file."""
    return [(NodeId(row[0]), row[1]) for row in _BELOW_FILES.all(connection)]


def in_wrong_space(connection: Connection) -> list[tuple[NodeId, SpaceId, SpaceId]]:
    """Nodes that are said to be in another space than their folder, with both."""
    return [
        (NodeId(row[0]), SpaceId(row[1]), SpaceId(row[2]))
        for row in _WRONG_SPACES.all(connection)
    ]


def trashed_but_alive(connection: Connection) -> list[NodeId]:
    """Nodes that have a place in a space and an entry in the trash as well."""
    return [NodeId(row[0]) for row in _TRASHED_ALIVE.all(connection)]


def rootless(connection: Connection) -> list[SpaceId]:
    """Spaces without a root folder."""
    return [SpaceId(row[0]) for row in _ROOTLESS.all(connection)]


def wrong_used(connection: Connection) -> list[tuple[SpaceId, int, int]]:
    """Spaces whose counter of used bytes is wrong, with it and the right number."""
    return [(SpaceId(row[0]), row[1], int(row[2])) for row in _USED.all(connection)]


def wrong_reserved(connection: Connection) -> list[tuple[SpaceId, int, int]]:
    """As `wrong_used`, of the bytes promised to open uploads."""
    return [(SpaceId(row[0]), row[1], int(row[2])) for row in _RESERVED.all(connection)]


def wrong_logs(connection: Connection) -> list[tuple[SpaceId, int, int, int]]:
    """Spaces whose change log has gaps or strays: floor, counter, and rows kept."""
    return [(SpaceId(row[0]), row[1], row[2], row[3]) for row in _LOGS.all(connection)]


def stream_names(connection: Connection) -> Iterator[AnyRow]:
    """Id, name and key of every node."""
    return _NAMES.stream(connection)


def release_unused(connection: Connection, now: Instant) -> None:
    """Tell the sweeper of blobs that nothing points to."""
    _RELEASE.run(connection, now=now)


def set_sizes(connection: Connection, sizes: dict[NodeId, int]) -> None:
    """Set the sizes of nodes."""
    rows: list[Parameters] = [
        {"of_id": node_id, "new_size": size} for node_id, size in sizes.items()
    ]
    _SET_SIZE.run_many(connection, rows)


def set_space(connection: Connection, node_id: NodeId, space_id: SpaceId) -> None:
    """Say that a node is in the space."""
    _SET_SPACE.run(connection, of_id=node_id, new_space=space_id)


def set_used(connection: Connection, space_id: SpaceId, used: int) -> None:
    """Set the counter of used bytes."""
    _SET_USED.run(connection, of_id=space_id, new_used=used)


def set_reserved(connection: Connection, space_id: SpaceId, reserved: int) -> None:
    """Set the counter of bytes promised to uploads."""
    _SET_RESERVED.run(connection, of_id=space_id, new_reserved=reserved)


def put_into_trash(
    connection: Connection, node_id: NodeId, name: str, now: Instant
) -> None:
    """Make a node that hangs nowhere an item of its space's trash."""
    space_id = _SPACE_OF.scalar(connection, of_id=node_id)
    _DETACH.run(connection, of_id=node_id)
    _TO_TRASH.run(
        connection,
        node_id=node_id,
        space_id=space_id,
        original_parent_id=space_id,
        original_path=name,
        removed_at=now,
        is_purged=False,
    )


def take_out_of_trash(connection: Connection, node_id: NodeId) -> None:
    """Remove the entry of a node that has a place."""
    _OUT_OF_TRASH.run(connection, of_id=node_id)


def restart_log(connection: Connection, space_id: SpaceId, seq: int) -> None:
    """Forget all changes of a space, so that clients compare everything anew."""
    last = _LAST_CHANGE.scalar(connection, of_id=space_id)
    _END_LOG.run(connection, of_id=space_id, new_seq=max(seq, last or 0))
    _CLEAR_LOG.run(connection, of_id=space_id)


def _sizes(row: AnyRow) -> tuple[NodeId, int, int]:
    return NodeId(row[0]), row[1], int(row[2])
