"""The one subclass of wsgidav's request server: our methods over its skeleton.

wsgidav's are the table of methods, MKCOL and DELETE with their checks, and the way
from a path to a resource and its handlers. Ours are the methods that must be fast,
stream, or be one transaction. Why which is whose: docs/adr/0003.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final
from wsgiref.types import StartResponse

from wsgidav.dav_error import DAVError
from wsgidav.dav_provider import _DAVResource
from wsgidav.request_server import RequestServer

from ocsync.dav.checksum_patch import send_checksum
from ocsync.dav.chunked_put import ChunkedPut
from ocsync.dav.chunks import ChunkedUploads
from ocsync.dav.locations import InSpace, Listing
from ocsync.dav.locking import Locking
from ocsync.dav.meta_resources import VersionResource
from ocsync.dav.multistatus import send_multistatus
from ocsync.dav.preconditions import NotModified, Preconditions
from ocsync.dav.property_request import read_propfind
from ocsync.dav.proppatch import PropPatch
from ocsync.dav.provider import SpacesProvider
from ocsync.dav.reading import send_content, send_not_modified
from ocsync.dav.refusals import FINITE_DEPTH, ConditionProblem, unwrapped
from ocsync.dav.relocation import Relocation
from ocsync.dav.reports import Reports
from ocsync.dav.request import DavRequest, Headers, dav_request, respond
from ocsync.dav.resources import NodeResource, Resource
from ocsync.dav.trash_resources import TrashItemResource
from ocsync.dav.writing import Put, written_headers
from ocsync.problems import HttpProblem
from ocsync.wire.dav_headers import Depth, prefers_minimal
from spaces.errors import AlreadyExists, NodeNotFound
from spaces.model import Place

COMPLIANCE: Final = ("DAV", "1, 2, 3")
_MORE_METHODS: Final = ("LOCK", "UNLOCK", "REPORT", "PATCH")
_BODILESS: Final = frozenset({"GET", "HEAD", "DELETE", "MKCOL", "COPY", "MOVE"})

Environ = dict[str, Any]
Answer = Iterable[bytes]


class SpacesRequestServer(RequestServer):
    """Dispatches WebDAV methods on the library's resources."""

    def __init__(
        self,
        provider: SpacesProvider,
        *,
        announcement: Headers,
        allows_infinity: bool,
        takes_posts: bool,
        chunked: ChunkedUploads | None,
    ) -> None:
        super().__init__(provider)
        self._provider = provider
        self._library = provider.library
        self._announcement = tuple(announcement)
        self._chunked = chunked
        self.allow_propfind_infinite = allows_infinity
        self._possible_methods = [
            method
            for method in (*self._possible_methods, *_MORE_METHODS)
            if takes_posts or method != "POST"
        ]

    @property
    def methods(self) -> tuple[str, ...]:
        """What answers, for Allow."""
        return tuple(self._possible_methods)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Answer:
        """Answer one request; what is returned goes to the server as it is.

        Raises:
            HttpProblem: 405 for a method that does not answer here.
            Exception: whatever the method raises; nothing is answered then.
        """
        request = dav_request(environ)
        method = request.method
        if method not in self._possible_methods:
            raise self._not_allowed(f"{method[:20]} is not supported")
        if method in _BODILESS:
            request.require_no_body()
        if method != "OPTIONS":
            self._require_place(request)
        return self._davProvider.custom_request_handler(
            environ, start_response, getattr(self, f"do_{method}")
        )

    def _require_place(self, request: DavRequest) -> None:
        location = request.location
        if not isinstance(location, Listing) or (
            request.method == "REPORT" and location is Listing.SPACES
        ):
            return
        if location is Listing.FILES:
            raise HttpProblem(
                405,
                "Listing members of this collection is disabled",
                code="ERR_LISTING_MEMBERS_NOT_ALLOWED",
                headers=(("Allow", "OPTIONS"),),
            )
        raise HttpProblem(
            405, "This URL names no space", headers=(("Allow", "OPTIONS"),)
        )

    def _not_allowed(self, message: str) -> HttpProblem:
        return HttpProblem(405, message, headers=(("Allow", ", ".join(self.methods)),))

    def do_OPTIONS(self, _environ: Environ, start_response: StartResponse) -> Answer:
        """Say what is spoken here; needs no credentials, so it tells of no file."""
        return respond(
            start_response,
            204,
            [
                ("Allow", ", ".join(self.methods)),
                COMPLIANCE,
                ("MS-Author-Via", "DAV"),
                ("Accept-Ranges", "bytes"),
                *self._announcement,
            ],
        )

    def do_PROPFIND(self, environ: Environ, start_response: StartResponse) -> Answer:
        """List properties, streamed from a fixed number of statements."""
        request = dav_request(environ)
        depth = request.depth(Depth.ONE)
        if depth is Depth.INFINITY and not self.allow_propfind_infinite:
            raise ConditionProblem(
                403, "PROPFIND takes Depth 0 or 1 here", FINITE_DEPTH
            )
        wanted = read_propfind(environ)
        resource = self._require_resource(environ)
        self._evaluate_if_headers(resource, environ)
        headers = [COMPLIANCE, ("Vary", "Prefer"), *self._announcement]
        if prefers_minimal(request.header("Prefer")):
            headers.append(("Preference-Applied", "return=minimal"))
        return send_multistatus(
            start_response,
            resource.rows(wanted, depth),
            headers=headers,
            accept_encoding=request.header("Accept-Encoding") or "",
        )

    def do_GET(self, environ: Environ, start_response: StartResponse) -> Answer:
        """Send content, whole or in ranges; a folder has none."""
        request = dav_request(environ)
        resource = self._require_resource(environ)
        if "preview=1" in environ.get("QUERY_STRING", "").split("&"):
            # ownCloud Web would take the whole file for a thumbnail of it.
            raise HttpProblem(404, "There are no previews")
        download = resource.download()
        if download is None:
            return self._get_folder(resource, environ, start_response)
        try:
            self._evaluate_if_headers(resource, environ)
        except NotModified:
            return send_not_modified(start_response, download.state_headers())
        return send_content(request, start_response, download, self._library.files.open)

    def _get_folder(
        self, resource: Resource, environ: Environ, start_response: StartResponse
    ) -> Answer:
        if not isinstance(resource, NodeResource):
            raise self._not_allowed("Only files have content")
        state = written_headers(resource.request, resource.entry.node)
        try:
            self._evaluate_if_headers(resource, environ)
        except NotModified:
            return send_not_modified(start_response, state)
        return respond(start_response, 200, state)

    def do_HEAD(self, environ: Environ, start_response: StartResponse) -> Answer:
        """As GET, without the content."""
        return self.do_GET(environ, start_response)

    def do_PUT(self, environ: Environ, start_response: StartResponse) -> Answer:
        """Take a body as the content of a file."""
        request = dav_request(environ)
        place = self._place(request)
        if request.header("OC-Chunked") is not None:
            if self._chunked is None:
                raise HttpProblem(501, "Files are not taken in chunks here")
            return ChunkedPut(self._chunked, request, place).answer(start_response)
        return Put(self._library, request, place).answer(start_response)

    def do_MKCOL(self, environ: Environ, start_response: StartResponse) -> Answer:
        """Let wsgidav make the folder, then say what it has become."""
        request = dav_request(environ)
        self._evaluate_if_headers(self._resource(environ), environ)
        try:
            super().do_MKCOL(environ, _unheard)
        except AlreadyExists:
            raise _exists() from None
        except DAVError as error:
            raise (_exists() if error.value == 405 else error) from None
        made = self._require_resource(environ)
        assert isinstance(made, NodeResource)
        headers = written_headers(request, made.entry.node)
        if request.modified_at() is not None:
            headers.append(("X-OC-Mtime", "accepted"))
        return respond(start_response, 201, headers)

    def do_COPY(self, environ: Environ, start_response: StartResponse) -> Answer:
        """Copy a file or folder, or bring an old version back."""
        resource = self._require_resource(environ)
        self._evaluate_if_headers(resource, environ)
        if isinstance(resource, VersionResource):
            return resource.restore(start_response)
        return self._relocate(resource, start_response)

    def do_MOVE(self, environ: Environ, start_response: StartResponse) -> Answer:
        """Move a file or folder, or bring something back from the trash."""
        resource = self._require_resource(environ)
        self._evaluate_if_headers(resource, environ)
        if isinstance(resource, TrashItemResource):
            return resource.restore(start_response)
        return self._relocate(resource, start_response)

    def _relocate(self, resource: Resource, start_response: StartResponse) -> Answer:
        if not isinstance(resource, NodeResource):
            raise self._not_allowed("This cannot be copied or moved")
        return Relocation(
            self._library, resource.request, resource.entry.node, resource.place
        ).answer(start_response)

    def do_PROPPATCH(self, environ: Environ, start_response: StartResponse) -> Answer:
        """Set and remove properties, all or none.

        It concerns one resource whatever Depth says: webdavclient3 sends `Depth: 1`.
        """
        request = dav_request(environ)
        resource = self._require_resource(environ)
        self._evaluate_if_headers(resource, environ)
        if not isinstance(resource, NodeResource):
            raise self._not_allowed("Properties cannot be changed here")
        return PropPatch(self._library, request, resource.entry, resource.place).answer(
            start_response
        )

    def do_PATCH(self, environ: Environ, start_response: StartResponse) -> Answer:
        """Tell a checksum of a file; nothing is changed by it."""
        resource = self._require_resource(environ)
        if not isinstance(resource, NodeResource):
            raise self._not_allowed("Nothing can be patched here")
        return send_checksum(resource.request, start_response, resource.entry.node)

    def do_LOCK(self, environ: Environ, start_response: StartResponse) -> Answer:
        """Take or refresh a lock."""
        request = dav_request(environ)
        place = self._place(request)
        if request.is_conditional:
            self._evaluate_if_headers(self._resource(environ), environ)
        return Locking(self._library, request, place).lock(start_response)

    def do_UNLOCK(self, environ: Environ, start_response: StartResponse) -> Answer:
        """Give a lock up."""
        request = dav_request(environ)
        place = self._place(request)
        return Locking(self._library, request, place).unlock(start_response)

    def do_REPORT(self, environ: Environ, start_response: StartResponse) -> Answer:
        """Search, list favourites, or tell what changed."""
        return Reports(self._library, dav_request(environ)).answer(start_response)

    # --- What wsgidav calls --------------------------------------------------

    def _evaluate_if_headers(self, res: _DAVResource | None, environ: Environ) -> None:
        """Judge the If-* headers strictly; wsgidav passes over what it cannot read."""
        request = dav_request(environ)
        if not request.is_conditional:
            return
        preconditions = Preconditions(self._library, request)
        if isinstance(res, NodeResource):
            preconditions.require(
                res.get_etag(), res.modified_at, place=res.place, entry=res.entry
            )
        elif isinstance(res, Resource):
            preconditions.require(res.get_etag(), res.modified_at)
        else:
            location = request.location
            place = location.place if isinstance(location, InSpace) else None
            preconditions.require(None, None, place=place)

    def _send_response(
        self,
        environ: Environ,  # noqa: ARG002 -- wsgidav's signature
        start_response: StartResponse,
        root_res: _DAVResource,  # noqa: ARG002
        success_code: int,
        error_list: list[tuple[str, DAVError]],
    ) -> Answer:
        """Raise what wsgidav caught, so that every refusal is phrased in one place."""
        for _, error in error_list:
            raise unwrapped(error)
        return respond(start_response, success_code)

    # --- Lookups -------------------------------------------------------------

    def _resource(self, environ: Environ) -> Resource | None:
        return self._provider.get_resource_inst(environ["PATH_INFO"], environ)

    def _require_resource(self, environ: Environ) -> Resource:
        resource = self._resource(environ)
        if resource is None:
            raise NodeNotFound(dav_request(environ).segments[-1])
        return resource

    def _place(self, request: DavRequest) -> Place:
        if not isinstance(request.location, InSpace):
            raise self._not_allowed(f"{request.method} is for files and folders")
        return request.location.place


def _exists() -> HttpProblem:
    return HttpProblem(405, "The resource you tried to create already exists")


def _unheard(
    _status: str, _headers: list[tuple[str, str]], _exc_info: Any = None, /
) -> Callable[[bytes], object]:
    """A start_response for wsgidav's own page of success, which nobody sees."""
    return len
