"""How uploads end: the file and the upload's result in one transaction, or given up.

So it happens exactly once, whoever asks and however often. The bytes are sealed in
the blob store before; each function is one step inside a transaction that
`spaces.uploads` opens.
"""

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from sqlalchemy import Connection

from spaces import resources
from spaces.access import Permission
from spaces.clock import Instant
from spaces.db import nodes, paths
from spaces.db import spaces as space_rows
from spaces.db import uploads as rows
from spaces.db.engine import Database
from spaces.errors import AlreadyExists, Forbidden
from spaces.files import commit_content
from spaces.ids import NodeId, new_id
from spaces.lookup import find_space, locate
from spaces.model import Actor, Content, Place, SpaceKind, Written
from spaces.names import MAX_NAME_BYTES
from spaces.propagation import begin_change
from spaces.quota import release
from spaces.upload_intake import aim
from spaces.upload_model import (
    LeaseLost,
    NewUpload,
    OnExisting,
    Result,
    Upload,
    UploadState,
)

_MOST_NAMESAKES: Final = 10_000


def finish(
    database: Database, connection: Connection, upload: Upload, content: Content
) -> Upload:
    """Make the content the file that the upload is for, under its lease.

    Raises:
        LeaseLost: another writer has taken over.
        SpacesError: as `Files.commit`.
    """
    present = rows.find(connection, upload.id, lock=True)
    if present is not None and present.state is UploadState.FINISHED:
        return present
    if present is None or present.epoch != upload.epoch:
        raise LeaseLost
    actor = owner(connection, present)
    result = _commit(database, connection, actor, present, content=content)
    now = database.now(connection)
    rows.close(connection, present.id, UploadState.FINISHED, result, now)
    return _closed(present, result, now)


def complete(
    database: Database,
    connection: Connection,
    actor: Actor,
    new: NewUpload,
    *,
    place: Place,
    content: Content,
    is_known: bool = False,
) -> Upload:
    """Begin and finish an upload whose bytes are all there already.

    Raises:
        SpacesError: as `Uploads.create` and `Files.commit`.
    """
    guard = new.intent.guard
    change = begin_change(database, connection, actor, place.space_id, guard=guard)
    upload, _ = aim(change, new, place)
    upload = replace(upload, offset=content.size, blob_id=content.blob_id)
    result = _commit(
        database, connection, actor, upload, content=content, is_known=is_known
    )
    upload = _closed(upload, result, change.now)
    rows.insert_upload(connection, upload)
    return upload


def adopt(
    database: Database,
    connection: Connection,
    actor: Actor,
    new: NewUpload,
    place: Place,
) -> Upload | None:
    """Finish an upload with content that its space has already, if it has.

    Raises:
        SpacesError: as `complete`.
    """
    intent, length = new.intent, new.length
    space = find_space(connection, actor, place.space_id, Permission.WRITE).space
    is_own = space.kind is SpaceKind.PERSONAL and space.owner_id == actor.user_id
    if intent.algorithm is None or intent.digest is None or length is None:
        return None
    if intent.algorithm != "sha256" and not is_own:
        return None
    content = rows.find_content(
        connection, space.id, intent.algorithm, digest=intent.digest, size=length
    )
    if content is None:
        return None
    return complete(
        database, connection, actor, new, place=place, content=content, is_known=True
    )


def has_file(connection: Connection, upload: Upload) -> bool:
    """Whether the file of a finished upload is there, as the upload left it."""
    result = upload.result
    if result is None:
        return False
    actor = owner(connection, upload)
    row = find_space(connection, actor, result.space_id, Permission.READ)
    spot = locate(connection, row, Place(result.space_id, (), result.node_id))
    return spot.node is not None and spot.node.etag == result.etag


def owner(connection: Connection, upload: Upload) -> Actor:
    """Who answers for the upload, whoever sends the bytes.

    Raises:
        Forbidden: the account is disabled or gone.
    """
    owner_id = upload.owner_id
    actor = None if owner_id is None else rows.find_owner(connection, owner_id)
    if actor is None:
        raise Forbidden("account")
    return actor


def require_allowed(connection: Connection, upload: Upload) -> None:
    """Refuse when the owner may no longer write where the upload lands.

    Raises:
        Forbidden, SpaceNotFound, SpaceDisabled: as their names say.
    """
    if upload.space_id is not None:
        actor = owner(connection, upload)
        find_space(connection, actor, upload.space_id, Permission.WRITE)


