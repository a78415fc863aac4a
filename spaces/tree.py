"""Tree: what is in a space, and making, moving, copying and removing it.

Content of files is not its matter (`spaces.files`), nor is what happens in the
trash (`spaces.trash`).
"""

from collections.abc import Iterator

from sqlalchemy import Connection

from spaces.access import Permission
from spaces.clock import Instant
from spaces.db import nodes, subtrees
from spaces.db.engine import Database
from spaces.errors import AlreadyExists
from spaces.ids import NodeId, new_id
from spaces.lookup import find_entry, find_space, read_spot
from spaces.model import (
    NO_GUARD,
    Actor,
    ChangeKind,
    Entry,
    Guard,
    Node,
    Place,
    Written,
)
from spaces.propagation import begin_change_at
from spaces.removal import remove_node
from spaces.transfer import copy_node, move_node


class Tree:
    """Folders and files by path or by id."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def get(self, actor: Actor, place: Place) -> Entry:
        """What is at the place.

        Raises:
            SpaceNotFound: there is no such space for the actor.
            SpaceDisabled: the space is closed.
            NodeNotFound: there is nothing at the place.
        """
        return read_spot(self._database, actor, place).entry()

    def by_id(self, actor: Actor, node_id: NodeId) -> Entry:
        """A living node, wherever it is now.

        Raises:
            NodeNotFound: there is none that the actor may see.
            SpaceDisabled: its space is closed.
        """
        with self._database.read() as connection:
            return find_entry(connection, actor, node_id)

    def children(self, actor: Actor, folder: Node) -> Iterator[Node]:
        """The members of a folder by name, read while they are consumed.

        Raises:
            SpaceNotFound: there is no such space for the actor.
            SpaceDisabled: the space is closed.
        """
        with self._database.read() as connection:
            find_space(connection, actor, folder.space_id, Permission.READ)
        return self._stream_children(folder)

    def child(self, actor: Actor, folder: Node, name: str) -> Node:
        """The member of a folder that has this name.

        Raises:
            NodeNotFound: there is none.
            SpaceNotFound: there is no such space for the actor.
            SpaceDisabled: the space is closed.
        """
        place = Place(folder.space_id, (name,), anchor=folder.id)
        return self.get(actor, place).node

    def descendants(self, actor: Actor, folder: Node) -> Iterator[tuple[str, Node]]:
        """Everything below a folder, with its path from there joined by `/`.

        Read while it is consumed; folders come before what is in them.

        Raises:
            SpaceNotFound: there is no such space for the actor.
            SpaceDisabled: the space is closed.
        """
        with self._database.read() as connection:
            find_space(connection, actor, folder.space_id, Permission.READ)
        return self._stream_descendants(folder)

    def make_folder(
        self,
        actor: Actor,
        place: Place,
        *,
        guard: Guard = NO_GUARD,
        modified_at: Instant | None = None,
    ) -> Node:
        """Make an empty folder.

        Raises:
            AlreadyExists: the name is taken.
            ParentNotFound: there is no folder to hold it.
            NameRefused: nothing may bear the name.
            TooDeep: it would be nested too deeply.
            PreconditionFailed: the guard expected another state.
            Locked: the folder that would hold it is locked.
            SpaceNotFound, SpaceDisabled, Forbidden: as for every change.
        """

        def job(connection: Connection) -> Node:
            change = begin_change_at(
                self._database, connection, actor, place, guard=guard
            )
            spot = change.target(place)
            change.require_state(spot.node)
            if spot.node is not None:
                raise AlreadyExists(spot.name)
            change.require_unlocked(spot)
            folder = Node(
                id=NodeId(new_id()),
                space_id=place.space_id,
                parent_id=spot.parent_id,
                name=spot.name,
                size=0,
                etag=change.etag,
                modified_at=change.now if modified_at is None else modified_at,
                created_at=change.now,
                media_type=None,
                content=None,
            )
            nodes.insert_node(connection, folder)
            change.record(ChangeKind.CREATED, folder.id, spot.folder_ids)
            return folder

        return self._database.write(job, space_id=place.space_id)

    def remove(self, actor: Actor, place: Place, *, guard: Guard = NO_GUARD) -> None:
        """Move a node to the trash, with all below it.

        Raises:
            NodeNotFound: there is nothing at the place.
            RootRefused: it is the root of the space.
            PreconditionFailed: the guard expected another state.
            Locked: the node, its folder or something below it is locked.
            SpaceNotFound, SpaceDisabled, Forbidden: as for every change.
        """

        def job(connection: Connection) -> None:
            change = begin_change_at(
                self._database, connection, actor, place, guard=guard
            )
            spot = change.source(place)
            change.require_state(spot.node)
            change.require_unlocked(spot, moves=True)
            remove_node(change, spot)

        self._database.write(job, space_id=place.space_id)

    def move(
        self,
        actor: Actor,
        source: Place,
        target: Place,
        *,
        overwrite: bool,
        guard: Guard = NO_GUARD,
    ) -> Written:
        """Give a node another name, folder or space; its id stays.

        The guard's conditions are about the source.

        Raises:
            NodeNotFound: there is nothing to move.
            AlreadyExists: the target is taken, and not to be overwritten.
            ParentNotFound, NameRefused, TooDeep: nothing can be at the target.
            IntoItself: the target is the source, below it or above it.
            RootRefused: either is the root of a space.
            PreconditionFailed: the guard expected another state.
            Locked: one of the nodes or folders is locked.
            QuotaExceeded: the other space has no room for it.
            SpaceNotFound, SpaceDisabled, Forbidden: as for every change.
        """

        def job(connection: Connection) -> Written:
            return move_node(
                self._database,
                connection,
                actor,
                source,
                target,
                overwrite=overwrite,
                guard=guard,
            )

        first = min(source.space_id, target.space_id)
        return self._database.write(job, space_id=first)

    def copy(
        self,
        actor: Actor,
        source: Place,
        target: Place,
        *,
        overwrite: bool,
        deep: bool = True,
        guard: Guard = NO_GUARD,
    ) -> Written:
        """Copy a node, and all below it if `deep`; contents are shared.

        The guard's conditions are about the source. Dead properties are copied,
        versions are not.

        Raises:
            NodeNotFound: there is nothing to copy.
            AlreadyExists: the target is taken, and not to be overwritten.
            ParentNotFound, NameRefused, TooDeep: nothing can be at the target.
            IntoItself: the target is the source, below it or above it.
            RootRefused: the target is the root of a space.
            PreconditionFailed: the guard expected another state.
            Locked: the target or its folder is locked.
            QuotaExceeded: the target's space has no room for it.
            SpaceNotFound, SpaceDisabled, Forbidden: as for every change.
        """

        def job(connection: Connection) -> Written:
            return copy_node(
                self._database,
                connection,
                actor,
                source,
                target,
                overwrite=overwrite,
                deep=deep,
                guard=guard,
            )

        first = min(source.space_id, target.space_id)
        return self._database.write(job, space_id=first)

    def _stream_children(self, folder: Node) -> Iterator[Node]:
        with self._database.read() as connection:
            yield from nodes.stream_children(connection, folder.id)

    def _stream_descendants(self, folder: Node) -> Iterator[tuple[str, Node]]:
        with self._database.read() as connection:
            yield from subtrees.stream_descendants(connection, folder.id)
