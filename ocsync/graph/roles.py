"""The roles of a space as Libre Graph names them, by the ids clients know.

What a role may do is decided in the domain alone; the actions listed here tell
clients which buttons to show. `docs/permissions.md` has the table that holds for
every surface.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ocsync.problems import HttpProblem
from spaces.model import Role

_ITEM: Final = "libre.graph/driveItem"

_VIEWER_ACTIONS: Final = (
    f"{_ITEM}/path/read",
    f"{_ITEM}/quota/read",
    f"{_ITEM}/content/read",
    f"{_ITEM}/permissions/read",
    f"{_ITEM}/children/read",
    f"{_ITEM}/deleted/read",
    f"{_ITEM}/basic/read",
)
_EDITOR_ACTIONS: Final = (
    f"{_ITEM}/children/create",
    f"{_ITEM}/standard/delete",
    *_VIEWER_ACTIONS,
    f"{_ITEM}/versions/read",
    f"{_ITEM}/upload/create",
    f"{_ITEM}/path/update",
    f"{_ITEM}/versions/update",
    f"{_ITEM}/deleted/update",
)
_MANAGER_ACTIONS: Final = (
    *_EDITOR_ACTIONS,
    f"{_ITEM}/permissions/create",
    f"{_ITEM}/permissions/update",
    f"{_ITEM}/permissions/delete",
    f"{_ITEM}/deleted/delete",
)


@dataclass(frozen=True, slots=True)
class RoleDefinition:
    """One role: its id for all time, its words, and what it allows in a space."""

    id: str
    role: Role
    display_name: str
    description: str
    weight: int
    actions: tuple[str, ...]

    @property
    def document(self) -> dict[str, object]:
        """The `unifiedRoleDefinition`."""
        return {
            "id": self.id,
            "displayName": self.display_name,
            "description": self.description,
            "@libre.graph.weight": self.weight,
            "rolePermissions": [
                {
                    "allowedResourceActions": list(self.actions),
                    "condition": "exists @Resource.Root",
                }
            ],
        }


ROLES: Final[Mapping[Role, RoleDefinition]] = {
    Role.VIEWER: RoleDefinition(
        "a8d5fe5e-96e3-418d-825b-534dbdf22b99",
        Role.VIEWER,
        "Can view",
        "View and download.",
        1,
        _VIEWER_ACTIONS,
    ),
    Role.EDITOR: RoleDefinition(
        "58c63c02-1d89-4572-916a-870abc5a1b7d",
        Role.EDITOR,
        "Can edit",
        "View, download, upload, edit, add, delete including the history.",
        2,
        _EDITOR_ACTIONS,
    ),
    Role.MANAGER: RoleDefinition(
        "312c0871-5ef7-4b3a-85b6-0e4074c64049",
        Role.MANAGER,
        "Can manage",
        "View, download, upload, edit, add, delete and manage members.",
        3,
        _MANAGER_ACTIONS,
    ),
}

_BY_ID: Final = {definition.id: definition for definition in ROLES.values()}


def find_definition(role_id: str) -> RoleDefinition | None:
    """The role with the id, if there is one."""
    return _BY_ID.get(role_id)


def require_role(role_id: object) -> Role:
    """The role that a client names by its id or its plain name.

    Raises:
        HttpProblem: 400, it names none of a space's roles.
    """
    if isinstance(role_id, str):
        if role_id in _BY_ID:
            return _BY_ID[role_id].role
        if role_id in {role.value for role in Role}:
            return Role(role_id)
    known = ", ".join(f"{each.id} ({each.role.value})" for each in _BY_ID.values())
    raise HttpProblem(400, f"Unknown role; the roles of a space are {known}")
