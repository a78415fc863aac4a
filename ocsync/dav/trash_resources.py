"""The trash of a space over WebDAV: listing, looking inside, restoring, purging."""

from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse

from wsgidav.dav_provider import DAVCollection, DAVNonCollection

from ocsync.dav.locations import InTrash
from ocsync.dav.property_table import Renderer, Wanted
from ocsync.dav.reading import Download
from ocsync.dav.relocation import require_place, send_written
from ocsync.dav.request import dav_request
from ocsync.dav.resources import Resource
from ocsync.dav.trash_properties import (
    TRASH_PROPERTIES,
    TrashContext,
    TrashRow,
    is_trash_folder,
)
from ocsync.wire.dav_headers import Depth, parse_overwrite, prefers_minimal
from ocsync.wire.url_paths import quote_segment
from spaces.clock import Instant
from spaces.errors import AlreadyExists, PreconditionFailed, TrashItemNotFound
from spaces.library import Library
from spaces.model import Node, Space, TrashItem

TrashRenderer = Renderer[TrashContext, TrashRow]


class _InTrash(Resource):
    """What all of the trash has in common."""

    space: Space

    def _renderer(self, wanted: Wanted) -> TrashRenderer:
        request = self.request
        return Renderer(
            TRASH_PROPERTIES,
            wanted,
            TrashContext(request.resource_id(self.space.id), self.space.role),
            is_folder=is_trash_folder,
            is_minimal=prefers_minimal(request.header("Prefer")),
        )


class TrashRoot(_InTrash, DAVCollection):
    """All removed things of a space. Deleting it empties it."""

    def __init__(
        self, path: str, environ: dict[str, Any], *, library: Library, space: Space
    ) -> None:
        DAVCollection.__init__(self, path, environ)
        self.library = library
        self.space = space

    def get_member_names(self) -> list[str]:
        """The keys of the items."""
        items = self.library.trash.list(self.request.actor, self.space.id)
        return [item.node.id for item in items]

    def handle_delete(self) -> bool:
        """Empty the trash."""
        self.library.trash.empty(self.request.actor, self.space.id)
        return True

    def rows(self, wanted: Wanted, depth: Depth) -> Iterator[str]:
        """The trash itself, then its items."""
        renderer, base = self._renderer(wanted), f"{self.request.href}/"
        yield renderer.response(base, TrashRow(None))
        if depth is Depth.ZERO:
            return
        for item in self.library.trash.list(self.request.actor, self.space.id):
            row = TrashRow(item.node, item.original_path, item.removed_at)
            tail = "/" if item.node.is_folder else ""
            yield renderer.response(f"{base}{item.node.id}{tail}", row)


class TrashItemResource(_InTrash):
    """A removed node, or something inside a removed folder."""

    item: TrashItem
    node: Node
    inner_path: tuple[str, ...]

    def take(
        self,
        *,
        library: Library,
        space: Space,
        item: TrashItem,
        node: Node,
        inner_path: tuple[str, ...],
    ) -> None:
        """Hold what the resource stands for."""
        self.library = library
        self.space = space
        self.item = item
        self.node = node
        self.inner_path = inner_path

    @property
    def modified_at(self) -> Instant:
        """When its content changed last."""
        return self.node.modified_at

    def get_etag(self) -> str:
        """Its state."""
        return self.node.etag

    def handle_delete(self) -> bool:
        """Let it go for good."""
        self.library.trash.purge(
            self.request.actor, self.space.id, self.item.node.id, path=self.inner_path
        )
        return True

    def restore(self, start_response: StartResponse) -> Iterable[bytes]:
        """Bring it back to where the Destination says.

        Raises:
            PreconditionFailed: something is there that must not be overwritten.
            SpacesError: the domain refuses.
        """
        request = self.request
        target = require_place(request.destination()[0])
        try:
            written = self.library.trash.restore(
                request.actor,
                self.space.id,
                self.item.node.id,
                target,
                path=self.inner_path,
                overwrite=parse_overwrite(request.header("Overwrite")),
                guard=request.lock_guard(),
            )
        except AlreadyExists as error:
            raise PreconditionFailed("Overwrite") from error
        return send_written(request, start_response, written)

    def rows(self, wanted: Wanted, depth: Depth) -> Iterator[str]:
        """The item, then its members."""
        renderer, href = self._renderer(wanted), self.request.href
        here = (*self.item.original_path, *self.inner_path)
        removed_at = self.item.removed_at
        base = f"{href}/" if self.node.is_folder else href
        yield renderer.response(base, TrashRow(self.node, here, removed_at))
        if depth is Depth.ZERO or not self.node.is_folder:
            return
        for child in self._children():
            tail = "/" if child.is_folder else ""
            yield renderer.response(
                f"{base}{quote_segment(child.name)}{tail}",
                TrashRow(child, (*here, child.name), removed_at),
            )

    def _children(self) -> Iterator[Node]:
        return self.library.trash.children(
            self.request.actor, self.space.id, self.item.node.id, self.inner_path
        )


class TrashFolder(TrashItemResource, DAVCollection):
    """A removed folder."""

    def get_member_names(self) -> list[str]:
        """The names in it."""
        return [node.name for node in self._children()]


class TrashFile(TrashItemResource, DAVNonCollection):
    """A removed file."""

    def get_content_length(self) -> int:
        """Bytes of the content."""
        return self.node.size

    def get_content(self) -> Any:
        """Its content as a stream."""
        assert self.node.content is not None
        return self.library.files.open(self.node.content)

    def download(self) -> Download:
        """Its content."""
        node = self.node
        assert node.content is not None
        return Download(
            content=node.content,
            name=node.name,
            etag=node.etag,
            modified_at=node.modified_at,
            media_type=node.media_type,
            file_id=self.request.file_id(node),
        )


def trash_resource(
    path: str, environ: dict[str, Any], library: Library, location: InTrash
) -> TrashRoot | TrashFolder | TrashFile | None:
    """The resource at a location in the trash, None if there is nothing.

    Raises:
        SpaceNotFound, SpaceDisabled: the actor may not see the space.
    """
    actor = dav_request(environ).actor
    space = library.catalog.get(actor, location.space_id)
    if location.item is None:
        return TrashRoot(path, environ, library=library, space=space)
    try:
        item = library.trash.get(actor, location.space_id, location.item)
        node = item.node
        if location.path:
            node = library.trash.node(
                actor, location.space_id, location.item, location.path
            )
    except TrashItemNotFound:
        return None
    kind = TrashFolder if node.is_folder else TrashFile
    resource = kind(path, environ)
    resource.take(
        library=library, space=space, item=item, node=node, inner_path=location.path
    )
    return resource
