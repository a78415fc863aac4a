"""Rows of the `uploads` table: who writes, how far it is, what came of it.

Every change of an open upload names the epoch it was made under; a writer that lost
the upload to a newcomer changes no row. Only `spaces.uploads` calls this.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from spaces.clock import Instant
from spaces.db.schema import (
    FINDABLE_BYTES,
    blobs,
    installation,
    nodes,
    uploads,
    users,
)
from spaces.db.statement import AnyRow, Statement
from spaces.ids import BlobId, NodeId, SpaceId, UploadId, UserId
from spaces.model import Actor, Checksums, Content
from spaces.upload_model import Intent, Result, Upload, UploadKind, UploadState

_COLUMNS: Final = tuple(uploads.c)
_NAMES: Final = tuple(column.name for column in _COLUMNS)
_OPEN: Final = uploads.c.state == UploadState.OPEN.value
_OF_ID: Final = uploads.c.id == bindparam("upload_id")
_OF_EPOCH: Final = and_(_OF_ID, _OPEN, uploads.c.epoch == bindparam("seen_epoch"))

_GET: Final = Statement(select(*_COLUMNS).where(_OF_ID))
_GET_LOCKED: Final = Statement(select(*_COLUMNS).where(_OF_ID).with_for_update())
_INSERT: Final = Statement(insert(uploads), columns=_NAMES)
_CLAIM: Final = Statement(
    update(uploads)
    .where(_OF_EPOCH)
    .values(
        holder=bindparam("new_holder"),
        held_at=bindparam("now"),
        epoch=uploads.c.epoch + 1,
        blob_id=bindparam("new_blob_id"),
    )
)
_RELEASE: Final = Statement(update(uploads).where(_OF_EPOCH).values(holder=None))
_ADVANCE: Final = Statement(
    update(uploads)
    .where(_OF_EPOCH)
    .values(
        offset=bindparam("new_offset"),
        length=bindparam("new_length"),
        hash_state=bindparam("new_hash_state"),
        holder=bindparam("new_holder"),
        held_at=bindparam("now"),
        active_at=bindparam("now"),
        expires_at=bindparam("new_expires_at"),
    )
)
_SET_RESERVED: Final = Statement(
    update(uploads).where(_OF_ID).values(reserved_bytes=bindparam("new_reserved"))
)
_BIND: Final = Statement(
    update(uploads)
    .where(_OF_ID, _OPEN)
    .values(
        owner_id=bindparam("new_owner_id"),
        space_id=bindparam("new_space_id"),
        parent_id=bindparam("new_parent_id"),
        name=bindparam("new_name"),
        target=bindparam("new_target"),
        reserved_bytes=bindparam("new_reserved"),
        label=bindparam("new_label"),
    )
)
_CLOSE: Final = Statement(
    update(uploads)
    .where(_OF_ID, _OPEN)
    .values(
        state=bindparam("new_state"),
        result=bindparam("new_result"),
        finished_at=bindparam("now"),
        holder=None,
        hash_state=None,
        reserved_bytes=0,
        epoch=uploads.c.epoch + 1,
    )
)
_FORGET: Final = Statement(
    update(uploads)
    .where(_OF_ID)
    .values(state=bindparam("new_state"), result=None, finished_at=bindparam("now"))
)
_DUE: Final = Statement(
    select(*_COLUMNS)
    .where(_OPEN, uploads.c.expires_at <= bindparam("now"))
    .order_by(uploads.c.expires_at)
    .limit(bindparam("count"))
)
_FORGOTTEN: Final = Statement(
    delete(uploads).where(
        uploads.c.state != UploadState.OPEN.value,
        uploads.c.expires_at <= bindparam("before"),
        uploads.c.finished_at <= bindparam("before"),
    )
)
_LIST: Final = Statement(
    select(*_COLUMNS).where(_OPEN).order_by(uploads.c.created_at, uploads.c.id)
)
_PREFIX: Final = bindparam("prefix", type_=Text)
_LIST_OF_OWNER: Final = Statement(
    select(*_COLUMNS)
    .where(
        _OPEN,
        or_(uploads.c.expires_at > bindparam("now"), uploads.c.holder.is_not(None)),
        uploads.c.owner_id == bindparam("owner_id"),
        uploads.c.dialect == bindparam("dialect"),
        func.substr(uploads.c.label, 1, func.length(_PREFIX)) == _PREFIX,
    )
    .order_by(uploads.c.created_at, uploads.c.id)
)
_POOLED: Final = and_(_OPEN, uploads.c.space_id.is_(None))
_HELD_SUM: Final = func.coalesce(func.sum(uploads.c.reserved_bytes), 0)
_POOL_SUM: Final = Statement(select(_HELD_SUM).where(_POOLED))
_ADDRESS_SUM: Final = Statement(
    select(_HELD_SUM).where(_POOLED, uploads.c.address == bindparam("address"))
)
_LOCK_POOL: Final = Statement(
    select(installation.c.value)
    .where(installation.c.key == "storage_id")
    .with_for_update()
)
_OWNER: Final = Statement(
    select(users.c.name, users.c.display_name, users.c.is_admin).where(
        users.c.id == bindparam("user_id"), users.c.disabled_at.is_(None)
    )
)
_STAGED: Final = Statement(
    select(uploads.c.blob_id).where(
        uploads.c.blob_id == bindparam("blob_id"),
        or_(_OPEN, uploads.c.kind == UploadKind.PARTIAL.value),
    )
)


def _same_content(digest: ColumnElement[str]) -> Statement:
    return Statement(
        select(
            blobs.c.id,
            blobs.c.size,
            blobs.c.sha1,
            blobs.c.adler32,
            blobs.c.md5,
            blobs.c.sha256,
        )
        .join(nodes, nodes.c.blob_id == blobs.c.id)
        .where(
            digest == bindparam("digest"),
            blobs.c.size == bindparam("size"),
            blobs.c.size >= literal_column(str(FINDABLE_BYTES)),  # as the indexes say
            nodes.c.space_id == bindparam("space_id"),
        )
        .limit(1)
    )


_BY_DIGEST: Final = {
    "sha1": _same_content(blobs.c.sha1),
    "sha256": _same_content(blobs.c.sha256),
}


def _read(row: AnyRow) -> Upload:
    values = dict(zip(_NAMES, row, strict=True))
    result = values["result"]
    held_at, finished_at = values["held_at"], values["finished_at"]
    hash_state = values["hash_state"]
    return Upload(
        id=UploadId(values["id"]),
        dialect=values["dialect"],
        state=UploadState(values["state"]),
        kind=UploadKind(values["kind"]),
        owner_id=values["owner_id"],
        space_id=values["space_id"],
        parent_id=values["parent_id"],
        name=values["name"],
        node_id=NodeId(values["node_id"]),
        blob_id=BlobId(values["blob_id"]),
        length=values["length"],
        offset=values["offset"],
        metadata=values["metadata"],
        intent=Intent.from_json(values["target"]),
        reserved_bytes=values["reserved_bytes"],
        epoch=values["epoch"],
        holder=values["holder"],
        held_at=None if held_at is None else Instant(held_at),
        hash_state=None if hash_state is None else bytes(hash_state),
        result=None if result is None else Result.from_json(result),
        label=values["label"],
        address=values["address"],
        created_at=Instant(values["created_at"]),
        active_at=Instant(values["active_at"]),
        expires_at=Instant(values["expires_at"]),
        finished_at=None if finished_at is None else Instant(finished_at),
    )


def find(
    connection: Connection, upload_id: UploadId, *, lock: bool = False
) -> Upload | None:
    """The upload; `lock` keeps other writers of it out until commit."""
    statement = _GET_LOCKED if lock else _GET
    row = statement.first(connection, upload_id=upload_id)
    return None if row is None else _read(row)


def insert_upload(connection: Connection, upload: Upload) -> None:
    """Add an upload."""
    result = None if upload.result is None else upload.result.to_json()
    values: dict[str, object] = {name: getattr(upload, name, None) for name in _NAMES}
    values |= {
        "state": upload.state.value,
        "kind": upload.kind.value,
        "target": upload.intent.to_json(),
        "result": result,
    }
    _INSERT.run(connection, **values)


def claim(
    connection: Connection,
    upload: Upload,
    *,
    holder: str,
    blob_id: BlobId,
    now: Instant,
) -> bool:
    """Make the holder the one writer, unless the epoch has moved on."""
    changed = _CLAIM.run(
        connection,
        upload_id=upload.id,
        seen_epoch=upload.epoch,
        new_holder=holder,
        new_blob_id=blob_id,
        now=now,
    )
    return changed == 1


def release(connection: Connection, upload: Upload) -> None:
    """Let go of the upload, if it is still held under this epoch."""
    _RELEASE.run(connection, upload_id=upload.id, seen_epoch=upload.epoch)


def advance(connection: Connection, upload: Upload) -> bool:
    """Record how far the upload is; False if the epoch has moved on."""
    changed = _ADVANCE.run(
        connection,
        upload_id=upload.id,
        seen_epoch=upload.epoch,
        new_offset=upload.offset,
        new_length=upload.length,
        new_hash_state=upload.hash_state,
        new_holder=upload.holder,
        new_expires_at=upload.expires_at,
        now=upload.active_at,
    )
    return changed == 1


def set_reserved(
    connection: Connection, upload_id: UploadId, reserved_bytes: int
) -> None:
    """Record how much of its space's quota the upload holds."""
    _SET_RESERVED.run(connection, upload_id=upload_id, new_reserved=reserved_bytes)


