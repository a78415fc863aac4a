"""Doing, under a lease, what the rules decided about one upload.

Effects are done in order. Reading a body leads to a new decision, whose effects are
done next; so the rules stay pure and this stays a list of small deeds.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ocsync.uploads.commands import Chunk, Received
from ocsync.uploads.leases import Lease
from ocsync.uploads.receiving import Pace, Receiver
from ocsync.uploads.rules import (
    CutBack,
    Declare,
    Effect,
    Finish,
    Keep,
    Phase,
    Reason,
    Receive,
    Refuse,
    State,
    decide,
)
from ocsync.uploads.terms import FinishFailed, Terms, Transfer, UploadRefused
from ocsync.uploads.writing import Depot, Writing
from spaces import errors
from spaces.upload_model import LeaseLost, Upload, UploadState

_FATAL: Final = (
    errors.AlreadyExists,
    errors.BlobNotFound,
    errors.ChecksumMismatch,
    errors.LengthMismatch,
    errors.ParentNotFound,
    errors.PreconditionFailed,
    errors.Refused,
)
"""What time does not heal: an upload that meets one of these at its end has failed."""
_CUT: Final = frozenset({Reason.BODY_CUT, Reason.STOPPING})


class Performance:
    """The effects of one command on one upload."""

    def __init__(
        self,
        *,
        depot: Depot,
        pace: Pace,
        lease: Lease,
        terms: Terms,
        transfer: Transfer,
        chunk: Chunk,
    ) -> None:
        self._depot = depot
        self._pace = pace
        self._lease = lease
        self._terms = terms
        self._transfer = transfer
        self._chunk = chunk
        self._start = lease.upload
        self._writing = Writing(depot, lease.upload, lifetime=terms.lifetime)

    def perform(self, effects: tuple[Effect, ...]) -> Upload:
        """Do the effects; the upload as it is then.

        Raises:
            UploadRefused: an effect says so, or a newcomer has taken over.
            FinishFailed: the file could not be made.
            QuotaExceeded: the declared length is more than the space holds.
        """
        with self._as_writer():
            return self._perform(effects)

    def join(self, parts: tuple[Upload, ...]) -> Upload:
        """Make the upload of its parts, and finish it.

        Raises:
            UploadRefused: a newcomer has taken over.
            FinishFailed: the file could not be made.
        """
        with self._as_writer():
            self._lease.hold.pin()
            try:
                self._writing.join(parts)
            except LeaseLost:
                raise
            except errors.SpacesError as cause:
                raise self._failure(cause) from cause
            return self._finish()

    @contextmanager
    def _as_writer(self) -> Iterator[None]:
        with self._writing:
            try:
                yield
            except LeaseLost:
                self._lease.is_settled = True
                if self._is_unneeded():
                    self._writing.discard()
                raise self._refusal(Reason.TAKEN_OVER) from None

    def _is_unneeded(self) -> bool:
        """Whether nobody goes on with these bytes, nor knows that they are there."""
        upload = self._writing.upload
        try:
            present = self._depot.uploads.get(upload.id)
        except errors.UploadNotFound:
            return True
        is_other = present.blob_id != upload.blob_id
        return is_other or present.state is not UploadState.OPEN

    def _perform(self, effects: tuple[Effect, ...]) -> Upload:
        for effect in effects:
            match effect:
                case Declare(length):
                    self._writing.reserve(length)
                    self._writing.keep(length=length)
                case Receive(limit):
                    return self._receive(limit)
                case Keep():
                    self._keep(is_over=Finish() not in effects)
                case CutBack(offset):
                    self._writing.cut_back(offset, self._start.hash_state)
                case Finish():
                    return self._finish()
                case Refuse(reason):
                    raise self._refusal(reason)
                case _:
                    pass
        return self._writing.upload

    def _receive(self, limit: int | None) -> Upload:
        writing, chunk = self._writing, self._chunk
        try:
            writing.open()
        except errors.BlobNotFound:
            self._end()
            raise self._refusal(Reason.GONE) from None
        receiver = Receiver(
            writing,
            chunk,
            pace=self._pace,
            hold=self._lease.hold,
            read_trailer=self._transfer.read_trailer,
        )
        outcome = receiver.receive(self._transfer.open_body(limit))
        upload = writing.upload
        state = State(Phase.OPEN, upload.kind, writing.size, upload.length)
        received = Received(chunk, self._start.offset, outcome)
        return self._perform(decide(state, received, self._terms.limits))

    def _keep(self, *, is_over: bool) -> None:
        length = self._writing.upload.length
        if length is None and self._chunk.is_last:
            length = self._writing.size
        self._writing.keep(length=length, keeps_lease=not is_over)
        self._lease.is_settled = is_over

    def _finish(self) -> Upload:
        self._lease.hold.pin()
        try:
            content = self._writing.seal()
            finished = self._depot.uploads.finish(self._writing.upload, content)
        except LeaseLost:
            raise
        except errors.SpacesError as cause:
            raise self._failure(cause) from cause
        self._lease.is_settled = True
        self._depot.drop_duplicate(finished, content.blob_id)
        return finished

    def _failure(self, cause: errors.SpacesError) -> FinishFailed:
        is_name = isinstance(cause, errors.AlreadyExists)
        if isinstance(cause, _FATAL) and not (is_name and self._terms.may_rename):
            self._end()
        return FinishFailed(self._writing.upload, cause)

    def _end(self) -> None:
        """Give the upload up.

        Raises:
            LeaseLost: it is another writer's now, and so are its bytes.
        """
        upload = self._writing.upload
        if self._depot.uploads.end(upload, UploadState.FAILED, as_seen=True) is None:
            raise LeaseLost
        self._writing.discard()
        self._depot.blobs.remove(upload.blob_id)
        self._lease.is_settled = True

    def _refusal(self, reason: Reason) -> UploadRefused:
        if reason in _CUT and self._lease.hold.is_revoked:
            reason = Reason.TAKEN_OVER
        return UploadRefused(reason, self._writing.upload)
