"""Taking a node out of the tree into the trash, whatever is below it.

The subtree is not touched: it hangs below a node that has no parent any more. So a
removal costs the same for one file and for a million. Getting things out of the
trash again is the matter of `spaces.trash`.
"""

from spaces.audit import record
from spaces.audit_model import Action
from spaces.db import locks, nodes, trash
from spaces.errors import RootRefused
from spaces.lookup import Spot
from spaces.model import ChangeKind
from spaces.propagation import SpaceChange


def remove_node(change: SpaceChange, spot: Spot) -> None:
    """Move what is at the spot to the trash and record that.

    Raises:
        NodeNotFound: there is nothing.
        RootRefused: it is the root of the space.
    """
    node = spot.require_node()
    if node.is_root:
        raise RootRefused
    if change.row.has_locks:
        locks.remove_under(change.connection, change.space.id, node.id)
    nodes.detach(change.connection, node.id, etag=change.etag)
    trash.insert_item(
        change.connection,
        node_id=node.id,
        space_id=change.space.id,
        original_parent_id=spot.parent_id,
        original_path=spot.path,
        removed_at=change.now,
        removed_by=change.actor.user_id,
    )
    change.record(
        ChangeKind.REMOVED,
        node.id,
        spot.folder_ids,
        delta=-node.size,
        old_parent_id=spot.parent_id,
        old_name=node.name,
    )
    record(
        change.connection,
        change.now,
        Action.FILE_REMOVED,
        "/".join(spot.path),
        node.id,
        space_id=change.space.id,
        by=change.actor,
    )
