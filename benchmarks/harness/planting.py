"""Putting trees into an ocsync database at once, as if they had been uploaded.

Rows are the real ones; no content is written, so these files can be listed and
overwritten but not read.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from sqlalchemy import Connection, Table, insert
from sqlalchemy.dialects.sqlite import dialect

from spaces.clock import Instant
from spaces.db.schema import blobs, nodes, spaces
from spaces.ids import BlobId, NodeId, SpaceId, new_id
from spaces.library import Library
from spaces.model import Checksums, Content

FILE_BYTES: Final = 1_000
_BATCH: Final = 20_000
_NODE: Final = (
    "id",
    "space_id",
    "parent_id",
    "name",
    "name_key",
    "blob_id",
    "size",
    "etag",
    "modified_at",
    "created_at",
    "media_type",
)
_BLOB: Final = ("id", "size", "sha1", "adler32", "md5", "sha256", "created_at")

Row = tuple[Table, tuple[object, ...]]


def new_content() -> Content:
    """Content as if it had been sealed."""
    checksums = Checksums("0" * 40, "0" * 8, "0" * 32, "0" * 64)
    return Content(BlobId(new_id()), FILE_BYTES, checksums)


class Planter:
    """Writes folders of files below the root of a space."""

    def __init__(self, library: Library, space_id: SpaceId, now: Instant) -> None:
        self._library = library
        self._space_id = space_id
        self._now = now

    def folder(self, parent: str, name: str, files: Sequence[str]) -> Iterator[Row]:
        """A folder, its files, and the blobs they need."""
        folder, rows = self.empty_folder(parent, name, size=len(files) * FILE_BYTES)
        yield from rows
        for each in files:
            blob = new_id()
            yield blobs, self._blob(blob)
            yield nodes, self._node(new_id(), folder, each, FILE_BYTES, blob)

    def empty_folder(
        self, parent: str, name: str, *, size: int
    ) -> tuple[NodeId, list[Row]]:
        """A folder that says it holds so many bytes."""
        folder = NodeId(new_id())
        return folder, [(nodes, self._node(folder, parent, name, size, None))]

    def plant(self, rows: Iterable[Row]) -> None:
        """Write the rows, parents before their members, and settle the space."""
        waiting = iter(rows)
        while batch := list(islice(waiting, _BATCH)):
            self._write(batch)
        self._library.database.write(self._settle, space_id=self._space_id)

    def _write(self, batch: Sequence[Row]) -> None:
        def job(connection: Connection) -> None:
            for table, columns in ((blobs, _BLOB), (nodes, _NODE)):
                chosen = [row for owner, row in batch if owner is table]
                if chosen:
                    connection.exec_driver_sql(_statement(table, columns), chosen)

        self._library.database.write(job, space_id=self._space_id)

    def _settle(self, connection: Connection) -> None:
        total = _TOTAL.format(space_id=self._space_id)
        size = connection.exec_driver_sql(total).scalar_one()
        root = nodes.update().where(nodes.c.id == self._space_id)
        connection.execute(root.values(size=size))
        space = spaces.update().where(spaces.c.id == self._space_id)
        connection.execute(space.values(used_bytes=size))

    def _node(
        self, node: str, parent: str, name: str, size: int, blob: str | None
    ) -> tuple[object, ...]:
        media_type = None if blob is None else "text/plain"
        etag = "0" * 32
        times = (self._now, self._now)
        first = (node, self._space_id, parent, name, name, blob, size, etag)
        return (*first, *times, media_type)

    def _blob(self, blob: str) -> tuple[object, ...]:
        sha1 = f"{random.getrandbits(160):040x}"
        digests = (sha1, "0" * 8, "0" * 32, f"{random.getrandbits(256):064x}")
        return (blob, FILE_BYTES, *digests, self._now)


_TOTAL: Final = (
    "SELECT COALESCE(SUM(size), 0) FROM nodes WHERE parent_id = '{space_id}'"
)


def _statement(table: Table, columns: Sequence[str]) -> str:
    """SQL for rows as the driver takes them, which is much faster than dicts."""
    return str(insert(table).compile(dialect=dialect(), column_keys=list(columns)))
