"""Library: all services of the domain over one database and one blob store."""

from dataclasses import dataclass
from typing import Self

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from spaces.accounts import Accounts
from spaces.audit import AuditLog
from spaces.blobs.base import BlobStore
from spaces.catalog import Catalog
from spaces.changes import Changes
from spaces.credentials import CredentialCache
from spaces.db import installation
from spaces.db.engine import Database
from spaces.files import Files
from spaces.ids import new_id
from spaces.locks import Locks
from spaces.passwords import default_passwords
from spaces.policy import Policy
from spaces.properties import Properties
from spaces.room import Room
from spaces.search import Search
from spaces.sweeper import Sweeper
from spaces.trash import Trash
from spaces.tree import Tree
from spaces.uploads import Uploads
from spaces.versions import Versions


@dataclass(frozen=True, slots=True)
class Library:
    """What the service works with. Its parts may be used from any thread."""

    database: Database
    blobs: BlobStore
    room: Room
    policy: Policy
    storage_id: str
    catalog: Catalog
    tree: Tree
    files: Files
    trash: Trash
    versions: Versions
    properties: Properties
    locks: Locks
    search: Search
    changes: Changes
    accounts: Accounts
    uploads: Uploads
    sweeper: Sweeper
    audit: AuditLog

    @classmethod
    def open(cls, *, database: Database, blobs: BlobStore, policy: Policy) -> Self:
        """Wire the services."""
        uploads = Uploads(database=database, blobs=blobs)
        room = Room(blobs, spare_bytes=policy.spare_bytes)
        return cls(
            database=database,
            blobs=blobs,
            room=room,
            policy=policy,
            storage_id=_storage_id(database),
            catalog=Catalog(database=database),
            tree=Tree(database=database),
            files=Files(database=database, blobs=blobs, room=room, policy=policy),
            accounts=Accounts(
                database=database,
                policy=policy,
                passwords=default_passwords(),
                cache=CredentialCache(),
            ),
            trash=Trash(database=database),
            versions=Versions(database=database),
            properties=Properties(database=database),
            locks=Locks(database=database, policy=policy),
            search=Search(database=database),
            changes=Changes(database=database),
            uploads=uploads,
            audit=AuditLog(database=database),
            sweeper=Sweeper(
                database=database, blobs=blobs, policy=policy, uploads=uploads
            ),
        )


def _storage_id(database: Database) -> str:
    """The id of this storage, drawn when it is first opened."""
    with database.read() as connection:
        found = installation.find_fact(connection, installation.STORAGE_ID)
    if found is not None:
        return found

    def job(connection: Connection) -> str:
        present = installation.find_fact(connection, installation.STORAGE_ID)
        if present is None:
            present = new_id()
            installation.set_fact(connection, installation.STORAGE_ID, present)
        return present

    try:
        return database.write(job)
    except IntegrityError:  # another process was first
        return database.write(job)
