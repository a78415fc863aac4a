"""Uploads that belong together, by the beginning of their labels.

They are the chunks of a file, none of which is of use without the others.
"""

from typing import Final

from sqlalchemy import Connection, Text, bindparam, func, update

from spaces.clock import Instant
from spaces.db.schema import uploads
from spaces.db.statement import Statement
from spaces.ids import UserId
from spaces.upload_model import UploadState

_PREFIX: Final = bindparam("prefix", type_=Text)
_PROLONG: Final = Statement(
    update(uploads)
    .where(
        uploads.c.state == UploadState.OPEN.value,
        uploads.c.owner_id == bindparam("of_owner"),
        uploads.c.dialect == bindparam("of_dialect"),
        func.substr(uploads.c.label, 1, func.length(_PREFIX)) == _PREFIX,
        uploads.c.holder.is_(None),
        uploads.c.expires_at > bindparam("now"),
        uploads.c.expires_at < bindparam("until"),
    )
    # A new epoch, for a sweeper that saw it as expired when the clock was ahead.
    .values(expires_at=bindparam("until"), epoch=uploads.c.epoch + 1)
)


def prolong(
    connection: Connection,
    owner_id: UserId,
    dialect: str,
    prefix: str,
    *,
    now: Instant,
    until: Instant,
) -> None:
    """Let a user's uploads with such labels live until then, but for expired ones.

    What is being written to has its own time, which ends later.
    """
    _PROLONG.run(
        connection,
        of_owner=owner_id,
        of_dialect=dialect,
        prefix=prefix,
        now=now,
        until=until,
    )
