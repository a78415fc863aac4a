"""Omegastream: presigned uploads to video objects that exist beforehand.

An API key makes the object; whoever was given a signature made with the key may
upload to that one object, and resume with any later signature for it. One upload is
open for a video at a time: beginning anew gives the former up.
"""

from dataclasses import dataclass
from typing import Final

from ocsync.auth.credentials import find_bearer
from ocsync.dialects.cors import Cors
from ocsync.dialects.face import Beginning
from ocsync.dialects.landing import require_folder
from ocsync.dialects.signatures import (
    SKEW,
    Signature,
    SignatureMalformed,
    parse_signature,
)
from ocsync.dialects.window import Document, Environ, read_json
from ocsync.problems import HttpProblem, Problem
from ocsync.tus.dialect import Dialect
from ocsync.tus.headers import Grammar
from ocsync.tus.landing import landing_name
from ocsync.uploads.commands import Create
from ocsync.uploads.rules import Limits, Reason
from ocsync.uploads.runner import Engine
from ocsync.uploads.terms import Target, Terms
from ocsync.wire.dates import format_http_date, format_iso_date
from ocsync.wire.media_types import media_type_of
from ocsync.wire.metadata import Metadata, MetadataMalformed
from spaces.accounts import Accounts
from spaces.api_key_model import ApiKey
from spaces.api_keys import ApiKeys
from spaces.errors import QuotaExceeded, VideoNotFound
from spaces.ids import new_id
from spaces.model import Actor, Place
from spaces.tree import Tree
from spaces.upload_model import (
    Intent,
    Lifetime,
    OnExisting,
    Upload,
    UploadState,
)
from spaces.video_model import Video
from spaces.videos import Videos

DIALECT: Final = "omegastream"
KEY_PREFIX: Final = "ky_"
EXTENSIONS: Final = (
    "creation",
    "creation-with-upload",
    "checksum",
    "expiration",
    "termination",
)
_VIDEO: Final = "video"
_NO_KEYS: Final = (f"{KEY_PREFIX}{'0' * 64}",)
"""Compared with where there is no video, so that this takes as long."""


def omegastream_dialect(*, lifetime: Lifetime, max_size: int | None) -> Dialect:
    """The dialect."""
    return Dialect(
        terms=Terms(
            dialect=DIALECT, limits=Limits(max_size=max_size), lifetime=lifetime
        ),
        grammar=Grammar(defers_length=False, concatenates=False),
        extensions=EXTENSIONS,
        format_expiry=format_http_date,
        statuses={Reason.GONE: 404, Reason.QUOTA_FULL: 403},
        domain_statuses={QuotaExceeded: 403},
    )


def omegastream_cors(origins: frozenset[str]) -> Cors:
    """What pages may send and read."""
    return Cors(
        origins=origins,
        methods="GET, POST, HEAD, PATCH, DELETE, OPTIONS",
        request_headers=(
            "Authorization, Content-Type, Expiration, Signature, Tus-Resumable,"
            " Upload-Checksum, Upload-Length, Upload-Metadata, Upload-Offset,"
            " Video-Id, X-HTTP-Method-Override, X-Request-Id, X-Requested-With"
        ),
        exposed=(
            "Location, Retry-After, Tus-Checksum-Algorithm, Tus-Extension,"
            " Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Expires,"
            " Upload-Length, Upload-Metadata, Upload-Offset, X-Request-Id"
        ),
    )


