"""Opening the library that the settings describe.

Turns settings into what the domain wants: a database, a blob store, a policy.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from spaces.blobs.opening import open_blobs

from ocsync.datadir import DataFolderError, prepare_folder
from ocsync.settings import Settings
from spaces.clock import SECOND
from spaces.db.engine import open_database
from spaces.db.revision import upgrade as upgrade_schema
from spaces.library import Library
from spaces.policy import Durability, Policy


@contextmanager
def open_library(settings: Settings, *, upgrade: bool = False) -> Iterator[Library]:
    """The library of these settings, closed at the end of the block.

    Args:
        settings: where everything lies.
        upgrade: whether to bring an older schema, or none, to the present one.

    Raises:
        DataFolderError: the data folder cannot be used, or holds nothing yet.
        SchemaMismatch: the schema is newer; or older, without `upgrade`.
        ValueError: a URL in the settings names something unknown.
    """
    if upgrade:
        prepare_folder(settings.data)
        upgrade_schema(settings.database_url)
    elif settings.storage.database_url is None and not has_database(settings):
        raise DataFolderError(
            f"there is no data in {settings.data} yet: start the server once, or"
            " name the right folder with --data"
        )
    policy = policy_of(settings)
    database = open_database(settings.database_url, durability=policy.durability.value)
    try:
        blobs = open_blobs(settings.blob_url, durability=policy.durability)
        yield Library.open(database=database, blobs=blobs, policy=policy)
    finally:
        database.close()


def has_database(settings: Settings) -> bool:
    """Whether the embedded database exists."""
    return (settings.data / "ocsync.db").exists()


def policy_of(settings: Settings) -> Policy:
    """What the settings decide about keeping things."""
    keep, uploads = settings.keep, settings.uploads
    return Policy(
        durability=Durability(settings.storage.durability),
        trash_max_age=_age(keep.trash_age),
        trash_max_bytes=keep.trash_size,
        versions_max_age=_age(keep.version_age),
        versions_max_count=keep.version_count or None,
        versions_max_bytes=keep.version_size,
        changes_max_age=_age(keep.change_age),
        upload_max_age=_microseconds(uploads.expiry),
        upload_idle_age=_microseconds(uploads.expiry),
        upload_total_age=_microseconds(uploads.max_age),
        personal_quota_bytes=settings.storage.default_quota,
    )


def _age(age: timedelta | None) -> int | None:
    return None if age is None else _microseconds(age)


def _microseconds(duration: timedelta) -> int:
    return round(duration.total_seconds() * SECOND)
