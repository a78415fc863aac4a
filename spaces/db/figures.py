"""Figures of the whole database: what there is, counted by kind.

For operators. Uploads and spaces are few beside nodes, of which nothing is counted
here; the queue of checksums is counted to a limit.
"""

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
)

from spaces.db.schema import blobs, spaces, uploads
from spaces.db.statement import Statement
from spaces.upload_model import UploadState

_STATE: Final[ColumnElement[Any]] = case(
    (uploads.c.holder.is_not(None), literal_column("'receiving'")),
    (uploads.c.offset == uploads.c.length, literal_column("'complete'")),
    else_=literal_column("'waiting'"),
)
_UPLOADS: Final = Statement(
    select(uploads.c.dialect, _STATE, func.count())
    .where(uploads.c.state == UploadState.OPEN.value)
    .group_by(uploads.c.dialect, _STATE)
)
_IS_DISABLED: Final = spaces.c.disabled_at.is_not(None)
_SPACES: Final = Statement(
    select(
        spaces.c.kind, _IS_DISABLED, func.count(), func.sum(spaces.c.used_bytes)
    ).group_by(spaces.c.kind, _IS_DISABLED)
)
_UNHASHED: Final = Statement(
    select(func.count()).select_from(
        select(blobs.c.id)
        .where(or_(blobs.c.md5.is_(None), blobs.c.sha256.is_(None)))
        .limit(bindparam("most"))
        .subquery()
    )
)


def open_uploads(connection: Connection) -> dict[tuple[str, str], int]:
    """Uploads that are not finished, by dialect and by what they wait for."""
    return {
        (dialect, state): count for dialect, state, count in _UPLOADS.all(connection)
    }


def spaces_by_kind(
    connection: Connection,
) -> dict[tuple[str, bool], tuple[int, int]]:
    """How many spaces and how many bytes of files, by kind and whether disabled."""
    return {
        (kind, bool(is_disabled)): (count, int(used))
        for kind, is_disabled, count, used in _SPACES.all(connection)
    }


def unhashed_count(connection: Connection, *, most: int) -> int:
    """How many contents lack a digest, counted no further than `most`."""
    return int(_UNHASHED.scalar(connection, most=most))
