"""Spaces, members and users as the JSON documents of Libre Graph.

Pure functions from domain values to documents; both API versions use the same but for
the names of roles: the older one says `manager`, the newer one the role's id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final
from urllib.parse import quote

from ocsync.graph.roles import ROLES
from spaces.clock import Instant, to_datetime
from spaces.ids import NodeId, ResourceId, SpaceId
from spaces.model import Entry, Member, Quota, Space, SpaceKind, User

Document = dict[str, Any]

_USER_TYPE: Final = "Member"
_ADMIN_ROLE: Final = "71881883-1768-46bd-a24d-a356a2afdf7f"
_USER_ROLE: Final = "d7beeea8-8ff4-406b-8fb6-ab2dd81e6b11"
_NEARING: Final = 0.75
_CRITICAL: Final = 0.90
_EXCEEDED: Final = 0.99


class Version(Enum):
    """The two versions of the API, as they stand in the path."""

    STABLE = "v1.0"
    BETA = "v1beta1"


@dataclass(frozen=True, slots=True)
class Naming:
    """How ids and URLs are spelled to clients of one request."""

    storage_id: str
    base_url: str
    version: Version

    def resource_id(self, space_id: SpaceId, node_id: NodeId | None = None) -> str:
        """The id of a space, or of a node in it."""
        return str(ResourceId(self.storage_id, space_id, node_id))

    def dav_url(self, space_id: SpaceId, path: Sequence[str] = ()) -> str:
        """Where WebDAV serves the space, or something in it."""
        names = "".join(f"/{quote(name)}" for name in path)
        return f"{self.base_url}/dav/spaces/{self.resource_id(space_id)}{names}"

    def web_url(self, space_id: SpaceId) -> str:
        """The link that opens the space for a person."""
        return f"{self.base_url}/f/{self.resource_id(space_id)}"


@dataclass(frozen=True, slots=True)
class DriveParts:
    """A space with what its document shows beside it."""

    space: Space
    members: Sequence[Member] = ()
    owner: User | None = None
    image: Entry | None = None
    readme: Entry | None = None


def drive_document(parts: DriveParts, naming: Naming) -> Document:
    """The `drive` that stands for a space."""
    space = parts.space
    space_id = naming.resource_id(space.id)
    document: Document = {
        "id": space_id,
        "name": space.name,
        "description": space.description,
        "driveType": space.kind.value,
        "driveAlias": space.alias,
        "lastModifiedDateTime": timestamp(space.modified_at),
        "createdDateTime": timestamp(space.created_at),
        "quota": quota_document(space.quota),
        "root": _root(parts, naming),
        "webUrl": naming.web_url(space.id),
    }
    if parts.owner is not None:
        document["owner"] = {"user": _identity(parts.owner.id, parts.owner)}
    special = [
        _special(entry, role, naming)
        for entry, role in ((parts.image, "image"), (parts.readme, "readme"))
        if entry is not None
    ]
    if special:
        document["special"] = special
    return document


def root_document(parts: DriveParts, naming: Naming) -> Document:
    """The `driveItem` of a space's root folder."""
    space = parts.space
    return {
        **_root(parts, naming),
        "name": space.name,
        "folder": {},
        "root": {},
        "size": space.quota.used,
        "lastModifiedDateTime": timestamp(space.modified_at),
        "parentReference": {
            "driveId": naming.resource_id(space.id),
            "driveType": space.kind.value,
        },
    }


def _root(parts: DriveParts, naming: Naming) -> Document:
    space = parts.space
    document: Document = {
        "id": naming.resource_id(space.id),
        "eTag": f'"{space.etag}"',
        "webDavUrl": naming.dav_url(space.id),
    }
    if parts.members:
        document["permissions"] = [
            permission_document(member, naming) for member in parts.members
        ]
    if space.is_disabled:
        document["deleted"] = {"state": "trashed"}
    return document


def permission_document(member: Member, naming: Naming) -> Document:
    """The `permission` that a membership is."""
    definition = ROLES[member.role]
    is_beta = naming.version is Version.BETA
    identity = {"user": _identity(member.user_id, member)}
    document: Document = {
        "id": permission_id(member),
        "grantedToV2": identity,
        "roles": [definition.id if is_beta else member.role.value],
        "createdDateTime": timestamp(member.added_at),
    }
    if not is_beta:
        document["grantedToIdentities"] = [identity]
    return document


def permission_id(member: Member) -> str:
    """The id of a membership in its space."""
    return f"u:{member.user_id}"


def quota_document(quota: Quota) -> Document:
    """The `quota`; a total of 0 means that there is no limit."""
    if quota.total is None:
        return {"total": 0, "used": quota.used, "state": "normal"}
    share = quota.used / quota.total if quota.total else 1.0
    return {
        "total": quota.total,
        "used": quota.used,
        "remaining": quota.remaining,
        "state": _quota_state(share),
    }


def user_document(user: User) -> Document:
    """The `user` as administrators and the user see it."""
    return {
        **found_user_document(user),
        "mail": user.mail,
        "onPremisesSamAccountName": user.name,
        "accountEnabled": user.disabled_at is None,
        "preferredLanguage": "en",
    }


def found_user_document(user: User) -> Document:
    """The `user` as anybody finds it who wants to invite somebody."""
    return {
        "id": user.id,
        "displayName": user.display_name or user.name,
        "userType": _USER_TYPE,
    }


def role_assignments(user: User) -> list[Document]:
    """What the user is on this server, by the ids that Infinite Scale's roles have."""
    return [
        {
            "id": user.id,
            "appRoleId": _ADMIN_ROLE if user.is_admin else _USER_ROLE,
            "principalId": user.id,
            "principalType": "User",
        }
    ]


def timestamp(instant: Instant) -> str:
    """RFC 3339, in UTC."""
    text = to_datetime(instant).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


def _identity(user_id: str, named: User | Member) -> Document:
    return {
        "id": user_id,
        "displayName": named.display_name or named.name,
        "@libre.graph.userType": _USER_TYPE,
    }


def _special(entry: Entry, name: str, naming: Naming) -> Document:
    node = entry.node
    return {
        "id": naming.resource_id(entry.space.id, node.id),
        "name": node.name,
        "size": node.size,
        "eTag": f'"{node.etag}"',
        "lastModifiedDateTime": timestamp(node.modified_at),
        "file": {"mimeType": node.media_type or "application/octet-stream"},
        "specialFolder": {"name": name},
        "webDavUrl": naming.dav_url(entry.space.id, entry.path),
    }


def _quota_state(share: float) -> str:
    if share <= _NEARING:
        return "normal"
    if share <= _CRITICAL:
        return "nearing"
    return "critical" if share <= _EXCEEDED else "exceeded"


def is_personal(space: Space) -> bool:
    """Whether the space belongs to one person."""
    return space.kind is SpaceKind.PERSONAL
