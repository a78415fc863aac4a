"""Properties: what people and programs hang on nodes, and reading it for many.

Dead properties (RFC 4918 §4) and tags belong to the node: everyone sees them, and
changing them changes its etag and its ancestors', so that other clients notice.
Favourites are each user's own and change nothing else.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy import Connection

from spaces.access import Permission
from spaces.clock import Instant
from spaces.db import nodes
from spaces.db import properties as rows
from spaces.db.chains import Chains
from spaces.db.engine import Database
from spaces.entries import living_entries, readable_spaces
from spaces.errors import LimitExceeded, NameRefused
from spaces.extras import read_around, read_many, read_one
from spaces.ids import NodeId
from spaces.lookup import Spot, find_space
from spaces.model import (
    NO_EXTRAS,
    NO_GUARD,
    Actor,
    ChangeKind,
    Entry,
    Extras,
    Guard,
    Node,
    Place,
)
from spaces.propagation import SpaceChange, begin_change_at

MAX_PROPERTIES: Final = 200
MAX_PROPERTY_NAME_BYTES: Final = 1024
MAX_PROPERTY_BYTES: Final = 64 * 1024
MAX_PROPERTIES_BYTES: Final = 256 * 1024
"""Of one node together: a folder's are read at once with its members'."""
MAX_TAGS: Final = 50
MAX_TAG_CHARACTERS: Final = 100
MAX_FAVORITES: Final = 10_000

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Patch:
    """Changes to what hangs on one node, made together or not at all.

    `dead`: properties to set, or to remove where the value is None. None elsewhere
    leaves things as they are.
    """

    dead: Mapping[str, str | None] = field(default_factory=dict)
    tags: tuple[str, ...] | None = None
    is_favorite: bool | None = None
    modified_at: Instant | None = None

    @property
    def is_private(self) -> bool:
        """Whether only the user who makes the change will notice it."""
        return not self.dead and self.tags is None and self.modified_at is None


class Properties:
    """Dead properties, tags and favourites; thread-safe."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def patch(
        self, actor: Actor, place: Place, patch: Patch, *, guard: Guard = NO_GUARD
    ) -> Node:
        """Make all changes of a patch; the node as it is then.

        Raises:
            NodeNotFound: there is nothing at the place.
            LimitExceeded: there would be too much, or something is too large.
            NameRefused: the name of a property or a tag cannot be kept.
            PreconditionFailed, Locked: see the guard.
            SpaceNotFound, SpaceDisabled, Forbidden: as for every change; to mark
                a favourite, being able to read is enough.
        """
        _require_bounded(patch)

        def job(connection: Connection) -> Node:
            change = begin_change_at(
                self._database,
                connection,
                actor,
                place,
                permission=Permission.READ if patch.is_private else Permission.WRITE,
                guard=guard,
            )
            spot = change.source(place)
            change.require_state(spot.node)
            node = spot.require_node()
            if patch.is_favorite is not None:
                _mark(connection, actor, node.id, is_favorite=patch.is_favorite)
            return node if patch.is_private else _apply(change, spot, patch)

        return self._database.write(job, space_id=place.space_id)

    def favorites(self, actor: Actor) -> list[Entry]:
        """The actor's favourites that can still be reached, by name."""
        with self._database.read() as connection:
            found = rows.favorite_nodes(connection, actor.user_id)
            spaces = readable_spaces(connection, actor)
            return list(living_entries(Chains(connection), spaces, found))

    def extras(
        self, actor: Actor, folder: Entry, *, with_children: bool = True
    ) -> Mapping[NodeId, Extras]:
        """What hangs on an entry and, in a folder, on its members.

        A fixed number of statements, however many members there are; nodes on
        which nothing hangs are not in the result.

        Raises:
            SpaceNotFound, SpaceDisabled: as for reading.
        """
        with self._database.read() as connection:
            row = find_space(connection, actor, folder.space.id, Permission.READ)
            now = self._database.now(connection)
            if not with_children or not folder.node.is_folder:
                extras = read_one(connection, actor, folder, now, row.has_locks)
                return {} if extras == NO_EXTRAS else {folder.node.id: extras}
            return read_around(connection, actor, folder, now, row.has_locks)

    def extras_for(
        self, actor: Actor, entries: Collection[Entry]
    ) -> Mapping[NodeId, Extras]:
        """What hangs on entries from anywhere, some statements for hundreds of them.

        Nodes on which nothing hangs are not in the result, nor are those of spaces
        that the actor may not read any more.
        """
        with self._database.read() as connection:
            spaces = readable_spaces(connection, actor)
            now = self._database.now(connection)
            wanted = [entry for entry in entries if entry.space.id in spaces]
            return read_many(connection, actor, wanted, now)

    def extras_among(
        self, actor: Actor, nodes: Collection[Node]
    ) -> Mapping[NodeId, Extras]:
        """What hangs on nodes, and covers them from above, as `extras_for`."""
        with self._database.read() as connection:
            spaces = readable_spaces(connection, actor)
            now = self._database.now(connection)
            entries = list(living_entries(Chains(connection), spaces, nodes))
            return read_many(connection, actor, entries, now)


