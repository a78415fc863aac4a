"""Reading a request's body into an upload, with constant memory and regular records.

How the reading ended is told as an `Outcome`; what follows from it the rules decide.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from ocsync.uploads.commands import Chunk, Outcome
from ocsync.uploads.holds import Hold
from ocsync.uploads.writing import Writing
from ocsync.wire.body import BodyError, BodyInterrupted, BodyTooLarge
from ocsync.wire.checksum import ALGORITHMS, Checksum, RunningDigest, start_digest
from spaces.errors import BlobNotFound, QuotaExceeded, StorageFull
from spaces.upload_model import LeaseLost

ReadTrailer = Callable[[Mapping[str, str]], Checksum | None]
"""The checksum that followed a body, from its trailers."""

_OUTCOMES: Final[dict[type[Exception], Outcome]] = {
    BodyTooLarge: Outcome.OVERRUN,
    BodyInterrupted: Outcome.STOPPED,
    BodyError: Outcome.CUT,
    StorageFull: Outcome.STORE_FULL,
    QuotaExceeded: Outcome.QUOTA_FULL,
    LeaseLost: Outcome.LOST,
    BlobNotFound: Outcome.LOST,  # a newcomer has taken the bytes over
}
"""What breaks the reading off; the first that fits counts."""


class Body(Protocol):
    """A request's body; see `ocsync.wire.body.BoundedBody`."""

    @property
    def trailers(self) -> Mapping[str, str]:
        """Fields after the body."""
        ...

    def readinto(self, buffer: bytearray | memoryview) -> int:
        """Read once into the buffer; 0 only at the true end."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often the row is brought up to date while a body comes."""

    record_bytes: int = 64 * 1024 * 1024
    record_seconds: float = 2.0
    quota_step: int = 8 * 1024 * 1024
    """By so much the hold on the quota grows where the length is not known."""


class Receiver:
    """Receives one chunk for an upload that is being written."""

    def __init__(
        self,
        writing: Writing,
        chunk: Chunk,
        *,
        pace: Pace,
        hold: Hold | None,
        read_trailer: ReadTrailer,
    ) -> None:
        self._writing = writing
        self._chunk = chunk
        self._pace = pace
        self._hold = hold
        self._read_trailer = read_trailer
        self._recorded_at = time.monotonic()
        self._recorded = writing.size

    def receive(self, body: Body) -> Outcome:
        """Read the body to its end, or as far as it goes."""
        digests = self._digests()
        try:
            outcome = self._read(body, digests)
        except tuple(_OUTCOMES) as error:
            return next(
                _OUTCOMES[kind] for kind in _OUTCOMES if isinstance(error, kind)
            )
        if outcome is not Outcome.WHOLE:
            return outcome
        if self._chunk.is_verified:
            return self._verify(body, digests)
        if self._read_trailer(body.trailers) is not None:
            return Outcome.UNANNOUNCED
        return Outcome.WHOLE

    def _verify(self, body: Body, digests: Mapping[str, RunningDigest]) -> Outcome:
        """Compare the chunk with what its sender says of it."""
        expected = self._chunk.checksum
        if self._chunk.has_trailer:
            expected = self._read_trailer(body.trailers)
        if expected is None:
            return Outcome.UNVERIFIED
        if digests[expected.algorithm].digest() == expected.digest:
            return Outcome.WHOLE
        self._writing.watch.mismatched("chunk")
        return Outcome.MISMATCH

    def _read(self, body: Body, digests: Mapping[str, RunningDigest]) -> Outcome:
        while count := body.readinto(buffer := self._writing.buffer()):
            self._make_room(count)
            for digest in digests.values():
                digest.update(buffer[:count])
            self._writing.advance(count)
            if self._hold is not None:
                self._hold.touch()
                if self._hold.is_revoked:
                    return Outcome.CUT
            self._record_if_due()
        return Outcome.WHOLE

    def _digests(self) -> dict[str, RunningDigest]:
        """Digests of the chunk alone; a trailer says only at the end which counts."""
        if self._chunk.has_trailer:
            return {algorithm: start_digest(algorithm) for algorithm in ALGORITHMS}
        if self._chunk.checksum is None:
            return {}
        algorithm = self._chunk.checksum.algorithm
        return {algorithm: start_digest(algorithm)}

    def _make_room(self, count: int) -> None:
        """Hold quota for bytes of an upload whose length nobody has told."""
        upload = self._writing.upload
        needed = self._writing.size + count
        if upload.length is not None or needed <= upload.reserved_bytes:
            return
        try:
            self._writing.reserve(needed + self._pace.quota_step)
        except QuotaExceeded:
            self._writing.reserve(needed)

    def _record_if_due(self) -> None:
        """Record what is there; if it may have to go again, only that it comes."""
        now = time.monotonic()
        if now - self._recorded_at >= self._pace.record_seconds:
            is_due = True
        else:
            is_due = self._writing.size - self._recorded >= self._pace.record_bytes
        if not is_due or self._hold is None:
            return
        if self._chunk.is_verified:
            self._writing.beat()
        else:
            self._writing.keep(length=self._writing.upload.length)
        self._recorded_at, self._recorded = now, self._writing.size
