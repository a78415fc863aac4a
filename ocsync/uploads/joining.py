"""Uploads made of other uploads (tus 1.0 §Concatenation).

The final upload may be created before its parts are complete: it then waits, and is
made when the last of them is, or when somebody asks for it. Bytes are joined by
reference where the store can; the parts stay, and may be used again.
"""

import hashlib
import json
import time
import uuid
from contextlib import suppress
from dataclasses import replace
from threading import BoundedSemaphore
from typing import Final

from ocsync.uploads.commands import Chunk, Create
from ocsync.uploads.leases import Leases
from ocsync.uploads.performing import Performance
from ocsync.uploads.receiving import Body, Pace
from ocsync.uploads.rules import Reason
from ocsync.uploads.terms import FinishFailed, Target, Terms, Transfer, UploadRefused
from ocsync.uploads.writing import Depot
from spaces import errors
from spaces.ids import UploadId
from spaces.model import Actor
from spaces.room import Room
from spaces.upload_model import (
    LeaseLost,
    NewUpload,
    Upload,
    UploadHeld,
    UploadKind,
    UploadState,
)
from spaces.uploads import Uploads

_PARTS: Final = "parts"
_PATIENCE_SECONDS: Final = 20.0
"""How long a request waits for another that joins the same parts."""
_POLL_SECONDS: Final = 0.1
_MOST_WAITING: Final = 4
"""So many requests wait at a time; others are refused, lest they take all threads."""


