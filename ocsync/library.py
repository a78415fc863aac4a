"""Opening the library that the settings describe.

Turns settings into what the domain wants: a database, a blob store, a policy.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from ocsync.datadir import DataFolderError, prepare_folder
from ocsync.settings import Settings, SettingsError, StorageSettings
from ocsync.settings.model import DATABASE_FILE
from spaces.blobs.base import BlobStore
from spaces.blobs.opening import open_blobs
from spaces.blobs.s3.address import S3Credentials
from spaces.blobs.watched import WatchedBlobs
from spaces.clock import to_microseconds
from spaces.db.engine import Database, open_database
from spaces.db.revision import upgrade
from spaces.errors import SchemaMismatch
from spaces.library import Library
from spaces.policy import Durability, Policy
from spaces.watch import UNWATCHED, Watch

NO_SCHEMA: Final = "none"
"""What `SchemaMismatch` calls the revision of an empty database."""


@contextmanager
def open_library(
    settings: Settings, *, create: bool = False, watch: Watch = UNWATCHED
) -> Iterator[Library]:
    """The library of these settings, closed at the end of the block.

    Args:
        settings: where everything lies.
        create: whether to make the data folder and the schema if there is nothing
            yet. An older schema is never touched here.
        watch: is told of all that is done with the library.

    Raises:
        DataFolderError: the data folder cannot be used, holds nothing yet, or has lost
            its database (`create`).
        SchemaMismatch: the schema is older or newer.
        SettingsError: a URL in the settings names something unknown.
        StoreUnavailable: the bucket for file content cannot be used (`create`).
    """
    if create:
        prepare_folder(settings.data)
    elif not _has_database(settings):
        raise DataFolderError(
            f"there is no data in {settings.data} yet: start the server once, or"
            " name the right folder with --data"
        )
    blobs = open_blob_store(settings)
    if create:
        blobs.require_ready()
    try:
        database = _open_database(settings, watch=watch)
    except SchemaMismatch as error:
        if not create or error.found != NO_SCHEMA:
            raise
        _require_no_content(blobs, settings)
        upgrade(settings.database_url)
        database = _open_database(settings, watch=watch)
    try:
        yield Library.open(
            database=database,
            blobs=WatchedBlobs(blobs, watch=watch),
            policy=policy_of(settings),
        )
    finally:
        database.close()


def open_blob_store(settings: Settings) -> BlobStore:
    """The store of file content.

    Raises:
        SettingsError: the URL names something unknown.
        OSError: the folder cannot be used.
    """
    storage = settings.storage
    try:
        return open_blobs(
            settings.blob_url,
            durability=Durability(storage.durability),
            credentials=_credentials(storage),
        )
    except ValueError as error:
        raise SettingsError(f"storage.blob_url: {error}") from error


def _credentials(storage: StorageSettings) -> S3Credentials | None:
    if storage.s3_access_key_id is None or storage.s3_secret_access_key is None:
        return None
    return S3Credentials(
        access_key_id=storage.s3_access_key_id,
        secret_access_key=storage.s3_secret_access_key,
    )


def _open_database(settings: Settings, *, watch: Watch) -> Database:
    url, durability = settings.database_url, settings.storage.durability
    try:
        return open_database(url, durability=durability, watch=watch)
    except ValueError as error:
        raise SettingsError(f"storage.database_url: {error}") from error


def _require_no_content(blobs: BlobStore, settings: Settings) -> None:
    """Refuse content that a new database does not know: it would be swept away."""
    if any(True for shard in blobs.shards() for _ in blobs.blob_ids(shard)):
        raise DataFolderError(
            "the database is empty, but there is content in"
            f" {settings.blob_url}: name the database that it belongs to, or restore"
            " a backup into a new folder"
        )


def _has_database(settings: Settings) -> bool:
    embedded = settings.storage.database_url is None
    return not embedded or (settings.data / DATABASE_FILE).exists()


def policy_of(settings: Settings) -> Policy:
    """What the settings decide about keeping things."""
    keep, uploads = settings.keep, settings.uploads
    return Policy(
        trash_max_age=_age(keep.trash_age),
        trash_max_bytes=keep.trash_size,
        versions_max_age=_age(keep.version_age),
        versions_max_count=keep.version_count or None,
        versions_max_bytes=keep.version_size,
        changes_max_age=_age(keep.change_age),
        audit_max_age=_age(keep.audit_age),
        digest_all_bytes=uploads.eager_hash_size,
        lock_max_age=to_microseconds(settings.dav.max_lock_timeout),
        personal_quota_bytes=settings.storage.default_quota,
        spare_bytes=settings.storage.min_free,
    )


def _age(age: timedelta | None) -> int | None:
    return None if age is None else to_microseconds(age)
