"""Users: oneself, the administration of accounts, and finding whom to invite.

Administrators see and change every account. Everybody else sees their own, and finds
others by at least three letters of their name, with nothing but name and id.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from werkzeug.wrappers import Response

from ocsync.endpoints import Call, Route, empty_response, json_response
from ocsync.graph.documents import (
    Document,
    DriveParts,
    Naming,
    Version,
    drive_document,
    found_user_document,
    role_assignments,
    user_document,
)
from ocsync.graph.query import Collection, Query, parse_query
from ocsync.graph.request import object_field, require_user_id, text_field
from ocsync.problems import HttpProblem
from spaces.errors import Forbidden, NotFound, UserNotFound
from spaces.ids import UserId, is_id
from spaces.library import Library
from spaces.model import Actor, User

MIN_SEARCH_LENGTH: Final = 3

_NAMES: Final = frozenset({"displayName", "onPremisesSamAccountName", "mail"})
_ALL: Final = _NAMES | {
    "id",
    "userType",
    "accountEnabled",
    "preferredLanguage",
    "drive",
    "drives",
    "memberOf",
    "appRoleAssignments",
    "givenName",
    "surname",
}
_USERS: Final = Collection(
    filterable=_NAMES | {"id", "userType", "accountEnabled"},
    sortable=_NAMES,
    selectable=_ALL,
    expandable=frozenset({"drive", "drives", "memberOf", "appRoleAssignments"}),
)
_EMPTY: Final[Document] = {"value": []}


class Users:
    """The answers about users."""

    def __init__(self, *, library: Library, version: Version) -> None:
        self._library = library
        self._accounts = library.accounts
        self._version = version

    def routes(self) -> Iterable[Route]:
        """Paths below that of the version."""
        return (
            Route("GET", "/me", self.get_own),
            Route("PATCH", "/me", self.update_own),
            Route("POST", "/me/changePassword", self.change_password),
            Route("GET", "/users", self.list_users),
            Route("POST", "/users", self.create),
            Route("GET", "/users/<user>", self.get),
            Route("PATCH", "/users/<user>", self.update),
            Route("DELETE", "/users/<user>", self.delete),
            Route("GET", "/groups", self.list_groups),
        )

    def get_own(self, call: Call) -> Response:
        """Who is logged in."""
        user = self._accounts.by_id(call.require_actor().user_id)
        return self._answer(call, user)

    def update_own(self, call: Call) -> Response:
        """Change how one is called."""
        actor = call.require_actor()
        document = call.document()
        _refuse_others(document, {"displayName", "preferredLanguage"})
        name = text_field(document, "displayName")
        user = self._accounts.update(actor.user_id, display_name=name)
        return self._answer(call, user)

    def change_password(self, call: Call) -> Response:
        """Give oneself a new password, by the one that holds."""
        actor = call.require_actor()
        document = call.document()
        current = text_field(document, "currentPassword")
        wanted = text_field(document, "newPassword")
        if not current or not wanted:
            raise HttpProblem(400, "currentPassword and newPassword are needed")
        if current == wanted:
            raise HttpProblem(400, "The new password must differ from the current one")
        try:
            self._accounts.change_password(actor.user_id, current, wanted)
        except Forbidden:
            raise HttpProblem(400, "The current password is wrong") from None
        return empty_response()

    def list_users(self, call: Call) -> Response:
        """Every account for administrators; for others those that a search finds."""
        actor = call.require_actor()
        query = parse_query(call.args, _USERS)
        if not actor.is_admin and len(query.search) < MIN_SEARCH_LENGTH:
            raise HttpProblem(
                403, f"Search for at least {MIN_SEARCH_LENGTH} letters of a name"
            )
        found = (user for user in self._accounts.list() if _matches(user, query.search))
        documents: Iterable[Document]
        if actor.is_admin:
            documents = [self._expanded(call, user, query) for user in found]
        else:
            active = (user for user in found if user.disabled_at is None)
            documents = [found_user_document(user) for user in active]
        return json_response({"value": query.apply(documents)})

    def list_groups(self, call: Call) -> Response:
        """There are no groups; clients ask for them beside users."""
        call.require_actor()
        return json_response(_EMPTY)

    def create(self, call: Call) -> Response:
        """Make an account."""
        _require_admin(call)
        document = call.document()
        name = text_field(document, "onPremisesSamAccountName")
        if name is None:
            raise HttpProblem(400, "onPremisesSamAccountName is missing")
        user = self._accounts.create(
            name,
            _password(document),
            display_name=text_field(document, "displayName") or "",
            mail=text_field(document, "mail") or "",
        )
        if document.get("accountEnabled") is False:
            user = self._accounts.disable(user.id)
        return self._answer(call, user, status=201)

    def get(self, call: Call, user: str) -> Response:
        """One account, by id or name."""
        found = self._find(call, user)
        return self._answer(call, found)

    def update(self, call: Call, user: str) -> Response:
        """Change an account."""
        _require_admin(call)
        document = call.document()
        found = self._find(call, user)
        name = text_field(document, "onPremisesSamAccountName")
        if name is not None and name != found.name:
            raise HttpProblem(400, "The name of an account cannot be changed")
        password = _password(document)
        changed = self._accounts.update(
            found.id,
            display_name=text_field(document, "displayName"),
            mail=text_field(document, "mail"),
        )
        if password is not None:
            self._accounts.set_password(found.id, password)
        changed = self._enabled(document, changed)
        return self._answer(call, changed)

    def delete(self, call: Call, user: str) -> Response:
        """Delete an account with its personal space."""
        admin = _require_admin(call)
        found = self._find(call, user)
        if found.id == admin.user_id:
            raise HttpProblem(403, "You cannot delete your own account")
        self._accounts.delete(found.id)
        return empty_response()

    def _enabled(self, document: Mapping[str, Any], user: User) -> User:
        wanted = document.get("accountEnabled")
        if wanted is None or wanted == (user.disabled_at is None):
            return user
        if not isinstance(wanted, bool):
            raise HttpProblem(400, "accountEnabled must be true or false")
        change: Callable[[UserId], User] = (
            self._accounts.enable if wanted else self._accounts.disable
        )
        return change(user.id)

    def _find(self, call: Call, text: str) -> User:
        """The account that is meant, if the one who asks may see it in full."""
        actor = call.require_actor()
        if not actor.is_admin and text not in {actor.user_id, actor.name}:
            raise UserNotFound
        if is_id(text):
            return self._accounts.by_id(require_user_id(text))
        return self._accounts.get(text)

    def _answer(self, call: Call, user: User, *, status: int = 200) -> Response:
        query = parse_query(call.args, _USERS)
        document = self._expanded(call, user, query)
        document.setdefault("memberOf", [])
        return json_response(query.pick(document), status)

    def _expanded(self, call: Call, user: User, query: Query) -> Document:
        document = user_document(user)
        if "memberOf" in query.expand:
            document["memberOf"] = []
        if "appRoleAssignments" in query.expand:
            document["appRoleAssignments"] = role_assignments(user)
        if query.expand & {"drive", "drives"}:
            drive = self._drive(call, user)
            if "drive" in query.expand and drive is not None:
                document["drive"] = drive
            if "drives" in query.expand:
                document["drives"] = [] if drive is None else [drive]
        return document

    def _drive(self, call: Call, user: User) -> Document | None:
        owner = Actor(user.id, user.name)
        naming = Naming(self._library.storage_id, call.base_url, self._version)
        try:
            space = self._library.catalog.personal(owner)
        except NotFound:
            return None
        return drive_document(DriveParts(space, owner=user), naming)


def _require_admin(call: Call) -> Actor:
    actor = call.require_actor()
    if not actor.is_admin:
        raise Forbidden("accounts")
    return actor


def _refuse_others(document: Mapping[str, Any], known: set[str]) -> None:
    unknown = ", ".join(sorted(set(document) - known))
    if unknown:
        raise HttpProblem(400, f"You cannot change {unknown} yourself")


def _password(document: Mapping[str, Any]) -> str | None:
    profile = object_field(document, "passwordProfile") or {}
    return text_field(profile, "password")


def _matches(user: User, search: str) -> bool:
    wanted = search.casefold()
    return any(
        wanted in text.casefold() for text in (user.name, user.display_name, user.mail)
    )