class Joining:
    """Creates and makes uploads out of parts."""

    def __init__(self, *, depot: Depot, leases: Leases, pace: Pace, room: Room) -> None:
        self._depot = depot
        self._room = room
        self._uploads = depot.uploads
        self._leases = leases
        self._pace = pace
        self._seats = BoundedSemaphore(_MOST_WAITING)

    def create(self, command: Create, target: Target, terms: Terms) -> Upload:
        """Begin an upload of parts, and make it if they are all complete.

        Large parts take minutes, and a client that did not wait for the answer asks
        in the same words again. It gets the same upload, not the file once more.

        Raises:
            UploadRefused: a part is missing, is somebody else's or is no part, or
                they are more than an upload may be.
            FinishFailed: they could not be joined.
            SpacesError: the domain does not allow the upload.
        """
        if target.actor is None or target.place is None:
            raise UploadRefused(Reason.PARTS_REFUSED)
        former = 0
        while True:
            upload_id = _id_of(command, target, former)
            present = find_upload(self._uploads, upload_id, terms)
            if present is None:
                present = self._begin(upload_id, command, target, terms)
            if self._leases.is_busy(present):
                present = self._await_other(present)
            if present.state is UploadState.OPEN:
                return self.join(present, terms)
            if self._uploads.has_file(present):
                return present
            former += 1  # it failed, or its file has been changed or removed

    def _begin(
        self, upload_id: UploadId, command: Create, target: Target, terms: Terms
    ) -> Upload:
        assert target.actor is not None
        assert target.place is not None
        for part_id in command.parts:
            self._require_part(part_id, target.actor, terms)
        notes = {**target.intent.notes, _PARTS: " ".join(command.parts)}
        new = NewUpload(
            dialect=terms.dialect,
            length=None,
            lifetime=terms.lifetime,
            kind=UploadKind.FINAL,
            metadata=command.metadata.raw,
            intent=replace(target.intent, notes=notes),
            label=target.label,
            address=target.address,
            id=upload_id,
        )
        try:
            return self._uploads.create(target.actor, new, target.place)
        except UploadHeld as begun:  # by the same request, at the same time
            return begun.upload

    def _await_other(self, upload: Upload) -> Upload:
        """The upload when whoever is joining it has done so, or takes too long."""
        if not self._seats.acquire(blocking=False):
            return upload
        try:
            deadline = time.monotonic() + _PATIENCE_SECONDS
            while self._leases.is_busy(upload) and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
                upload = self._uploads.get(upload.id)
        finally:
            self._seats.release()
        return upload

    def join(self, upload: Upload, terms: Terms) -> Upload:
        """Make the upload if its parts are all complete; else it is as it was.

        Raises:
            UploadRefused: a part has gone, or they are more than an upload may be.
            FinishFailed: they could not be joined.
        """
        try:
            return self._join(upload, terms)
        except (errors.UploadNotFound, LeaseLost):  # another request was quicker
            present = find_upload(self._uploads, upload.id, terms)
            if present is not None and present.state is UploadState.FINISHED:
                return present
            is_held = present is not None and present.state is UploadState.OPEN
            reason = Reason.HELD if is_held else Reason.GONE
            raise UploadRefused(reason, present) from None

    def _join(self, upload: Upload, terms: Terms) -> Upload:
        parts = self._parts(upload, terms)
        if not all(part.is_received and part.holder is None for part in parts):
            return upload
        most, total = terms.limits.max_size, sum(part.offset for part in parts)
        if most is not None and total > most:
            self._fail(upload)
            raise UploadRefused(Reason.TOO_LARGE)
        self._room.require(total)
        with self._leases.lease(upload, None) as lease:
            performance = Performance(
                depot=self._depot,
                pace=self._pace,
                lease=lease,
                terms=terms,
                transfer=Transfer(open_body=_no_body),
                chunk=Chunk(0),
            )
            try:
                return performance.join(parts)
            except FinishFailed as failed:
                if isinstance(failed.cause, errors.BlobNotFound):
                    self._parts(upload, terms)  # or was one of them given up?
                raise

    def _fail(self, upload: Upload) -> None:
        """End the upload, unless another request has done something with it.

        Raises:
            LeaseLost: it has.
        """
        if self._uploads.end(upload, UploadState.FAILED, as_seen=True) is None:
            raise LeaseLost

    def join_waiting(self, part: Upload, terms: Terms) -> None:
        """Make the uploads that have waited for this part.

        What goes wrong with them is told to whoever asks for them.
        """
        if part.owner_id is None:
            return
        for upload in self._uploads.list_open_of(part.owner_id, terms.dialect):
            if part.id in upload.intent.notes.get(_PARTS, "").split():
                with suppress(UploadRefused, FinishFailed, errors.SpacesError):
                    self.join(upload, terms)

    def _parts(self, upload: Upload, terms: Terms) -> tuple[Upload, ...]:
        ids = upload.intent.notes.get(_PARTS, "").split()
        found = [
            find_upload(self._uploads, UploadId(part_id), terms) for part_id in ids
        ]
        parts = tuple(part for part in found if part is not None)
        is_whole = len(parts) == len(ids)
        if not (is_whole and all(part.state is UploadState.OPEN for part in parts)):
            self._fail(upload)
            raise UploadRefused(Reason.GONE, upload)
        return parts

    def _require_part(self, part_id: str, actor: Actor, terms: Terms) -> None:
        part = find_upload(self._uploads, UploadId(part_id), terms)
        if (
            part is None
            or part.kind is not UploadKind.PARTIAL
            or part.owner_id != actor.user_id
            or part.state is not UploadState.OPEN
        ):
            raise UploadRefused(Reason.PARTS_REFUSED)


def _id_of(command: Create, target: Target, former: int) -> UploadId:
    """The id for what these words ask for, after so many former ones that are over.

    Nobody can guess it who does not know the parts.
    """
    actor, place, intent = target.actor, target.place, target.intent.to_json()
    owner_id = None if actor is None else actor.user_id
    at = None if place is None else (place.space_id, place.anchor, place.path)
    words = (owner_id, command.parts, command.metadata.raw, at, intent, former)
    digest = hashlib.sha256(json.dumps(words).encode()).digest()
    return UploadId(str(uuid.UUID(bytes=digest[:16], version=4)))


def find_upload(uploads: Uploads, upload_id: UploadId, terms: Terms) -> Upload | None:
    """The upload, if it belongs to the dialect."""
    try:
        upload = uploads.get(upload_id)
    except errors.UploadNotFound:
        return None
    return upload if upload.dialect == terms.dialect else None


def _no_body(limit: int | None) -> Body:
    raise AssertionError(f"no body of {limit} bytes was announced")
