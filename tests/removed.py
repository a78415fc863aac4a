"""Things in the trash: what the tests of it share."""

from spaces.ids import NodeId
from spaces.model import Node
from tests.domain import Desk


def make_folder(desk: Desk, path: str) -> Node:
    """A new folder at the path."""
    return desk.library.tree.make_folder(desk.actor, desk.place(path))


def remove(desk: Desk, path: str) -> NodeId:
    """Remove what is at the path; the id under which it is in the trash."""
    node = desk.library.tree.get(desk.actor, desk.place(path)).node
    desk.library.tree.remove(desk.actor, desk.place(path))
    return node.id


def removed_paths(desk: Desk) -> list[str]:
    """Where the things in the trash were."""
    items = desk.library.trash.list(desk.actor, desk.space_id)
    return ["/".join(item.original_path) for item in items]
