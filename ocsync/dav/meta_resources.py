"""What is asked of a node by its id: where it is, and its former contents.

`meta/{id}` tells the path, `meta/{id}/v` lists the versions, `meta/{id}/v/{key}` is
one: GET reads it, COPY onto the file restores it, DELETE forgets it.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final
from wsgiref.types import StartResponse

from wsgidav.dav_provider import DAVCollection, DAVNonCollection

from ocsync.dav.locations import InMeta
from ocsync.dav.meta_properties import (
    PATH_PROPERTIES,
    VERSION_PROPERTIES,
    PathContext,
    VersionContext,
    VersionRow,
)
from ocsync.dav.property_table import Renderer, Wanted
from ocsync.dav.reading import Download
from ocsync.dav.relocation import require_place
from ocsync.dav.request import dav_request, respond
from ocsync.dav.resources import Resource
from ocsync.dav.writing import written_headers
from ocsync.problems import HttpProblem
from ocsync.wire.dav_headers import Depth, prefers_minimal
from spaces.clock import Instant
from spaces.errors import NodeNotFound, VersionNotFound
from spaces.ids import VersionId, is_id
from spaces.library import Library
from spaces.model import Entry, Version

PATH_NAME: Final = "{http://owncloud.org/ns}meta-path-for-user"


class MetaResource(Resource, DAVCollection):
    """A node known by its id: `meta/{id}`."""

    def __init__(
        self, path: str, environ: dict[str, Any], *, library: Library, entry: Entry
    ) -> None:
        DAVCollection.__init__(self, path, environ)
        self.library = library
        self.entry = entry

    def get_member_names(self) -> list[str]:
        """The versions."""
        return ["v"]

    def rows(self, wanted: Wanted, depth: Depth) -> Iterator[str]:  # noqa: ARG002
        """Where the node is.

        Raises:
            HttpProblem: 400, something else was asked.
        """
        if PATH_NAME not in wanted.names:
            raise HttpProblem(400, "Only oc:meta-path-for-user can be asked here")
        renderer = Renderer(
            PATH_PROPERTIES,
            wanted,
            PathContext(self.request.naming.storage_id),
            is_folder=_never,
            is_minimal=prefers_minimal(self.request.header("Prefer")),
        )
        return iter([renderer.response(self.request.href, self.entry)])


def _never(_subject: object) -> bool:
    return False


class _OfVersions(Resource):
    """What the list of versions and each of them have in common."""

    entry: Entry

    def _renderer(self, wanted: Wanted) -> Renderer[VersionContext, VersionRow]:
        return Renderer(
            VERSION_PROPERTIES,
            wanted,
            VersionContext(self.entry),
            is_folder=VersionRow.is_list,
            is_minimal=prefers_minimal(self.request.header("Prefer")),
        )


class VersionsResource(_OfVersions, DAVCollection):
    """All former contents of a file: `meta/{id}/v`."""

    def __init__(
        self, path: str, environ: dict[str, Any], *, library: Library, entry: Entry
    ) -> None:
        DAVCollection.__init__(self, path, environ)
        self.library = library
        self.entry = entry

    def get_member_names(self) -> list[str]:
        """The keys of the versions."""
        return [version.id for version in self._versions()]

    def rows(self, wanted: Wanted, depth: Depth) -> Iterator[str]:
        """The list itself, then the versions, the latest first."""
        versions = self._versions()
        renderer, base = self._renderer(wanted), f"{self.request.href}/"
        yield renderer.response(base, VersionRow(None))
        if depth is Depth.ZERO:
            return
        for version in versions:
            yield renderer.response(base + version.id, VersionRow(version))

    def _versions(self) -> list[Version]:
        return self.library.versions.list(self.request.actor, self.entry.node.id)


class VersionResource(_OfVersions, DAVNonCollection):
    """One former content of a file."""

    def __init__(
        self,
        path: str,
        environ: dict[str, Any],
        *,
        library: Library,
        entry: Entry,
        version: Version,
    ) -> None:
        DAVNonCollection.__init__(self, path, environ)
        self.library = library
        self.entry = entry
        self.version = version

    @property
    def modified_at(self) -> Instant:
        """When this content was written."""
        return self.version.modified_at

    def get_etag(self) -> str:
        """The file's tag while it had this content."""
        return self.version.etag

    def get_content_length(self) -> int:
        """Bytes of the content."""
        return self.version.content.size

    def get_content(self) -> Any:
        """Its content as a stream."""
        return self.library.files.open(self.version.content)

    def rows(self, wanted: Wanted, depth: Depth) -> Iterator[str]:  # noqa: ARG002
        """The version."""
        renderer = self._renderer(wanted)
        return iter([renderer.response(self.request.href, VersionRow(self.version))])

    def download(self) -> Download:
        """Its content, under the name that the file has now."""
        version, node = self.version, self.entry.node
        return Download(
            content=version.content,
            name=node.name,
            etag=version.etag,
            modified_at=version.modified_at,
            media_type=version.media_type,
            file_id=self.request.file_id(node),
        )

    def handle_delete(self) -> bool:
        """Forget it for good."""
        self.library.versions.remove(
            self.request.actor, self.entry.node.id, self.version.id
        )
        return True

    def restore(self, start_response: StartResponse) -> Iterable[bytes]:
        """Make it the content of its file again.

        The target exists by nature, so Overwrite says nothing here; clients send
        either value.

        Raises:
            HttpProblem: 409, the Destination is another file.
            SpacesError: the domain refuses.
        """
        request = self.request
        target = require_place(request.destination()[0])
        node = self.entry.node
        try:
            found = self.library.tree.get(request.actor, target).node
        except NodeNotFound:
            found = None
        if found is None or found.id != node.id:
            raise HttpProblem(409, "A version can only be restored onto its own file")
        restored = self.library.versions.restore(
            request.actor, node.id, self.version.id, guard=request.lock_guard()
        )
        return respond(start_response, 204, written_headers(request, restored))


def meta_resource(
    path: str, environ: dict[str, Any], library: Library, location: InMeta
) -> MetaResource | VersionsResource | VersionResource | None:
    """The resource at a location below `meta`, None if there is nothing.

    Raises:
        SpacesError: the actor may not see it, or not its versions.
    """
    actor = dav_request(environ).actor
    try:
        entry = library.tree.by_id(actor, location.node_id)
        if not location.is_versions:
            return MetaResource(path, environ, library=library, entry=entry)
        if location.version is None:
            return VersionsResource(path, environ, library=library, entry=entry)
        if not is_id(location.version):
            return None
        version_id = VersionId(location.version)
        if entry.node.is_folder:
            # ownCloud Web 12 names the folder of the file where it means the file.
            node_id = library.versions.file_in(actor, entry.node, version_id)
            entry = library.tree.by_id(actor, node_id)
        version = library.versions.get(actor, entry.node.id, version_id)
    except (NodeNotFound, VersionNotFound):
        return None
    return VersionResource(path, environ, library=library, entry=entry, version=version)
