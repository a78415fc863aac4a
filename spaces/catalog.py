"""Catalog: which spaces there are, who belongs to them, and their settings."""

from sqlalchemy import Connection

from spaces.access import require_visible
from spaces.clock import Instant
from spaces.db import members, nodes
from spaces.db import spaces as space_rows
from spaces.db.engine import Database
from spaces.errors import AlreadyExists, Forbidden, SpaceNotFound
from spaces.etags import new_etag
from spaces.ids import NodeId, SpaceId, UserId, new_id
from spaces.model import Actor, Node, Role, Space, SpaceKind, User
from spaces.policy import Policy


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
    insert_space(
        connection,
        space_id=SpaceId(user.id),
        kind=SpaceKind.PERSONAL,
        name=user.display_name,
        alias=f"personal/{user.name.lower()}",
        owner_id=user.id,
        quota=quota,
        now=now,
    )


class Catalog:
    """Spaces and their members."""

    def __init__(self, *, database: Database, policy: Policy) -> None:
        self._database = database
        self._policy = policy

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
            AlreadyExists: the alias is taken.
        """
        if not actor.is_admin:
            raise Forbidden("create space")
        space_id = SpaceId(new_id())
        wanted = f"project/{space_id}" if alias is None else alias

        def job(connection: Connection) -> Space:
            if space_rows.alias_is_taken(connection, wanted, but_by=space_id):
                raise AlreadyExists(wanted)
            insert_space(
                connection,
                space_id=space_id,
                kind=SpaceKind.PROJECT,
                name=name,
                alias=wanted,
                owner_id=actor.user_id,
                quota=self._policy.project_quota_bytes if quota is None else quota,
                now=self._database.now(connection),
                description=description,
            )
            return _get(connection, actor, space_id)

        return self._database.write(job)

    def create_personal(self, user: User) -> Space:
        """Make the personal space of a user who has none."""

        def job(connection: Connection) -> Space:
            insert_personal(
                connection,
                user,
                quota=self._policy.personal_quota_bytes,
                now=self._database.now(connection),
            )
            return _get(connection, Actor(user.id, user.name), SpaceId(user.id))

        return self._database.write(job)

    def get(self, actor: Actor, space_id: SpaceId) -> Space:
        """One space.

        Raises:
            SpaceNotFound: there is none that the actor may see.
        """
        with self._database.read() as connection:
            return _get(connection, actor, space_id)

    def personal(self, actor: Actor) -> Space:
        """The actor's own space.

        Raises:
            SpaceNotFound: the actor has none.
        """
        return self.get(actor, SpaceId(actor.user_id))


def _get(connection: Connection, actor: Actor, space_id: SpaceId) -> Space:
    row = space_rows.find(connection, space_id, actor.user_id)
    if row is None:
        raise SpaceNotFound
    require_visible(actor, row.space)
    return row.space
