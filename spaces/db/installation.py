"""Rows of the `installation` table: facts that hold for all processes."""

from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from spaces.db.schema import installation
from spaces.db.statement import Statement

STORAGE_ID: Final = "storage_id"
BLOBS_KEPT_UNTIL: Final = "blobs_kept_until"
"""Until when the sweeper removes no contents, because a backup reads them."""

_GET: Final = Statement(
    select(installation.c.value).where(installation.c.key == bindparam("of_key"))
)
_INSERT: Final = Statement(insert(installation), columns=("key", "value"))
_UPDATE: Final = Statement(
    update(installation)
    .where(installation.c.key == bindparam("of_key"))
    .values(value=bindparam("new_value"))
)


def find_fact(connection: Connection, key: str) -> str | None:
    """The value kept under the key."""
    value = _GET.scalar(connection, of_key=key)
    return None if value is None else str(value)


def set_fact(connection: Connection, key: str, value: str) -> None:
    """Keep a value under the key."""
    if not _UPDATE.run(connection, of_key=key, new_value=value):
        _INSERT.run(connection, key=key, value=value)
