"""What hangs on nodes: what the tests of properties and of reading them share."""

from collections.abc import Mapping

from spaces.model import NO_EXTRAS, Entry, Extras, Node
from spaces.properties import Patch
from tests.domain import Desk

COLOUR = "{urn:test}colour"
RED = '<x:colour xmlns:x="urn:test">red</x:colour>'


def hang(
    desk: Desk,
    path: str,
    dead: Mapping[str, str | None] | None = None,
    *,
    tags: tuple[str, ...] | None = None,
    is_favorite: bool | None = None,
) -> Node:
    """Hang things on what is at the path."""
    patch = Patch(dead=dead or {}, tags=tags, is_favorite=is_favorite)
    return desk.library.properties.patch(desk.actor, desk.place(path), patch)


def entry_at(desk: Desk, path: str) -> Entry:
    """What is at the path."""
    return desk.library.tree.get(desk.actor, desk.place(path))


def extras_at(desk: Desk, path: str) -> Extras:
    """What hangs on what is at the path."""
    entry = entry_at(desk, path)
    found = desk.library.properties.extras(desk.actor, entry, with_children=False)
    return found.get(entry.node.id, NO_EXTRAS)
