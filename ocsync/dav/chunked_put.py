"""PUT of a file in chunks, the way of ownCloud's first clients (`OC-Chunked: 1`).

Each chunk is a PUT to `NAME-chunking-TRANSFER-COUNT-INDEX` beside the file, in any
order, some at the same time; the one that completes the file is answered with the
file's ETag.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final
from wsgiref.types import StartResponse

from ocsync.dav.chunks import ChunkedUploads, JoinedElsewhere, joined_headers
from ocsync.dav.request import DavRequest, respond
from ocsync.problems import HttpProblem
from spaces.model import Place
from spaces.upload_model import Upload

_NAME: Final = re.compile(
    r"(?P<name>.+)-chunking-(?P<transfer>\d{1,20})-(?P<count>\d{1,5})-(?P<index>\d{1,5})"
)


@dataclass(frozen=True, slots=True)
class ChunkedPut:
    """One PUT of a chunk. `place` is as the URL says, with the chunk's own name."""

    chunked: ChunkedUploads
    request: DavRequest
    place: Place

    def answer(self, start_response: StartResponse) -> Iterable[bytes]:
        """Take the chunk; answer 201, or with the file if it is complete now.

        Raises:
            HttpProblem, MalformedHeader: the request makes no sense.
            SpacesError: the domain refuses the chunk, or the file.
        """
        match = _NAME.fullmatch(self.place.path[-1] if self.place.path else "")
        if match is None:
            raise HttpProblem(400, "OC-Chunked: the URL does not name a chunk")
        count, index = int(match["count"]), int(match["index"])
        if index >= count:
            raise HttpProblem(400, "OC-Chunked: there are not so many chunks")
        target = replace(self.place, path=(*self.place.path[:-1], match["name"]))
        prefix = f"{_key(target)} {match['transfer']}/{count}/"
        chunk = self.chunked.receive(self.request, target, f"{prefix}{index}")
        parts = self._parts(prefix)
        if len(parts) < count:
            oldest = min(
                parts.values(), key=lambda part: part.expires_at, default=chunk
            )
            self.chunked.prolong(self.request.actor, (prefix,), oldest, newest=chunk)
            return respond(start_response, 201)
        ordered = [parts[index] for index in sorted(parts)]
        try:
            result = self.chunked.join(self.request, target, ordered)
        except JoinedElsewhere:
            return respond(start_response, 201)
        self.chunked.drop(ordered)
        status = 201 if result.is_new else 204
        return respond(start_response, status, joined_headers(self.request, result))

    def _parts(self, prefix: str) -> dict[int, Upload]:
        """The chunks of the file that are there whole, by their index."""
        return {
            int(upload.label.removeprefix(prefix)): upload
            for upload in self.chunked.find(self.request.actor, prefix)
        }


def _key(place: Place) -> str:
    """The place in one word, by which its chunks find each other."""
    return "/".join((place.space_id, place.anchor or "", *place.path))
