"""Findings: what a check of the whole installation can have to say."""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class FindingKind(Enum):
    """What is wrong."""

    DATABASE_DAMAGED = "the database is damaged"
    CONTENT_MISSING = "content is missing"
    CONTENT_SIZE = "content has another size than recorded"
    CONTENT_DAMAGED = "content does not match its checksums"
    CONTENT_UNTOLD = "unused content that nobody will remove"
    CONTENT_UNUSED = "unused content that waits to be removed"
    STRAY_CONTENT = "a stored file that belongs to nothing"
    STRAY_STAGING = "staged bytes that belong to no upload"
    UPLOAD_SHORT = "an upload has lost bytes that it had"
    FILE_SIZE = "a file has another size than its content"
    FOLDER_SIZE = "a folder has another size than what is in it"
    UNREACHABLE = "a file or folder that hangs nowhere"
    BELOW_A_FILE = "something lies in what is no folder"
    WRONG_SPACE = "a file or folder counts for another space than its folder"
    TRASHED_ALIVE = "something in the trash that was never removed"
    NAME_KEY = "a name is not comparable with others"
    NO_ROOT = "a space has no root folder"
    USED_BYTES = "a space has miscounted its files"
    RESERVED_BYTES = "a space has miscounted what it promised to uploads"
    CHANGE_LOG = "the change log of a space has gaps"


SWEEPABLE: Final = frozenset(
    {
        FindingKind.CONTENT_UNUSED,
        FindingKind.STRAY_CONTENT,
        FindingKind.STRAY_STAGING,
    }
)
"""What a crash may leave and the sweeper removes in time: no damage."""

REPAIRABLE: Final = frozenset(
    {
        FindingKind.CONTENT_UNTOLD,
        FindingKind.UPLOAD_SHORT,
        FindingKind.FILE_SIZE,
        FindingKind.FOLDER_SIZE,
        FindingKind.UNREACHABLE,
        FindingKind.BELOW_A_FILE,
        FindingKind.WRONG_SPACE,
        FindingKind.TRASHED_ALIVE,
        FindingKind.USED_BYTES,
        FindingKind.RESERVED_BYTES,
        FindingKind.CHANGE_LOG,
    }
)
"""What `spaces.repair` puts right without losing anything."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be. `subject` is an id, or empty."""

    kind: FindingKind
    subject: str
    detail: str

    @property
    def is_sweepable(self) -> bool:
        """Whether it is no damage but garbage, which the sweeper removes in time."""
        return self.kind in SWEEPABLE

    @property
    def is_repairable(self) -> bool:
        """Whether a repair puts it right."""
        return self.kind in REPAIRABLE

    def __str__(self) -> str:
        """One line for a person."""
        parts = (self.kind.value, self.subject, self.detail)
        return ": ".join(part for part in parts if part)
