"""Catalog: which spaces there are, their settings, and who belongs to them.

Files in them are the matter of `spaces.tree` and `spaces.files`.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Final

from sqlalchemy import Connection

from spaces.access import (
    may_see,
    require_management,
    require_quota_right,
    require_shared,
    require_visible,
)
from spaces.audit import record
from spaces.audit_model import Action
from spaces.db import accounts, members, paths
from spaces.db import spaces as space_rows
from spaces.db.engine import Database
from spaces.db.purging import purge_some
from spaces.errors import (
    AlreadyExists,
    Forbidden,
    LastManager,
    NodeNotFound,
    SpaceNotFound,
    UserNotFound,
)
from spaces.founding import (
    free_alias,
    insert_space,
    require_space_name,
)
from spaces.ids import NodeId, SpaceId, UserId, new_id
from spaces.model import Actor, Member, Role, Space, SpaceKind


class Keep(Enum):
    """The value of a setting that shall stay as it is."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


class Catalog:
    """Spaces and their members."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def create_project(
        self,
        actor: Actor,
        name: str,
        *,
        quota: int | None = None,
        description: str = "",
        alias: str | None = None,
    ) -> Space:
        """Make an empty project space whose manager is the actor.

        Raises:
            Forbidden: the actor is no administrator.
            NameRefused: no space may bear the name.
            AlreadyExists: the alias is taken.
        """
        if not actor.is_admin:
            raise Forbidden("create space")
        require_space_name(name)
        space_id = SpaceId(new_id())
        kind = SpaceKind.PROJECT

        def job(connection: Connection) -> Space:
            if alias is not None:
                _require_free_alias(connection, alias, space_id)
            insert_space(
                connection,
                space_id=space_id,
                kind=kind,
                name=name,
                alias=alias or free_alias(connection, kind, name, space_id),
                owner_id=actor.user_id,
                quota=quota,
                now=self._database.now(connection),
                description=description,
            )
            space = _find(connection, actor, space_id)
            self._note(connection, actor, Action.SPACE_CREATED, space)
            return space

        return self._database.write(job)

    def get(self, actor: Actor, space_id: SpaceId) -> Space:
        """One space, also a disabled one for those who may enable it.

        Raises:
            SpaceNotFound: there is none that the actor may see.
        """
        with self._database.read() as connection:
            space = _find(connection, actor, space_id)
        require_visible(actor, space)
        return space

    def personal(self, actor: Actor) -> Space:
        """The actor's own space.

        Raises:
            SpaceNotFound: the actor has none.
        """
        return self.get(actor, SpaceId(actor.user_id))

    def list(self, actor: Actor, *, all: bool = False) -> list[Space]:  # noqa: A002
        """The spaces the actor belongs to, by name; every one if `all`.

        Raises:
            Forbidden: all were asked for by somebody who is no administrator.
        """
        if all and not actor.is_admin:
            raise Forbidden("list all spaces")
        with self._database.read() as connection:
            if all:
                return space_rows.list_all(connection, actor.user_id)
            found = space_rows.list_of_member(connection, actor.user_id)
        return [space for space in found if may_see(actor, space)]

    def update(
        self,
        actor: Actor,
        space_id: SpaceId,
        *,
        name: str | Keep = KEEP,
        description: str | Keep = KEEP,
        alias: str | Keep = KEEP,
        quota: int | Keep | None = KEEP,
        image_id: NodeId | Keep | None = KEEP,
        readme_id: NodeId | Keep | None = KEEP,
    ) -> Space:
        """Change settings; what is not given stays.

        Raises:
            SpaceNotFound: there is none that the actor may see.
            Forbidden: the actor is no manager, or for the quota no administrator.
            NameRefused: no space may bear the name.
            AlreadyExists: the alias is taken.
            NodeNotFound: image or readme is not in the space.
        """
        values: dict[str, object] = {
            column: value
            for column, value in {
                "name": name,
                "description": description,
                "alias": alias,
                "quota_bytes": quota,
                "image_id": image_id,
                "readme_id": readme_id,
            }.items()
            if value is not KEEP
        }
        if isinstance(name, str):
            require_space_name(name)

        def job(connection: Connection) -> Space:
            space = _find(connection, actor, space_id, lock=True)
            if quota is not KEEP:
                require_quota_right(actor, space)
            if values.keys() - {"quota_bytes"}:
                require_management(actor, space)
            if isinstance(alias, str):
                _require_free_alias(connection, alias, space_id)
            for node_id in (image_id, readme_id):
                if isinstance(node_id, str):
                    _require_inside(connection, space_id, node_id)
            if values:
                space_rows.change(connection, space_id, values)
                self._note(connection, actor, Action.SPACE_CHANGED, space, **values)
            return _find(connection, actor, space_id)

        return self._database.write(job, space_id=space_id)

    def disable(self, actor: Actor, space_id: SpaceId) -> Space:
        """Close a project space to all work on its files; idempotent.

        Raises:
            SpaceNotFound: there is none that the actor may see.
            Forbidden: the actor may not, or the space is personal.
        """

        def job(connection: Connection) -> Space:
            space = _find_manageable(connection, actor, space_id)
            require_shared(space)
            if not space.is_disabled:
                now = self._database.now(connection)
                space_rows.change(connection, space_id, {"disabled_at": now})
                self._note(connection, actor, Action.SPACE_DISABLED, space)
            return _find(connection, actor, space_id)

        return self._database.write(job, space_id=space_id)

    def enable(self, actor: Actor, space_id: SpaceId) -> Space:
        """Open a disabled space again; idempotent.

        Raises:
            SpaceNotFound: there is none that the actor may see.
            Forbidden: the actor may not.
        """

        def job(connection: Connection) -> Space:
            space = _find_manageable(connection, actor, space_id)
            if space.is_disabled:
                space_rows.change(connection, space_id, {"disabled_at": None})
                self._note(connection, actor, Action.SPACE_ENABLED, space)
            return _find(connection, actor, space_id)

        return self._database.write(job, space_id=space_id)

    def purge(self, actor: Actor, space_id: SpaceId) -> None:
        """Delete a disabled space with all that was ever in it, for good.

        Works in bounded steps; broken off, it leaves the space disabled and can be
        called again.

        Raises:
            SpaceNotFound: there is none that the actor may see.
            Forbidden: the actor may not, or the space is not disabled.
        """

        def job(connection: Connection) -> bool:
            space = _find_manageable(connection, actor, space_id)
            require_shared(space)
            if not space.is_disabled:
                raise Forbidden("purge of an enabled space")
            now = self._database.now(connection)
            is_gone = purge_some(connection, space_id, now)
            if is_gone:
                self._note(connection, actor, Action.SPACE_DELETED, space)
            return is_gone

        while not self._database.write(job, space_id=space_id):
            pass

    def members(self, actor: Actor, space_id: SpaceId) -> Sequence[Member]:
        """Who belongs to the space, by name.

        Raises:
            SpaceNotFound: there is none that the actor may see.
        """
        with self._database.read() as connection:
            require_visible(actor, _find(connection, actor, space_id))
            return members.list_members(connection, space_id)

    def set_member(
        self, actor: Actor, space_id: SpaceId, user_id: UserId, role: Role
    ) -> None:
        """Let a user into a project space, or give a member another role.

        Raises:
            SpaceNotFound: there is none that the actor may see.
            Forbidden: the actor may not, or the space is personal.
            UserNotFound: there is no such user.
            LastManager: nobody else could manage the space.
        """

        def job(connection: Connection) -> None:
            space = _find_manageable(connection, actor, space_id)
            require_shared(space)
            user = accounts.find(connection, user_id)
            if user is None:
                raise UserNotFound
            if role is not Role.MANAGER:
                _require_other_manager(connection, space_id, user_id)
            now = self._database.now(connection)
            members.set_role(connection, space_id, user_id, role, now)
            names = {"member": user.user.name, "role": role.value}
            self._note(connection, actor, Action.MEMBER_SET, space, **names)

        self._database.write(job, space_id=space_id)

    def remove_member(self, actor: Actor, space_id: SpaceId, user_id: UserId) -> None:
        """End a membership; everyone may end their own.

        Raises:
            SpaceNotFound: there is none that the actor may see.
            Forbidden: the actor may not, or the space is personal.
            UserNotFound: the user is no member.
            LastManager: nobody else could manage the space.
        """

        def job(connection: Connection) -> None:
            space = _find(connection, actor, space_id, lock=True)
            require_visible(actor, space)
            if user_id != actor.user_id:
                require_management(actor, space)
            require_shared(space)
            _require_other_manager(connection, space_id, user_id)
            if not members.remove_member(connection, space_id, user_id):
                raise UserNotFound
            row = accounts.find(connection, user_id)
            name = user_id if row is None else row.user.name
            self._note(connection, actor, Action.MEMBER_REMOVED, space, member=name)

        self._database.write(job, space_id=space_id)

    def _note(
        self,
        connection: Connection,
        actor: Actor,
        action: Action,
        space: Space,
        **detail: object,
    ) -> None:
        """Record what was done to the space, by whom."""
        now = self._database.now(connection)
        record(
            connection,
            now,
            action,
            space.alias,
            space.id,
            space_id=space.id,
            by=actor,
            detail=detail,
        )


def _find(
    connection: Connection, actor: Actor, space_id: SpaceId, *, lock: bool = False
) -> Space:
    row = space_rows.find(connection, space_id, actor.user_id, lock=lock)
    if row is None:
        raise SpaceNotFound
    return row.space


def _find_manageable(connection: Connection, actor: Actor, space_id: SpaceId) -> Space:
    space = _find(connection, actor, space_id, lock=True)
    require_management(actor, space)
    return space


def _require_free_alias(connection: Connection, alias: str, space_id: SpaceId) -> None:
    if space_rows.alias_is_taken(connection, alias, but_by=space_id):
        raise AlreadyExists(alias)


def _require_inside(connection: Connection, space_id: SpaceId, node_id: NodeId) -> None:
    climbed = paths.climb(connection, node_id)
    if not climbed or climbed[0][0] != NodeId(space_id):
        raise NodeNotFound


def _require_other_manager(
    connection: Connection, space_id: SpaceId, user_id: UserId
) -> None:
    """Refuse to take the manager's role from the only one who has it."""
    if members.find_role(connection, space_id, user_id) is not Role.MANAGER:
        return
    if members.count_managers(connection, space_id) == 1:
        raise LastManager
