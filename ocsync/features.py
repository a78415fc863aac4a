"""What this server can do, read off from what is mounted and configured.

The one place that translates between the composition and what clients are told; the
document itself is made in `ocsync.ocs.capabilities`.
"""

from collections.abc import Collection
from typing import Final

from ocsync.ocs.capabilities import ArchiveLimits, Features, PasswordRules, Tus
from ocsync.operations import STATUS
from ocsync.settings import Settings
from spaces.passwords import MAX_PASSWORD_BYTES

TUS_VERSION: Final = "1.0.0"
ANNOUNCED_EXTENSIONS: Final = ("creation", "creation-with-upload")
"""What the capabilities name, which is less than the headers of uploads do."""

_SEARCHABLE: Final = ("name", "mtime", "size", "mediatype", "type", "tag", "tags")


def features_of(settings: Settings, prefixes: Collection[str]) -> Features:
    """The features of a server with these settings and mounts."""
    has_dav = "/dav" in prefixes
    has_tus = has_dav and "/data" in prefixes
    return Features(
        status=STATUS,
        passwords=PasswordRules(min_characters=1, max_characters=MAX_PASSWORD_BYTES),
        tus=_tus(settings) if has_tus else None,
        archive=archive_limits(settings) if "/archiver" in prefixes else None,
        reports=("search-files",) if has_dav else (),
        search_properties=_SEARCHABLE if has_dav else (),
        chunking="/dav/uploads" in prefixes,
        trash=has_dav,
        versions=has_dav,
        favorites=has_dav,
        tags=has_dav,
        private_links="/f" in prefixes,
        app_list="/app/list" in prefixes,
        signed_urls=has_dav,
        checksums=("sha1", "md5", "adler32"),
        read_only_user_attributes=("user.onPremisesSamAccountName",),
    )


def _tus(settings: Settings) -> Tus:
    return Tus(
        version=TUS_VERSION,
        extensions=ANNOUNCED_EXTENSIONS,
        max_chunk_size=settings.uploads.max_chunk_size,
    )


def archive_limits(settings: Settings) -> ArchiveLimits:
    """What the archiver takes on."""
    return ArchiveLimits(
        max_files=settings.dav.archive_max_files,
        max_bytes=settings.dav.archive_max_size,
    )
