"""Where an upload lands whose client knows nothing of spaces.

One folder of the user's personal space, made when it is missing; a name made of what
the client says, as far as a file can be called so.
"""

import unicodedata
from contextlib import suppress
from dataclasses import dataclass

from spaces.catalog import Catalog
from spaces.errors import AlreadyExists, NameRefused, NodeNotFound
from spaces.ids import new_id
from spaces.model import Actor, Place
from spaces.names import MAX_NAME_BYTES, require_name
from spaces.tree import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """The folder of one name in everybody's personal space."""

    catalog: Catalog
    tree: Tree
    folder: str

    def place(self, actor: Actor, name: str) -> Place:
        """The place of a file of that name; its folder is there.

        Raises:
            SpacesError: the folder cannot be made.
        """
        space = self.catalog.personal(actor)
        folder = Place(space.id, (self.folder,))
        try:
            self.tree.get(actor, folder)
        except NodeNotFound:
            with suppress(AlreadyExists):  # another request was quicker
                self.tree.make_folder(actor, folder)
        return Place(space.id, (self.folder, name))


def landing_name(text: str | None) -> str:
    """A name for the file: the last part of what was said, without what it cannot be.

    Where nothing is left of it, a fresh id.
    """
    last = (text or "").replace("\\", "/").rpartition("/")[2]
    kept = "".join(
        character for character in last if unicodedata.category(character)[0] != "C"
    ).strip()
    while len(kept.encode()) > MAX_NAME_BYTES:
        stem, dot, suffix = kept.rpartition(".")
        kept = f"{stem[:-1]}{dot}{suffix}" if stem else kept[:-1]
    try:
        return require_name(kept)
    except NameRefused:
        return new_id()