def bind(connection: Connection, upload: Upload) -> None:
    """Record the owner, target and quota of an upload that had none."""
    _BIND.run(
        connection,
        upload_id=upload.id,
        new_owner_id=upload.owner_id,
        new_space_id=upload.space_id,
        new_parent_id=upload.parent_id,
        new_name=upload.name,
        new_target=upload.intent.to_json(),
        new_reserved=upload.reserved_bytes,
        new_label=upload.label,
    )


def close(
    connection: Connection,
    upload_id: UploadId,
    state: UploadState,
    result: Result | None,
    now: Instant,
) -> bool:
    """End an open upload; False if somebody else has ended it."""
    changed = _CLOSE.run(
        connection,
        upload_id=upload_id,
        new_state=state.value,
        new_result=None if result is None else result.to_json(),
        now=now,
    )
    return changed == 1


def forget(connection: Connection, upload_id: UploadId, now: Instant) -> None:
    """Take the result of a finished upload away; the file it made stays."""
    _FORGET.run(
        connection, upload_id=upload_id, new_state=UploadState.ABORTED.value, now=now
    )


def due(connection: Connection, *, now: Instant, count: int) -> list[Upload]:
    """Open uploads whose time is up, whether or not anybody writes to them."""
    return [_read(row) for row in _DUE.all(connection, now=now, count=count)]


