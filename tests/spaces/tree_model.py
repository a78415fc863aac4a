"""A space as plain Python objects, to compare the real one with.

Says for each operation whether it must succeed and, if so, changes itself.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

Path = tuple[str, ...]


def key_of(name: str) -> str:
    """The form in which names are compared."""
    return unicodedata.normalize("NFC", name)


@dataclass
class Item:
    """A file, if it has data, or a folder."""

    id: str
    name: str
    data: bytes | None = None
    parent: "Item | None" = None
    members: dict[str, "Item"] = field(default_factory=dict)
    former: list[bytes] = field(default_factory=list)

    @property
    def is_folder(self) -> bool:
        """Whether it can have members."""
        return self.data is None

    @property
    def size(self) -> int:
        """Bytes of the file, or of all files below."""
        if self.data is not None:
            return len(self.data)
        return sum(member.size for member in self.members.values())

    @property
    def path(self) -> Path:
        """Names from the root."""
        return () if self.parent is None else (*self.parent.path, self.name)

    def above(self) -> "list[Item]":
        """The folders it is in, the nearest first."""
        return [] if self.parent is None else [self.parent, *self.parent.above()]

    def below(self) -> "Iterator[Item]":
        """Itself and everything below."""
        yield self
        for member in self.members.values():
            yield from member.below()

    def find(self, name: str) -> "Item | None":
        """The member of this name."""
        return self.members.get(key_of(name))

    def add(self, member: "Item", name: str) -> None:
        """Take in a member under a name."""
        member.name, member.parent = name, self
        self.members[key_of(name)] = member

    def leave(self) -> None:
        """Go out of its folder."""
        assert self.parent is not None
        del self.parent.members[key_of(self.name)]
        self.parent = None

    def is_within(self, other: "Item") -> bool:
        """Whether it is the other one, or below it."""
        return self is other or other in self.above()


@dataclass
class ModelSpace:
    """A root, a quota, and what was removed with where it was."""

    root: Item
    quota: int | None
    trash: dict[str, tuple[Item, Item]] = field(default_factory=dict)

    def fits(self, growth: int) -> bool:
        """Whether so many more bytes are allowed."""
        if growth <= 0 or self.quota is None:
            return True
        return self.root.size + growth <= self.quota

    def live(self) -> list[Item]:
        """Everything in the tree, the root first."""
        return list(self.root.below())

    def remove(self, item: Item) -> None:
        """Move an item to the trash."""
        assert item.parent is not None
        self.trash[item.id] = (item, item.parent)
        item.leave()
