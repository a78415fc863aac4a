"""Uploads in a folder of chunks, the later way of ownCloud 10, and Nextcloud's.

    MKCOL  /dav/uploads/USER/TRANSFER           begins
    PUT    /dav/uploads/USER/TRANSFER/CHUNK     in any order, some at the same time
    MOVE   /dav/uploads/USER/TRANSFER/.file     to Destination: the file is there
    PROPFIND, DELETE of the folder              what has arrived; give it up

Chunks are joined in the order of their numbers: `00001`, or offsets as in
`000000000000000-000000010485759`. Their folder is no folder of any space; it and the
chunks are partial uploads, found by their labels.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from wsgiref.types import StartResponse

from ocsync.dav.chunks import ChunkedUploads, JoinedElsewhere, joined_headers
from ocsync.dav.locations import InSpace, Naming
from ocsync.dav.multistatus import send_multistatus
from ocsync.dav.preconditions import Preconditions
from ocsync.dav.property_request import read_propfind
from ocsync.dav.property_table import Property, Renderer
from ocsync.dav.relocation import require_place
from ocsync.dav.request import DavRequest, respond
from ocsync.problems import HttpProblem
from ocsync.renderings import Form
from ocsync.routes import Mount
from ocsync.wire.dates import format_http_date
from ocsync.wire.dav_headers import Depth, parse_overwrite, prefers_minimal
from ocsync.wire.url_paths import join_path, raw_request_path, split_path
from spaces.errors import AlreadyExists, NodeNotFound, PreconditionFailed
from spaces.library import Library
from spaces.model import Extras, Place
from spaces.upload_model import OnExisting, Upload

_PREFIX: Final = "/dav/uploads"
_WHOLE: Final = ".file"
_CHUNK: Final = re.compile(r"([0-9]{1,20})(?:-([0-9]{1,20}))?")
_OF_FOLDER: Final = ("OPTIONS", "MKCOL", "PROPFIND", "DELETE")
_OF_CHUNK: Final = ("OPTIONS", "PUT", "DELETE")
_OF_WHOLE: Final = ("OPTIONS", "MOVE")


def chunk_folder_mounts(
    *, library: Library, chunked: ChunkedUploads
) -> tuple[Mount, ...]:
    """The mount of the folders of chunks."""

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        request = _read_request(environ, library.storage_id)
        return _Call(library, chunked, request, start_response).answer()

    return (
        Mount(
            prefix=_PREFIX,
            app=app,
            form=Form.DAV,
            open_methods=frozenset({"OPTIONS"}),
            has_legacy_prefix=True,
        ),
    )


def _read_request(environ: dict[str, Any], storage_id: str) -> DavRequest:
    """The request as one below `/dav`, so that it reads Destination as WebDAV does."""
    segments = split_path(raw_request_path(environ))
    script = environ.get("SCRIPT_NAME", "")
    count = len([part for part in script.split("/") if part]) - 1
    return DavRequest(
        environ=environ,
        mount=segments[:count],
        segments=segments[count:],
        naming=Naming(environ.get("ocsync.actor"), storage_id),
    )


@dataclass(frozen=True, slots=True)
class _Call:
    """One request to a folder of chunks."""

    library: Library
    chunked: ChunkedUploads
    request: DavRequest
    start_response: StartResponse

    def answer(self) -> Iterable[bytes]:
        """Do what is asked.

        Raises:
            HttpProblem, MalformedHeader, SpacesError: for whoever phrases refusals.
        """
        request = self.request
        transfer = name = ""
        allowed: tuple[str, ...] = ("OPTIONS",)
        match request.segments[1:]:
            case (_, transfer):
                allowed = _OF_FOLDER
            case (_, transfer, name):
                allowed = _OF_WHOLE if name == _WHOLE else _OF_CHUNK
        if request.method == "OPTIONS":
            headers = [("Allow", ", ".join(allowed)), ("DAV", "1")]
            return respond(self.start_response, 204, headers)
        if request.method not in allowed:
            raise HttpProblem(
                405,
                f"{request.method[:20]} does not answer here",
                headers=(("Allow", ", ".join(allowed)),),
            )
        home = self._home()
        folder = _Folder(transfer)
        match request.method:
            case "MKCOL":
                return self._begin(folder, home)
            case "PUT":
                return self._put(folder, name, home)
            case "MOVE":
                return self._join(folder)
            case "DELETE":
                return self._drop(folder, name)
            case _:
                return self._list(folder)

    def _home(self) -> Place:
        """The personal space, and a look whether it is the actor's own URL."""
        location = self.request.locate(("files", self.request.segments[1]))
        assert isinstance(location, InSpace)
        return location.place

    def _target(self, home: Place) -> Place:
        """Where the file shall be, if that is said already; else somewhere at home."""
        if self.request.header("Destination") is None:
            return home
        return require_place(self.request.destination()[0])

    def _begin(self, folder: "_Folder", home: Place) -> Iterable[bytes]:
        self.request.require_no_body()
        target = self._target(home)
        if self.chunked.find(self.request.actor, folder.label):
            raise HttpProblem(405, "The resource you tried to create already exists")
        # What a crash has left of a transfer of that name is no part of this one.
        self.chunked.drop(self.chunked.find_all(self.request.actor, folder.prefix))
        self.chunked.mark(self.request, target, folder.label)
        return respond(self.start_response, 201)

    def _put(self, folder: "_Folder", name: str, home: Place) -> Iterable[bytes]:
        if _CHUNK.fullmatch(name) is None:
            raise HttpProblem(400, "A chunk is named by its number or its offset")
        target = self._target(home)
        mark = self._require(folder)[0]
        actor, labels = self.request.actor, (folder.label, folder.prefix)
        chunk = self.chunked.receive(self.request, target, folder.prefix + name)
        self.chunked.prolong(actor, labels, oldest=mark, newest=chunk)
        return respond(self.start_response, 201)

    def _join(self, folder: "_Folder") -> Iterable[bytes]:
        request = self.request
        request.require_no_body()
        target = require_place(request.destination()[0])
        overwrites = parse_overwrite(request.header("Overwrite"))
        found = self.chunked.find(request.actor, folder.prefix)
        # Only now: while the folder is there, none of its chunks has gone.
        marks = self._require(folder)
        self._require_conditions(target)
        try:
            result = self.chunked.join(
                request,
                target,
                folder.arrange(found) or marks[:1],
                on_existing=OnExisting.REPLACE if overwrites else OnExisting.REFUSE,
            )
        except JoinedElsewhere:
            raise HttpProblem(423, "The file is being made of its chunks") from None
        except AlreadyExists as error:
            raise PreconditionFailed("Overwrite") from error
        self.chunked.drop((*marks, *found))  # in this order: see above
        headers = joined_headers(request, result)
        return respond(self.start_response, 201 if result.is_new else 204, headers)

    def _require_conditions(self, target: Place) -> None:
        """Judge If and its like of what is at the Destination: the source is new."""
        if not self.request.is_conditional:
            return
        entry = None
        with suppress(NodeNotFound):
            entry = self.library.tree.get(self.request.actor, target)
        Preconditions(self.library, self.request).require(
            None if entry is None else entry.node.etag,
            None if entry is None else entry.node.modified_at,
            place=target,
            entry=entry,
        )

    def _drop(self, folder: "_Folder", name: str) -> Iterable[bytes]:
        self.request.require_no_body()
        marks = self._require(folder)
        chunks = self.chunked.find_all(self.request.actor, folder.prefix + name)
        if name:
            marks, chunks = (), [one for one in chunks if folder.name(one) == name]
            if not chunks:
                raise _nothing()
        self.chunked.drop((*marks, *chunks))
        return respond(self.start_response, 204)

    def _list(self, folder: "_Folder") -> Iterable[bytes]:
        request = self.request
        depth = request.depth(Depth.ONE)
        renderer = Renderer(
            _PROPERTIES,
            read_propfind(request.environ),
            folder,
            is_folder=lambda upload: upload.label == folder.label,
            is_minimal=prefers_minimal(request.header("Prefer")),
        )
        shown = self._require(folder)[:1]
        if depth is not Depth.ZERO:
            found = self.chunked.find(request.actor, folder.prefix)
            shown = (*shown, *folder.arrange(found))
        at = (*request.mount, *request.segments)

        def rows() -> Iterator[str]:
            for upload in shown:
                href = join_path((*at, folder.name(upload)))
                yield renderer.response(href, upload)

        return send_multistatus(self.start_response, rows())

    def _require(self, folder: "_Folder") -> tuple[Upload, ...]:
        """What stands for the folder itself.

        Raises:
            HttpProblem: 404, nobody has begun such an upload, or its time is up.
        """
        marks = self.chunked.find(self.request.actor, folder.label)
        if not marks:
            raise _nothing()
        return marks


