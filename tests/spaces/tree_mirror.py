"""A client's copy of a space, kept by asking what changed."""

from collections import Counter

from spaces.errors import SyncTokenExpired
from spaces.library import Library
from spaces.model import Actor, Node


class Mirror:
    """What a client keeps of one space by asking what changed."""

    def __init__(self, library: Library, actor: Actor, root: Node) -> None:
        self._library = library
        self._actor = actor
        self._root = root
        self._token = 0
        self.nodes: dict[str, Node] = {}

    def sync(self, limit: int | None = None) -> None:
        """Ask until there is nothing more to be told; list anew if that is asked."""
        while True:
            try:
                page = self._library.changes.since(
                    self._actor, self._root, self._token, limit=limit
                )
            except SyncTokenExpired:
                self._token = 0
                self.nodes.clear()
                continue
            for path in page.removed:
                self._drop(path)
            mentioned: Counter[str] = Counter()
            for path, node in page.changed:
                mentioned[node.id] += 1
                self.nodes[path] = node
            assert not mentioned or max(mentioned.values()) == 1
            self._token = page.token
            if not page.is_truncated:
                return

    def _drop(self, path: str) -> None:
        for known in list(self.nodes):
            if known == path or known.startswith(f"{path}/"):
                del self.nodes[known]