def remove_ended(connection: Connection, before: Instant) -> int:
    """Delete the records of uploads that ended and expired before the instant."""
    return _FORGOTTEN.run(connection, before=before)


def stream_open(connection: Connection) -> Iterator[Upload]:
    """Every open upload, oldest first."""
    return map(_read, _LIST.stream(connection))


def list_open_of(
    connection: Connection, owner_id: UserId, dialect: str, prefix: str, now: Instant
) -> list[Upload]:
    """A user's open uploads of one dialect whose labels begin so, oldest first."""
    rows = _LIST_OF_OWNER.all(
        connection, owner_id=owner_id, dialect=dialect, prefix=prefix, now=now
    )
    return [_read(row) for row in rows]


def pool_sums(connection: Connection, address: str) -> tuple[int, int]:
    """Bytes promised to all unbound uploads, and to those from the address.

    Holds a lock until commit, so that the sums stay true.
    """
    _LOCK_POOL.first(connection)
    total = _POOL_SUM.scalar(connection)
    return int(total), int(_ADDRESS_SUM.scalar(connection, address=address))


def find_owner(connection: Connection, user_id: UserId) -> Actor | None:
    """The account that answers for an upload; None if it is disabled or gone."""
    row = _OWNER.first(connection, user_id=user_id)
    return None if row is None else Actor(user_id, row[0], row[1], bool(row[2]))


def is_staged(connection: Connection, blob_id: BlobId) -> bool:
    """Whether an upload still needs the staged bytes."""
    return _STAGED.first(connection, blob_id=blob_id) is not None


def find_content(
    connection: Connection,
    space_id: SpaceId,
    algorithm: str,
    *,
    digest: str,
    size: int,
) -> Content | None:
    """Content of this size and digest (sha1 or sha256) that a file in the space has.

    None too for content of less than `FINDABLE_BYTES`.
    """
    row = _BY_DIGEST[algorithm].first(
        connection, digest=digest, size=size, space_id=space_id
    )
    if row is None:
        return None
    return Content(BlobId(row[0]), row[1], Checksums(row[2], row[3], row[4], row[5]))
