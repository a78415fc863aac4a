"""Files: staging content, and making it the content of a file in one transaction.

The bytes are in the blob store and durable before anything here is written to the
database. Where the bytes come from is not known here.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from sqlalchemy import Connection

from spaces.blobs.base import BlobReader, BlobStore
from spaces.blobs.small import SMALL_BYTES, SmallWriter
from spaces.blobs.verified import VerifiedReader
from spaces.blobs.writer import FileWriter
from spaces.checksums import ALL_KEPT, KEPT, RunningChecksums
from spaces.clock import Instant
from spaces.db import blobs as blob_rows
from spaces.db import nodes, versions
from spaces.db.engine import Database
from spaces.errors import AlreadyExists, NotAFile, QuotaExceeded, SpacesError
from spaces.ids import BlobId, NodeId, new_id
from spaces.leftovers import Leftovers
from spaces.lookup import Spot
from spaces.model import (
    NO_GUARD,
    Actor,
    ChangeKind,
    Content,
    Guard,
    Node,
    Place,
    Space,
    Written,
)
from spaces.policy import Policy
from spaces.propagation import SpaceChange, begin_change_at
from spaces.room import Room


class Files:
    """Contents of files."""

    def __init__(
        self, *, database: Database, blobs: BlobStore, room: Room, policy: Policy
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._room = room
        self._policy = policy
        self._leftovers = Leftovers(database=database, blobs=blobs)

    def stage(
        self, *, expected_bytes: int | None = None, algorithms: Iterable[str] = ()
    ) -> FileWriter | SmallWriter:
        """Begin new content, with the checksums that are kept and those asked for.

        Content of moderate size gets all its digests while it arrives; for larger
        content a background worker adds what nobody waits for. No more bytes may come
        than are expected.

        Raises:
            StorageFull: there is no room for what is expected.
        """
        self._room.require(expected_bytes)
        is_moderate = (
            expected_bytes is not None
            and expected_bytes <= self._policy.digest_all_bytes
        )
        checksums = RunningChecksums(
            (*(ALL_KEPT if is_moderate else KEPT), *algorithms)
        )
        blob_id = BlobId(new_id())
        if expected_bytes is not None and expected_bytes <= SMALL_BYTES:
            return SmallWriter(self._blobs, blob_id, checksums, room=expected_bytes)
        return FileWriter(
            self._blobs, blob_id, checksums, expected_bytes=expected_bytes
        )

    def commit(
        self,
        actor: Actor,
        place: Place,
        content: Content,
        *,
        modified_at: Instant | None = None,
        media_type: str | None = None,
        guard: Guard = NO_GUARD,
        expect_new: bool = False,
    ) -> Written:
        """Make sealed content the content of the file at the place.

        Args:
            actor: who writes.
            place: a file, or where there shall be one.
            content: in the blob store, and not used before; removed when refused.
            modified_at: now, if not given.
            media_type: as the client said, if it did.
            guard: what must hold for the file as it is before.
            expect_new: refuse to overwrite.

        Raises:
            NotAFile: there is a folder at the place.
            AlreadyExists: there is a file, and a new one was expected.
            ParentNotFound, NameRefused, TooDeep: no file can be there.
            PreconditionFailed, Locked, QuotaExceeded: see the guard and the space.
            SpaceNotFound, SpaceDisabled, Forbidden: as for every change.
        """
        is_refused = False

        def job(connection: Connection) -> Written:
            nonlocal is_refused
            is_refused = True  # until nothing below has raised
            written = commit_content(
                self._database,
                connection,
                actor,
                place,
                content,
                modified_at=modified_at,
                media_type=media_type,
                guard=guard,
                expect_new=expect_new,
            )
            is_refused = False
            return written

        try:
            return self._leftovers.judge(
                lambda: self._database.write(job, space_id=place.space_id),
                actor,
                place,
            )
        except SpacesError:
            # Only what failed before its commit is known to be in no row.
            if is_refused:
                with suppress(SpacesError, OSError):  # else the sweeper removes it
                    self._blobs.remove(content.blob_id)
            raise

    def check(
        self,
        actor: Actor,
        place: Place,
        length: int | None,
        *,
        guard: Guard = NO_GUARD,
    ) -> Space:
        """Refuse now what `commit` would refuse, before a body is read.

        The space as the actor has it now. `length` is how many bytes will come,
        None if that is not known.

        Raises:
            SpacesError: as `commit`.
        """

        def look() -> Space:
            with self._database.read() as connection:
                change = begin_change_at(
                    self._database, connection, actor, place, guard=guard, lock=False
                )
                spot = change.target(place)
                _require_writable(change, spot, expect_new=False)
                growth = (length or 0) - (0 if spot.node is None else spot.node.size)
                remaining = change.space.quota.remaining
                if remaining is not None and growth > max(remaining, 0):
                    raise QuotaExceeded(growth, remaining)
                return change.space

        return self._leftovers.judge(look, actor, place)

    def make_room(self, actor: Actor, place: Place) -> None:
        """End leftovers, for the next attempt to write what broke off at the quota.

        Raises:
            SpaceNotFound, SpaceDisabled, Forbidden: the actor may not write there.
        """
        self._leftovers.end_for(actor, place)

    def open(
        self, content: Content, start: int = 0, length: int | None = None
    ) -> BlobReader:
        """Read content, or a range of it.

        All of it is compared with its checksum on the way: see `VerifiedReader`.

        Raises:
            BlobNotFound: the store has lost it.
        """
        reader = self._blobs.open(content.blob_id, start, length)
        if start or length not in {None, content.size}:
            return reader
        return VerifiedReader(
            reader, size=content.size, expected=content.checksums.adler32
        )


def commit_content(
    database: Database,
    connection: Connection,
    actor: Actor,
    place: Place,
    content: Content,
    *,
    modified_at: Instant | None,
    media_type: str | None,
    guard: Guard,
    expect_new: bool,
    node_id: NodeId | None = None,
    reserved_bytes: int = 0,
    is_known: bool = False,
) -> Written:
    """`Files.commit` inside a transaction that does more, such as an upload's.

    A new file gets the id that was promised for it, if one was. What was reserved for
    the content is handed back. `is_known`: the content is that of another file in the
    same space already.
    """
    change = begin_change_at(database, connection, actor, place, guard=guard)
    spot = change.target(place)
    _require_writable(change, spot, expect_new=expect_new)
    if not is_known:
        blob_rows.insert_blob(connection, content, change.now)
    at = change.now if modified_at is None else modified_at
    if spot.node is None:
        node = _new_file(
            change,
            spot,
            content,
            node_id=node_id,
            modified_at=at,
            media_type=media_type,
        )
        nodes.insert_node(connection, node)
        kind, delta = ChangeKind.CREATED, content.size
    else:
        node = replace_content(change, spot.node, content, at, media_type)
        kind, delta = ChangeKind.CONTENT, content.size - spot.node.size
    change.record(
        kind, node.id, spot.folder_ids, delta=delta, reserved_delta=-reserved_bytes
    )
    return Written(node, is_new=spot.node is None, role=change.space.role)


def replace_content(
    change: SpaceChange,
    node: Node,
    content: Content,
    modified_at: Instant,
    media_type: str | None,
) -> Node:
    """Give a file new content and keep the old one as a version.

    A version equal to the latest one, in content and time, is not kept twice.
    """
    assert node.content is not None
    if versions.latest_equals(change.connection, node):
        blob_rows.release(change.connection, node.content.blob_id, change.now)
    else:
        versions.insert_version(change.connection, node, change.now)
    changed = replace(
        node,
        content=content,
        size=content.size,
        etag=change.etag,
        modified_at=modified_at,
        media_type=node.media_type if media_type is None else media_type,
    )
    nodes.set_content(change.connection, changed)
    return changed


def _require_writable(change: SpaceChange, spot: Spot, *, expect_new: bool) -> None:
    node = spot.node
    if node is not None and expect_new:
        raise AlreadyExists(spot.name)
    change.require_state(node)
    if node is not None and node.is_folder:
        raise NotAFile
    change.require_unlocked(spot)


def _new_file(
    change: SpaceChange,
    spot: Spot,
    content: Content,
    *,
    node_id: NodeId | None,
    modified_at: Instant,
    media_type: str | None,
) -> Node:
    return Node(
        id=NodeId(new_id()) if node_id is None else node_id,
        space_id=change.space.id,
        parent_id=spot.parent_id,
        name=spot.name,
        size=content.size,
        etag=change.etag,
        modified_at=modified_at,
        created_at=change.now,
        media_type=media_type,
        content=content,
    )
