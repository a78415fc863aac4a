"""Picora: media uploads with API keys, quota held from the start, and no file twice.

The kind of resource decides the folder. What the library has already, by kind and
SHA-256, is not stored again: the answer names the resource that has it.
"""

from dataclasses import dataclass, replace
from typing import Final

from ocsync.auth.credentials import find_bearer
from ocsync.dialects.cors import Cors
from ocsync.dialects.face import Beginning
from ocsync.dialects.landing import require_folder
from ocsync.dialects.window import Environ
from ocsync.problems import HttpProblem, Problem
from ocsync.tus.dialect import Dialect
from ocsync.tus.headers import Grammar
from ocsync.tus.landing import landing_name
from ocsync.uploads.commands import Create
from ocsync.uploads.rules import Limits, Reason
from ocsync.uploads.terms import Target, Terms
from ocsync.wire.dates import format_iso_date
from ocsync.wire.media_types import media_type_of
from ocsync.wire.metadata import Metadata, MetadataMalformed
from ocsync.wsgi import Headers
from spaces.accounts import Accounts
from spaces.api_key_model import ApiKey
from spaces.api_keys import ApiKeys
from spaces.errors import QuotaExceeded
from spaces.model import Actor, Place
from spaces.tree import Tree
from spaces.upload_model import Intent, Lifetime, OnExisting, Upload

DIALECT: Final = "picora"
DIRECT: Final = "picora-direct"
KEY_PREFIX: Final = "sk_live_"
METHODS: Final = ("GET", "HEAD", "PATCH", "DELETE")
EXTENSIONS: Final = (
    "creation",
    "creation-with-upload",
    "checksum",
    "expiration",
    "termination",
)
FOLDERS: Final = {"image": "Images", "video": "Videos", "audio": "Audio"}
"""The kinds of resources, and the folder of each."""
URLS: Final = {"image": "images", "video": "videos", "audio": "audio"}

_CODES: Final = {
    "body_too_large": "FILE_TOO_LARGE",
    "checksum_mismatch": "CHECKSUM_MISMATCH",
    "complete": "OFFSET_MISMATCH",
    "gone": "SESSION_NOT_FOUND",
    "not_found": "SESSION_NOT_FOUND",
    "too_large": "FILE_TOO_LARGE",
    "past_length": "UPLOAD_LENGTH_EXCEEDED",
    "quota_full": "QUOTA_EXCEEDED",
    "tus_version": "UNSUPPORTED_TUS_VERSION",
    "tus_version_missing": "INVALID_TUS_HEADERS",
    "metadata_malformed": "INVALID_METADATA",
}
_CODES_BY_STATUS: Final = {
    400: "INVALID_TUS_HEADERS",
    401: "UNAUTHORIZED",
    404: "NOT_FOUND",
    409: "CONFLICT",
    415: "INVALID_CONTENT_TYPE",
}
"""Where the problem has no code of its own but that of its status."""


def picora_dialect(
    *, lifetime: Lifetime, max_size: int | None, min_chunk: int
) -> Dialect:
    """The dialect. Sessions end at a fixed time, told in ISO 8601."""
    return Dialect(
        terms=Terms(
            dialect=DIALECT,
            limits=Limits(max_size=max_size, min_chunk=min_chunk),
            lifetime=lifetime,
        ),
        grammar=Grammar(defers_length=False, concatenates=False),
        extensions=EXTENSIONS,
        format_expiry=format_iso_date,
        statuses={Reason.GONE: 404, Reason.QUOTA_FULL: 403},
        domain_statuses={QuotaExceeded: 403},
        result_headers=result_headers,
    )


def direct_terms(terms: Terms, max_size: int | None) -> Terms:
    """The terms of files that come in one request."""
    return replace(terms, dialect=DIRECT, limits=Limits(max_size=max_size))


