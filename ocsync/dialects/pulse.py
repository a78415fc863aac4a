"""Pulse Cam: uploads that begin without knowing where they land.

The app creates an upload, sends it in pieces of 1 MiB, and only then says, with a
token, what the file is called; the token says where it lands. Until then an upload is
unbound: its id is the credential, and it is charged to a bounded pool. An upload that
begins with a token is charged to the token's space at once.
"""

from dataclasses import dataclass
from typing import Any, Final

from ocsync.auth.credentials import find_bearer
from ocsync.auth.upload_tokens import UploadGrant, UploadTokens
from ocsync.dialects.cors import Cors, origins_of
from ocsync.dialects.face import Beginning
from ocsync.dialects.landing import require_folder
from ocsync.dialects.window import Document, Environ, read_json
from ocsync.problems import HttpProblem, Problem
from ocsync.settings import PulseSettings
from ocsync.signed_tokens import TokenRefused
from ocsync.tus.dialect import Dialect
from ocsync.tus.headers import Grammar
from ocsync.uploads.commands import Create
from ocsync.uploads.rules import Limits, Reason
from ocsync.uploads.runner import Engine
from ocsync.uploads.terms import Target, Terms, UploadRefused
from ocsync.wire.dates import format_http_date
from ocsync.wire.media_types import media_type_of
from spaces.accounts import Accounts
from spaces.errors import UploadNotFound
from spaces.ids import UploadId, is_id
from spaces.model import Actor, Place
from spaces.names import require_name
from spaces.throttle import network_of
from spaces.tree import Tree
from spaces.upload_model import (
    Intent,
    Lifetime,
    OnExisting,
    Pool,
    Upload,
    UploadState,
)
from spaces.uploads import Uploads

DIALECT: Final = "pulse"
EXTENSIONS: Final = ("creation", "creation-with-upload", "checksum", "expiration")
METHODS: Final = ("HEAD", "PATCH")
FINALIZE: Final = "finalize"
TOKENS: Final = "tokens"

_SHA256: Final = "sha256"
_MESSAGES: Final = {
    "already_exists": "File already exists",
    "gone": "Upload not found",
    "name_refused": "Invalid filename",
    "not_complete": "Upload incomplete",
    "not_found": "Upload not found",
    "complete": "Offset mismatch",
    "offset_mismatch": "Offset mismatch",
    "past_length": "Body exceeds Upload-Length",
    "too_large": "Upload too large",
    "upload_not_found": "Upload not found",
}
"""What the app's document says, and our own words beside it."""


def pulse_dialect(*, lifetime: Lifetime, max_size: int | None) -> Dialect:
    """The dialect. Its HEAD is lenient, as in the document's own server."""
    return Dialect(
        terms=Terms(
            dialect=DIALECT,
            limits=Limits(max_size=max_size, finishes_by_length=False),
            lifetime=lifetime,
            may_rename=True,
        ),
        grammar=Grammar(defers_length=False, concatenates=False),
        extensions=EXTENSIONS,
        format_expiry=format_http_date,
        versioned=frozenset({"POST", "PATCH"}),
        statuses={Reason.GONE: 404},
    )


def pulse_cors(origins: tuple[str, ...]) -> Cors:
    """The lists of the document."""
    return Cors(
        origins=origins_of(origins),
        methods="GET, POST, PATCH, HEAD, OPTIONS",
        request_headers=(
            "Content-Type, Upload-Length, Upload-Offset, Tus-Resumable, X-Upload-Token"
        ),
        exposed="Location, Upload-Offset, Upload-Length, Tus-Resumable",
    )


def phrase(problem: Problem) -> object:
    """Errors as the app's document has them."""
    return {"error": _MESSAGES.get(problem.code, problem.message)}


def phrase_upload(problem: Problem) -> object:
    """Errors of an upload: one that is not there has nothing to say."""
    return None if problem.status == 404 else phrase(problem)


