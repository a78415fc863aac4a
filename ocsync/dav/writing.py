"""PUT: a body becomes the content of a file, wholly or not at all.

The order is: cheap refusals, then the body into the blob store while checksums run,
then length and checksum, then one transaction that judges everything again. A small
body that comes unasked is taken without asking first whether it would be refused:
that costs more than to take it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from wsgiref.types import StartResponse

from ocsync.dav.checksum_header import parse_oc_checksum
from ocsync.dav.locations import InSpace
from ocsync.dav.preconditions import Preconditions
from ocsync.dav.request import DavRequest, respond
from ocsync.problems import HttpProblem
from ocsync.wire.body import BodyTooLarge, BoundedBody
from ocsync.wire.conditions import format_etag
from ocsync.wire.dates import format_http_date
from ocsync.wire.media_types import media_type_of
from ocsync.wire.permissions import permission_letters
from spaces.blobs.small import SMALL_BYTES
from spaces.clock import Instant
from spaces.errors import ChecksumMismatch, NodeNotFound, NotAFile, QuotaExceeded
from spaces.library import Library
from spaces.model import Content, Entry, Node, Place, Written


@dataclass(frozen=True, slots=True)
class Put:
    """One PUT on a place in a space."""

    library: Library
    request: DavRequest
    place: Place

    def answer(self, start_response: StartResponse) -> Iterable[bytes]:
        """Take the body and answer 201 or 204.

        Raises:
            HttpProblem, MalformedHeader: the request makes no sense.
            BodyError: the body did not come whole; nothing is changed.
            SpacesError: the domain refuses; nothing is changed.
        """
        _refuse_unsupported(self.request)
        checksums = parse_oc_checksum(self.request.header("OC-Checksum"))
        modified_at = self.request.modified_at()
        self._require_conditions()
        body = self._open_body()
        if not self._comes_at_once(body):
            self.library.files.check(
                self.request.actor, self.place, body.length, guard=self.request.guard()
            )
        content = self._receive(body, checksums)
        written = self._commit(content, modified_at)
        headers = [
            *written_headers(self.request, written.node),
            ("OC-Perm", permission_letters(written.role, is_folder=False)),
        ]
        if modified_at is not None:
            headers.append(("X-OC-Mtime", "accepted"))
        return respond(start_response, 201 if written.is_new else 204, headers)

    def _require_conditions(self) -> None:
        if not self.request.is_conditional:
            return
        entry = self._find()
        node = None if entry is None else entry.node
        Preconditions(self.library, self.request).require(
            None if node is None else node.etag,
            None if node is None else node.modified_at,
            place=self.place,
            entry=entry,
        )

    def _find(self) -> Entry | None:
        try:
            return self.library.tree.get(self.request.actor, self.place)
        except NodeNotFound:
            return None

    def _open_body(self) -> BoundedBody:
        body = BoundedBody(self.request.environ)
        if body.length is not None:
            return body
        # Of unknown length: at most what the quota lets it become.
        space = self.library.catalog.get(self.request.actor, self.place.space_id)
        remaining = space.quota.remaining
        if remaining is None:
            return body
        entry = self._find()
        replaced = 0 if entry is None else entry.node.size
        return BoundedBody(self.request.environ, limit=remaining + replaced)

    def _comes_at_once(self, body: BoundedBody) -> bool:
        """Whether the client sends a small body without waiting for a word."""
        is_small = body.length is not None and body.length <= SMALL_BYTES
        has_name = bool(self.place.path)
        return is_small and has_name and self.request.header("Expect") is None

    def _receive(
        self, body: BoundedBody, checksums: tuple[tuple[str, str], ...]
    ) -> Content:
        """Stage the body; what is staged goes away with any error."""
        with self.library.files.stage(
            expected_bytes=body.length,
            algorithms=[algorithm for algorithm, _ in checksums],
        ) as writer:
            try:
                while count := body.readinto(writer.buffer()):
                    writer.advance(count)
            except BodyTooLarge:
                self.library.files.make_room(self.request.actor, self.place)
                raise QuotaExceeded(body.received + 1, body.received) from None
            computed = writer.settle()
            try:
                for algorithm, digest in checksums:
                    computed.verify(algorithm, digest)
            except ChecksumMismatch:
                self.library.database.watch.mismatched("file")
                raise
            return writer.finish()

    def _commit(self, content: Content, modified_at: Instant | None) -> Written:
        name = self.place.path[-1] if self.place.path else ""
        if not name and self.place.anchor is None:
            raise NotAFile
        return self.library.files.commit(
            self.request.actor,
            self.place,
            content,
            modified_at=modified_at,
            media_type=media_type_of(name, self.request.environ.get("CONTENT_TYPE")),
            guard=self.request.guard(),
        )


def _refuse_unsupported(request: DavRequest) -> None:
    if not isinstance(request.location, InSpace):
        raise HttpProblem(405, "Nothing can be written here")
    if request.header("Content-Range") is not None:
        # RFC 9110 §14.5: a part must not be taken for the whole.
        raise HttpProblem(400, "PUT takes whole files; Content-Range is refused")
    encoding = (request.header("Content-Encoding") or "identity").strip().lower()
    if encoding != "identity":
        raise HttpProblem(415, f"The content encoding {encoding[:40]!r} is refused")


def written_headers(request: DavRequest, node: Node) -> list[tuple[str, str]]:
    """What tells a client the new state, so that it need not ask."""
    etag = format_etag(node.etag)
    return [
        ("ETag", etag),
        ("OC-ETag", etag),
        ("OC-FileId", request.file_id(node)),
        ("Last-Modified", format_http_date(node.modified_at)),
    ]
