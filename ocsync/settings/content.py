"""The settings of the stored data: where it lies, uploads, what is kept how long.

How the service is reached stands in `ocsync.settings.service`.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from ocsync.settings.declare import setting
from ocsync.settings.quantities import (
    parse_between,
    parse_choice,
    parse_duration,
    parse_optional_duration,
    parse_optional_size,
    parse_optional_text,
    parse_path,
    parse_size,
    parse_switch,
    parse_text,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    """Where metadata and file content lie."""

    data: Path = setting(
        Path("data"),
        parse=parse_path,
        env="OCSYNC_DATA",
        help="Folder for everything the server keeps; only its owner may look inside.",
    )
    database_url: str | None = setting(
        None,
        parse=parse_optional_text,
        env="OCSYNC_DATABASE_URL",
        help="Metadata, such as postgresql://…; by default SQLite in the data folder.",
        is_secret=True,
    )
    blob_url: str | None = setting(
        None,
        parse=parse_optional_text,
        env="OCSYNC_BLOB_URL",
        help=(
            "File content: file:///FOLDER, or s3://BUCKET/PREFIX?endpoint=URL&region=…"
            " with addressing=path or virtual; by default a part of the data folder."
        ),
        is_secret=True,
    )
    s3_access_key_id: str | None = setting(
        None,
        parse=parse_optional_text,
        env="OCSYNC_S3_ACCESS_KEY_ID",
        help=(
            "Key for the bucket; by default what other S3 programs use too, such as"
            " AWS_ACCESS_KEY_ID or ~/.aws/credentials."
        ),
    )
    s3_secret_access_key: str | None = setting(
        None,
        parse=parse_optional_text,
        env="OCSYNC_S3_SECRET_ACCESS_KEY",
        help="The secret that belongs to that key.",
        is_secret=True,
    )
    durability: str = setting(
        "safe",
        parse=parse_choice("safe", "fast"),
        env="OCSYNC_DURABILITY",
        help=(
            "`safe`: what was answered survives a power cut. `fast`: it survives the"
            " end of the process, which is enough for tests."
        ),
    )
    min_free: int = setting(
        100_000_000,
        parse=parse_size,
        env="OCSYNC_MIN_FREE",
        help=(
            "An upload that would leave less of a local disk free is refused (507)"
            " when it begins, before a byte is sent."
        ),
    )
    default_quota: int | None = setting(
        None,
        parse=parse_optional_size,
        env="OCSYNC_DEFAULT_QUOTA",
        help="Quota of new personal spaces; `unlimited` for none.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSettings:
    """Resumable uploads, in every dialect."""

    max_chunk_size: int = setting(
        10_000_000,
        parse=parse_size,
        env="OCSYNC_MAX_CHUNK_SIZE",
        help="Size of one request that clients are told to use; larger ones are taken.",
        foreign_env=("FRONTEND_UPLOAD_MAX_CHUNK_SIZE",),
    )
    max_size: int | None = setting(
        None,
        parse=parse_optional_size,
        env="OCSYNC_MAX_UPLOAD_SIZE",
        help="The largest file; `unlimited` leaves it to quota and disk.",
    )
    expiry: timedelta = setting(
        timedelta(hours=24),
        parse=parse_duration,
        env="OCSYNC_UPLOAD_EXPIRY",
        help="How long an unfinished upload is kept.",
        foreign_env=("STORAGE_USERS_UPLOAD_EXPIRATION",),
    )
    max_age: timedelta = setting(
        timedelta(days=7),
        parse=parse_duration,
        env="OCSYNC_UPLOAD_MAX_AGE",
        help="The most that activity can extend an upload of the sliding dialects.",
    )
    takeover_after: timedelta = setting(
        timedelta(milliseconds=500),
        parse=parse_duration,
        env="OCSYNC_UPLOAD_TAKEOVER_AFTER",
        help="A writer that received nothing for so long gives way to a newcomer.",
    )
    plain_folder: str = setting(
        "Uploads",
        parse=parse_text,
        env="OCSYNC_PLAIN_TUS_FOLDER",
        help="Folder of the personal space where plain tus uploads land.",
    )
    eager_hash_size: int = setting(
        10_000_000,
        parse=parse_size,
        env="OCSYNC_EAGER_HASH_SIZE",
        help="Files up to this size get MD5 and SHA-256 at once, larger ones later.",
    )
    reuse_content: bool = setting(
        default=True,
        parse=parse_switch,
        env="OCSYNC_REUSE_CONTENT",
        help=(
            "Finish uploads at once whose length and SHA-256 the same space has; in"
            " one's own personal space their SHA1 will do."
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepSettings:
    """What is kept of the past, how long and how much, in each space."""

    trash_age: timedelta | None = setting(
        timedelta(days=90),
        parse=parse_optional_duration,
        env="OCSYNC_TRASH_AGE",
        help="How long removed files stay in the trash; `never` means for ever.",
    )
    trash_size: int | None = setting(
        None,
        parse=parse_optional_size,
        env="OCSYNC_TRASH_SIZE",
        help="The most a space's trash may hold; the oldest go first.",
    )
    version_age: timedelta | None = setting(
        None,
        parse=parse_optional_duration,
        env="OCSYNC_VERSION_AGE",
        help="How long former versions of a file are kept; `never` means for ever.",
    )
    version_count: int = setting(
        100,
        parse=parse_between(0, 1_000_000),
        env="OCSYNC_VERSION_COUNT",
        help="Former versions kept of one file; 0 means no limit.",
    )
    version_size: int | None = setting(
        None,
        parse=parse_optional_size,
        env="OCSYNC_VERSION_SIZE",
        help="The most that the versions in a space may hold; the oldest go first.",
    )
    change_age: timedelta = setting(
        timedelta(days=90),
        parse=parse_duration,
        env="OCSYNC_CHANGE_AGE",
        help="How long changes are remembered for clients that ask what changed.",
    )
    audit_age: timedelta | None = setting(
        timedelta(days=365),
        parse=parse_optional_duration,
        env="OCSYNC_AUDIT_AGE",
        help=(
            "How long the audit log remembers logins, tokens, rights and deletions;"
            " `never` means for ever."
        ),
    )
    sweep_interval: timedelta = setting(
        timedelta(minutes=5),
        parse=parse_duration,
        env="OCSYNC_SWEEP_INTERVAL",
        help="How often expired uploads and unreferenced content are collected.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DavSettings:
    """WebDAV and the download of folders."""

    propfind_infinity: bool = setting(
        default=False,
        parse=parse_switch,
        env="OCSYNC_PROPFIND_INFINITY",
        help="Answer PROPFIND with Depth: infinity instead of refusing it.",
        foreign_env=("OCDAV_ALLOW_PROPFIND_DEPTH_INFINITY",),
    )
    max_lock_timeout: timedelta = setting(
        timedelta(hours=24),
        parse=parse_duration,
        env="OCSYNC_MAX_LOCK_TIMEOUT",
        help="The longest time a WebDAV lock is granted for before it is refreshed.",
    )
    archive_max_files: int = setting(
        10_000,
        parse=parse_between(1, 10_000_000),
        env="OCSYNC_ARCHIVE_MAX_FILES",
        help="The most files that are put into one archive for download.",
        foreign_env=("FRONTEND_ARCHIVER_MAX_NUM_FILES",),
    )
    archive_max_size: int = setting(
        1_073_741_824,
        parse=parse_size,
        env="OCSYNC_ARCHIVE_MAX_SIZE",
        help="The most bytes that are put into one archive for download.",
        foreign_env=("FRONTEND_ARCHIVER_MAX_SIZE",),
    )
