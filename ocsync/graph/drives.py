"""Spaces as drives: list, create, change, disable, restore, purge.

Who may do what is decided by the catalog; this module reads requests and writes
documents.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from werkzeug.wrappers import Response

from ocsync.endpoints import Call, Route, empty_response, json_response
from ocsync.graph.documents import (
    Document,
    DriveParts,
    Naming,
    Version,
    drive_document,
    is_personal,
    root_document,
)
from ocsync.graph.query import Collection, parse_query
from ocsync.graph.request import (
    is_flagged,
    list_field,
    object_field,
    quota_field,
    require_match,
    require_node_id,
    require_space_id,
    text_field,
)
from ocsync.problems import HttpProblem
from spaces.errors import NotFound, SpaceNotFound
from spaces.ids import NodeId, SpaceId, UserId
from spaces.library import Library
from spaces.model import Actor, Entry, Space, SpaceKind, User

_DRIVES: Final = Collection(
    filterable=frozenset({"driveType", "id", "name", "driveAlias"}),
    sortable=frozenset({"name", "driveType", "lastModifiedDateTime", "driveAlias"}),
    selectable=frozenset(
        {
            "id",
            "name",
            "description",
            "driveType",
            "driveAlias",
            "lastModifiedDateTime",
            "createdDateTime",
            "quota",
            "root",
            "owner",
            "special",
            "webUrl",
        }
    ),
    expandable=frozenset({"root", "root($expand=permissions)", "root/permissions"}),
)
_UNSHARED: Final[Document] = {"value": []}
_SPECIAL: Final = {"image": "image_id", "readme": "readme_id"}


class Drives:
    """The answers about drives."""

    def __init__(self, *, library: Library, version: Version) -> None:
        self._library = library
        self._version = version

    def routes(self) -> Iterable[Route]:
        """Paths below that of the version."""
        return (
            Route("GET", "/me/drives", self.list_own),
            Route("GET", "/me/drive", self.get_own),
            Route("GET", "/me/drive/root", self.get_own_root),
            Route("GET", "/me/drive/sharedWithMe", self.list_shared),
            Route("GET", "/me/drive/sharedByMe", self.list_shared),
            Route("GET", "/drives", self.list_all),
            Route("POST", "/drives", self.create),
            Route("GET", "/drives/<drive>", self.get),
            Route("PATCH", "/drives/<drive>", self.update),
            Route("DELETE", "/drives/<drive>", self.delete),
            Route("GET", "/drives/<drive>/root", self.get_root),
        )

    def list_own(self, call: Call) -> Response:
        """The drives the user is a member of."""
        actor = call.require_actor()
        return self._collection(call, self._library.catalog.list(actor))

    def list_all(self, call: Call) -> Response:
        """All drives for administrators, one's own for everybody else."""
        actor = call.require_actor()
        spaces = self._library.catalog.list(actor, all=actor.is_admin)
        return self._collection(call, spaces)

    def list_shared(self, call: Call) -> Response:
        """No file is shared by itself here: whoever shares, shares a space."""
        call.require_actor()
        return json_response(_UNSHARED)

    def get_own(self, call: Call) -> Response:
        """The user's personal drive."""
        space = self._library.catalog.personal(call.require_actor())
        return self._answer(call, space)

    def get_own_root(self, call: Call) -> Response:
        """The root folder of the personal drive."""
        space = self._library.catalog.personal(call.require_actor())
        return self._answer_root(call, space)

    def get(self, call: Call, drive: str) -> Response:
        """One drive."""
        return self._answer(call, self._space(call, drive))

    def get_root(self, call: Call, drive: str) -> Response:
        """The root folder of a drive."""
        return self._answer_root(call, self._space(call, drive))

    def create(self, call: Call) -> Response:
        """Make a project space."""
        actor = call.require_actor()
        document = call.document()
        kind = text_field(document, "driveType") or SpaceKind.PROJECT.value
        if kind != SpaceKind.PROJECT.value:
            raise HttpProblem(400, "Only drives of the type 'project' can be created")
        name = text_field(document, "name")
        if name is None:
            raise HttpProblem(400, "name is missing")
        _, quota = quota_field(document)
        space = self._library.catalog.create_project(
            actor,
            name,
            quota=quota,
            description=text_field(document, "description") or "",
            alias=text_field(document, "driveAlias"),
        )
        return self._answer(call, space, status=201)

    def update(self, call: Call, drive: str) -> Response:
        """Change a drive; with the header `Restore` open it again."""
        actor = call.require_actor()
        space = self._space(call, drive)
        require_match(call, space)
        changes = self._changes(call.document(), space.id)
        if is_flagged(call, "Restore"):
            space = self._library.catalog.enable(actor, space.id)
        if changes:
            space = self._library.catalog.update(actor, space.id, **changes)
        return self._answer(call, space)

    def delete(self, call: Call, drive: str) -> Response:
        """Disable a drive; with the header `Purge` delete a disabled one for good."""
        actor = call.require_actor()
        space = self._space(call, drive)
        require_match(call, space)
        if is_flagged(call, "Purge"):
            self._library.catalog.purge(actor, space.id)
        else:
            self._library.catalog.disable(actor, space.id)
        return empty_response()

    def document(self, actor: Actor, space: Space, naming: Naming) -> Document:
        """The drive as JSON, with everything that belongs to it."""
        return drive_document(self._parts(actor, space), naming)

    def _naming(self, call: Call) -> Naming:
        return Naming(self._library.storage_id, call.base_url, self._version)

    def _space(self, call: Call, drive: str) -> Space:
        space_id = require_space_id(drive, self._library.storage_id)
        return self._library.catalog.get(call.require_actor(), space_id)

    def _collection(self, call: Call, spaces: Iterable[Space]) -> Response:
        actor = call.require_actor()
        query = parse_query(call.args, _DRIVES)
        naming = self._naming(call)
        documents = [self.document(actor, space, naming) for space in spaces]
        return json_response({"value": query.apply(documents)})

    def _answer(self, call: Call, space: Space, *, status: int = 200) -> Response:
        query = parse_query(call.args, _DRIVES)
        naming = self._naming(call)
        document = self.document(call.require_actor(), space, naming)
        return json_response(query.pick(document), status)

    def _answer_root(self, call: Call, space: Space) -> Response:
        naming = self._naming(call)
        parts = self._parts(call.require_actor(), space)
        return json_response(root_document(parts, naming))

    def _parts(self, actor: Actor, space: Space) -> DriveParts:
        return DriveParts(
            space=space,
            members=self._library.catalog.members(actor, space.id),
            owner=self._owner(space) if is_personal(space) else None,
            image=self._special(actor, space, space.image_id),
            readme=self._special(actor, space, space.readme_id),
        )

    def _owner(self, space: Space) -> User | None:
        owner_id = space.owner_id or UserId(space.id)
        try:
            return self._library.accounts.by_id(owner_id)
        except NotFound:
            return None

    def _special(
        self, actor: Actor, space: Space, node_id: NodeId | None
    ) -> Entry | None:
        """A file the space shows of itself; None if it is gone or not to be seen."""
        if node_id is None or space.role is None or space.is_disabled:
            return None
        try:
            return self._library.tree.by_id(actor, node_id)
        except NotFound:
            return None

    def _changes(
        self, document: Mapping[str, Any], space_id: SpaceId
    ) -> dict[str, Any]:
        changes: dict[str, Any] = {
            key: value
            for field, key in (
                ("name", "name"),
                ("description", "description"),
                ("driveAlias", "alias"),
            )
            if (value := text_field(document, field)) is not None
        }
        has_quota, quota = quota_field(document)
        if has_quota:
            changes["quota"] = quota
        for item in list_field(document, "special"):
            changes.update(self._special_change(item, space_id))
        return changes

    def _special_change(
        self, item: Mapping[str, Any], space_id: SpaceId
    ) -> dict[str, NodeId]:
        if not isinstance(item, dict):
            raise HttpProblem(400, "special must hold objects")
        folder = object_field(item, "specialFolder") or {}
        role, text = text_field(folder, "name"), text_field(item, "id")
        if role not in _SPECIAL or text is None:
            raise HttpProblem(
                400, "special needs the id of a file and image or readme as its name"
            )
        try:
            node_id = require_node_id(text, space_id, self._library.storage_id)
        except SpaceNotFound:
            raise HttpProblem(400, "special names a file elsewhere") from None
        return {_SPECIAL[role]: node_id}
