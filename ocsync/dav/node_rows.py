"""Rows of nodes as DAV:response elements: one folder, its members, or a subtree.

Reads with a fixed number of statements, however many rows there are: the target,
its members, and what is kept beside them if the request asks for any of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ocsync.dav.lock_xml import LockRoots
from ocsync.dav.node_properties import NODE_PROPERTIES, SYNC_TOKEN, NodeContext
from ocsync.dav.property_table import Renderer, Wanted, needs_extras
from ocsync.dav.request import DavRequest
from ocsync.wire.dav_headers import Depth, prefers_minimal
from ocsync.wire.url_paths import join_path, quote_segment
from spaces.ids import NodeId, SpaceId
from spaces.library import Library
from spaces.model import NO_EXTRAS, Entry, Extras, Node, Space

NodeRenderer = Renderer[NodeContext, Node]


def node_href(href: str, node: Node) -> str:
    """The href of a node: folders end in a slash."""
    return f"{href}/" if node.content is None else href


def _is_folder(node: Node) -> bool:
    return node.content is None


@dataclass(frozen=True, slots=True)
class LockRootIds:
    """Paths of locked nodes by their ids, which lead there from anywhere."""

    request: DavRequest
    space_id: SpaceId

    def __call__(self, node_id: NodeId) -> str:
        """The encoded path of a node."""
        resource = self.request.resource_id(self.space_id, node_id)
        return join_path((*self.request.mount[:-1], "dav", "spaces", resource))


@dataclass(frozen=True, slots=True)
class LockRootPaths:
    """Paths of locked nodes as the request's URL names them.

    The target and its ancestors within the URL go by their paths, of which `names`
    lie below its anchor; anything else goes by its id.
    """

    request: DavRequest
    entry: Entry
    names: int

    def __call__(self, node_id: NodeId) -> str:
        """The encoded path of a node."""
        node, href = self.entry.node, self.request.href
        if node_id == node.id:
            return node_href(href, node)
        ancestors = self.entry.ancestor_ids
        if node_id in ancestors:
            steps = len(ancestors) - ancestors.index(node_id)
            if steps <= self.names:
                return href.rsplit("/", steps)[0] + "/"
        return LockRootIds(self.request, node.space_id)(node_id)


@dataclass(frozen=True, slots=True)
class NodeRows:
    """Renders nodes for one request."""

    library: Library
    request: DavRequest
    wanted: Wanted
    names: int = 0
    """How many names of the request's URL lie below its anchor."""

    def below(self, entry: Entry, depth: Depth) -> Iterator[str]:
        """The target first, then what the depth takes in."""
        node, href = entry.node, self.request.href
        renderer, with_extras = self.renderer(entry), self.with_extras
        extras: Mapping[NodeId, Extras] = {}
        if with_extras:
            extras = self.extras_around(entry, with_children=depth is not Depth.ZERO)
        yield renderer.response(
            node_href(href, node), node, extras.get(node.id, NO_EXTRAS)
        )
        if depth is Depth.ZERO or not node.is_folder:
            return
        if depth is Depth.ONE:
            members = self.children(entry, extras)
        else:
            members = self.descendants(entry, extras if with_extras else None)
        base = f"{href}/"
        for path, child, its_extras in members:
            child_href = f"{base}{path}/" if child.content is None else base + path
            yield renderer.response(child_href, child, its_extras)

    def children(
        self, folder: Entry, extras: Mapping[NodeId, Extras]
    ) -> Iterator[tuple[str, Node, Extras]]:
        """The members of a folder with their encoded names."""
        for child in self.library.tree.children(self.request.actor, folder.node):
            yield quote_segment(child.name), child, extras.get(child.id, NO_EXTRAS)

    def descendants(
        self, folder: Entry, extras: Mapping[NodeId, Extras] | None
    ) -> Iterator[tuple[str, Node, Extras]]:
        """The whole subtree; what is kept beside it is read folder by folder."""
        actor, tree = self.request.actor, self.library.tree
        beside = None if extras is None else _ExtrasBelow(self, folder, extras)
        for path, node in tree.descendants(actor, folder.node):
            names = path.split("/")
            its_extras = NO_EXTRAS if beside is None else beside.of(names, node)
            yield "/".join(map(quote_segment, names)), node, its_extras

    def extras_around(
        self, entry: Entry, *, with_children: bool = True
    ) -> Mapping[NodeId, Extras]:
        """What is kept beside an entry and the members of a folder."""
        return self.library.properties.extras(
            self.request.actor, entry, with_children=with_children
        )

    def renderer(self, entry: Entry) -> NodeRenderer:
        """The compiled properties for the target and what is below it."""
        return self.space_renderer(
            entry.space,
            LockRootPaths(self.request, entry, self.names),
            sync_seq=self.sync_seq(entry.node),
        )

    def sync_seq(self, folder: Node) -> int | None:
        """The number of the space's latest change, if it is asked for."""
        if SYNC_TOKEN not in self.wanted.names:
            return None
        return self.library.changes.token(self.request.actor, folder)

    def space_renderer(
        self, space: Space, lock_roots: LockRoots, *, sync_seq: int | None = None
    ) -> NodeRenderer:
        """The compiled properties for nodes of a space."""
        request = self.request
        context = NodeContext(
            space=space,
            actor=request.actor,
            storage_id=request.naming.storage_id,
            base_url=str(request.environ.get("ocsync.base_url", "")),
            lock_roots=lock_roots,
            sync_seq=sync_seq,
        )
        return Renderer(
            NODE_PROPERTIES,
            self.wanted,
            context,
            is_folder=_is_folder,
            is_minimal=prefers_minimal(request.header("Prefer")),
        )

    @property
    def with_extras(self) -> bool:
        """Whether anything is asked that is kept beside the rows."""
        return needs_extras(NODE_PROPERTIES, self.wanted)


class _ExtrasBelow:
    """What is kept beside the nodes of a subtree, for a walk from the top down."""

    def __init__(
        self, rows: NodeRows, top: Entry, extras: Mapping[NodeId, Extras]
    ) -> None:
        self._rows = rows
        self._folders = {top.node.id: top}
        self._loaded: dict[NodeId, Mapping[NodeId, Extras]] = {top.node.id: extras}

    def of(self, names: list[str], node: Node) -> Extras:
        """Of a node whose folder was passed before; `names` lead there from the top."""
        assert node.parent_id is not None
        parent = self._folders[node.parent_id]
        if node.is_folder:
            self._folders[node.id] = Entry(
                parent.space,
                node,
                (*parent.path, names[-1]),
                (*parent.ancestor_ids, parent.node.id),
            )
        if parent.node.id not in self._loaded:
            self._loaded[parent.node.id] = self._rows.extras_around(parent)
        return self._loaded[parent.node.id].get(node.id, NO_EXTRAS)
