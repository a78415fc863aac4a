"""What makes one tus dialect different from another: data and small functions.

An edge (`ocsync.tus.edge`) serves any of them; none contains upload logic.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ocsync.tus.headers import Grammar
from ocsync.uploads.rules import Reason
from ocsync.uploads.terms import Terms
from ocsync.wsgi import Headers
from spaces.clock import Instant
from spaces.upload_model import Upload

STATUSES: Final[Mapping[Reason, int]] = {
    Reason.NOT_FOUND: 404,
    Reason.GONE: 410,
    Reason.TOO_LARGE: 413,
    Reason.CHUNK_TOO_SMALL: 413,
    Reason.PAST_LENGTH: 413,
    Reason.OFFSET_MISMATCH: 409,
    Reason.COMPLETE: 409,
    Reason.LENGTH_FIXED: 400,
    Reason.LENGTH_BELOW_OFFSET: 400,
    Reason.LENGTH_INCONSISTENT: 400,
    Reason.FINAL_IS_FIXED: 403,
    Reason.BODY_CUT: 400,
    Reason.STOPPING: 503,
    Reason.TAKEN_OVER: 423,
    Reason.HELD: 423,
    Reason.CHECKSUM_MISMATCH: 460,
    Reason.CHECKSUM_MISSING: 400,
    Reason.CHECKSUM_UNANNOUNCED: 400,
    Reason.STORE_FULL: 507,
    Reason.QUOTA_FULL: 507,
    Reason.NOT_COMPLETE: 409,
    Reason.PARTS_REFUSED: 400,
}
"""The status of each refusal in tus 1.0, where a dialect has none of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One way to speak tus.

    `extensions` are announced exactly so. `versioned`: the methods that need
    Tus-Resumable. `statuses` and `domain_statuses` (by class name of the error)
    override the usual ones. `head` and `tail` give headers beyond tus's own: for an
    upload that goes on, and for one that is finished. `allowed`: the methods on an
    upload.
    """

    terms: Terms
    grammar: Grammar
    extensions: tuple[str, ...]
    format_expiry: Callable[[Instant], str]
    allowed: str = "OPTIONS, HEAD, PATCH, DELETE"
    versioned: frozenset[str] = frozenset({"HEAD", "PATCH", "DELETE", "POST"})
    statuses: Mapping[Reason, int] = field(default_factory=dict)
    domain_statuses: Mapping[type[Exception], int] = field(default_factory=dict)
    expires_when_finished: bool = False
    progress_headers: Callable[[Upload], Headers] = lambda _: []
    result_headers: Callable[[Upload], Headers] = lambda _: []

    def status_of(self, reason: Reason) -> int:
        """The status by which the dialect tells the refusal."""
        return self.statuses.get(reason, STATUSES[reason])
