"""PUT of a file in chunks, the way of ownCloud's first clients (`OC-Chunked: 1`).

Nextcloud's client still sends files above 10 MB so, where a server does not announce
its newer way. Each chunk is a PUT to `NAME-chunking-TRANSFER-COUNT-INDEX` beside the
file, in any order, some at the same time; the one that completes the file is answered
with the file's ETag. A chunk is a partial upload of its own, and the file is joined
from them: one engine, with its rules of durability, quota and expiry.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final
from wsgiref.types import StartResponse

from ocsync.dav.checksum_header import parse_oc_checksum
from ocsync.dav.request import DavRequest, respond
from ocsync.problems import HttpProblem
from ocsync.settings import UploadSettings
from ocsync.uploads.commands import Chunk, Create
from ocsync.uploads.rules import Limits, Reason
from ocsync.uploads.runner import Engine
from ocsync.uploads.terms import FinishFailed, Target, Terms, Transfer, UploadRefused
from ocsync.wire.body import BoundedBody
from ocsync.wire.conditions import format_etag
from ocsync.wire.dates import format_http_date
from ocsync.wire.media_types import media_type_of
from ocsync.wire.permissions import permission_letters
from spaces.clock import SECOND
from spaces.library import Library
from spaces.model import Place
from spaces.upload_model import Intent, Lifetime, Result, Upload, UploadKind
from spaces.uploads import Uploads

DIALECT: Final = "oc-chunked"

_NAME: Final = re.compile(
    r"(?P<name>.+)-chunking-(?P<transfer>\d{1,20})-(?P<count>\d{1,5})-(?P<index>\d{1,5})"
)
_STATUSES: Final = {
    Reason.BODY_CUT: 400,
    Reason.CHECKSUM_MISMATCH: 400,
    Reason.TOO_LARGE: 413,
    Reason.PAST_LENGTH: 413,
    Reason.HELD: 423,
    Reason.TAKEN_OVER: 423,
    Reason.STORE_FULL: 507,
    Reason.QUOTA_FULL: 507,
}


@dataclass(frozen=True, slots=True)
class ChunkedUploads:
    """What receiving chunks needs: the engine, the rows, the terms."""

    engine: Engine
    uploads: Uploads
    terms: Terms


def chunked_uploads(
    settings: UploadSettings, *, engine: Engine, library: Library
) -> ChunkedUploads:
    """Chunked uploads with these settings; unfinished ones expire like all others."""
    span = round(settings.expiry.total_seconds() * SECOND)
    terms = Terms(
        dialect=DIALECT,
        limits=Limits(max_size=settings.max_size),
        lifetime=Lifetime(span),
    )
    return ChunkedUploads(engine, library.uploads, terms)


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
        label = f"{match['transfer']}/{count}"
        try:
            self._receive(target, label, index)
            parts = self._parts(target, label)
            result = self._join(target, parts) if len(parts) == count else None
        except UploadRefused as refused:
            status = _STATUSES.get(refused.reason, 409)
            raise HttpProblem(status, refused.reason.value) from refused
        except FinishFailed as failed:
            raise failed.cause from failed
        if result is None:
            return respond(start_response, 201)
        status = 201 if result.is_new else 204
        return respond(start_response, status, self._headers(result))

    def _receive(self, target: Place, label: str, index: int) -> None:
        length = BoundedBody(self.request.environ).length
        if length is None:
            raise HttpProblem(411, "OC-Chunked: a chunk needs its Content-Length")
        former = self._parts(target, label).get(index)
        if former is not None:
            self.chunked.engine.abort(former, self.chunked.terms)
        self.chunked.engine.create(
            Create(length=length, kind=UploadKind.PARTIAL, chunk=Chunk(length)),
            self._target(target, f"{label}/{index}", Intent()),
            self.chunked.terms,
            self._transfer(),
        )

    def _parts(self, target: Place, label: str) -> dict[int, Upload]:
        """The chunks of the file that are there whole, by their index."""
        prefix = f"{_key(target)} {label}/"
        listed = self.chunked.uploads.list_open_of(
            self.request.actor.user_id, self.chunked.terms.dialect
        )
        return {
            int(upload.label.removeprefix(prefix)): upload
            for upload in listed
            if upload.label.startswith(prefix) and upload.is_received
        }

    def _join(self, target: Place, parts: dict[int, Upload]) -> Result | None:
        """Make the file; None if another chunk's request is doing so."""
        ordered = [parts[index] for index in sorted(parts)]
        total = self.request.header("OC-Total-Length")
        if total is not None and total != str(sum(part.offset for part in ordered)):
            raise HttpProblem(400, "OC-Total-Length: the chunks add up to another size")
        try:
            upload = self.chunked.engine.create(
                Create(
                    length=None,
                    kind=UploadKind.FINAL,
                    parts=tuple(part.id for part in ordered),
                ),
                self._target(target, "", self._intent(target)),
                self.chunked.terms,
                self._transfer(),
            )
        except UploadRefused as refused:
            if refused.reason in {Reason.PARTS_REFUSED, Reason.GONE}:
                return None
            raise
        for part in ordered:
            with suppress(UploadRefused):
                self.chunked.engine.abort(part, self.chunked.terms)
        return upload.result

    def _intent(self, target: Place) -> Intent:
        request = self.request
        checksums = parse_oc_checksum(request.header("OC-Checksum"))
        algorithm, digest = checksums[0] if checksums else (None, None)
        guard = request.guard()
        return Intent(
            if_match=guard.if_match,
            if_none_match=guard.if_none_match,
            lock_tokens=tuple(sorted(guard.lock_tokens)),
            modified_at=request.modified_at(),
            media_type=media_type_of(target.path[-1], None),
            algorithm=algorithm,
            digest=digest,
        )

    def _target(self, place: Place, label: str, intent: Intent) -> Target:
        return Target(
            actor=self.request.actor,
            place=place,
            intent=intent,
            label=f"{_key(place)} {label}" if label else "",
        )

    def _transfer(self) -> Transfer:
        environ = self.request.environ
        return Transfer(
            open_body=lambda limit: BoundedBody(environ, limit=limit),
            connection=environ.get("ocsync.connection"),
        )

    def _headers(self, result: Result) -> list[tuple[str, str]]:
        etag = format_etag(result.etag)
        headers = [
            ("ETag", etag),
            ("OC-ETag", etag),
            ("OC-FileId", self.request.resource_id(result.space_id, result.node_id)),
            ("OC-Perm", permission_letters(result.role, is_folder=False)),
            ("Last-Modified", format_http_date(result.modified_at)),
        ]
        if self.request.header("X-OC-Mtime") is not None:
            headers.append(("X-OC-Mtime", "accepted"))
        return headers


def _key(place: Place) -> str:
    """The place in one word, by which its chunks find each other."""
    return "/".join((place.space_id, place.anchor or "", *place.path))
