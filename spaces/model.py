"""Frozen snapshots that the domain hands out.

They are values read at one moment: no lazy loading, no way back to the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from spaces.clock import Instant
from spaces.ids import BlobId, NodeId, SpaceId, TokenId, UserId, VersionId


class Role(Enum):
    """What a member may do in a space; each role includes the one before."""

    VIEWER = "viewer"
    EDITOR = "editor"
    MANAGER = "manager"


class SpaceKind(Enum):
    """Whose a space is: one person's, or a group's."""

    PERSONAL = "personal"
    PROJECT = "project"


class ChangeKind(Enum):
    """What a change did to its node."""

    CREATED = "created"
    ARRIVED = "arrived"
    """With all that is below it: copied, restored, moved in from another space."""
    CONTENT = "content"
    PROPERTIES = "properties"
    MOVED = "moved"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. Rights come from memberships, looked up anew in each operation.

    `is_admin` allows administering spaces and users, never reading others' files.
    """

    user_id: UserId
    name: str
    display_name: str = ""
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """An account."""

    id: UserId
    name: str
    display_name: str
    mail: str
    is_admin: bool
    created_at: Instant
    disabled_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class AppToken:
    """A credential for one program; its secret is known only to its holder."""

    id: TokenId
    user_id: UserId
    label: str
    created_at: Instant
    expires_at: Instant | None
    last_used_at: Instant | None


@dataclass(frozen=True, slots=True)
class Quota:
    """What a space may hold and does hold, in bytes. `total` None: no limit."""

    total: int | None
    used: int
    reserved: int = 0

    @property
    def remaining(self) -> int | None:
        """Bytes that may still be promised; None without a limit."""
        if self.total is None:
            return None
        return max(self.total - self.used - self.reserved, 0)


@dataclass(frozen=True, slots=True)
class Space:
    """A tree of files with members, a quota and a change log.

    `role` is the role of the actor who asked, None for an admin who is no member.
    The root node's id equals the space's id.
    """

    id: SpaceId
    kind: SpaceKind
    name: str
    alias: str
    description: str
    owner_id: UserId | None
    quota: Quota
    etag: str
    modified_at: Instant
    created_at: Instant
    disabled_at: Instant | None
    role: Role | None
    image_id: NodeId | None = None
    readme_id: NodeId | None = None

    @property
    def root_id(self) -> NodeId:
        """The id of the space's root folder."""
        return NodeId(self.id)

    @property
    def is_disabled(self) -> bool:
        """Whether the space is closed to everything but restoring and purging."""
        return self.disabled_at is not None


@dataclass(frozen=True, slots=True)
class Member:
    """A user's membership of a space."""

    user_id: UserId
    name: str
    display_name: str
    role: Role
    added_at: Instant


@dataclass(frozen=True, slots=True)
class Checksums:
    """Lower-case hex digests. SHA1 and ADLER32 always; the others may come later."""

    sha1: str
    adler32: str
    md5: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """Immutable bytes in the blob store."""

    blob_id: BlobId
    size: int
    checksums: Checksums


@dataclass(frozen=True, slots=True)
class Node:
    """A file or folder. `content` is None exactly for folders.

    `size` of a folder is the sum of all files below it.
    """

    id: NodeId
    space_id: SpaceId
    parent_id: NodeId | None
    name: str
    size: int
    etag: str
    modified_at: Instant
    created_at: Instant
    media_type: str | None
    content: Content | None

    @property
    def is_folder(self) -> bool:
        """Whether the node can have children."""
        return self.content is None

    @property
    def is_root(self) -> bool:
        """Whether the node is the root of its space."""
        return self.id == NodeId(self.space_id)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is or shall be: names below an anchor folder.

    The anchor is the root of the space unless `anchor` names another node of it.
    An empty path means the anchor itself.
    """

    space_id: SpaceId
    path: tuple[str, ...] = ()
    anchor: NodeId | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A node found, with the space it is in and its path from the space's root.

    `ancestor_ids` runs from the root to the node's parent.
    """

    space: Space
    node: Node
    path: tuple[str, ...]
    ancestor_ids: tuple[NodeId, ...]


@dataclass(frozen=True, slots=True)
class Guard:
    """What must hold, inside the very transaction, for a change to be made.

    `if_match`/`if_none_match` hold unquoted etags, or `("*",)`; None means that no
    condition was set. `lock_tokens` are the WebDAV lock tokens the client gave.
    """

    if_match: tuple[str, ...] | None = None
    if_none_match: tuple[str, ...] | None = None
    lock_tokens: frozenset[str] = frozenset()


NO_GUARD = Guard()


@dataclass(frozen=True, slots=True)
class Written:
    """What writing a file, moving or copying left behind."""

    node: Node
    is_new: bool
    role: Role | None
    """What the writer is in the space; None for an administrator from outside."""


@dataclass(frozen=True, slots=True)
class Version:
    """A former content of a file."""

    id: VersionId
    node_id: NodeId
    content: Content
    etag: str
    modified_at: Instant
    replaced_at: Instant
    media_type: str | None


@dataclass(frozen=True, slots=True)
class TrashItem:
    """A removed node that can be brought back."""

    node: Node
    original_path: tuple[str, ...]
    removed_at: Instant
    removed_by: UserId | None


@dataclass(frozen=True, slots=True)
class Lock:
    """A WebDAV lock on a node, seen by every process."""

    token: str
    node_id: NodeId
    space_id: SpaceId
    owner_id: UserId
    owner_xml: str
    is_exclusive: bool
    is_deep: bool
    expires_at: Instant | None
    created_at: Instant


@dataclass(frozen=True, slots=True)
class Extras:
    """What one user sees on a node beside the node itself, read for many at once."""

    is_favorite: bool = False
    tags: tuple[str, ...] = ()
    dead_properties: Mapping[str, str] = field(default_factory=dict)
    locks: tuple[Lock, ...] = ()


NO_EXTRAS = Extras()
