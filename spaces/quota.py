"""Quota: promising bytes to uploads before they arrive, and taking promises back.

What a space holds and what it has promised never exceed its quota together: every
growth is one conditional update of the space's row. Content that is committed is
counted by `spaces.propagation`, which hands the promise back in the same update.
"""

from sqlalchemy import Connection

from spaces.db import spaces as space_rows
from spaces.ids import SpaceId
from spaces.model import Actor
from spaces.propagation import quota_exceeded


def reserve(connection: Connection, actor: Actor, space_id: SpaceId, size: int) -> None:
    """Promise so many bytes more of the space.

    Raises:
        QuotaExceeded: that is more than it has left.
    """
    assert size >= 0
    if size and not space_rows.reserve(connection, space_id, size):
        raise quota_exceeded(connection, actor, space_id, size)


def release(connection: Connection, space_id: SpaceId, size: int) -> None:
    """Take back a promise of so many bytes."""
    assert size >= 0
    if size:
        space_rows.reserve(connection, space_id, -size)
