"""What dialects hand to the engine, and what it hands back in place of an upload.

Dialects are data: limits, lifetimes, targets. Nothing here knows headers or rows.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from ocsync.uploads.holds import Connection
from ocsync.uploads.receiving import Body, ReadTrailer
from ocsync.uploads.rules import Limits, Reason
from spaces.errors import SpacesError
from spaces.model import Actor, Place
from spaces.upload_model import Intent, Lifetime, Pool, Upload

OpenBody = Callable[[int | None], Body]
"""The request's body, of which at most so many bytes are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a dialect stipulates for its uploads.

    `dialect` stands in the rows: an upload is not there for any other dialect.
    `reuses_content`: content that the space has already need not be sent again.
    `may_rename`: a name that is taken at the end does not end the upload, for the
    client may say another.
    """

    dialect: str
    limits: Limits
    lifetime: Lifetime
    reuses_content: bool = False
    may_rename: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Who creates an upload, and what shall become of it; no place means unbound.

    A place without a path means that the space is known, and charged, and the place
    in it will be told at the end. For a part that will be joined with others only
    the place's space counts.
    """

    actor: Actor | None
    place: Place | None
    intent: Intent = field(default_factory=Intent)
    label: str = ""
    address: str = ""
    pool: Pool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """What belongs to one request: its body and its connection.

    `on_created` is told of a new upload before its first bytes are read.
    """

    open_body: OpenBody
    connection: Connection | None = None
    read_trailer: ReadTrailer = lambda _: None
    on_created: Callable[[Upload], None] | None = None


class UploadRefused(Exception):
    """The rules refuse the request; `upload` as it is, if there is one."""

    def __init__(self, reason: Reason, upload: Upload | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.upload = upload


class FinishFailed(Exception):
    """All bytes are there, but they could not become the file; `cause` says why.

    `upload` is None where none was made.
    """

    def __init__(self, upload: Upload | None, cause: SpacesError) -> None:
        super().__init__(str(cause))
        self.upload = upload
        self.cause = cause