def _apply(change: SpaceChange, spot: Spot, patch: Patch) -> Node:
    """Write what everyone sees; nothing happens if all is as wanted already."""
    node = spot.require_node()
    change.require_unlocked(spot)
    dead = _dead_changes(change.connection, node.id, patch.dead)
    rows.write_dead_properties(change.connection, node.id, dead)
    is_retagged = patch.tags is not None and _retag(
        change.connection, node.id, patch.tags
    )
    at = node.modified_at if patch.modified_at is None else patch.modified_at
    if not dead and not is_retagged and at == node.modified_at:
        return node
    changed = replace(node, etag=change.etag, modified_at=at)
    nodes.set_state(change.connection, node.id, etag=change.etag, modified_at=at)
    change.record(ChangeKind.PROPERTIES, node.id, spot.folder_ids)
    return changed


def _dead_changes(
    connection: Connection, node_id: NodeId, wanted: Mapping[str, str | None]
) -> dict[str, str | None]:
    """Those of the wanted changes that change something.

    Raises:
        LimitExceeded: the node would have too many properties, or too large ones.
    """
    if not wanted:
        return {}
    present = rows.dead_properties(connection, node_id)
    after = {
        name: value
        for name, value in {**present, **wanted}.items()
        if value is not None
    }
    if len(after) > max(MAX_PROPERTIES, len(present)):
        raise LimitExceeded("properties of a file or folder", MAX_PROPERTIES)
    if sum(map(_size_bytes, after.values())) > MAX_PROPERTIES_BYTES:
        raise LimitExceeded("bytes of properties", MAX_PROPERTIES_BYTES)
    return {name: value for name, value in wanted.items() if value != present.get(name)}


def _retag(connection: Connection, node_id: NodeId, tags: tuple[str, ...]) -> bool:
    """Give the node exactly these tags; whether that changed anything."""
    present, wanted = set(rows.tags_of(connection, node_id)), set(tags)
    rows.write_tags(
        connection,
        node_id,
        added=sorted(wanted - present),
        removed=sorted(present - wanted),
    )
    return present != wanted


def _mark(
    connection: Connection, actor: Actor, node_id: NodeId, *, is_favorite: bool
) -> None:
    if not is_favorite:
        rows.remove_favorite(connection, actor.user_id, node_id)
        return
    if rows.is_favorite(connection, actor.user_id, node_id):
        return
    if rows.count_favorites(connection, actor.user_id) >= MAX_FAVORITES:
        raise LimitExceeded("favourites", MAX_FAVORITES)
    rows.add_favorite(connection, actor.user_id, node_id)


def _require_bounded(patch: Patch) -> None:
    """Refuse what could not be kept whatever the node has.

    Raises:
        LimitExceeded: something is too large, or there are too many tags.
        NameRefused: a name or tag has characters that cannot be stored.
    """
    for name, value in patch.dead.items():
        if _size_bytes(name) > MAX_PROPERTY_NAME_BYTES:
            raise LimitExceeded("bytes of a property's name", MAX_PROPERTY_NAME_BYTES)
        if value is not None and _size_bytes(value) > MAX_PROPERTY_BYTES:
            raise LimitExceeded("bytes of a property", MAX_PROPERTY_BYTES)
        if _UNSTORABLE.search(name) or _UNSTORABLE.search(value or ""):
            raise NameRefused(name, "a property must be text")
    if patch.tags is None:
        return
    if len(set(patch.tags)) > MAX_TAGS:
        raise LimitExceeded("tags of a file or folder", MAX_TAGS)
    for tag in patch.tags:
        if len(tag) > MAX_TAG_CHARACTERS:
            raise LimitExceeded("characters of a tag", MAX_TAG_CHARACTERS)
        if not tag.strip() or "," in tag or _UNSTORABLE.search(tag):
            raise NameRefused(tag, "a tag must be text without commas")


def _size_bytes(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))
