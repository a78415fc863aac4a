"""wsgidav's provider over the library: which resource a path is.

One seam for what wsgidav does not know: POST goes to the upload protocol.
"""

from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

from wsgidav.dav_provider import DAVProvider

from ocsync.dav.locations import InMeta, InSpace, InTrash, Location
from ocsync.dav.meta_resources import meta_resource
from ocsync.dav.request import dav_request
from ocsync.dav.resources import FileResource, FolderResource, Resource
from ocsync.dav.trash_resources import trash_resource
from spaces.errors import NodeNotFound
from spaces.library import Library
from spaces.model import Place

Handler = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class SpacesProvider(DAVProvider):
    """Resources by path, remembered for the length of one request.

    wsgidav asks for the target and its parent more than once; the memory is cleared
    by whatever changes something.
    """

    def __init__(
        self, *, library: Library, create_upload: WSGIApplication | None
    ) -> None:
        super().__init__()
        self.library = library
        self._create_upload = create_upload

    def get_resource_inst(
        self, path: str | None, environ: dict[str, Any]
    ) -> Resource | None:
        """The resource at the decoded path below the mount; None if there is none.

        wsgidav asks for None as well: what is above the mount.

        Raises:
            SpacesError: the actor may not see the space at all, or it is closed.
        """
        if path is None:
            return None
        request = dav_request(environ)
        resources = request.resources
        if path not in resources:
            if path == request.path:
                location = request.location
            else:
                segments = [part for part in path.split("/") if part]
                location = request.locate(tuple(segments))
            resources[path] = self._find(path, environ, location)
        return resources[path]

    def _find(
        self, path: str, environ: dict[str, Any], location: Location
    ) -> Resource | None:
        match location:
            case InSpace():
                return self._node(path, environ, location.place)
            case InTrash():
                return trash_resource(path, environ, self.library, location)
            case InMeta():
                return meta_resource(path, environ, self.library, location)
            case _:
                return None

    def _node(
        self, path: str, environ: dict[str, Any], place: Place
    ) -> FileResource | FolderResource | None:
        try:
            entry = self.library.tree.get(dav_request(environ).actor, place)
        except NodeNotFound:
            return None
        kind = FolderResource if entry.node.is_folder else FileResource
        return kind(path, environ, library=self.library, entry=entry, place=place)

    def custom_request_handler(
        self,
        environ: dict[str, Any],
        start_response: StartResponse,
        default_handler: Handler,
    ) -> Iterable[bytes]:
        """Hand POST to the upload protocol, everything else back to wsgidav."""
        if environ["REQUEST_METHOD"] == "POST" and self._create_upload is not None:
            request = dav_request(environ)
            location = request.location
            if isinstance(location, InSpace):
                environ["ocsync.place"] = location.place
            environ["ocsync.lock_tokens"] = request.lock_tokens
            return self._create_upload(environ, start_response)
        return default_handler(environ, start_response)
