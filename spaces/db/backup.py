"""What making and using a backup asks of the database and of its copy."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import (
    Connection,
    bindparam,
    create_engine,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.pool import NullPool

from spaces.clock import Instant
from spaces.db import installation as facts
from spaces.db.schema import blobs, installation, spaces, uploads
from spaces.db.sqlite import driver_of
from spaces.db.statement import Statement
from spaces.ids import BlobId, UploadId
from spaces.upload_model import UploadKind, UploadState

_SUMS: Final = Statement(
    select(func.count(), func.coalesce(func.sum(blobs.c.size), 0)).select_from(blobs)
)
_BLOBS: Final = Statement(
    select(blobs.c.id, blobs.c.size, blobs.c.sha1).order_by(blobs.c.id)
)
_KNOWN: Final = Statement(select(blobs.c.id).where(blobs.c.id == bindparam("blob_id")))
_UPLOADS: Final = Statement(
    select(uploads.c.id, uploads.c.blob_id, uploads.c.offset)
    .where(
        uploads.c.offset > 0,
        or_(
            uploads.c.state == UploadState.OPEN.value,
            uploads.c.kind == UploadKind.PARTIAL.value,
        ),
    )
    .order_by(uploads.c.id)
)
_STAGED: Final = Statement(
    select(uploads.c.id).where(
        uploads.c.blob_id == bindparam("blob_id"), uploads.c.offset > 0
    )
)
_HELD: Final = Statement(
    select(uploads.c.space_id, uploads.c.reserved_bytes).where(
        uploads.c.id == bindparam("upload_id")
    )
)
_GIVE_BACK: Final = Statement(
    update(spaces)
    .where(spaces.c.id == bindparam("space_id"))
    .values(reserved_bytes=spaces.c.reserved_bytes - bindparam("held_bytes"))
)
_FORGET_UPLOAD: Final = Statement(
    delete(uploads).where(uploads.c.id == bindparam("upload_id"))
)
_FORGET_HOLDERS: Final = Statement(update(uploads).values(holder=None, held_at=None))
_FORGET_FACT: Final = Statement(
    delete(installation).where(installation.c.key == bindparam("of_key"))
)


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """What a row promises of a blob."""

    id: BlobId
    size: int
    sha1: str


@dataclass(frozen=True, slots=True)
class StagedUpload:
    """An upload whose first `offset` bytes are in a staging area."""

    id: UploadId
    blob_id: BlobId
    offset: int


def copy_database(connection: Connection, target: Path) -> None:
    """Copy the SQLite database, as the connection sees it, into a single file."""
    with closing(sqlite3.connect(target)) as copy:
        driver_of(connection).backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE").close()


@contextmanager
def open_copy(path: Path) -> Iterator[Connection]:
    """A copied database, in one transaction that commits at the end of the block."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.begin() as connection:
        yield connection


def is_intact(connection: Connection) -> bool:
    """Whether the database's own structure is sound."""
    return connection.exec_driver_sql("PRAGMA quick_check").scalar() == "ok"


def totals(connection: Connection) -> tuple[int, int]:
    """How many blobs there are, and how many bytes they hold."""
    row = _SUMS.first(connection)
    assert row is not None
    return int(row[0]), int(row[1])


def stream_blobs(connection: Connection) -> Iterator[StoredBlob]:
    """Every blob that a row names."""
    return (StoredBlob(*row) for row in _BLOBS.stream(connection))


def is_named(connection: Connection, blob_id: BlobId) -> bool:
    """Whether a row names the blob as content."""
    return _KNOWN.first(connection, blob_id=blob_id) is not None


def is_staged(connection: Connection, blob_id: BlobId) -> bool:
    """Whether a row names the blob as an upload's."""
    return _STAGED.first(connection, blob_id=blob_id) is not None


def staged_uploads(connection: Connection) -> list[StagedUpload]:
    """Every upload that has bytes in a staging area."""
    return [StagedUpload(*row) for row in _UPLOADS.all(connection)]


def forget_upload(connection: Connection, upload_id: UploadId) -> None:
    """Delete an upload and give back the quota it held."""
    row = _HELD.first(connection, upload_id=upload_id)
    if row is not None and row[0] is not None:
        _GIVE_BACK.run(connection, space_id=row[0], held_bytes=row[1])
    _FORGET_UPLOAD.run(connection, upload_id=upload_id)


def forget_the_running_server(connection: Connection) -> None:
    """Delete from a copy what only holds while the server runs that it is from."""
    _FORGET_HOLDERS.run(connection)
    _FORGET_FACT.run(connection, of_key=facts.BLOBS_KEPT_UNTIL)


def keep_blobs_until(connection: Connection, until: Instant | None) -> None:
    """Forbid the removal of contents until then; allow it again with None."""
    if until is None:
        _FORGET_FACT.run(connection, of_key=facts.BLOBS_KEPT_UNTIL)
    else:
        facts.set_fact(connection, facts.BLOBS_KEPT_UNTIL, str(until))


def blobs_are_kept(connection: Connection, now: Instant) -> bool:
    """Whether contents must not be removed, because a backup reads them."""
    until = facts.find_fact(connection, facts.BLOBS_KEPT_UNTIL)
    return until is not None and now < int(until)
