"""Changes: what is different below a folder since a client last looked.

The log has ids, not paths; paths are as they are now. A client that drops what is
reported as removed, with all below it, then writes what is reported as changed ends
with what is there now.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from spaces.access import Permission
from spaces.db import changes as rows
from spaces.db import nodes, subtrees
from spaces.db.chains import Chain, Chains
from spaces.db.changes import ChangeRow
from spaces.db.engine import Database
from spaces.errors import NodeNotFound, SyncTokenExpired
from spaces.former_paths import FormerPaths
from spaces.ids import NodeId
from spaces.lookup import find_space
from spaces.model import Actor, ChangeKind, Node

_ROWS_AT_ONCE: Final = 10_000
"""Longer histories come in several pages even if the client sets no limit. So many
are looked at for any page: where something was may follow from a later change."""
_WITH_ALL_BELOW: Final = frozenset({ChangeKind.ARRIVED, ChangeKind.MOVED})

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangePage:
    """The differences, paths relative to the folder with names joined by `/`.

    `changed` can be walked through once and is read meanwhile. `token` is what to
    ask with next time, at once if the page `is_truncated`.
    """

    changed: Iterator[tuple[str, Node]]
    removed: tuple[str, ...]
    token: int
    is_truncated: bool


class Changes:
    """The log of changes of each space, read from the point of view of a folder."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def token(self, actor: Actor, folder: Node) -> int:
        """The number of the latest change in the folder's space.

        Raises:
            SpaceNotFound: there is no such space for the actor.
            SpaceDisabled: the space is closed.
        """
        with self._database.read() as connection:
            row = find_space(connection, actor, folder.space_id, Permission.READ)
            return row.change_seq

    def since(
        self,
        actor: Actor,
        folder: Node,
        seq: int | None,
        *,
        limit: int | None = None,
    ) -> ChangePage:
        """What changed below the folder after `seq`; everything for 0 or None.

        Each node and each removed path comes once. `limit` bounds how many changes
        one page covers; a folder that came with all below it is one change.

        Raises:
            SyncTokenExpired: the changes after `seq` are not all known (any more).
            NodeNotFound: the folder is gone.
            SpaceNotFound: there is no such space for the actor.
            SpaceDisabled: the space is closed.
        """
        with self._database.read() as connection:
            space = find_space(connection, actor, folder.space_id, Permission.READ)
            scope = _Scope(connection, folder)
            if not seq:
                everything = self._expand([((), folder)])
                return ChangePage(everything, (), space.change_seq, is_truncated=False)
            if not space.change_floor <= seq <= space.change_seq:
                raise SyncTokenExpired
            history = rows.list_after(
                connection, folder.space_id, seq, limit=_ROWS_AT_ONCE + 1
            )
            count = min(limit or _ROWS_AT_ONCE, _ROWS_AT_ONCE)
            found, is_truncated = history[:count], len(history) > count
            changed = nodes.find_many(connection, (row.node_id for row in found))
            scope.load(history, changed)
            single, whole = scope.split(found, changed)
            return ChangePage(
                changed=self._report(single, whole),
                removed=scope.removed(found, history),
                token=found[-1].seq if is_truncated else space.change_seq,
                is_truncated=is_truncated,
            )

    def _report(
        self, single: list[tuple[Path, Node]], whole: list[tuple[Path, Node]]
    ) -> Iterator[tuple[str, Node]]:
        for path, node in sorted(single + whole, key=_by_path):
            yield "/".join(path), node
        yield from self._expand(entry for entry in whole if entry[1].is_folder)

    def _expand(
        self, folders: Iterable[tuple[Path, Node]]
    ) -> Iterator[tuple[str, Node]]:
        for path, folder in folders:
            prefix = "".join(f"{name}/" for name in path)
            with self._database.read() as connection:
                for below, node in subtrees.stream_descendants(connection, folder.id):
                    yield prefix + below, node


class _Scope:
    """What is below one folder, in one state of the database."""

    def __init__(self, connection: Connection, folder: Node) -> None:
        self._connection = connection
        self._folder = folder
        self._chains = Chains(connection)
        self._chains.load([folder.id])
        chain = self._chains.of(folder.id)
        if not chain or chain[0][0] != NodeId(folder.space_id):
            raise NodeNotFound(folder.name)
        self._depth = len(chain)

    def load(self, history: list[ChangeRow], changed: Mapping[NodeId, Node]) -> None:
        """Read where all that the changes name is now."""
        parents = {node.parent_id for node in changed.values()}
        parents.update(row.old_parent_id for row in history)
        parents.discard(None)
        self._chains.load(each for each in parents if each is not None)

    def split(
        self, found: list[ChangeRow], changed: Mapping[NodeId, Node]
    ) -> tuple[list[tuple[Path, Node]], list[tuple[Path, Node]]]:
        """The changed nodes that are here now: by themselves, and with all below.

        What lies below one of the latter is left to it.
        """
        came_whole = {row.node_id for row in found if row.kind in _WITH_ALL_BELOW}
        single: list[tuple[Path, Node]] = []
        whole: list[tuple[Path, Node]] = []
        for node in changed.values():
            chain = self._inside(node.parent_id)
            if chain is None or any(above in came_whole for above, _ in chain):
                continue
            path = (*(name for _, name in chain), node.name)
            (whole if node.id in came_whole else single).append((path, node))
        return single, whole

    def removed(
        self, found: list[ChangeRow], history: list[ChangeRow]
    ) -> tuple[str, ...]:
        """The paths that something left and where nothing is now."""
        former = FormerPaths(self._connection, self._folder.id, self._chains, history)
        return former.gone(found)

    def _inside(self, folder_id: NodeId | None) -> Chain | None:
        """The chain below the scope's folder, None if this one is elsewhere."""
        chain = () if folder_id is None else self._chains.of(folder_id)
        if len(chain) < self._depth or chain[self._depth - 1][0] != self._folder.id:
            return None
        return chain[self._depth :]


def _by_path(entry: tuple[Path, Node]) -> Path:
    return entry[0]
