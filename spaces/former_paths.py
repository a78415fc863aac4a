"""Former paths: where things were that are not there any more.

The log says which folder a node left, by id, and under which name. Folders above may
have moved as well, before or after, so a path is put together by following the log
back to the time that is asked for. Nothing is known here of what came instead.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from spaces.db import nodes, paths, subtrees
from spaces.db.chains import Chains
from spaces.db.changes import ChangeRow
from spaces.errors import SyncTokenExpired
from spaces.ids import NodeId
from spaces.model import Node
from spaces.names import name_key

Path = tuple[str, ...]


class FormerPaths:
    """The paths below one folder that some changes left empty or to others."""

    def __init__(
        self,
        connection: Connection,
        folder_id: NodeId,
        chains: Chains,
        history: Iterable[ChangeRow],
    ) -> None:
        """Begin with all that is known of the time since, whose folders are loaded."""
        self._connection = connection
        self._folder_id = folder_id
        self._chains = chains
        self._left: dict[NodeId, list[ChangeRow]] = defaultdict(list)
        self._leavers: dict[NodeId, list[ChangeRow]] = defaultdict(list)
        for row in history:
            if row.old_parent_id is not None:
                self._left[row.node_id].append(row)
                self._leavers[row.old_parent_id].append(row)

    def gone(self, changes: Iterable[ChangeRow]) -> tuple[str, ...]:
        """Paths that some of the changes left and that lead to nothing now.

        Names are joined by `/`; what is below such a path is not listed as well.

        Raises:
            SyncTokenExpired: it cannot be known any more.
        """
        found: set[Path] = set()
        for row in changes:
            if row.old_parent_id is None:
                continue
            for path in self._candidates(row):
                found.update(self._lost_at(path, row))
        return tuple(
            "/".join(path) for path in sorted(found) if _is_topmost(path, found)
        )

    def _candidates(self, row: ChangeRow) -> set[Path]:
        """Where the node was: when it left, before all changes, and seen from now."""
        assert row.old_parent_id is not None
        assert row.old_name is not None
        times = (0, row.seq, None)
        above = (self._path_at(row.old_parent_id, time) for time in times)
        return {(*path, row.old_name) for path in above if path is not None}

    def _path_at(self, folder_id: NodeId, time: int | None) -> Path | None:
        """The path that the folder had at a time (None: now) if it was inside."""
        names: list[str] = []
        seen: set[NodeId] = set()
        while folder_id != self._folder_id:
            step = self._step_up(folder_id, time)
            # What was in the trash at the time is looked for where it is now; that
            # could lead in circles.
            if step is None or folder_id in seen:
                return None
            seen.add(folder_id)
            folder_id, name = step
            names.append(name)
        return tuple(reversed(names))

    def _step_up(
        self, folder_id: NodeId, time: int | None
    ) -> tuple[NodeId, str] | None:
        """The folder that held this one at the time, and its name there."""
        if time is not None:
            for row in self._left.get(folder_id, ()):
                if row.seq >= time and row.old_parent_id and row.old_name:
                    return row.old_parent_id, row.old_name
        chain = self._chains.of(folder_id)
        return (chain[-2][0], chain[-1][1]) if len(chain) > 1 else None

    def _lost_at(self, path: Path, row: ChangeRow) -> Iterator[Path]:
        """The path, if nothing is there; else what another node there lacks.

        Raises:
            SyncTokenExpired: a folder went to another space, whose log would tell
                what has left it there.
        """
        there = self._find(path)
        if there is None:
            yield path
            return
        if there.id == row.node_id:
            return
        former = nodes.find(self._connection, row.node_id)
        if former is None or not former.is_folder:
            return
        if former.space_id != there.space_id:
            raise SyncTokenExpired
        present = {
            below
            for below, _ in subtrees.stream_descendants(self._connection, there.id)
        }
        for below in self._held(row.node_id, row.seq, set()):
            if below not in present:
                yield (*path, *below.split("/"))

    def _held(self, folder_id: NodeId, time: int, seen: set[NodeId]) -> Iterator[str]:
        """What is below a folder, and what has left it or them since the time.

        Of what left, a client may hear only in a later page, when nobody can tell
        any more where the folder had been.
        """
        if folder_id in seen:
            return
        seen.add(folder_id)
        below = {"": folder_id}
        for path, node in subtrees.stream_descendants(self._connection, folder_id):
            yield path
            if node.is_folder:
                below[f"{path}/"] = node.id
        for prefix, holder_id in below.items():
            for row in self._leavers.get(holder_id, ()):
                if row.seq >= time:
                    yield f"{prefix}{row.old_name}"
                    for inner in self._held(row.node_id, time, seen):
                        yield f"{prefix}{row.old_name}/{inner}"

    def _find(self, path: Path) -> Node | None:
        """What is at the path now, under a name that is written exactly so."""
        keys = tuple(map(name_key, path))
        found = paths.walk(self._connection, self._folder_id, keys).node
        return found if found is not None and found.name == path[-1] else None


def _is_topmost(path: Path, found: set[Path]) -> bool:
    return not any(path[:length] in found for length in range(1, len(path)))
