"""Making room where a quota would refuse: leftovers give way.

A client that was killed amid an upload may send its file anew, in an upload of its
own or in one piece. What the first upload was promised is no use to its owner then,
though it stays promised until the upload expires; and what has expired holds its
promise until the sweeper comes. Both are looked for only when a promise cannot be
kept otherwise; nothing here is done while the quota suffices.
"""

import logging
from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy import Connection

from spaces.access import Permission
from spaces.blobs.base import BlobStore
from spaces.clock import SECOND, Instant
from spaces.db import leftovers as rows
from spaces.db import uploads as upload_rows
from spaces.db.engine import Database
from spaces.db.leftovers import Leftover
from spaces.errors import QuotaExceeded
from spaces.ids import NodeId, SpaceId, UserId
from spaces.lookup import find_spot
from spaces.model import Actor, Place
from spaces.quota import release
from spaces.upload_model import Upload, UploadState

T = TypeVar("T")

_LOG: Final = logging.getLogger("spaces.leftovers")
_SILENCE: Final = 10 * SECOND
"""A client may pause so long between two requests; only then has it left its upload."""


class Leftovers:
    """Ends uploads that have expired, or that something newer has replaced."""

    def __init__(self, *, database: Database, blobs: BlobStore) -> None:
        self._database = database
        self._blobs = blobs

    def judge(self, attempt: Callable[[], T], actor: Actor, place: Place) -> T:
        """Try to write to a place; once more, if that made room.

        Raises:
            QuotaExceeded: there is no room all the same.
        """
        try:
            return attempt()
        except QuotaExceeded:
            if not self.end_for(actor, place):
                raise
        return attempt()

    def judge_upload(self, attempt: Callable[[], T], upload: Upload) -> T:
        """Try to go on with an upload; once more, if that made room.

        Raises:
            QuotaExceeded: there is no room all the same.
        """
        try:
            return attempt()
        except QuotaExceeded:
            space_id, owner_id = upload.space_id, upload.owner_id
            if space_id is None or owner_id is None:
                raise
            if not self._end(
                lambda job: self._ended(job, owner_id, space_id), space_id
            ):
                raise
        return attempt()

    def end_for(self, actor: Actor, place: Place) -> bool:
        """End what the actor's writing to the place leaves over; whether any was.

        Raises:
            SpaceNotFound, SpaceDisabled, Forbidden: the actor may not write there.
        """

        def job(connection: Connection) -> list[Leftover]:
            spot = find_spot(connection, actor, place, Permission.WRITE)
            target = (spot.parent_id, spot.name) if spot.folder_ids else None
            return self._ended(connection, actor.user_id, place.space_id, target)

        return self._end(job, place.space_id)

    def _end(
        self, job: Callable[[Connection], list[Leftover]], space_id: SpaceId
    ) -> bool:
        ended = self._database.write(job, space_id=space_id)
        for leftover in ended:
            self._blobs.discard(leftover.blob_id)
        if ended:
            held = sum(leftover.reserved_bytes for leftover in ended)
            _LOG.info("leftover uploads ended: %d, holding %d bytes", len(ended), held)
        return bool(ended)

    def _ended(
        self,
        connection: Connection,
        owner_id: UserId,
        space_id: SpaceId,
        target: tuple[NodeId, str] | None = None,
    ) -> list[Leftover]:
        now = self._database.now(connection)
        parent_id, name = (None, "") if target is None else target
        expired = rows.expired(connection, space_id, now)
        _close(connection, space_id, expired, UploadState.EXPIRED, now)
        superseded = rows.superseded(
            connection,
            owner_id,
            space_id,
            parent_id=parent_id,
            name=name,
            now=now,
            silence=_SILENCE,
        )
        _close(connection, space_id, superseded, UploadState.ABORTED, now)
        return expired + superseded


def _close(
    connection: Connection,
    space_id: SpaceId,
    found: list[Leftover],
    state: UploadState,
    now: Instant,
) -> None:
    for leftover in found:
        upload_rows.close(connection, leftover.id, state, None, now)
        release(connection, space_id, leftover.reserved_bytes)