def picora_cors(origins: frozenset[str]) -> Cors:
    """What pages may send and read."""
    return Cors(
        origins=origins,
        methods="GET, POST, HEAD, PATCH, DELETE, OPTIONS",
        request_headers=(
            "Authorization, Content-Type, Idempotency-Key, Tus-Resumable,"
            " Upload-Checksum, Upload-Length, Upload-Metadata, Upload-Offset,"
            " X-HTTP-Method-Override, X-Picora-Client, X-Request-Id, X-Requested-With"
        ),
        exposed=(
            "Location, Retry-After, Tus-Checksum-Algorithm, Tus-Extension,"
            " Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Expires,"
            " Upload-Length, Upload-Metadata, Upload-Offset, X-Picora-Duplicate,"
            " X-Picora-Resource-Id, X-Request-Id"
        ),
    )


def phrase(problem: Problem) -> object:
    """Errors in the form that Picora's clients read."""
    code = _CODES.get(problem.code)
    usual = {"bad_request", "not_authenticated", "conflict", "unsupported_media_type"}
    if code is None and problem.code in usual:
        code = _CODES_BY_STATUS.get(problem.status)
    return {
        "success": False,
        "error": problem.message,
        "code": code or problem.code.upper(),
    }


def result_headers(upload: Upload) -> Headers:
    """The resource that came of the upload, or was there before."""
    result = upload.result
    if result is None or result.resource_id is None:
        return []
    headers: Headers = [("X-Picora-Resource-Id", result.resource_id)]
    if result.is_duplicate:
        headers.append(("X-Picora-Duplicate", "true"))
    return headers


@dataclass(frozen=True, slots=True)
class Holder:
    """Who came in: a key and the account that it stands for."""

    key: ApiKey
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDoor:
    """Lets in who has an API key."""

    keys: ApiKeys
    accounts: Accounts
    tree: Tree

    def enter(self, environ: Environ) -> Holder:
        """The key in the Authorization header.

        Raises:
            HttpProblem: 401, it is missing, wrong or revoked.
        """
        secret = find_bearer(environ)
        key = None if secret is None else self.keys.verify(secret)
        actor = None if key is None else self.accounts.actor(key.user_id)
        if key is None or actor is None:
            challenge = (("WWW-Authenticate", "Bearer"),)
            raise HttpProblem(401, "API key missing or revoked", headers=challenge)
        environ["ocsync.actor"] = actor
        return Holder(key, actor)

    def begin(
        self,
        visitor: Holder,
        command: Create,
        environ: Environ,  # noqa: ARG002
    ) -> Beginning:
        """Land in the folder of the resource's kind.

        Raises:
            HttpProblem: 400, the metadata makes no sense.
        """
        metadata = command.metadata
        stated = _text(metadata, "contentType", "filetype")
        kind = _text(metadata, "resourceType") or (stated or "").partition("/")[0]
        if kind not in FOLDERS:
            raise HttpProblem(
                400,
                "resourceType must be image, video or audio",
                code="invalid_metadata",
            )
        name = landing_name(_text(metadata, "filename", "name"))
        return Beginning(target=self.target(visitor, kind, name, stated))

    def target(
        self, visitor: Holder, kind: str, name: str, stated: str | None
    ) -> Target:
        """Where a resource of this kind and name lands.

        Raises:
            SpacesError: its folder cannot be made.
        """
        key, actor = visitor.key, visitor.actor
        path = (*key.path, FOLDERS[kind])
        folder_id = require_folder(self.tree, actor, key.space_id, path)
        intent = Intent(
            on_existing=OnExisting.KEEP_BOTH,
            media_type=media_type_of(name, stated),
            algorithm="sha256",
            resource_kind=kind,
        )
        place = Place(key.space_id, (name,), folder_id)
        return Target(actor=actor, place=place, intent=intent)

    def may_reach(self, visitor: Holder, upload: Upload) -> bool:
        """Any key of the same account for the same space will do."""
        key = visitor.key
        return (upload.owner_id, upload.space_id) == (key.user_id, key.space_id)


def _text(metadata: Metadata, *keys: str) -> str | None:
    try:
        return metadata.text(*keys)
    except MetadataMalformed as error:
        raise HttpProblem(
            400, f"Upload-Metadata: {error}", code="invalid_metadata"
        ) from None
