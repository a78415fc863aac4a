"""Versions: the former contents of files, and bringing one back.

A version is made by whatever replaces the content of a file (`spaces.files`); how
many are kept, and for how long, is the sweeper's matter.
"""

from sqlalchemy import Connection

from spaces.access import Permission, require_content
from spaces.audit import record
from spaces.audit_model import Action
from spaces.db import blobs as blob_rows
from spaces.db import nodes
from spaces.db import versions as rows
from spaces.db.engine import Database
from spaces.errors import NodeNotFound, SpaceNotFound, VersionNotFound
from spaces.files import replace_content
from spaces.ids import NodeId, SpaceId, VersionId
from spaces.lookup import find_entry
from spaces.model import NO_GUARD, Actor, ChangeKind, Guard, Node, Place, Version
from spaces.propagation import SpaceChange, begin_change


class Versions:
    """Former contents of files, for those who may write them."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def list(self, actor: Actor, node_id: NodeId) -> list[Version]:
        """The versions of a file, the latest first; a folder has none.

        Raises:
            NodeNotFound: there is no such node that the actor may see.
            Forbidden: the actor may only read.
            SpaceDisabled: the space is closed.
        """
        with self._database.read() as connection:
            _require_writer(connection, actor, node_id)
            return rows.list_versions(connection, node_id)

    def get(self, actor: Actor, node_id: NodeId, version_id: VersionId) -> Version:
        """One version of a file.

        Raises:
            VersionNotFound: the file has no such version.
            NodeNotFound, Forbidden, SpaceDisabled: as for `list`.
        """
        with self._database.read() as connection:
            _require_writer(connection, actor, node_id)
            return _existing(connection, node_id, version_id)

    def file_in(self, actor: Actor, folder: Node, version_id: VersionId) -> NodeId:
        """The file directly in the folder that has this version.

        Raises:
            VersionNotFound: none that the actor may see has it.
        """
        with self._database.read() as connection:
            node_id = rows.node_of(connection, version_id)
            node = None if node_id is None else nodes.find(connection, node_id)
            if node is None or node.parent_id != folder.id:
                raise VersionNotFound
            find_entry(connection, actor, node.id)
        return node.id

    def restore(
        self,
        actor: Actor,
        node_id: NodeId,
        version_id: VersionId,
        *,
        guard: Guard = NO_GUARD,
    ) -> Node:
        """Make a version the content of its file; the present content becomes one.

        The version itself is used up. The file counts as modified now, so that
        programs that compare times do not take it for old and write over it.

        Raises:
            VersionNotFound: the file has no such version.
            NodeNotFound: there is no such file that the actor may see.
            PreconditionFailed: the guard expected another state.
            Locked: the file is locked.
            QuotaExceeded: the version is larger, and there is no room for it.
            Forbidden, SpaceDisabled: as for every change.
        """
        space_id = self._space_of(node_id)

        def job(connection: Connection) -> Node:
            change = self._begin(connection, actor, space_id, guard=guard)
            spot = change.source(Place(space_id, anchor=node_id))
            node = spot.require_node()
            change.require_state(node)
            change.require_unlocked(spot)
            version = _existing(connection, node_id, version_id)
            rows.remove_version(connection, version_id)
            restored = replace_content(
                change, node, version.content, change.now, version.media_type
            )
            change.record(
                ChangeKind.CONTENT,
                node_id,
                spot.folder_ids,
                delta=restored.size - node.size,
            )
            return restored

        return self._database.write(job, space_id=space_id)

    def remove(self, actor: Actor, node_id: NodeId, version_id: VersionId) -> None:
        """Forget a version for good, as a manager may.

        Raises:
            VersionNotFound: the file has no such version.
            NodeNotFound: there is no such file that the actor may see.
            Forbidden, SpaceDisabled: as for every change.
        """
        space_id = self._space_of(node_id)

        def job(connection: Connection) -> None:
            change = self._begin(
                connection, actor, space_id, permission=Permission.MANAGE
            )
            spot = change.source(Place(space_id, anchor=node_id))
            version = _existing(connection, node_id, version_id)
            rows.remove_version(connection, version_id)
            blob_rows.release(connection, version.content.blob_id, change.now)
            record(
                connection,
                change.now,
                Action.VERSION_REMOVED,
                "/".join(spot.path),
                node_id,
                space_id=space_id,
                by=actor,
                detail={"version": version_id},
            )

        self._database.write(job, space_id=space_id)

    def _begin(
        self,
        connection: Connection,
        actor: Actor,
        space_id: SpaceId,
        *,
        permission: Permission = Permission.WRITE,
        guard: Guard = NO_GUARD,
    ) -> SpaceChange:
        """Begin a change to what was asked for by its id alone."""
        try:
            return begin_change(
                self._database,
                connection,
                actor,
                space_id,
                permission=permission,
                guard=guard,
            )
        except SpaceNotFound:
            raise NodeNotFound from None

    def _space_of(self, node_id: NodeId) -> SpaceId:
        with self._database.read() as connection:
            node = nodes.find(connection, node_id)
        if node is None:
            raise NodeNotFound
        return node.space_id


def _require_writer(connection: Connection, actor: Actor, node_id: NodeId) -> None:
    entry = find_entry(connection, actor, node_id)
    require_content(entry.space, Permission.WRITE)


def _existing(
    connection: Connection, node_id: NodeId, version_id: VersionId
) -> Version:
    version = rows.find_version(connection, node_id, version_id)
    if version is None:
        raise VersionNotFound
    return version
