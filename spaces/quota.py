"""Quota: promising bytes to uploads before they arrive, and taking promises back.

What a space holds and what it has promised never exceed its quota together: every
growth is one conditional update of the space's row. Content that is committed is
counted by `spaces.propagation`, which hands the promise back in the same update.
"""

from sqlalchemy import Connection

from spaces.db import spaces as space_rows
from spaces.errors import QuotaExceeded
from spaces.ids import SpaceId


def reserve(connection: Connection, space_id: SpaceId, size: int) -> None:
    """Promise so many bytes more of the space; fewer, if the size is negative.

    Raises:
        QuotaExceeded: that is more than it has left.
    """
    if size and not space_rows.reserve(connection, space_id, size):
        raise quota_exceeded(connection, space_id, size)


def release(connection: Connection, space_id: SpaceId, size: int) -> None:
    """Take back a promise of so many bytes; never refused."""
    assert size >= 0
    if size:
        space_rows.reserve(connection, space_id, -size)


def quota_exceeded(
    connection: Connection, space_id: SpaceId, needed_bytes: int
) -> QuotaExceeded:
    """The refusal, with how much is left now."""
    quota = space_rows.find_quota(connection, space_id)
    available = 0 if quota is None else quota.remaining or 0
    return QuotaExceeded(needed_bytes, available)
