"""Members of a space as permissions on the root of its drive.

Only spaces are shared, as a whole: single files and folders have no permissions of
their own, and there are no links.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from werkzeug.wrappers import Response

from ocsync.endpoints import Call, Route, empty_response, json_response
from ocsync.graph.documents import (
    Document,
    Naming,
    Version,
    permission_document,
)
from ocsync.graph.query import Collection, Query, parse_query
from ocsync.graph.request import (
    list_field,
    object_field,
    require_node_id,
    require_space_id,
    require_user_id,
)
from ocsync.graph.roles import ROLES, find_definition, require_role
from ocsync.problems import HttpProblem
from spaces.errors import AlreadyExists, UserNotFound
from spaces.ids import SpaceId, UserId
from spaces.library import Library
from spaces.model import Actor, Member, Role, Space

_ACTIONS: Final = "@libre.graph.permissions.actions.allowedValues"
_ALLOWED_ROLES: Final = "@libre.graph.permissions.roles.allowedValues"
_PERMISSIONS: Final = Collection(
    filterable=frozenset(),
    sortable=frozenset(),
    selectable=frozenset({"value", _ACTIONS, _ALLOWED_ROLES}),
)
_USER_PREFIX: Final = "u:"


class Members:
    """The answers about who may use a space."""

    def __init__(self, *, library: Library, version: Version) -> None:
        self._library = library
        self._version = version

    def routes(self) -> Iterable[Route]:
        """Paths below that of the version."""
        root = "/drives/<drive>/root"
        one = f"{root}/permissions/<permission>"
        roles = "/roleManagement/permissions/roleDefinitions"
        return (
            Route("GET", f"{root}/permissions", self.list_members),
            Route("POST", f"{root}/invite", self.invite),
            Route("GET", one, self.get),
            Route("PATCH", one, self.update),
            Route("DELETE", one, self.remove),
            Route("GET", "/drives/<drive>/items/<item>/permissions", self.list_item),
            Route("GET", roles, self.list_roles),
            Route("GET", f"{roles}/<role>", self.get_role),
        )

    def list_members(self, call: Call, drive: str) -> Response:
        """The members, the roles there are, and what the caller may do."""
        space = self._space(call, drive)
        members = self._library.catalog.members(call.require_actor(), space.id)
        naming = self._naming(call)
        role = space.role or Role.MANAGER  # administrators manage members too
        document: Document = {
            _ACTIONS: list(ROLES[role].actions),
            _ALLOWED_ROLES: [definition.document for definition in ROLES.values()],
            "value": [permission_document(member, naming) for member in members],
        }
        return json_response(_permission_query(call).pick(document))

    def list_item(self, call: Call, drive: str, item: str) -> Response:
        """Permissions of a file or folder: those of its space hold, and no others."""
        space = self._space(call, drive)
        node_id = require_node_id(item, space.id, self._library.storage_id)
        if node_id == space.root_id:
            return self.list_members(call, drive)
        entry = self._library.tree.by_id(call.require_actor(), node_id)
        actions = ROLES[entry.space.role].actions if entry.space.role else ()
        document = {_ACTIONS: [*actions], _ALLOWED_ROLES: [], "value": []}
        return json_response(_permission_query(call).pick(document))

    def invite(self, call: Call, drive: str) -> Response:
        """Make users members."""
        actor = call.require_actor()
        space = self._space(call, drive)
        document = call.document()
        role = _single_role(document)
        user_ids = [_recipient(each) for each in list_field(document, "recipients")]
        if not user_ids:
            raise HttpProblem(400, "recipients is missing")
        present = {member.user_id for member in self._members(actor, space.id)}
        if present.intersection(user_ids):
            raise AlreadyExists("the membership")
        for user_id in user_ids:
            self._library.accounts.by_id(user_id)
        for user_id in user_ids:
            self._library.catalog.set_member(actor, space.id, user_id, role)
        naming = self._naming(call)
        added = [self._member(actor, space.id, user_id) for user_id in user_ids]
        documents = [permission_document(member, naming) for member in added]
        return json_response({"value": documents})

    def get(self, call: Call, drive: str, permission: str) -> Response:
        """One membership."""
        space = self._space(call, drive)
        actor = call.require_actor()
        member = self._member(actor, space.id, _user_of(permission))
        naming = self._naming(call)
        return json_response(permission_document(member, naming))

    def update(self, call: Call, drive: str, permission: str) -> Response:
        """Give a member another role."""
        actor = call.require_actor()
        space = self._space(call, drive)
        role = _single_role(call.document())
        user_id = self._member(actor, space.id, _user_of(permission)).user_id
        self._library.catalog.set_member(actor, space.id, user_id, role)
        naming = self._naming(call)
        member = self._member(actor, space.id, user_id)
        return json_response(permission_document(member, naming))

    def remove(self, call: Call, drive: str, permission: str) -> Response:
        """End a membership."""
        actor = call.require_actor()
        space = self._space(call, drive)
        user_id = self._member(actor, space.id, _user_of(permission)).user_id
        self._library.catalog.remove_member(actor, space.id, user_id)
        return empty_response()

    def list_roles(self, call: Call) -> Response:
        """The roles of spaces; a bare list, as clients expect it."""
        call.require_actor()
        return json_response([definition.document for definition in ROLES.values()])

    def get_role(self, call: Call, role: str) -> Response:
        """One role."""
        call.require_actor()
        definition = find_definition(role)
        if definition is None:
            raise HttpProblem(404, "There is no such role")
        return json_response(definition.document)

    def _naming(self, call: Call) -> Naming:
        return Naming(self._library.storage_id, call.base_url, self._version)

    def _space(self, call: Call, drive: str) -> Space:
        space_id = require_space_id(drive, self._library.storage_id)
        return self._library.catalog.get(call.require_actor(), space_id)

    def _members(self, actor: Actor, space_id: SpaceId) -> Iterable[Member]:
        return self._library.catalog.members(actor, space_id)

    def _member(self, actor: Actor, space_id: SpaceId, user_id: UserId) -> Member:
        for member in self._members(actor, space_id):
            if member.user_id == user_id:
                return member
        raise UserNotFound


def _permission_query(call: Call) -> Query:
    args = {name: text for name, text in call.args.items() if name != "$filter"}
    return parse_query(args, _PERMISSIONS)


def _single_role(document: Mapping[str, Any]) -> Role:
    if document.get("expirationDateTime") is not None:
        raise HttpProblem(400, "Memberships that expire are not supported")
    roles = list_field(document, "roles")
    if len(roles) != 1:
        raise HttpProblem(400, "roles must hold exactly one role")
    return require_role(roles[0])


def _recipient(recipient: object) -> UserId:
    if not isinstance(recipient, dict):
        raise HttpProblem(400, "recipients must hold objects")
    object_field(recipient, "@libre.graph.recipient")
    kind = recipient.get("@libre.graph.recipient.type", "user")
    if kind != "user":
        raise HttpProblem(400, "Only users can be members")
    return require_user_id(recipient.get("objectId"))


def _user_of(permission: str) -> UserId:
    if not permission.startswith(_USER_PREFIX):
        raise UserNotFound
    return require_user_id(permission.removeprefix(_USER_PREFIX))
