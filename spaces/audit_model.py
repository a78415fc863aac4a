"""What the audit log is made of: deeds, and who is known to do them."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol

from spaces.clock import Instant
from spaces.ids import SpaceId, UserId


class Action(Enum):
    """What was done; the part before the dot says to what kind of thing."""

    LOGIN_OK = "login.ok"
    LOGIN_FAILED = "login.failed"
    TOKEN_CREATED = "token.created"  # noqa: S105  # no secrets: names of deeds
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    TOKEN_USED = "token.used"  # noqa: S105
    TOKEN_ISSUED = "token.issued"  # noqa: S105
    """One that is signed and not stored: for uploads by an app."""
    KEY_CREATED = "key.created"
    KEY_REVOKED = "key.revoked"
    KEY_ROTATED = "key.rotated"
    ISSUER_ROTATED = "issuer.rotated"
    """The issuer of logins signs with a new key."""
    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    USER_PASSWORD = "user.password"  # noqa: S105
    USER_DISABLED = "user.disabled"
    USER_ENABLED = "user.enabled"
    USER_DELETED = "user.deleted"
    SPACE_CREATED = "space.created"
    SPACE_CHANGED = "space.changed"
    SPACE_DISABLED = "space.disabled"
    SPACE_ENABLED = "space.enabled"
    SPACE_DELETED = "space.deleted"
    MEMBER_SET = "member.set"
    MEMBER_REMOVED = "member.removed"
    FILE_REMOVED = "file.removed"
    TRASH_RESTORED = "trash.restored"
    TRASH_PURGED = "trash.purged"
    TRASH_EMPTIED = "trash.emptied"
    VERSION_REMOVED = "version.removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One entry: who did what, from where, and to whom or what."""

    id: str
    at: Instant
    action: Action
    user_id: UserId | None = None
    """Who did it; None where it was nobody with an account."""
    user_name: str = ""
    address: str = ""
    request_id: str = ""
    subject: str = ""
    """The name of the user or space, or the path of the file, that it was done to."""
    subject_id: str = ""
    space_id: SpaceId | None = None
    detail: Mapping[str, object] = field(default_factory=dict)


class Caller(Protocol):
    """On whose behalf the domain is called; looked at only when a deed is recorded."""

    @property
    def user_id(self) -> UserId | None:
        """The account, if there is one and it is known by now."""
        ...

    @property
    def user_name(self) -> str:
        """The account's name, or what else names who it is."""
        ...

    @property
    def address(self) -> str:
        """Where the call came from."""
        ...

    @property
    def request_id(self) -> str:
        """What the log calls the request."""
        ...


CALLER: Final[ContextVar[Caller | None]] = ContextVar("spaces_caller", default=None)
"""Who is calling, on this thread; set by whoever lets calls in."""