def end(
    database: Database,
    connection: Connection,
    upload: Upload,
    state: UploadState,
    *,
    as_seen: bool,
) -> Upload | None:
    """Give an upload up; as it was until then, None if it has ended already."""
    now = database.now(connection)
    present = rows.find(connection, upload.id, lock=True)
    if as_seen and (present is None or present.epoch != upload.epoch):
        return None
    if present is None or present.state is UploadState.FINISHED:
        rows.forget(connection, upload.id, now)
        return None
    if not rows.close(connection, upload.id, state, None, now):
        return None
    return_quota(connection, present)
    return present


def return_quota(connection: Connection, upload: Upload) -> None:
    """Give back what an upload holds; for whoever just ended it."""
    if upload.space_id is not None and upload.reserved_bytes:
        release(connection, upload.space_id, upload.reserved_bytes)


def _commit(
    database: Database,
    connection: Connection,
    actor: Actor,
    upload: Upload,
    *,
    content: Content,
    is_known: bool = False,
) -> Result:
    intent, place = upload.intent, upload.place
    kind = intent.resource_kind
    if kind is not None:
        twin = resources.find_twin(connection, actor, place.space_id, kind, content)
        if twin is not None:
            return_quota(connection, upload)
            row = space_rows.find(connection, twin.node.space_id, actor.user_id)
            role = None if row is None else row.space.role
            written = Written(twin.node, is_new=False, role=role)
            result = _result(written, content)
            return replace(result, resource_id=twin.id, is_duplicate=True)
    if intent.on_existing is OnExisting.KEEP_BOTH:
        place = _free_place(connection, place)
    at = intent.modified_at
    written = commit_content(
        database,
        connection,
        actor,
        place,
        content,
        modified_at=None if at is None else Instant(at),
        media_type=intent.media_type,
        guard=intent.guard,
        node_id=_node_id(connection, upload, place),
        expect_new=intent.on_existing is not OnExisting.REPLACE,
        reserved_bytes=upload.reserved_bytes,
        is_known=is_known,
    )
    result = _result(written, content)
    if kind is None:
        return result
    resource_id = resources.add(database, connection, written.node.id, kind)
    return replace(result, resource_id=resource_id)


def _node_id(connection: Connection, upload: Upload, place: Place) -> NodeId:
    """The promised id, unless the file that had it has gone from its place."""
    if upload.intent.on_existing is not OnExisting.REPLACE:
        return upload.node_id
    assert place.anchor is not None
    if nodes.find_child(connection, place.anchor, place.path[-1]) is None:
        return NodeId(new_id())
    return upload.node_id


def _free_place(connection: Connection, place: Place) -> Place:
    """Beside what has the name; in the root, if the folder has been removed."""
    name, root_id = place.path[-1], NodeId(place.space_id)
    above = paths.climb(connection, place.anchor or root_id)
    folder_id = above[-1][0] if above and above[0][0] == root_id else root_id
    for number in range(1, _MOST_NAMESAKES):
        free = namesake(name, number)
        if nodes.find_child(connection, folder_id, free) is None:
            return Place(place.space_id, (free,), folder_id)
    raise AlreadyExists(name)


def namesake(name: str, number: int) -> str:
    """The name itself, then `name (2).ext`, `name (3).ext`, …, never too long."""
    if number == 1:
        return name
    suffix = PurePosixPath(name).suffix
    mark = f" ({number}){suffix}"
    room = MAX_NAME_BYTES - len(mark.encode())
    stem = name.removesuffix(suffix).encode()[:room].decode("utf-8", "ignore")
    return stem + mark


def _result(written: Written, content: Content) -> Result:
    node = written.node
    return Result(
        space_id=node.space_id,
        node_id=node.id,
        name=node.name,
        size=node.size,
        etag=node.etag,
        modified_at=node.modified_at,
        media_type=node.media_type,
        is_new=written.is_new,
        role=written.role,
        checksums=content.checksums,
    )


def _closed(upload: Upload, result: Result, now: Instant) -> Upload:
    return replace(
        upload,
        state=UploadState.FINISHED,
        result=result,
        node_id=result.node_id,
        offset=result.size,
        length=result.size,
        reserved_bytes=0,
        holder=None,
        hash_state=None,
        finished_at=now,
        epoch=upload.epoch + 1,
    )
