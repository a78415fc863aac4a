"""Uploads that nobody goes on with: expired, or their files have come another way.

One query for each; they are asked only where a quota would refuse, and only by
`spaces.leftovers`.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, String, and_, bindparam, exists, or_, select

from spaces.clock import Instant
from spaces.db.schema import blobs, nodes, uploads
from spaces.db.statement import Statement
from spaces.ids import BlobId, NodeId, SpaceId, UploadId, UserId
from spaces.upload_model import Intent, OnExisting, UploadState

_OPEN: Final = UploadState.OPEN.value
_NEWER: Final = uploads.alias("newer")
_WANTS_BYTES: Final = or_(
    uploads.c.length.is_(None), uploads.c.offset < uploads.c.length
)
_IS_REPLACED: Final = exists().where(
    # By its key, as the index has it; a name that is none waits for its expiry.
    nodes.c.parent_id == uploads.c.parent_id,
    nodes.c.name_key == uploads.c.name,
    blobs.c.id == nodes.c.blob_id,
    blobs.c.created_at > uploads.c.active_at,
)
_IS_BEGUN_ANEW: Final = exists().where(
    _NEWER.c.owner_id == uploads.c.owner_id,
    _NEWER.c.state == _OPEN,
    _NEWER.c.dialect == uploads.c.dialect,  # so both replace, or neither does
    _NEWER.c.parent_id == uploads.c.parent_id,
    _NEWER.c.name == uploads.c.name,
    _NEWER.c.created_at >= uploads.c.active_at + bindparam("silence"),
)
_IS_WANTED_ANEW: Final = and_(
    uploads.c.parent_id == bindparam("parent_id", type_=String),
    uploads.c.name == bindparam("name", type_=String),
)
_EXPIRED: Final = Statement(
    select(uploads.c.id, uploads.c.blob_id, uploads.c.reserved_bytes)
    .where(
        uploads.c.space_id == bindparam("space_id"),
        uploads.c.state == _OPEN,
        uploads.c.expires_at <= bindparam("now"),
        uploads.c.holder.is_(None),
        uploads.c.reserved_bytes > 0,
    )
    .with_for_update(of=uploads)
)
_SUPERSEDED: Final = Statement(
    select(uploads.c.id, uploads.c.blob_id, uploads.c.reserved_bytes, uploads.c.target)
    .where(
        uploads.c.owner_id == bindparam("owner_id"),
        uploads.c.space_id == bindparam("space_id"),
        uploads.c.state == _OPEN,
        uploads.c.holder.is_(None),
        bindparam("now") >= uploads.c.active_at + bindparam("silence"),
        uploads.c.reserved_bytes > 0,
        _WANTS_BYTES,
        or_(_IS_REPLACED, _IS_BEGUN_ANEW, _IS_WANTED_ANEW),
    )
    .with_for_update(of=uploads)
)


@dataclass(frozen=True, slots=True)
class Leftover:
    """An upload that its owner has no use for any more, and what it holds."""

    id: UploadId
    blob_id: BlobId
    reserved_bytes: int


def expired(connection: Connection, space_id: SpaceId, now: Instant) -> list[Leftover]:
    """Whosever uploads in a space have expired; nobody can claim them until commit."""
    rows = _EXPIRED.all(connection, space_id=space_id, now=now)
    return [Leftover(UploadId(row[0]), BlobId(row[1]), row[2]) for row in rows]


def superseded(
    connection: Connection,
    owner_id: UserId,
    space_id: SpaceId,
    *,
    parent_id: NodeId | None,
    name: str,
    now: Instant,
    silence: int,
) -> list[Leftover]:
    """The owner's leftovers in a space; nobody can claim them until commit.

    `parent_id` and `name` say what the owner is about to write, if that is known.
    What shall stand beside a file of its name is never superseded by it.
    """
    rows = _SUPERSEDED.all(
        connection,
        owner_id=owner_id,
        space_id=space_id,
        parent_id=parent_id,
        name=name,
        now=now,
        silence=silence,
    )
    return [
        Leftover(UploadId(row[0]), BlobId(row[1]), row[2])
        for row in rows
        if Intent.from_json(row[3]).on_existing is not OnExisting.KEEP_BOTH
    ]
