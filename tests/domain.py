"""What tests of the domain and of what stands on it share: people, time, content."""

import hashlib
import zlib
from dataclasses import dataclass

from sqlalchemy import Connection, insert, text

from spaces.clock import SECOND, Instant
from spaces.db.engine import Database
from spaces.db.schema import TABLES, metadata, users
from spaces.founding import insert_personal
from spaces.ids import BlobId, SpaceId, UserId, new_id
from spaces.library import Library
from spaces.model import (
    NO_GUARD,
    Actor,
    Checksums,
    Content,
    Guard,
    Place,
    Space,
    User,
    Written,
)

START = Instant(1_700_000_000 * SECOND)


class StepClock:
    """A clock that moves on a millisecond with every look at it."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> Instant:
        """The time, which is then a little later."""
        self.at = Instant(self.at + 1000)
        return self.at

    def advance(self, duration: int) -> None:
        """Let so many microseconds pass."""
        self.at = Instant(self.at + duration)


def add_user(library: Library, name: str, *, is_admin: bool = False) -> Actor:
    """An account without a password, with its personal space."""
    user = User(
        id=UserId(new_id()),
        name=name,
        display_name=name.title(),
        mail=f"{name}@example.org",
        is_admin=is_admin,
        created_at=START,
    )

    def job(connection: Connection) -> None:
        connection.execute(
            insert(users).values(
                id=user.id,
                name=name,
                name_key=name,
                display_name=user.display_name,
                mail=user.mail,
                is_admin=is_admin,
                created_at=user.created_at,
            )
        )
        insert_personal(connection, user, quota=None, now=START)

    library.database.write(job)
    return Actor(user.id, name, user.display_name, is_admin)


def seal(library: Library, data: bytes) -> Content:
    """Put bytes into the blob store."""
    blob_id = BlobId(new_id())
    with library.blobs.stage(blob_id) as staged:
        staged.write(data)
        staged.flush()
    library.blobs.seal(blob_id, len(data))
    checksums = Checksums(
        sha1=hashlib.sha1(data).hexdigest(),
        adler32=f"{zlib.adler32(data):08x}",
        md5=hashlib.md5(data).hexdigest(),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    return Content(blob_id, len(data), checksums)


@dataclass(frozen=True)
class Desk:
    """One person at work in one space, by paths like `a/b.txt`."""

    library: Library
    actor: Actor
    space_id: SpaceId

    @property
    def space(self) -> Space:
        """The space as it is now."""
        return self.library.catalog.get(self.actor, self.space_id)

    def place(self, path: str) -> Place:
        """The place of a path."""
        return place(self.space_id, path)

    def put(
        self,
        path: str,
        data: bytes = b"data",
        *,
        guard: Guard = NO_GUARD,
        modified_at: Instant | None = None,
    ) -> Written:
        """Write a file."""
        return self.library.files.commit(
            self.actor,
            self.place(path),
            seal(self.library, data),
            guard=guard,
            modified_at=modified_at,
        )

    def listing(self) -> dict[str, int]:
        """Every path below the root with its size; folders end in a slash."""
        root = self.library.tree.get(self.actor, self.place("")).node
        return {
            f"{path}/" if node.is_folder else path: node.size
            for path, node in self.library.tree.descendants(self.actor, root)
        }


def place(space_id: SpaceId, path: str) -> Place:
    """The place of a path like `a/b.txt`; the root for an empty one."""
    return Place(space_id, tuple(path.split("/")) if path else ())


def empty_tables(database: Database) -> None:
    """Delete every row of a database that tests share.

    By DELETE, which takes a tenth of the time of TRUNCATE where there are few.
    """
    tables = [table for table in reversed(metadata.sorted_tables) if table in TABLES]
    deletes = "; ".join(f"DELETE FROM {table.name}" for table in tables)
    database.write(lambda connection: connection.execute(text(deletes)))
