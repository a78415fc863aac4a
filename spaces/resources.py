"""Resources: files with a short public id, one per kind and content in a space.

A media API knows files by such an id and not by their place; a file keeps it when it
is moved or renamed. What the API looks like is not known here.
"""

import secrets
import string
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from spaces.access import Permission
from spaces.clock import Instant
from spaces.db import resources as rows
from spaces.db.engine import Database
from spaces.errors import NodeNotFound
from spaces.ids import NodeId, SpaceId
from spaces.lookup import find_entry, find_space, locate
from spaces.model import Actor, Content, Entry, Node, Place

_ALPHABET: Final = f"{string.ascii_letters}{string.digits}_-"
_ID_LENGTH: Final = 21


@dataclass(frozen=True, slots=True)
class Resource:
    """A file as a media API shows it."""

    id: str
    kind: str
    entry: Entry
    created_at: Instant


@dataclass(frozen=True, slots=True)
class Twin:
    """A resource that has some content already."""

    id: str
    node: Node


class Resources:
    """Finding files by the ids that they got as resources."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def get(self, actor: Actor, resource_id: str, kind: str) -> Resource:
        """The resource of this id and kind.

        Raises:
            NodeNotFound: there is none that the actor may see, or it was removed.
            SpaceDisabled: its space is closed.
        """
        with self._database.read() as connection:
            row = rows.find(connection, resource_id, kind)
            if row is None:
                raise NodeNotFound
            entry = find_entry(connection, actor, row.node_id)
        return Resource(resource_id, kind, entry, row.created_at)


def new_resource_id() -> str:
    """A fresh id of 126 random bits, in the form known as nanoid."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))


def add(database: Database, connection: Connection, node_id: NodeId, kind: str) -> str:
    """Give a file an id, in the transaction that makes the file."""
    resource_id = new_resource_id()
    rows.insert_resource(
        connection,
        resource_id=resource_id,
        node_id=node_id,
        kind=kind,
        created_at=database.now(connection),
    )
    return resource_id


def find_twin(
    connection: Connection,
    actor: Actor,
    space_id: SpaceId,
    kind: str,
    content: Content,
) -> Twin | None:
    """A living resource of the space with the same content, if its SHA-256 is known.

    Raises:
        SpaceNotFound, SpaceDisabled, Forbidden: the actor may not write there.
    """
    sha256 = content.checksums.sha256
    if sha256 is None:
        return None
    row = find_space(connection, actor, space_id, Permission.WRITE, lock=True)
    found = rows.with_content(
        connection, space_id, kind, sha256=sha256, size=content.size
    )
    for resource_id, node_id in found:
        spot = locate(connection, row, Place(space_id, anchor=node_id))
        if spot.node is not None:
            return Twin(resource_id, spot.node)
    return None
