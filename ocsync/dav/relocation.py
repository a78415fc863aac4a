"""MOVE and COPY inside and between spaces: one domain call each.

wsgidav's own way copies member by member and removes an overwritten target first;
the domain does either in one transaction.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from wsgiref.types import StartResponse

from ocsync.dav.locations import InSpace, Location
from ocsync.dav.node_properties import UNKNOWN_TYPE
from ocsync.dav.request import DavRequest, respond
from ocsync.dav.writing import written_headers
from ocsync.problems import HttpProblem
from ocsync.wire.dav_headers import Depth, parse_overwrite
from spaces.errors import AlreadyExists, PreconditionFailed
from spaces.library import Library
from spaces.model import Node, Place, Written


@dataclass(frozen=True, slots=True)
class Relocation:
    """One MOVE or COPY of a file or folder."""

    library: Library
    request: DavRequest
    node: Node
    place: Place

    def answer(self, start_response: StartResponse) -> Iterable[bytes]:
        """Do it and answer 201 or 204.

        Raises:
            HttpProblem, MalformedHeader: the headers make no sense.
            PreconditionFailed: something is there that must not be overwritten.
            SpacesError: the domain refuses; nothing is changed.
        """
        request = self.request
        target = require_place(request.destination()[0])
        overwrite = parse_overwrite(request.header("Overwrite"))
        depth = self._depth()
        try:
            if request.method == "MOVE":
                written = self._move(target, overwrite=overwrite)
            else:
                written = self._copy(target, overwrite=overwrite, depth=depth)
        except AlreadyExists as error:
            raise PreconditionFailed("Overwrite") from error
        return send_written(request, start_response, written)

    def _depth(self) -> Depth:
        """How much of a folder goes along.

        A COPY with `Depth: 1`, which RFC 4918 does not know, is one of everything:
        webdavclient3 and aiowebdav2 send it, and sabre/dav takes it so.
        """
        depth = self.request.depth(Depth.INFINITY)
        if self.request.method == "COPY":
            return Depth.ZERO if depth is Depth.ZERO else Depth.INFINITY
        if depth is Depth.ONE or (depth is Depth.ZERO and self.node.is_folder):
            raise HttpProblem(400, "Depth: this needs infinity")
        return depth

    def _move(self, target: Place, *, overwrite: bool) -> Written:
        return self.library.tree.move(
            self.request.actor,
            self.place,
            target,
            overwrite=overwrite,
            guard=self.request.guard(),
        )

    def _copy(self, target: Place, *, overwrite: bool, depth: Depth) -> Written:
        return self.library.tree.copy(
            self.request.actor,
            self.place,
            target,
            overwrite=overwrite,
            deep=depth is Depth.INFINITY,
            guard=self.request.guard(),
        )


def send_written(
    request: DavRequest, start_response: StartResponse, written: Written
) -> Iterable[bytes]:
    """Answer 201 for something new, 204 for what was overwritten."""
    headers, node = written_headers(request, written.node), written.node
    if node.content is not None and written.is_new:
        # Not on a 204: WSGI's validator refuses a type where there is no body.
        headers.append(("Content-Type", node.media_type or UNKNOWN_TYPE))
    return respond(start_response, 201 if written.is_new else 204, headers)


def require_place(location: Location) -> Place:
    """The place that a Destination names.

    Raises:
        HttpProblem: 400, it is in the trash, a version, or above all spaces.
    """
    if not isinstance(location, InSpace):
        raise HttpProblem(400, "Destination: nothing can be put there")
    return location.place
