"""What the server tells clients it can do, computed from what is there.

Pure: features in, a document out. Nothing is advertised that the features do not
name; whoever composes the application fills them from what it has mounted. Who wants
to know which client reads which key finds the reader named beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Document = dict[str, object]

POLL_INTERVAL_MILLISECONDS: Final = 30_000
"""The desktop reads `pollinterval` as milliseconds and ignores less than 5000."""

MAX_TAG_LENGTH: Final = 100

_PREFERRED_CHECKSUM: Final = "SHA1"
"""In capitals: the desktop up to 2.11 knows no other spelling, and would send
uploads without a checksum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tus:
    """The tus that is offered where files are uploaded to."""

    version: str
    extensions: tuple[str, ...]
    max_chunk_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """What the download of folders takes on."""

    max_files: int
    max_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordRules:
    """What a new password must meet."""

    min_characters: int
    max_characters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Everything that can be advertised. `status` is what `/status.php` answers."""

    status: Mapping[str, object]
    passwords: PasswordRules
    tus: Tus | None = None
    archive: ArchiveLimits | None = None
    reports: tuple[str, ...] = ()
    search_properties: tuple[str, ...] = ()
    chunking: bool = False
    """Whether files are taken in chunks by the ways from before tus, too."""
    trash: bool = False
    versions: bool = False
    favorites: bool = False
    tags: bool = False
    private_links: bool = False
    app_list: bool = False
    signed_urls: bool = False
    checksums: tuple[str, ...] = ()
    read_only_user_attributes: tuple[str, ...] = ()


def capabilities(features: Features, *, host: str) -> Document:
    """The `data` of the capabilities answer."""
    return {
        "capabilities": {
            "core": _core(features, host),
            "checksums": {
                "supportedTypes": list(features.checksums),
                "preferredUploadType": _PREFERRED_CHECKSUM,
            },
            "files": _files(features),
            "dav": _dav(features),
            "files_sharing": _sharing(),
            "spaces": _spaces(),
            "graph": _graph(features),
            "password_policy": _passwords(features.passwords),
            "search": {"property": _search(features)},
            "auth": {"mfa": {"enabled": False}},
            "vault": {"enabled": False},
        },
        "version": _version(features.status),
    }


def _core(features: Features, host: str) -> Document:
    return {
        "pollinterval": POLL_INTERVAL_MILLISECONDS,
        "webdav-root": "remote.php/webdav",
        "status": {**features.status, "hostname": host},
        "support-url-signing": features.signed_urls,
        "support-sse": False,
    }


def _files(features: Features) -> Document:
    document: Document = {
        "privateLinks": features.private_links,
        "bigfilechunking": features.chunking,
        "undelete": features.trash,
        "versioning": features.versions,
        "favorites": features.favorites,
        "full_text_search": "content" in features.search_properties,
        "permanent_deletion": features.trash,
        "tags": features.tags,
        "blacklisted_files": [],
        "thumbnail": {"enabled": False},
    }
    if features.tus is not None:
        document["tus_support"] = {
            "version": features.tus.version,
            "resumable": features.tus.version,
            "extension": ",".join(features.tus.extensions),
            "max_chunk_size": features.tus.max_chunk_size,
            "http_method_override": "",
        }
    if features.archive is not None:
        document["archivers"] = [
            {
                "enabled": True,
                "version": "2.0.0",
                "formats": ["tar", "zip"],
                "archiver_url": "/archiver",
                "max_num_files": str(features.archive.max_files),
                "max_size": str(features.archive.max_bytes),
            }
        ]
    if features.app_list:
        document["app_providers"] = [
            {"enabled": True, "version": "1.1.0", "apps_url": "/app/list"}
        ]
    return document


def _dav(features: Features) -> Document:
    return {
        # Clients that know tus prefer that; Nextcloud's know only this.
        "chunking": "1.0" if features.chunking else "",
        "trashbin": "1.0" if features.trash else "",
        "reports": list(features.reports),
        "chunkingParallelUploadDisabled": False,
    }


def _sharing() -> Document:
    """Files are shared by membership of a space; links and single shares are not."""
    return {
        "api_enabled": False,
        "group_sharing": False,
        "sharing_roles": False,
        "deny_access": False,
        "auto_accept_share": False,
        "share_with_group_members_only": False,
        "share_with_membership_groups_only": False,
        "search_min_length": 3,
        "default_permissions": 22,
        "user_enumeration": {"enabled": True, "group_members_only": False},
        "federation": {"outgoing": False, "incoming": False},
        "public": {
            "enabled": False,
            "send_mail": False,
            "social_share": False,
            "upload": False,
            "multiple": False,
            "supports_upload_only": False,
            "can_edit": False,
            "alias": False,
            "default_permissions": 1,
            "password": {"enforced": False},
            "expire_date": {"enabled": False},
        },
        "user": {
            "send_mail": False,
            "profile_picture": False,
            "settings": [{"enabled": False, "version": "1.0.0"}],
            "expire_date": {"enabled": False},
        },
    }


def _spaces() -> Document:
    return {
        "version": "1.0.0",
        "enabled": True,
        "projects": True,
        "share_jail": False,
        "max_quota": 0,
        "has_multiple_personal_spaces": False,
    }


def _graph(features: Features) -> Document:
    return {
        "personal-data-export": False,
        "users": {
            "read_only_attributes": list(features.read_only_user_attributes),
            "create_disabled": False,
            "delete_disabled": False,
            "change_password_self_disabled": False,
        },
        "tags": {"max_tag_length": MAX_TAG_LENGTH},
    }


def _passwords(rules: PasswordRules) -> Document:
    return {
        "min_characters": rules.min_characters,
        "max_characters": rules.max_characters,
        "min_lowercase_characters": 0,
        "min_uppercase_characters": 0,
        "min_digits": 0,
        "min_special_characters": 0,
    }


_SEARCH_KEYWORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "mtime": (
        "today",
        "last 7 days",
        "last 30 days",
        "this year",
        "last year",
    ),
    "mediatype": (
        "document",
        "spreadsheet",
        "presentation",
        "pdf",
        "image",
        "video",
        "audio",
        "folder",
        "archive",
    ),
}
"""Words that ownCloud Web offers as filter chips, per property."""


def _search(features: Features) -> Document:
    properties: Document = {}
    for name in features.search_properties:
        properties[name] = {"enabled": True}
        if name in _SEARCH_KEYWORDS:
            properties[name] = {
                "keywords": list(_SEARCH_KEYWORDS[name]),
                "enabled": True,
            }
    return properties


def _version(status: Mapping[str, object]) -> Document:
    numbers = [*str(status["version"]).split("."), "0", "0", "0"]
    return {
        "major": int(numbers[0]),
        "minor": int(numbers[1]),
        "micro": int(numbers[2]),
        "string": status["versionstring"],
        "edition": status["edition"],
        "product": status["product"],
        "productversion": status["productversion"],
    }
