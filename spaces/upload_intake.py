"""How uploads begin: their target is checked, their quota held, their row made.

Each function is one step inside a transaction that `spaces.uploads` opens.
"""

from dataclasses import replace

from sqlalchemy import Connection

from spaces.access import Permission
from spaces.clock import Instant
from spaces.db import uploads as rows
from spaces.db.engine import Database
from spaces.errors import (
    AlreadyExists,
    LimitExceeded,
    NotAFile,
    QuotaExceeded,
    UploadNotFound,
)
from spaces.ids import BlobId, NodeId, SpaceId, UploadId, new_id, secret_id
from spaces.lookup import Spot, find_space
from spaces.model import Actor, Place
from spaces.propagation import SpaceChange, begin_change
from spaces.quota import release, reserve
from spaces.upload_model import (
    Intent,
    LeaseLost,
    NewUpload,
    OnExisting,
    Upload,
    UploadHeld,
    UploadState,
)


def create(
    database: Database,
    connection: Connection,
    actor: Actor,
    new: NewUpload,
    place: Place,
) -> Upload:
    """Begin an upload that becomes the file at the place.

    Raises:
        SpacesError: as `Uploads.create`.
    """
    guard = new.intent.guard
    change = begin_change(database, connection, actor, place.space_id, guard=guard)
    present = None if new.id is None else rows.find(connection, new.id)
    if present is not None:
        raise UploadHeld(present)
    upload, old_size = aim(change, new, place)
    upload = charge(connection, upload, old_size)
    rows.insert_upload(connection, upload)
    return upload


def aim(change: SpaceChange, new: NewUpload, place: Place) -> tuple[Upload, int]:
    """The upload, not yet stored, and the size of the file that it will replace.

    Raises:
        SpacesError: as `Uploads.create`, but for the quota.
    """
    spot = _target(change, place)
    existing, intent = spot.node, new.intent
    upload = replace(
        fresh(new, change.now),
        owner_id=change.actor.user_id,
        space_id=place.space_id,
        parent_id=spot.parent_id,
        name=spot.name,
    )
    if intent.on_existing is not OnExisting.REPLACE:
        return upload, 0
    if existing is None:
        intent = replace(intent, on_existing=OnExisting.REFUSE)
        return replace(upload, intent=intent), 0
    return replace(upload, node_id=existing.id), existing.size


def draft(
    database: Database,
    connection: Connection,
    actor: Actor,
    new: NewUpload,
    place: Place,
) -> Upload:
    """What `create` would make, without making it.

    Raises:
        SpacesError: as `Uploads.create`.
    """
    row = find_space(connection, actor, place.space_id, Permission.WRITE)
    now, guard = database.now(connection), new.intent.guard
    change = SpaceChange(connection, actor, row, guard, now, "")
    upload, old_size = aim(change, new, place)
    growth, room = (new.length or 0) - old_size, row.space.quota.remaining
    if room is not None and growth > room:
        raise QuotaExceeded(growth, room)
    return upload


def create_part(
    database: Database,
    connection: Connection,
    actor: Actor,
    new: NewUpload,
    space_id: SpaceId,
) -> Upload:
    """Begin an upload in a space, at no place in it as yet.

    Raises:
        SpacesError: as `Uploads.create_part`.
    """
    find_space(connection, actor, space_id, Permission.WRITE)
    now = database.now(connection)
    upload = replace(fresh(new, now), owner_id=actor.user_id, space_id=space_id)
    upload = charge(connection, upload, 0)
    rows.insert_upload(connection, upload)
    return upload


def create_unbound(
    database: Database, connection: Connection, new: NewUpload
) -> Upload:
    """Begin an upload whose target and owner are told later.

    Raises:
        SpacesError: as `Uploads.create_unbound`.
    """
    pool = new.pool
    if pool is None or new.length is None:
        raise LimitExceeded("uploads without a target", 0)
    total, of_address = rows.pool_sums(connection, new.address)
    room = min(
        pool.total_bytes - total,
        pool.address_bytes - of_address,
        pool.upload_bytes,
    )
    if new.length > room:
        raise QuotaExceeded(new.length, room)
    upload = fresh(new, database.now(connection))
    upload = replace(upload, reserved_bytes=new.length)
    rows.insert_upload(connection, upload)
    return upload


