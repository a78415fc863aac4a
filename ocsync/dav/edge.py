"""WebDAV's door: a WSGI callable for the mounts `/dav` and `/webdav`.

Reads the URL, hands the request to wsgidav's request server without its middleware,
and phrases every refusal as a DAV:error.
"""

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

from ocsync.dav.chunks import ChunkedUploads
from ocsync.dav.lock_hrefs import met_lock_href
from ocsync.dav.provider import SpacesProvider
from ocsync.dav.refusals import is_refusal, refusal, unwrapped
from ocsync.dav.request import KEY, DavRequest, Headers
from ocsync.dav.request_server import SpacesRequestServer
from ocsync.wire.sabre import CONTENT_TYPE
from spaces.errors import LockConflict, Locked
from spaces.library import Library


class DavEdge:
    """Every WebDAV URL of the service.

    Args:
        library: the domain.
        allows_infinity: whether PROPFIND with Depth: infinity is answered.
        create_upload: the upload protocol's answer to POST, if it is spoken.
        announcement: headers that announce it, on OPTIONS and PROPFIND.
        chunked: receives a PUT with `OC-Chunked`; without it that is refused.
    """

    def __init__(
        self,
        *,
        library: Library,
        allows_infinity: bool,
        create_upload: WSGIApplication | None,
        announcement: Headers,
        chunked: ChunkedUploads | None = None,
    ) -> None:
        self._library = library
        self._provider = SpacesProvider(library=library, create_upload=create_upload)
        self._server = SpacesRequestServer(
            self._provider,
            announcement=announcement,
            allows_infinity=allows_infinity,
            takes_posts=create_upload is not None,
            chunked=chunked,
        )

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer one request.

        Raises:
            Exception: a fault that is no refusal, with nothing answered yet.
        """
        request: DavRequest | None = None
        try:
            request = DavRequest.parse(environ, storage_id=self._library.storage_id)
            return self._server(self._environ_of(request), start_response)
        except Exception as error:  # noqa: BLE001 -- what is no refusal goes on
            cause = unwrapped(error)
            if not is_refusal(cause):
                raise cause from None
            return self._refuse(cause, request, environ, start_response)
        finally:
            if request is not None:
                # They lead back to the request. As a circle all of it would stay
                # until the garbage collector comes, which then has more to do than
                # the request.
                request.resources.clear()

    def _environ_of(self, request: DavRequest) -> dict[str, Any]:
        """What wsgidav is told; the request itself keeps what came."""
        environ = {
            **request.environ,
            KEY: request,
            "PATH_INFO": request.path,
            "wsgidav.provider": self._provider,
            "wsgidav.config": {},
        }
        if "HTTP_DEPTH" in environ:
            # wsgidav compares it as it stands.
            environ["HTTP_DEPTH"] = environ["HTTP_DEPTH"].strip().lower()
        return environ

    def _refuse(
        self,
        error: BaseException,
        request: DavRequest | None,
        environ: dict[str, Any],
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        problem, body = refusal(error, href=self._concerned(error, request))
        start_response(
            problem.status_line,
            [
                ("Content-Type", CONTENT_TYPE),
                ("Content-Length", str(len(body))),
                *problem.headers,
            ],
        )
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _concerned(self, error: BaseException, request: DavRequest | None) -> str:
        """The encoded path of what stands in the way: a locked resource or the target.

        A lock where the actor may not look is told of the target.
        """
        if request is None:
            return "/"
        href = None
        if isinstance(error, Locked | LockConflict):
            href = met_lock_href(self._library, request, error)
        return href or request.href