def pool_of(settings: PulseSettings) -> Pool | None:
    """What uploads without a token may hold; None if there may be none."""
    if settings.pool_size is None:
        return None
    return Pool(
        settings.pool_size,
        settings.pool_size_per_address,
        settings.pool_size_per_upload,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearers:
    """Reads upload tokens, and finds the accounts they stand for."""

    tokens: UploadTokens
    accounts: Accounts

    def require(self, token: str) -> tuple[UploadGrant, Actor]:
        """What the token allows, and on whose behalf.

        Raises:
            HttpProblem: 401, nothing.
        """
        try:
            grant = self.tokens.read(token)
        except TokenRefused:
            grant = None
        actor = None if grant is None else self.accounts.actor(grant.user_id)
        if grant is None or actor is None:
            raise HttpProblem(401, "Invalid token", headers=_CHALLENGE)
        return grant, actor


_CHALLENGE: Final = (("WWW-Authenticate", "Bearer"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseDoor:
    """Lets uploads begin: with a token, or out of the pool if there is one."""

    bearers: Bearers
    pool: Pool | None

    def enter(self, environ: Environ) -> str | None:
        """The token that came with the request, not yet read."""
        return environ.get("HTTP_X_UPLOAD_TOKEN") or find_bearer(environ)

    def begin(
        self, visitor: str | None, command: Create, environ: Environ
    ) -> Beginning:
        """Charge the token's space, or the pool.

        Raises:
            HttpProblem: 401, the token is wrong, or there is none and no pool; 413,
                the token or the pool allows no such size.
        """
        intent = Intent(algorithm=_SHA256)
        if visitor is not None:
            grant, actor = self.bearers.require(visitor)
            require_size(command.length, grant.max_bytes)
            place = Place(grant.space_id)
            return Beginning(target=Target(actor=actor, place=place, intent=intent))
        if self.pool is None:
            raise HttpProblem(401, "Upload token required", headers=_CHALLENGE)
        require_size(command.length, self.pool.upload_bytes)
        address = network_of(environ.get("REMOTE_ADDR", ""))
        target = Target(
            actor=None, place=None, intent=intent, address=address, pool=self.pool
        )
        return Beginning(target=target)

    def may_reach(self, visitor: str | None, upload: Upload) -> bool:  # noqa: ARG002
        """The id of an upload, which cannot be guessed, is all that is needed."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Finalizing:
    """`POST /uploads/finalize`: an upload becomes a file in the token's folder."""

    engine: Engine
    uploads: Uploads
    tree: Tree
    terms: Terms
    bearers: Bearers

    def answer(self, environ: Environ) -> Document:
        """Make the file, or tell again that it was made.

        Raises:
            UploadRefused, FinishFailed, HttpProblem, SpacesError, BodyError: see
                `ocsync.tus.refusals`.
        """
        if environ["REQUEST_METHOD"] != "POST":
            raise HttpProblem(405, headers=(("Allow", "OPTIONS, POST"),))
        content = read_json(environ)
        token = environ.get("HTTP_X_UPLOAD_TOKEN") or _text(content, "uploadToken")
        grant, actor = self.bearers.require(token)
        environ["ocsync.actor"] = actor
        upload_id = _text(content, "uploadId")
        name = require_name(_text(content, "filename"))
        user = _text(content, "userId")
        upload = self._find(upload_id, grant)
        if upload.state is not UploadState.FINISHED:
            upload = self._finish(upload, name, user=user, grant=grant, actor=actor)
        result = upload.result
        assert result is not None
        if result.name != name:
            raise HttpProblem(409, "Upload already finalized under another name")
        document = {
            "videoId": upload.id,
            "status": "complete",
            "size": result.size,
            "checksum": f"sha256:{result.checksums.sha256}",
        }
        return Document(200, document)

    def _find(self, upload_id: str, grant: UploadGrant) -> Upload:
        """The upload, if it is unbound or belongs where the token does."""
        upload = None
        if is_id(upload_id):
            upload = self.engine.find(UploadId(upload_id), self.terms)
        if upload is None:
            raise UploadRefused(Reason.NOT_FOUND)
        is_own = (upload.owner_id, upload.space_id) == (grant.user_id, grant.space_id)
        if upload.space_id is not None and not is_own:
            raise UploadRefused(Reason.NOT_FOUND)
        if upload.state not in {UploadState.OPEN, UploadState.FINISHED}:
            raise UploadRefused(Reason.GONE)
        return upload

    def _finish(
        self, upload: Upload, name: str, *, user: str, grant: UploadGrant, actor: Actor
    ) -> Upload:
        if not upload.is_received:
            raise UploadRefused(Reason.NOT_COMPLETE, upload)
        require_size(upload.length, grant.max_bytes)
        folder_id = require_folder(self.tree, actor, grant.space_id, grant.path)
        if (upload.parent_id, upload.name) != (folder_id, name):
            intent = Intent(
                on_existing=OnExisting.REFUSE,
                algorithm=_SHA256,
                media_type=media_type_of(name),
            )
            place = Place(grant.space_id, (name,), folder_id)
            try:
                upload = self.uploads.bind(actor, upload.id, place, intent, label=user)
            except UploadNotFound:  # it has ended meanwhile, perhaps as it should
                upload = self._find(upload.id, grant)
                if upload.state is UploadState.OPEN:
                    raise
        return self.engine.finish(upload, self.terms)


def require_size(length: int | None, most: int | None) -> None:
    """Refuse an upload that is larger than allowed.

    Raises:
        HttpProblem: 413.
    """
    if length is not None and most is not None and length > most:
        raise HttpProblem(413, f"Upload too large: at most {most} bytes are allowed")


def _text(content: dict[str, Any], key: str) -> str:
    """A text in the request; empty if it is missing.

    Raises:
        HttpProblem: 400, it is no text.
    """
    value = content.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 4096:
        raise HttpProblem(400, "Invalid request", code="invalid_request")
    return value
