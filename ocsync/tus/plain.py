"""`/files`: tus 1.0.0 for any client, with no knowledge of spaces.

Uploads land in one folder of the user's personal space, under the name in the
metadata as far as it can be one; nothing is ever overwritten there. All extensions
are spoken. An upload is there for its owner only.
"""

from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import unquote, urljoin

from ocsync.problems import HttpProblem
from ocsync.tus.dialect import Dialect
from ocsync.tus.edge import (
    Reply,
    UploadEdge,
    announcement,
    progress_headers,
    transfer,
    tus_resumable,
)
from ocsync.tus.headers import (
    Grammar,
    effective_method,
    header_reader,
    parse_create,
    require_version,
)
from ocsync.tus.landing import Landing, landing_name
from ocsync.uploads.commands import Create
from ocsync.uploads.rules import Limits
from ocsync.uploads.runner import Engine
from ocsync.uploads.terms import Target, Terms
from ocsync.wire.checksum import (
    Checksum,
    ChecksumMalformed,
    ChecksumUnknown,
    parse_upload_checksum,
)
from ocsync.wire.dates import format_http_date
from ocsync.wire.media_types import media_type_of
from ocsync.wire.metadata import Metadata, MetadataMalformed
from spaces.ids import UploadId, is_id
from spaces.model import Actor
from spaces.upload_model import Intent, Lifetime, OnExisting, Upload, UploadKind

DIALECT: Final = "plain"
PREFIX: Final = "/files"
EXTENSIONS: Final = (
    "creation",
    "creation-with-upload",
    "creation-defer-length",
    "termination",
    "concatenation",
    "concatenation-unfinished",
    "checksum",
    "checksum-trailer",
    "expiration",
)
GRAMMAR: Final = Grammar()
METHODS: Final = frozenset({"OPTIONS", "GET", "HEAD", "POST", "PATCH", "DELETE"})
"""What pages of any origin may do here: all of it, for a cookie says nothing."""
_ALLOWED_ABOVE: Final = "OPTIONS, POST"


def plain_dialect(*, lifetime: Lifetime, max_size: int | None) -> Dialect:
    """The dialect."""
    return Dialect(
        terms=Terms(
            dialect=DIALECT, limits=Limits(max_size=max_size), lifetime=lifetime
        ),
        grammar=GRAMMAR,
        extensions=EXTENSIONS,
        allowed="OPTIONS, GET, HEAD, PATCH, DELETE",
        format_expiry=format_http_date,
    )


@dataclass(frozen=True, slots=True)
class PlainUploads:
    """Answers what comes to `/files` in tus 1.0.0."""

    engine: Engine
    dialect: Dialect
    landing: Landing

    def create(self, environ: dict[str, Any]) -> Reply:
        """Answer a request to the collection.

        Raises:
            UploadRefused, FinishFailed, HttpProblem, SpacesError, BodyError: see
                `ocsync.tus.refusals`.
        """
        get = header_reader(environ)
        method = effective_method(environ["REQUEST_METHOD"], get)
        if method == "OPTIONS":
            return Reply(204, announcement(self.dialect))
        if method != "POST":
            raise HttpProblem(405, headers=(("Allow", _ALLOWED_ABOVE),))
        require_version(get)
        command = parse_create(get, self.dialect.grammar)
        collection = f"{environ['ocsync.base_url']}{PREFIX}/"
        command = replace(
            command, parts=tuple(part_id(url, collection) for url in command.parts)
        )
        target = self._target(command, environ, get("Upload-Concat"))
        upload = self.engine.create(
            command,
            target,
            self.dialect.terms,
            transfer(environ, self.dialect.grammar),
        )
        headers = [("Location", f"{collection}{upload.id}"), tus_resumable()]
        has_bytes = command.chunk is not None or upload.is_received
        progress = progress_headers(upload, self.dialect)[1:]
        headers += [
            (name, value)
            for name, value in progress
            if has_bytes or name != "Upload-Offset"
        ]
        return Reply(201, headers)

    def answer(self, environ: dict[str, Any], name: str) -> Reply:
        """Answer a request to an upload.

        Raises:
            UploadRefused, FinishFailed, HttpProblem, SpacesError, BodyError: see
                `ocsync.tus.refusals`.
        """
        edge = UploadEdge(engine=self.engine, dialect=self.dialect)
        return edge.answer(environ, lambda: self.find(environ, name))

    def find(self, environ: dict[str, Any], name: str) -> Upload | None:
        """The upload of that name, if it is there for the one who asks."""
        return find_own(self.engine, self.dialect, environ, name)

    def _target(
        self, command: Create, environ: dict[str, Any], concat: str | None
    ) -> Target:
        actor = require_actor(environ)
        metadata = command.metadata
        name = landing_name(_text(metadata, "filename", "name"))
        checksum = whole_checksum(metadata)
        intent = Intent(
            on_existing=OnExisting.KEEP_BOTH,
            modified_at=metadata.time("mtime"),
            media_type=media_type_of(name, _text(metadata, "filetype", "type")),
            algorithm=None if checksum is None else checksum.algorithm,
            digest=None if checksum is None else checksum.hex,
            notes={} if concat is None else {"concat": concat},
        )
        if command.kind is UploadKind.PARTIAL:
            intent = Intent(notes=intent.notes)
        return Target(actor=actor, place=self.landing.place(actor, name), intent=intent)


def find_own(
    engine: Engine, dialect: Dialect, environ: dict[str, Any], name: str
) -> Upload | None:
    """The upload of that name in the dialect, if it belongs to the one who asks.

    Raises:
        HttpProblem: 401, nobody has logged in.
    """
    if not is_id(name):
        return None
    upload = engine.find(UploadId(name), dialect.terms)
    if upload is None or upload.owner_id != require_actor(environ).user_id:
        return None
    return upload


def require_actor(environ: dict[str, Any]) -> Actor:
    """Who asks.

    Raises:
        HttpProblem: 401, nobody has logged in.
    """
    actor: Actor | None = environ.get("ocsync.actor")
    if actor is None:
        raise HttpProblem(401, "Authentication error")
    return actor


def part_id(url: str, collection: str) -> str:
    """The id of an upload in a URL, absolute or not.

    Raises:
        HttpProblem: 400, it is the URL of no upload here.
    """
    absolute = unquote(urljoin(collection, url))
    name = absolute.removeprefix(collection)
    if name == absolute or not is_id(name):
        raise HttpProblem(400, "Upload-Concat: a part is no upload of this server")
    return name


def whole_checksum(metadata: Metadata) -> Checksum | None:
    """The checksum in the metadata, if there is one that can be verified.

    Metadata is the client's own here: what is no checksum is no mistake.
    """
    try:
        return parse_upload_checksum(metadata.text("checksum") or "", is_lenient=True)
    except (ChecksumMalformed, ChecksumUnknown, MetadataMalformed):
        return None


def _text(metadata: Metadata, *keys: str) -> str | None:
    try:
        return metadata.text(*keys)
    except MetadataMalformed as error:
        raise HttpProblem(400, f"Upload-Metadata: {error}") from None
