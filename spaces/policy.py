"""What an operator decides about keeping things: durability, ages and caps.

Plain numbers with defaults; who acts on them (sweeper, uploads) reads them here.
"""

from dataclasses import dataclass
from enum import Enum

from spaces.clock import DAY, HOUR


class Durability(Enum):
    """What a finished write survives."""

    SAFE = "safe"
    """A power cut."""
    FAST = "fast"
    """The end of the process."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Ages are in microseconds, sizes in bytes; None means no limit."""

    trash_max_age: int | None = 90 * DAY
    trash_max_bytes: int | None = None
    versions_max_age: int | None = None
    versions_max_count: int | None = 100
    versions_max_bytes: int | None = None
    changes_max_age: int | None = 90 * DAY
    changes_max_count: int = 1_000_000
    audit_max_age: int | None = 365 * DAY
    upload_record_age: int = 24 * HOUR
    digest_all_bytes: int = 10_000_000
    blob_grace_age: int = HOUR
    lock_age: int = HOUR
    lock_max_age: int = 24 * HOUR
    personal_quota_bytes: int | None = None
    spare_bytes: int = 0
    """What new content leaves free of a local disk, for the database and others."""