@dataclass(frozen=True, slots=True)
class _Folder:
    """The labels of one transfer's uploads."""

    transfer: str

    @property
    def label(self) -> str:
        """Of the folder itself."""
        return f"folder/{self.transfer}/"

    @property
    def prefix(self) -> str:
        """How those of its chunks begin."""
        return f"chunk/{self.transfer}/"

    def name(self, upload: Upload) -> str:
        """What a chunk is called; the folder has no name in itself."""
        if upload.label == self.label:
            return ""
        return upload.label.removeprefix(self.prefix)

    def arrange(self, found: Iterable[Upload]) -> tuple[Upload, ...]:
        """Chunks by their numbers; of one sent twice at the same time, the later."""
        latest = {one.label: one for one in found}
        return tuple(sorted(latest.values(), key=self._order))

    def _order(self, upload: Upload) -> tuple[int, ...]:
        match = _CHUNK.fullmatch(self.name(upload))
        assert match is not None
        return tuple(int(number) for number in match.groups() if number is not None)


Row = Property[_Folder, Upload]


def _length(upload: Upload, _extras: Extras) -> str:
    return f"<d:getcontentlength>{upload.offset}</d:getcontentlength>"


def _modified(upload: Upload, _extras: Extras) -> str:
    date = format_http_date(upload.active_at)
    return f"<d:getlastmodified>{date}</d:getlastmodified>"


def _file_type(_upload: Upload, _extras: Extras) -> str:
    return "<d:resourcetype/>"


def _folder_type(_upload: Upload, _extras: Extras) -> str:
    return "<d:resourcetype><d:collection/></d:resourcetype>"


_PROPERTIES: Final[dict[str, Row]] = {
    "{DAV:}resourcetype": Row(lambda _: _file_type, lambda _: _folder_type),
    "{DAV:}getcontentlength": Row(lambda _: _length),
    "{DAV:}getlastmodified": Row(lambda _: _modified, lambda _: _modified),
}


def _nothing() -> HttpProblem:
    return HttpProblem(404, "There is no such upload")
