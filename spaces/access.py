"""Who may do what: roles to permissions, and how a refusal looks.

Pure: memberships are read by `spaces.db.spaces`, which hands out a `Space` as one
actor sees it.
"""

from enum import Enum
from typing import Final

from spaces.errors import Forbidden, SpaceDisabled, SpaceNotFound
from spaces.model import Actor, Role, Space, SpaceKind


class Permission(Enum):
    """What an operation needs."""

    READ = "read"
    WRITE = "write"
    """Create, change, remove and restore files."""
    MANAGE = "manage"
    """Members, settings, and what cannot be undone."""


_GRANTED: Final = {
    Role.VIEWER: frozenset({Permission.READ}),
    Role.EDITOR: frozenset({Permission.READ, Permission.WRITE}),
    Role.MANAGER: frozenset(Permission),
}


def require_content(space: Space, permission: Permission) -> None:
    """Refuse work on files and folders that the actor may not do.

    Administrators have no rights here that no membership gave them.

    Raises:
        SpaceNotFound: the actor is no member, or the space is closed to members.
        SpaceDisabled: as a manager may know.
        Forbidden: the role does not include the permission.
    """
    if space.role is None:
        raise SpaceNotFound
    if space.disabled_at is not None:
        raise SpaceDisabled if space.role is Role.MANAGER else SpaceNotFound
    if permission not in _GRANTED[space.role]:
        raise Forbidden(permission.value)


def may_see(actor: Actor, space: Space) -> bool:
    """Whether the actor may know that the space exists."""
    if space.role is None:
        return actor.is_admin
    return space.disabled_at is None or space.role is Role.MANAGER or actor.is_admin


def require_visible(actor: Actor, space: Space) -> None:
    """Hide a space from those who have nothing to do with it.

    Raises:
        SpaceNotFound: the actor may not know of it.
    """
    if not may_see(actor, space):
        raise SpaceNotFound


def require_management(actor: Actor, space: Space) -> None:
    """Refuse to administer a space, also a disabled one.

    Raises:
        SpaceNotFound: the actor may not know of it.
        Forbidden: the actor is neither manager nor administrator.
    """
    require_visible(actor, space)
    if space.role is not Role.MANAGER and not actor.is_admin:
        raise Forbidden(Permission.MANAGE.value)


def require_quota_right(actor: Actor, space: Space) -> None:
    """Refuse to change a quota: nobody grants room to themselves.

    Raises:
        SpaceNotFound: the actor may not know of the space.
        Forbidden: the actor is no administrator.
    """
    require_visible(actor, space)
    if not actor.is_admin:
        raise Forbidden("quota")


def require_shared(space: Space) -> None:
    """Refuse members, disabling and the like to a personal space.

    Raises:
        Forbidden: it belongs to one person.
    """
    if space.kind is SpaceKind.PERSONAL:
        raise Forbidden("personal space")
