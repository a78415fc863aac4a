"""Becoming the one writer of an upload, if need be in place of another.

The row of the upload is the lease. A newcomer asks the present holder to give way;
one that has ended is succeeded, one that does not answer is fenced off by a new epoch
and a new staging area, so that nothing it may still do can touch the bytes.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from ocsync.uploads.holds import Answer, Connection, Hold, Holds
from spaces.clock import SECOND
from spaces.upload_model import Claim, Upload, UploadHeld
from spaces.uploads import Uploads
from spaces.watch import UNWATCHED, Watch

_POLL_SECONDS: Final = 0.01
_YIELD_SECONDS: Final = 1.5
"""How long a holder that said it yields may take to write down what it has."""
_REMOTE_AGE: Final = 10 * SECOND
"""A holder elsewhere that recorded nothing for so long is fenced off."""
_MOST_TRIES: Final = 5


@dataclass(slots=True)
class Lease:
    """An upload that is ours to write to, and the hold by which others can ask.

    `is_settled`: the lease has been given back, or lost, with a change of the row.
    """

    upload: Upload
    hold: Hold
    is_settled: bool = False


class Leases:
    """Leases of uploads, for the requests of this process."""

    def __init__(
        self, *, uploads: Uploads, holds: Holds, watch: Watch = UNWATCHED
    ) -> None:
        self._uploads = uploads
        self._holds = holds
        self._watch = watch

    @contextmanager
    def lease(self, upload: Upload, connection: Connection | None) -> Iterator[Lease]:
        """Hold the upload as long as the block runs; its end releases the lease.

        Raises:
            UploadHeld: another request is receiving bytes for it just now.
            UploadNotFound: it is no longer open.
            Forbidden, SpaceNotFound, SpaceDisabled: its owner may no longer write.
        """
        for _ in range(_MOST_TRIES):
            is_taken = upload.holder is not None
            upload, claim = self._displace(upload)
            with self._holds.holding(upload.id, connection) as hold:
                try:
                    held = self._uploads.claim(upload, self._holds.name, claim)
                except UploadHeld as refusal:  # somebody was quicker: ask them
                    upload = refusal.upload
                    continue
                if is_taken:
                    self._watch.took_over(upload.dialect)
                lease = Lease(held, hold)
                try:
                    yield lease
                finally:
                    if not lease.is_settled:
                        self._uploads.release(lease.upload)
                return
        raise UploadHeld(upload)

    def interrupt(self, upload: Upload) -> None:
        """Let whoever is writing stop, without waiting for it."""
        if upload.holder is not None:
            self._holds.ask(upload.holder, upload.id, insists=True)

    def is_busy(self, upload: Upload) -> bool:
        """Whether whoever holds the upload goes on with it, as far as can be told."""
        if upload.holder is None:
            return False
        answer = self._holds.ask(upload.holder, upload.id, insists=False)
        if answer is Answer.REMOTE:
            return not self._is_stale(upload)
        return answer in {Answer.BUSY, Answer.SILENT}

    def _displace(self, upload: Upload) -> tuple[Upload, Claim]:
        """The upload as it can be claimed, and how."""
        for _ in range(_MOST_TRIES):
            if upload.holder is None:
                return upload, Claim.FREE
            answer = self._holds.ask(upload.holder, upload.id, insists=False)
            if answer is Answer.REMOTE and self._is_stale(upload):
                answer = Answer.SILENT
            if answer in {Answer.BUSY, Answer.REMOTE}:
                raise UploadHeld(upload)
            if answer is Answer.SILENT:
                return upload, Claim.FENCE
            present = self._await_release(upload, answer)
            if present is None:
                return upload, Claim.FENCE
            if answer is Answer.GONE and present.epoch == upload.epoch:
                return present, Claim.INHERIT if present.holder else Claim.FREE
            upload = present
        raise UploadHeld(upload)

    def _await_release(self, upload: Upload, answer: Answer) -> Upload | None:
        deadline = time.monotonic() + _YIELD_SECONDS
        while time.monotonic() < deadline:
            present = self._uploads.get(upload.id)
            is_released = present.holder is None or present.epoch != upload.epoch
            if is_released or answer is Answer.GONE:
                return present
            time.sleep(_POLL_SECONDS)
        return None

    def _is_stale(self, upload: Upload) -> bool:
        held_at = upload.held_at
        return held_at is None or self._uploads.now() - held_at >= _REMOTE_AGE
