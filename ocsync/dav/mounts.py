"""Where WebDAV is mounted: `/dav` and `/webdav`, each also below `/remote.php`."""

from wsgiref.types import WSGIApplication

from ocsync.dav.chunks import ChunkedUploads
from ocsync.dav.edge import DavEdge
from ocsync.dav.request import Headers
from ocsync.renderings import Form
from ocsync.routes import Mount
from ocsync.settings.content import DavSettings
from spaces.library import Library


def dav_mounts(
    *,
    library: Library,
    settings: DavSettings,
    create_upload: WSGIApplication | None = None,
    announcement: Headers = (),
    chunked: ChunkedUploads | None = None,
) -> tuple[Mount, ...]:
    """The mounts of WebDAV.

    Args:
        library: the domain.
        settings: what is allowed.
        create_upload: answers POST, the way resumable uploads begin, if given.
        announcement: headers that announce those uploads.
        chunked: receives files in chunks by PUT, if given.
    """
    edge = DavEdge(
        library=library,
        allows_infinity=settings.propfind_infinity,
        create_upload=create_upload,
        announcement=announcement,
        chunked=chunked,
    )
    return tuple(
        Mount(
            prefix=prefix,
            app=edge,
            form=Form.DAV,
            open_methods=frozenset({"OPTIONS"}),
            has_legacy_prefix=True,
            any_origin_methods=frozenset({"POST"} if create_upload else ()),
        )
        for prefix in ("/dav", "/webdav")
    )
