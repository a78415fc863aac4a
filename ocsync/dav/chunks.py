"""The chunks of a file, received one by one in any order, and the file made of them.

What both ways of chunking from before tus have in common. A chunk is a partial upload
of its own, with a label by which the others of its file are found; the file is joined
from them: one engine, with its rules of durability, quota and expiry. How chunks are
named on the wire is for the two ways to say.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from ocsync.dav.checksum_header import parse_oc_checksum
from ocsync.dav.request import DavRequest
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
from spaces.clock import to_microseconds
from spaces.errors import QuotaExceeded
from spaces.library import Library
from spaces.model import Actor, Place
from spaces.upload_model import Intent, Lifetime, OnExisting, Result, Upload, UploadKind
from spaces.uploads import Uploads

DIALECT: Final = "oc-chunked"

_SLACK_SHARE: Final = 24

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
_TAKEN: Final = frozenset({Reason.PARTS_REFUSED, Reason.GONE})


class JoinedElsewhere(Exception):
    """Another request makes the file of these chunks, or has made it."""


@dataclass(frozen=True, slots=True)
class ChunkedUploads:
    """Receives chunks, finds them again, and joins them."""

    engine: Engine
    uploads: Uploads
    terms: Terms
    slack: int
    """By so much, in microseconds, what is older may expire before the newest chunk."""

    def receive(self, request: DavRequest, place: Place, label: str) -> Upload:
        """Keep the request's body as a chunk, in place of one with the same label.

        What is whole is replaced only by what is whole: a request that was given up
        may be served later than the one that came instead.

        Raises:
            HttpProblem: it came without a length, broke off, or is too large.
            SpacesError: the actor may not write in the place's space, or it is full.
        """
        length = BoundedBody(request.environ).length
        if length is None:
            raise HttpProblem(411, "A chunk needs its Content-Length")
        found = self.find_all(request.actor, label)
        former = [one for one in found if one.label == label]
        whole = [one for one in former if one.is_received]
        self.drop(one for one in former if not one.is_received)
        command = Create(length=length, kind=UploadKind.PARTIAL, chunk=Chunk(length))
        try:
            chunk = self._create(request, command, place, label, Intent())
        except QuotaExceeded:
            if not whole:
                raise
            self.drop(whole)  # which holds the room
            return self.receive(request, place, label)
        self.drop(whole)
        return chunk

    def mark(self, request: DavRequest, place: Place, label: str) -> None:
        """Keep an empty chunk, which says no more than that its label is known.

        Raises:
            SpacesError: the actor may not write in the place's space.
        """
        command = Create(length=0, kind=UploadKind.PARTIAL)
        self._create(request, command, place, label, Intent())

    def prolong(
        self, actor: Actor, prefixes: tuple[str, ...], oldest: Upload, newest: Upload
    ) -> None:
        """Let all under these labels live on with the newest chunk.

        The oldest of them tells whether that is due, so that most chunks write
        nothing; and how old they may become at most.
        """
        lifetime = self.terms.lifetime
        until = lifetime.expiry(oldest.created_at, newest.active_at)
        if until - oldest.expires_at > self.slack:
            self.uploads.prolong(actor.user_id, DIALECT, prefixes, until)

    def find(self, actor: Actor, prefix: str) -> tuple[Upload, ...]:
        """The actor's whole chunks whose labels begin so, oldest first."""
        return tuple(one for one in self.find_all(actor, prefix) if one.is_received)

    def find_all(self, actor: Actor, prefix: str) -> list[Upload]:
        """As `find`, with those that are still coming, or broke off."""
        return self.uploads.list_open_of(actor.user_id, DIALECT, prefix)

    def join(
        self,
        request: DavRequest,
        place: Place,
        parts: Sequence[Upload],
        *,
        on_existing: OnExisting = OnExisting.REPLACE,
    ) -> Result:
        """Make the file, with the time, checksum and conditions of the request.

        The chunks stay until they are dropped.

        Raises:
            JoinedElsewhere: another request does so, or has done so.
            HttpProblem, MalformedHeader: the headers make no sense, or the chunks are
                not what they say.
            SpacesError: the domain refuses the file.
        """
        total = request.header("OC-Total-Length")
        if total is not None and total != str(sum(part.offset for part in parts)):
            raise HttpProblem(400, "OC-Total-Length: the chunks add up to another size")
        command = Create(
            length=None,
            kind=UploadKind.FINAL,
            parts=tuple(part.id for part in parts),
        )
        intent = _intent(request, place, on_existing)
        upload = self._create(request, command, place, "", intent)
        assert upload.result is not None
        return upload.result

    def drop(self, parts: Iterable[Upload]) -> None:
        """Give chunks up; those that are gone already do not matter."""
        for part in parts:
            with suppress(UploadRefused):
                self.engine.abort(part, self.terms)

    def _create(
        self,
        request: DavRequest,
        command: Create,
        place: Place,
        label: str,
        intent: Intent,
    ) -> Upload:
        environ = request.environ
        target = Target(actor=request.actor, place=place, intent=intent, label=label)
        transfer = Transfer(
            open_body=lambda limit: BoundedBody(environ, limit=limit),
            connection=environ.get("ocsync.connection"),
        )
        try:
            return self.engine.create(command, target, self.terms, transfer)
        except UploadRefused as refused:
            if command.kind is UploadKind.FINAL and refused.reason in _TAKEN:
                raise JoinedElsewhere from refused
            status = _STATUSES.get(refused.reason, 409)
            raise HttpProblem(status, refused.reason.value) from refused
        except FinishFailed as failed:
            raise failed.cause from failed


def chunked_uploads(
    settings: UploadSettings, *, engine: Engine, library: Library
) -> ChunkedUploads:
    """Chunked uploads with these settings; they expire so long after the last chunk."""
    span, most = to_microseconds(settings.expiry), to_microseconds(settings.max_age)
    slack = span // _SLACK_SHARE
    terms = Terms(
        dialect=DIALECT,
        limits=Limits(max_size=settings.max_size),
        lifetime=Lifetime(span + slack, most),
    )
    return ChunkedUploads(engine, library.uploads, terms, slack)


def joined_headers(request: DavRequest, result: Result) -> list[tuple[str, str]]:
    """What tells a client the state of the file that its chunks have become."""
    etag = format_etag(result.etag)
    headers = [
        ("ETag", etag),
        ("OC-ETag", etag),
        ("OC-FileId", request.resource_id(result.space_id, result.node_id)),
        ("OC-Perm", permission_letters(result.role, is_folder=False)),
        ("Last-Modified", format_http_date(result.modified_at)),
    ]
    if request.header("X-OC-Mtime") is not None:
        headers.append(("X-OC-Mtime", "accepted"))
    return headers


def _intent(request: DavRequest, place: Place, on_existing: OnExisting) -> Intent:
    checksums = parse_oc_checksum(request.header("OC-Checksum"))
    algorithm, digest = checksums[0] if checksums else (None, None)
    guard = request.guard()
    return Intent(
        on_existing=on_existing,
        if_match=guard.if_match,
        if_none_match=guard.if_none_match,
        lock_tokens=tuple(sorted(guard.lock_tokens)),
        modified_at=request.modified_at(),
        media_type=media_type_of(place.path[-1], None) if place.path else None,
        algorithm=algorithm,
        digest=digest,
    )
