"""Uploads as the domain keeps them: rows that say how far, by whom, and what for.

The row is the authority. An upload is made with its node id reserved and its quota
held; one writer at a time holds its lease, under an epoch that fences off those who
lost it; the finish commits file and row in one transaction, so it happens once and
its result can be told again. How bytes arrive is not known here.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar

from sqlalchemy import Connection

from spaces import upload_finish, upload_intake, upload_lease
from spaces.blobs.base import BlobStore
from spaces.clock import Instant
from spaces.db import upload_labels
from spaces.db import uploads as rows
from spaces.db.engine import Database
from spaces.db.schema import FINDABLE_BYTES
from spaces.ids import BlobId, SpaceId, UploadId, UserId, new_id
from spaces.leftovers import Leftovers
from spaces.model import Actor, Content, Place
from spaces.upload_model import (
    Claim,
    Intent,
    Lifetime,
    NewUpload,
    Upload,
    UploadState,
)
from spaces.upload_silence import Silence

T = TypeVar("T")

_SWEEP_COUNT: Final = 100


class Uploads:
    """Creating uploads, holding them, recording progress, ending them."""

    def __init__(
        self, *, database: Database, blobs: BlobStore, silence: Silence | None = None
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._silence = silence or Silence()
        self._leftovers = Leftovers(database=database, blobs=blobs)

    def now(self) -> Instant:
        """The time by which uploads expire."""
        with self._database.read() as connection:
            return self._database.now(connection)

    def draft(self, actor: Actor, new: NewUpload, place: Place) -> Upload:
        """What `create` would make, without making it: a refusal before the bytes.

        Raises:
            SpacesError: as `create`.
        """

        def look() -> Upload:
            with self._database.read() as connection:
                return upload_intake.draft(
                    self._database, connection, actor, new, place
                )

        return self._leftovers.judge(look, actor, new.intent.replaced_at(place))

    def create(self, actor: Actor, new: NewUpload, place: Place) -> Upload:
        """Begin an upload that becomes the file at the place.

        A file that is there already will be replaced, keeping its id; if there is
        none, the upload expects that none is made meanwhile, unless it keeps both.

        Raises:
            SpaceNotFound, SpaceDisabled, Forbidden: the actor may not write there.
            NameRefused, ParentNotFound, TooDeep: no file can be there.
            NotAFile: a folder is there.
            PreconditionFailed: the file is not as expected.
            Locked: a lock forbids it.
            QuotaExceeded: the space has no room for it.
            UploadHeld: there is one of that id; carries it.
        """
        return self._write_at(
            actor,
            new.intent.replaced_at(place),
            lambda connection: upload_intake.create(
                self._database, connection, actor, new, place
            ),
        )

    def create_part(self, actor: Actor, new: NewUpload, space_id: SpaceId) -> Upload:
        """Begin an upload that will be joined with others, or bound to a place.

        Raises:
            SpaceNotFound, SpaceDisabled, Forbidden: the actor may not write there.
            QuotaExceeded: the space has no room for it.
        """
        return self._write_at(
            actor,
            Place(space_id),
            lambda connection: upload_intake.create_part(
                self._database, connection, actor, new, space_id
            ),
        )

    def create_unbound(self, new: NewUpload) -> Upload:
        """Begin an upload whose target and owner are told later, by `bind`.

        Raises:
            QuotaExceeded: the pool of such uploads has no room for it.
            LimitExceeded: such uploads are not taken, or none of unknown length.
        """
        return self._database.write(
            lambda connection: upload_intake.create_unbound(
                self._database, connection, new
            )
        )

    def bind(
        self,
        actor: Actor,
        upload_id: UploadId,
        place: Place,
        intent: Intent,
        *,
        label: str = "",
    ) -> Upload:
        """Say where an unbound upload lands, and charge the space instead of the pool.

        Until it is finished, the same actor may say another place in the same space.

        Raises:
            UploadNotFound: there is no such open upload, or it is not the actor's.
            AlreadyExists: the name is taken, and the intent is to refuse then.
            SpacesError: as `create`.
        """

        def job(connection: Connection) -> Upload:
            upload = upload_lease.find(self._database, connection, upload_id, lock=True)
            return upload_intake.bind(
                self._database,
                connection,
                actor,
                upload,
                place=place,
                intent=intent,
                label=label,
            )

        return self._write_at(actor, intent.replaced_at(place), job)

    def get(self, upload_id: UploadId) -> Upload:
        """The upload as it is now, also when it has ended.

        Raises:
            UploadNotFound: there is none, or it ended long ago.
        """
        with self._database.read() as connection:
            return upload_lease.find(self._database, connection, upload_id)

    def list_open(self) -> list[Upload]:
        """Every upload that wants bytes, oldest first."""
        with self._database.read() as connection:
            return list(rows.stream_open(connection))

    def list_open_of(
        self, user_id: UserId, dialect: str, prefix: str = ""
    ) -> list[Upload]:
        """The user's open uploads of one dialect, by the beginning of their labels."""
        with self._database.read() as connection:
            now = self._database.now(connection)
            return rows.list_open_of(connection, user_id, dialect, prefix, now)

    def prolong(
        self, user_id: UserId, dialect: str, prefixes: tuple[str, ...], until: Instant
    ) -> None:
        """Let the user's open uploads whose labels begin so live until then.

        None of them is revived whose time is up.
        """

        def job(connection: Connection) -> None:
            now = self._database.now(connection)
            for prefix in prefixes:
                upload_labels.prolong(
                    connection, user_id, dialect, prefix, now=now, until=until
                )

        self._database.write(job)

    def claim(self, upload: Upload, holder: str, claim: Claim) -> Upload:
        """Become the one writer of an open upload, as it was seen.

        To fence off the former holder, what is staged is given a new id, so that
        nothing it may still write reaches the bytes.

        Raises:
            UploadHeld: another writer holds it; carries the upload as it is.
            UploadNotFound: it is no longer open.
            Forbidden, SpaceNotFound, SpaceDisabled: its owner may no longer write.
        """
        is_fencing = claim is Claim.FENCE and not upload.is_received
        blob_id = self._restage(upload) if is_fencing else upload.blob_id

        def job(connection: Connection) -> Upload:
            return upload_lease.claim(
                self._database,
                connection,
                upload,
                holder=holder,
                by=claim,
                blob_id=blob_id,
            )

        unused = blob_id
        try:
            held = self._database.write(job)
            unused = upload.blob_id
        finally:
            if is_fencing:
                self._blobs.discard(unused)
        return held

    def release(self, upload: Upload) -> None:
        """Let go of the lease; nothing happens if it was lost."""
        self._database.write(lambda connection: rows.release(connection, upload))

    def advance(
        self,
        upload: Upload,
        *,
        offset: int,
        length: int | None,
        hash_state: bytes | None,
        lifetime: Lifetime | None = None,
        keeps_lease: bool = True,
    ) -> Upload:
        """Record bytes that are durable, under the lease; extend a sliding expiry.

        Raises:
            LeaseLost: another writer has taken over.
        """
        progress = upload_lease.Progress(offset, length, hash_state)
        return self._database.write(
            lambda connection: upload_lease.advance(
                self._database,
                connection,
                upload,
                progress,
                lifetime=lifetime,
                keeps_lease=keeps_lease,
            )
        )

    def reserve(self, upload: Upload, total_bytes: int) -> Upload:
        """Make the upload hold so much quota in all, under the lease.

        Raises:
            LeaseLost: another writer has taken over.
            QuotaExceeded: the space has no room for that.
        """
        if upload.space_id is None or total_bytes == upload.reserved_bytes:
            return upload
        return self._write_on(
            upload,
            lambda connection: upload_intake.hold(connection, upload, total_bytes),
        )

    def absorb(self, upload: Upload, parts: tuple[Upload, ...]) -> Upload:
        """Fix the length of an upload made of parts, and charge it in their place.

        Raises:
            LeaseLost: another writer has taken over.
            QuotaExceeded: it is larger than what they hold and what is left.
        """
        length = sum(part.offset for part in parts)
        whole = replace(upload, length=length)

        return self._write_on(
            upload, lambda connection: upload_intake.absorb(connection, whole, parts)
        )

    def finish(self, upload: Upload, content: Content) -> Upload:
        """Make sealed content the file that the upload is for, under its lease.

        Idempotent: a finished upload is returned as it is.

        Raises:
            LeaseLost: another writer has taken over.
            UploadUnbound: it has no target.
            SpacesError: as `Files.commit`; the upload stays as it was.
        """
        return self._write_on(
            upload,
            lambda connection: upload_finish.finish(
                self._database, connection, upload, content
            ),
        )

    def complete(
        self, actor: Actor, new: NewUpload, place: Place, content: Content
    ) -> Upload:
        """Begin and finish an upload whose bytes are all there, sealed.

        Raises:
            SpacesError: as `create` and `Files.commit`; nothing is left then.
        """
        return self._write_at(
            actor,
            new.intent.replaced_at(place),
            lambda connection: upload_finish.complete(
                self._database, connection, actor, new, place=place, content=content
            ),
        )

    def adopt(self, actor: Actor, new: NewUpload, place: Place) -> Upload | None:
        """Finish an upload with content that its space has already, if it has.

        Content is known by its length and SHA-256; in the actor's own personal space
        by its SHA1 too. Nothing is looked for in any other space, nor what is small:
        to send it costs less.

        Raises:
            SpacesError: as `complete`.
        """
        intent = new.intent
        is_small = new.length is None or new.length < FINDABLE_BYTES
        if is_small or intent.algorithm not in {"sha1", "sha256"}:
            return None
        return self._write_at(
            actor,
            intent.replaced_at(place),
            lambda connection: upload_finish.adopt(
                self._database, connection, actor, new, place
            ),
        )

    def has_file(self, upload: Upload) -> bool:
        """Whether the file of a finished upload is there, as the upload left it."""
        with self._database.read() as connection:
            return upload_finish.has_file(connection, upload)

    def end(
        self, upload: Upload, state: UploadState, *, as_seen: bool = False
    ) -> Upload | None:
        """Give an upload up: failed, aborted or expired; what it held is free again.

        The answer is the upload as it was until then; None if it has ended already,
        where only the record of a finished one is taken away; its file stays. With
        `as_seen` nothing happens to an upload that anybody has claimed or ended since.
        """
        ended = self._database.write(
            lambda connection: upload_finish.end(
                self._database, connection, upload, state, as_seen=as_seen
            ),
            space_id=upload.space_id,
        )
        if ended is not None:
            self._blobs.discard(ended.blob_id)
        return ended

    def sweep(self, record_age: int) -> int:
        """Expire what is due and forget records that ended so long ago; how many.

        One call does a bounded amount of work. What somebody writes to stays; it
        gets its time when that has come to its end.
        """
        with self._database.read() as connection:
            now = self._database.now(connection)
            due = rows.due(connection, now=now, count=_SWEEP_COUNT)
        due = self._silence.unheld(due)
        for upload in due:
            self.end(upload, UploadState.EXPIRED, as_seen=True)
        before = Instant(now - record_age)
        self._database.write(lambda connection: rows.remove_ended(connection, before))
        return len(due)

    def _write_at(
        self, actor: Actor, place: Place, job: Callable[[Connection], T]
    ) -> T:
        return self._leftovers.judge(
            lambda: self._database.write(job, space_id=place.space_id), actor, place
        )

    def _write_on(self, upload: Upload, job: Callable[[Connection], T]) -> T:
        return self._leftovers.judge_upload(
            lambda: self._database.write(job, space_id=upload.space_id), upload
        )

    def _restage(self, upload: Upload) -> BlobId:
        blob_id = BlobId(new_id())
        parts = ((upload.blob_id, upload.offset),)
        with self._blobs.concatenate(blob_id, parts) as staged:
            staged.flush()
        return blob_id