def bind(
    database: Database,
    connection: Connection,
    actor: Actor,
    upload: Upload,
    *,
    place: Place,
    intent: Intent,
    label: str,
) -> Upload:
    """Say where an unbound upload lands, and charge the space instead of the pool.

    Raises:
        SpacesError: as `Uploads.bind`.
    """
    guard = intent.guard
    change = begin_change(database, connection, actor, place.space_id, guard=guard)
    is_own = (upload.owner_id, upload.space_id) == (actor.user_id, place.space_id)
    is_theirs = upload.space_id is not None and not is_own
    if upload.state is not UploadState.OPEN or is_theirs:
        raise UploadNotFound
    spot = _target(change, place)
    if spot.node is not None and intent.on_existing is OnExisting.REFUSE:
        raise AlreadyExists(spot.name)
    if upload.space_id is not None:
        release(connection, upload.space_id, upload.reserved_bytes)
    bound = replace(
        upload,
        owner_id=actor.user_id,
        space_id=place.space_id,
        parent_id=spot.parent_id,
        name=spot.name,
        intent=intent,
        label=label,
    )
    bound = charge(connection, bound, 0)
    rows.bind(connection, bound)
    return bound


def charge(connection: Connection, upload: Upload, old_size: int) -> Upload:
    """Hold the quota for what the upload adds to its space.

    Raises:
        QuotaExceeded: there is no room for it.
    """
    assert upload.space_id is not None
    growth = max((upload.length or 0) - old_size, 0)
    reserve(connection, upload.space_id, growth)
    return replace(upload, reserved_bytes=growth)


def hold(connection: Connection, upload: Upload, total_bytes: int) -> Upload:
    """Make an upload in a space hold so much quota in all.

    Raises:
        LeaseLost: another writer has taken the upload over.
        QuotaExceeded: the space has no room for that.
    """
    assert upload.space_id is not None
    present = rows.find(connection, upload.id, lock=True)
    if present is None or present.epoch != upload.epoch:
        raise LeaseLost
    reserve(connection, upload.space_id, total_bytes - present.reserved_bytes)
    rows.set_reserved(connection, upload.id, total_bytes)
    return replace(upload, reserved_bytes=total_bytes)


def absorb(connection: Connection, upload: Upload, parts: tuple[Upload, ...]) -> Upload:
    """Let what the parts hold of the quota go over to the upload made of them.

    Raises:
        LeaseLost: another writer has taken the upload over.
        QuotaExceeded: the upload is larger than what they hold and what is left.
    """
    for one in (*parts, upload):  # the upload itself: where joining failed before
        present = rows.find(connection, one.id, lock=True)
        if one is upload and (present is None or present.epoch != upload.epoch):
            raise LeaseLost
        if present is not None and present.space_id is not None:
            release(connection, present.space_id, present.reserved_bytes)
            rows.set_reserved(connection, one.id, 0)
    upload = charge(connection, upload, 0)
    rows.set_reserved(connection, upload.id, upload.reserved_bytes)
    return upload


def fresh(new: NewUpload, now: Instant) -> Upload:
    """The row of an upload that has no target yet."""
    return Upload(
        id=new.id or UploadId(secret_id()),
        dialect=new.dialect,
        state=UploadState.OPEN,
        kind=new.kind,
        owner_id=None,
        space_id=None,
        parent_id=None,
        name="",
        node_id=NodeId(new_id()),
        blob_id=BlobId(new_id()),
        length=new.length,
        offset=0,
        metadata=new.metadata,
        intent=new.intent,
        reserved_bytes=0,
        epoch=0,
        holder=None,
        held_at=None,
        hash_state=None,
        result=None,
        label=new.label,
        address=new.address,
        created_at=now,
        active_at=now,
        expires_at=new.lifetime.expiry(now, now),
        finished_at=None,
    )


def _target(change: SpaceChange, place: Place) -> Spot:
    spot = change.target(place)
    if spot.node is not None and spot.node.is_folder:
        raise NotAFile
    change.require_state(spot.node)
    change.require_unlocked(spot)
    return spot
