"""The folder where the files of a dialect land, made when it is missing."""

from contextlib import suppress

from spaces.errors import AlreadyExists, NodeNotFound
from spaces.ids import NodeId, SpaceId
from spaces.model import Actor, Place
from spaces.tree import Tree


def require_folder(
    tree: Tree, actor: Actor, space_id: SpaceId, path: tuple[str, ...]
) -> NodeId:
    """The id of the folder; it and the folders above it are made if need be.

    Raises:
        SpacesError: it cannot be made, or one on the way is a file.
    """
    try:
        return tree.get(actor, Place(space_id, path)).node.id
    except NodeNotFound:
        if not path:
            raise
    parent_id = require_folder(tree, actor, space_id, path[:-1])
    place = Place(space_id, path[-1:], parent_id)
    with suppress(AlreadyExists):  # another request was quicker
        return tree.make_folder(actor, place).id
    return tree.get(actor, place).node.id
