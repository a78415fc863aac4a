"""wsgidav's resources over the domain: folders and files in spaces.

Thin: each method is one call of the domain, and errors of the domain pass through
wsgidav untouched. Beside wsgidav's interface every resource here offers what our own
methods of the request server ask (`Resource`): rows for a listing, content to send.
"""

from collections.abc import Iterator
from typing import Any

from wsgidav.dav_provider import DAVCollection, DAVNonCollection, _DAVResource

from ocsync.dav.node_rows import NodeRows
from ocsync.dav.property_table import Wanted
from ocsync.dav.reading import Download
from ocsync.dav.request import DavRequest, dav_request
from ocsync.wire.dav_headers import Depth
from ocsync.wire.url_paths import join_path
from spaces.clock import SECOND, Instant
from spaces.library import Library
from spaces.model import Entry, Place


class Resource(_DAVResource):
    """What all resources have in common beside wsgidav's classes."""

    library: Library

    @property
    def request(self) -> DavRequest:
        """The request that asked for the resource."""
        return dav_request(self.environ)

    def get_href(self) -> str:
        """Its encoded path, below the mount that was called."""
        segments = (part for part in self.path.split("/") if part)
        return join_path((*self.request.mount, *segments))

    @property
    def modified_at(self) -> Instant | None:
        """When it changed last; None where nobody counts that."""
        return None

    def get_etag(self) -> str | None:
        """Its state; None where it has no tag."""
        return None

    def support_etag(self) -> bool:
        """Whether it has a tag."""
        return self.get_etag() is not None

    def rows(self, wanted: Wanted, depth: Depth) -> Iterator[str]:
        """DAV:response elements: itself first, then what the depth takes in."""
        raise NotImplementedError

    def download(self) -> Download | None:
        """Its content; None if it is a collection."""
        return None


class NodeResource(Resource):
    """A file or folder in a space."""

    def __init__(
        self,
        path: str,
        environ: dict[str, Any],
        *,
        library: Library,
        entry: Entry,
        place: Place,
    ) -> None:
        # What wsgidav's constructors would set by five calls for every request.
        self.provider = environ["wsgidav.provider"]
        self.environ = environ
        self.path = path
        self.name = path.strip("/").rpartition("/")[2]
        self.library = library
        self.entry = entry
        self.place = place

    @property
    def modified_at(self) -> Instant:
        """When it, or for a folder anything below it, changed last."""
        return self.entry.node.modified_at

    def get_etag(self) -> str:
        """The tag that changes with it, and for folders with anything below."""
        return self.entry.node.etag

    def get_last_modified(self) -> float:
        """Unix seconds."""
        return self.entry.node.modified_at / SECOND

    def get_creation_date(self) -> float:
        """Unix seconds."""
        return self.entry.node.created_at / SECOND

    def rows(self, wanted: Wanted, depth: Depth) -> Iterator[str]:
        """The node, then what is below it."""
        rows = NodeRows(self.library, self.request, wanted, len(self.place.path))
        return rows.below(self.entry, depth)

    def handle_delete(self) -> bool:
        """Move it to the trash; nothing is left for wsgidav to do."""
        request = self.request
        self.library.tree.remove(request.actor, self.place, guard=request.guard())
        request.resources.clear()
        return True


class FolderResource(NodeResource, DAVCollection):
    """A folder."""

    is_collection = True

    def get_member_names(self) -> list[str]:
        """The names in the folder, in one statement."""
        children = self.library.tree.children(self.request.actor, self.entry.node)
        return [node.name for node in children]

    def create_collection(self, name: str) -> None:
        """Make a folder in this one.

        Raises:
            SpacesError: the domain refuses.
        """
        request, place = self.request, self.place
        self.library.tree.make_folder(
            request.actor,
            Place(place.space_id, (*place.path, name), place.anchor),
            guard=request.guard(),
            modified_at=request.modified_at(),
        )
        request.resources.clear()


class FileResource(NodeResource, DAVNonCollection):
    """A file."""

    is_collection = False

    def get_content_length(self) -> int:
        """Bytes of the content."""
        return self.entry.node.size

    def get_content_type(self) -> str:
        """The media type."""
        return self.entry.node.media_type or "application/octet-stream"

    def get_content(self) -> Any:
        """The content as a stream."""
        assert self.entry.node.content is not None
        return self.library.files.open(self.entry.node.content)

    def download(self) -> Download:
        """The present content."""
        node = self.entry.node
        assert node.content is not None
        return Download(
            content=node.content,
            name=node.name,
            etag=node.etag,
            modified_at=node.modified_at,
            media_type=node.media_type,
            file_id=self.request.file_id(node),
        )
