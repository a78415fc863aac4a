"""What can be asked of the upload engine, and how the reading of a body may end.

Plain values made by the dialects from their headers; no header names, no I/O.
"""

from dataclasses import dataclass
from enum import Enum, auto

from ocsync.wire.checksum import Checksum
from ocsync.wire.metadata import NO_METADATA, Metadata
from spaces.upload_model import UploadKind


@dataclass(frozen=True, slots=True)
class Chunk:
    """The bytes that come with a request.

    `length` is None where only the end of the body will tell. `is_last` says that
    the upload ends with these bytes (True), that it goes on (False), or that its
    length decides (None). Bytes that must be verified are kept whole or not at all.
    """

    length: int | None
    checksum: Checksum | None = None
    has_trailer: bool = False
    is_last: bool | None = None

    @property
    def is_verified(self) -> bool:
        """Whether the bytes count only once their checksum is known to be right."""
        return self.checksum is not None or self.has_trailer


@dataclass(frozen=True, slots=True)
class Create:
    """Begin an upload, perhaps with its first bytes. `length` None: not yet known."""

    length: int | None
    metadata: Metadata = NO_METADATA
    chunk: Chunk | None = None
    kind: UploadKind = UploadKind.WHOLE
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Append:
    """Add bytes at an offset; `length` declares the whole length where it was open."""

    offset: int
    chunk: Chunk
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """Ask how far the upload is."""


@dataclass(frozen=True, slots=True)
class Abort:
    """Give the upload up."""


class Outcome(Enum):
    """How the reading of a body ended."""

    WHOLE = auto()
    """It came to its end, and its checksum, if any, is right."""
    CUT = auto()
    """The connection broke, stalled or was shut."""
    STOPPED = auto()
    """The server stopped reading, because it comes to its end."""
    LOST = auto()
    """A newcomer has taken the upload over; nothing may be written any more."""
    OVERRUN = auto()
    """It is longer than the upload may be."""
    MISMATCH = auto()
    """Its checksum is wrong."""
    UNVERIFIED = auto()
    """The checksum that should have followed the body is missing or malformed."""
    UNANNOUNCED = auto()
    """A checksum followed the body that was not announced, so nobody computed it."""
    STORE_FULL = auto()
    """The disk took no more."""
    QUOTA_FULL = auto()
    """The space may hold no more."""


@dataclass(frozen=True, slots=True)
class Received:
    """The body of a request has been read, as far as it went.

    `start` is the offset where the body began.
    """

    chunk: Chunk
    start: int
    outcome: Outcome


Command = Create | Append | Probe | Abort | Received
