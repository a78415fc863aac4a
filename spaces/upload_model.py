"""What an upload is: the snapshot of its row, what shall become of it, its result.

Values only. How bytes travel, and which protocol carries them, is not known here.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum

from spaces.clock import Instant
from spaces.errors import SpacesError
from spaces.ids import BlobId, NodeId, SpaceId, UploadId, UserId
from spaces.model import NO_GUARD, Checksums, Guard, Place, Role


class UploadState(Enum):
    """Whether bytes are still wanted, and if not, why."""

    OPEN = "open"
    FINISHED = "finished"
    FAILED = "failed"
    ABORTED = "aborted"
    EXPIRED = "expired"


class UploadKind(Enum):
    """Whether the bytes are a file, a part of one, or parts joined."""

    WHOLE = "whole"
    PARTIAL = "partial"
    FINAL = "final"


class OnExisting(Enum):
    """What happens when the name is taken at the end."""

    REPLACE = "replace"
    """The new content becomes the file's current version."""
    REFUSE = "refuse"
    """AlreadyExists: somebody made the file since the upload began."""
    KEEP_BOTH = "keep both"
    """The new file gets the next free name: `name (2).ext`."""


class Claim(Enum):
    """How a newcomer becomes the writer of an upload."""

    FREE = "free"
    """Nobody holds it."""
    INHERIT = "inherit"
    """Its holder writes no more, which is known for certain."""
    FENCE = "fence"
    """Its holder may still write, and must not reach the bytes any more."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What the file shall be like, and what must hold at the end.

    `algorithm` and `digest` (hex) are the checksum that the whole content must have;
    without a digest the algorithm is computed for whoever asks. A file with a
    `resource_kind` becomes a resource with a short id, unless the space has one of
    this kind and content already: then that one is the result. `notes` belong to the
    dialect.
    """

    on_existing: OnExisting = OnExisting.REPLACE
    if_match: tuple[str, ...] | None = None
    if_none_match: tuple[str, ...] | None = None
    lock_tokens: tuple[str, ...] = ()
    modified_at: int | None = None
    media_type: str | None = None
    algorithm: str | None = None
    digest: str | None = None
    resource_kind: str | None = None
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def guard(self) -> Guard:
        """The preconditions, as a change of the tree takes them."""
        return Guard(self.if_match, self.if_none_match, frozenset(self.lock_tokens))

    def replaced_at(self, place: Place) -> Place:
        """Where a file takes the place of others; only the space, if it never does."""
        if self.on_existing is OnExisting.KEEP_BOTH:
            return Place(place.space_id)
        return place

    def to_json(self) -> str:
        """The text that `from_json` reads."""
        values = asdict(self) | {"on_existing": self.on_existing.value}
        known = {key: value for key, value in values.items() if value is not None}
        return json.dumps(known)

    @classmethod
    def from_json(cls, text: str) -> "Intent":
        """Read what `to_json` wrote."""
        values = json.loads(text)
        for key in ("if_match", "if_none_match", "lock_tokens"):
            if key in values:
                values[key] = tuple(values[key])
        values["on_existing"] = OnExisting(values["on_existing"])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Result:
    """What the finished upload left: enough to give the same answer again.

    `is_duplicate`: the file had been there before, under this `resource_id`.
    """

    space_id: SpaceId
    node_id: NodeId
    name: str
    size: int
    etag: str
    modified_at: Instant
    media_type: str | None
    is_new: bool
    role: Role | None
    checksums: Checksums
    notes: Mapping[str, str] = field(default_factory=dict)
    resource_id: str | None = None
    is_duplicate: bool = False

    def to_json(self) -> str:
        """The text that `from_json` reads."""
        role = None if self.role is None else self.role.value
        return json.dumps(asdict(self) | {"role": role})

    @classmethod
    def from_json(cls, text: str) -> "Result":
        """Read what `to_json` wrote."""
        values = json.loads(text)
        values["role"] = None if values["role"] is None else Role(values["role"])
        values["checksums"] = Checksums(**values["checksums"])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload as its row was at one moment.

    `holder` names who is writing, `epoch` grows with each change of writer and
    fences off the former. An upload without a space is unbound: where it lands is
    said at its end. The state is EXPIRED as soon as the time is up, whether or not
    anybody has swept it.
    """

    id: UploadId
    dialect: str
    state: UploadState
    kind: UploadKind
    owner_id: UserId | None
    space_id: SpaceId | None
    parent_id: NodeId | None
    name: str
    node_id: NodeId
    blob_id: BlobId
    length: int | None
    offset: int
    metadata: str
    intent: Intent
    reserved_bytes: int
    epoch: int
    holder: str | None
    held_at: Instant | None
    hash_state: bytes | None
    result: Result | None
    label: str
    address: str
    created_at: Instant
    active_at: Instant
    expires_at: Instant
    finished_at: Instant | None

    @property
    def is_received(self) -> bool:
        """Whether all bytes are there."""
        return self.offset == self.length

    @property
    def place(self) -> Place:
        """Where the file shall be.

        Raises:
            UploadUnbound: nobody has said yet.
        """
        if self.space_id is None or self.parent_id is None:
            raise UploadUnbound
        return Place(self.space_id, (self.name,), self.parent_id)


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long an upload is kept: from its creation, or from its last activity.

    Microseconds. `sliding_max` None: activity extends nothing.
    """

    span: int
    sliding_max: int | None = None

    def expiry(self, created_at: Instant, now: Instant) -> Instant:
        """When the upload expires if it was active just now."""
        if self.sliding_max is None:
            return Instant(created_at + self.span)
        return Instant(min(now + self.span, created_at + self.sliding_max))


@dataclass(frozen=True, slots=True)
class Pool:
    """What unbound uploads may hold together, from one address, and each."""

    total_bytes: int
    address_bytes: int
    upload_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpload:
    """What is known of an upload when it begins.

    With an `id` of its own it is begun once, however often it is asked for.
    """

    dialect: str
    length: int | None
    lifetime: Lifetime
    kind: UploadKind = UploadKind.WHOLE
    metadata: str = ""
    intent: Intent = field(default_factory=Intent)
    label: str = ""
    address: str = ""
    pool: Pool | None = None
    id: UploadId | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an upload lands: a file's place, and what must hold to put it there."""

    place: Place
    guard: Guard = NO_GUARD


class UploadUnbound(SpacesError):
    """The upload has no target yet."""


class LeaseLost(SpacesError):
    """Another writer has taken the upload over."""


@dataclass(eq=False)
class UploadHeld(SpacesError):
    """Another request is writing to the upload."""

    upload: Upload