def phrase(problem: Problem) -> object:
    """Errors, of which Omegastream's document says nothing."""
    return {"error": problem.message, "code": problem.code}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDoor:
    """Lets in who has a signature for a video; the visitor is the video."""

    engine: Engine
    terms: Terms
    keys: ApiKeys
    videos: Videos
    accounts: Accounts
    tree: Tree
    max_ahead: int
    takes_plain: bool

    def enter(self, environ: Environ) -> Video:
        """The video that the request is signed for.

        Raises:
            HttpProblem: 401, the signature is missing, wrong or has expired; the
                answer is the same whether the video is there or not. 400, one of
                the headers is malformed.
        """
        signature = _signature(environ)
        video = self.videos.find(signature.video_id)
        secrets: tuple[str, ...] = ()
        if video is not None:
            secrets = self.keys.signing_secrets(video.user_id, video.space_id)
        is_right = signature.is_by(secrets or _NO_KEYS)
        is_taken = signature.is_hmac or self.takes_plain
        if video is None or not (secrets and is_right and is_taken):
            raise HttpProblem(401, "invalid signature", code="invalid_signature")
        self._require_timely(signature)
        actor = self._actor(video)
        environ["ocsync.actor"] = actor
        return video

    def begin(self, visitor: Video, command: Create, environ: Environ) -> Beginning:
        """Land in the video's folder; a former unfinished upload is given up.

        Raises:
            HttpProblem: 409, the video has its file already.
        """
        if self.videos.file(visitor) is not None:
            raise HttpProblem(409, "the video is complete", code="video_complete")
        if visitor.upload_id is not None:
            former = self.engine.find(visitor.upload_id, self.terms)
            if former is not None and former.state is UploadState.OPEN:
                self.engine.abort(former, self.terms)
        actor: Actor = environ["ocsync.actor"]
        name = _name(command.metadata, visitor)
        folder_id = require_folder(self.tree, actor, visitor.space_id, visitor.path)
        intent = Intent(
            on_existing=OnExisting.KEEP_BOTH,
            media_type=media_type_of(name, _text(command.metadata, "filetype")),
            notes={_VIDEO: visitor.id},
        )
        place = Place(visitor.space_id, (name,), folder_id)
        return Beginning(
            target=Target(actor=actor, place=place, intent=intent, label=visitor.id),
            on_created=lambda upload: self._attach(visitor, upload),
        )

    def may_reach(self, visitor: Video, upload: Upload) -> bool:
        """Only the uploads of the video itself."""
        return upload.intent.notes.get(_VIDEO) == visitor.id

    def _attach(self, video: Video, upload: Upload) -> None:
        if not self.videos.attach(video, upload):
            self.engine.abort(upload, self.terms)
            raise HttpProblem(
                409, "another upload of the video has begun", code="upload_begun"
            )

    def _require_timely(self, signature: Signature) -> None:
        left = signature.expires_at - self.engine.now()
        if left < -SKEW:
            raise HttpProblem(401, "signature expired", code="signature_expired")
        if left > self.max_ahead + SKEW:
            raise HttpProblem(
                401, "expiration too far ahead", code="expiration_too_far"
            )

    def _actor(self, video: Video) -> Actor:
        actor = self.accounts.actor(video.user_id)
        if actor is None:
            raise HttpProblem(401, "invalid signature", code="invalid_signature")
        return actor


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoDesk:
    """`POST /video` makes the object to upload to, `GET /video/{id}` tells of it."""

    engine: Engine
    terms: Terms
    keys: ApiKeys
    videos: Videos
    accounts: Accounts

    def answer(self, environ: Environ) -> Document:
        """Make a video, or say what has become of one.

        Raises:
            HttpProblem, SpacesError, BodyError: see `ocsync.tus.refusals`.
        """
        name = environ["PATH_INFO"].removeprefix("/")
        method = environ["REQUEST_METHOD"]
        allowed = ("GET", "HEAD") if name else ("POST",)
        if method not in allowed:
            allow = ", ".join(("OPTIONS", *allowed))
            raise HttpProblem(405, headers=(("Allow", allow),))
        key = self._key(environ)
        if name:
            return Document(200, self._state(self._video(name, key)))
        title = read_json(environ).get("title", "") if _has_json(environ) else ""
        if not isinstance(title, str):
            raise HttpProblem(400, "title must be a text", code="invalid_request")
        video = self.videos.create(key, title)
        location = f"{environ['ocsync.base_url']}{environ['SCRIPT_NAME']}/{video.id}"
        return Document(201, self._state(video), [("Location", location)])

    def _key(self, environ: Environ) -> ApiKey:
        secret = find_bearer(environ) or environ.get("HTTP_X_API_KEY", "")
        key = self.keys.verify(secret)
        actor = None if key is None else self.accounts.actor(key.user_id)
        if key is None or actor is None:
            headers = (("WWW-Authenticate", "Bearer"),)
            raise HttpProblem(
                401, "invalid API key", code="invalid_key", headers=headers
            )
        environ["ocsync.actor"] = actor
        return key

    def _video(self, video_id: str, key: ApiKey) -> Video:
        video = self.videos.find(video_id)
        owner = (key.user_id, key.space_id)
        if video is None or (video.user_id, video.space_id) != owner:
            raise VideoNotFound
        return video

    def _state(self, video: Video) -> dict[str, object]:
        """What is told of a video."""
        node, upload = self.videos.file(video), None
        if video.upload_id is not None:
            upload = self.engine.find(video.upload_id, self.terms)
        is_open = upload is not None and upload.state is UploadState.OPEN
        status = "complete" if node else "uploading" if is_open else "created"
        return {
            "videoId": video.id,
            "title": video.title,
            "status": status,
            "fileName": None if node is None else node.name,
            "size": None if node is None else node.size,
            "createdAt": format_iso_date(video.created_at),
        }


def _signature(environ: Environ) -> Signature:
    parts = tuple(
        environ.get(f"HTTP_{name}") or ""
        for name in ("SIGNATURE", "EXPIRATION", "VIDEO_ID")
    )
    if not all(parts):
        raise HttpProblem(
            401,
            "Signature, Expiration and Video-Id are needed",
            code="missing_signature",
        )
    try:
        return parse_signature(*parts)
    except SignatureMalformed as error:
        raise HttpProblem(400, str(error), code="malformed_signature") from None


def _name(metadata: Metadata, video: Video) -> str:
    text = _text(metadata, "filename", "fileName", "name") or video.title
    return landing_name(text or f"{new_id()}.mp4")


def _text(metadata: Metadata, *keys: str) -> str | None:
    try:
        return metadata.text(*keys)
    except MetadataMalformed as error:
        raise HttpProblem(400, f"Upload-Metadata: {error}") from None


def _has_json(environ: Environ) -> bool:
    return bool(environ.get("CONTENT_TYPE")) and environ.get("CONTENT_LENGTH") != "0"
