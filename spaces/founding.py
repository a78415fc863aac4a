"""Founding spaces: their row, their root folder, their first manager, their alias.

Runs inside the caller's transaction, so that an account and its personal space come
to be together. Who may found a space is the caller's matter.
"""

import re
from typing import Final

from sqlalchemy import Connection

from spaces.clock import Instant
from spaces.db import members, nodes
from spaces.db import spaces as space_rows
from spaces.errors import NameRefused
from spaces.etags import new_etag
from spaces.ids import NodeId, SpaceId, UserId
from spaces.model import Node, Role, SpaceKind, User

_NAME_CHARACTERS: Final = 255
_UNFIT_FOR_ALIAS: Final = re.compile(r"[^\w.-]+")


def insert_space(
    connection: Connection,
    *,
    space_id: SpaceId,
    kind: SpaceKind,
    name: str,
    alias: str,
    owner_id: UserId,
    quota: int | None,
    now: Instant,
    description: str = "",
) -> None:
    """Make an empty space with its root and its owner as manager."""
    space_rows.insert_space(
        connection,
        {
            "id": space_id,
            "kind": kind.value,
            "name": name,
            "alias": alias,
            "description": description,
            "owner_id": owner_id,
            "quota_bytes": quota,
            "created_at": now,
        },
    )
    root = Node(
        id=NodeId(space_id),
        space_id=space_id,
        parent_id=None,
        name="",
        size=0,
        etag=new_etag(),
        modified_at=now,
        created_at=now,
        media_type=None,
        content=None,
    )
    nodes.insert_node(connection, root)
    members.set_role(connection, space_id, owner_id, Role.MANAGER, now)


def insert_personal(
    connection: Connection, user: User, *, quota: int | None, now: Instant
) -> None:
    """Make a user's personal space, whose id is the user's."""
    space_id = SpaceId(user.id)
    insert_space(
        connection,
        space_id=space_id,
        kind=SpaceKind.PERSONAL,
        name=user.display_name or user.name,
        alias=free_alias(connection, SpaceKind.PERSONAL, user.name, space_id),
        owner_id=user.id,
        quota=quota,
        now=now,
    )


def free_alias(
    connection: Connection, kind: SpaceKind, name: str, space_id: SpaceId
) -> str:
    """A readable alias for the space that no other one has."""
    slug = _UNFIT_FOR_ALIAS.sub("-", name.lower()).strip("-.") or "space"
    alias = f"{kind.value}/{slug}"
    if space_rows.alias_is_taken(connection, alias, but_by=space_id):
        alias = f"{alias}-{space_id[-12:]}"
    return alias


def require_space_name(name: str) -> str:
    """Return the name if a space may bear it.

    Raises:
        NameRefused: it is blank, too long or holds control characters.
    """
    if not name.strip():
        raise NameRefused(name, "a space name must not be empty or blank")
    if len(name) > _NAME_CHARACTERS:
        raise NameRefused(
            name, f"a space name must not exceed {_NAME_CHARACTERS} characters"
        )
    if not name.isprintable():
        raise NameRefused(name, "a space name must not contain control characters")
    return name
