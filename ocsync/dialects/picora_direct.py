"""Picora's small files: one POST with the whole file, safely repeated.

The bytes go the same way as those of every upload. A request with an
`Idempotency-Key` that was answered before gets the same answer, if it brings the same
file; the file is read for that, but not stored.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

from ocsync.dialects.multipart import PartBody, most_bytes, open_file
from ocsync.dialects.picora import Holder, KeyDoor
from ocsync.dialects.window import Environ
from ocsync.problems import HttpProblem
from ocsync.tus.landing import landing_name
from ocsync.uploads.commands import Chunk, Create
from ocsync.uploads.receiving import Body
from ocsync.uploads.runner import Engine
from ocsync.uploads.terms import Terms, Transfer
from ocsync.wire.body import BLOCK_BYTES, BoundedBody
from spaces.idempotency import IdempotencyKeys
from spaces.upload_model import Result

_MOST_KEY: Final = 255


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that comes with the request; the length is None in a form."""

    name: str
    stated_type: str | None
    length: int | None
    body: BoundedBody | PartBody

    def open(self, limit: int | None) -> Body:
        """Its bytes, of which at most so many are taken."""
        if isinstance(self.body, PartBody):
            return self.body.limited(limit)
        return self.body  # its length was judged before


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectUploads:
    """Receives files that come whole."""

    engine: Engine
    terms: Terms
    door: KeyDoor
    repeats: IdempotencyKeys

    def receive(self, environ: Environ, holder: Holder, kind: str) -> Result:
        """Make the file in the request a resource, unless that was done before.

        Raises:
            UploadRefused, FinishFailed, HttpProblem, SpacesError, BodyError: see
                `ocsync.tus.refusals`.
        """
        key = environ.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            return self._store(environ, holder, kind)
        if not 0 < len(key) <= _MOST_KEY or not key.isprintable():
            raise HttpProblem(
                400,
                f"Idempotency-Key must have 1 to {_MOST_KEY} characters",
                code="invalid_idempotency_key",
            )
        user_id = holder.key.user_id
        attempt = self.repeats.begin(user_id, key)
        if not attempt.is_first:
            return self._repeat(environ, attempt.answer, kind)
        answer = None
        try:
            result = self._store(environ, holder, kind)
            answer = json.dumps({"kind": kind, "result": result.to_json()})
        finally:
            self.repeats.settle(user_id, key, answer)
        return result

    def _store(self, environ: Environ, holder: Holder, kind: str) -> Result:
        incoming = self._incoming(environ)
        target = self.door.target(
            holder, kind, landing_name(incoming.name), incoming.stated_type
        )
        chunk = Chunk(incoming.length, is_last=True)
        upload = self.engine.create(
            Create(incoming.length, chunk=chunk),
            target,
            self.terms,
            Transfer(
                open_body=incoming.open,
                connection=environ.get("ocsync.connection"),
            ),
        )
        assert upload.result is not None
        return upload.result

    def _repeat(self, environ: Environ, answer: str | None, kind: str) -> Result:
        if answer is None:
            raise HttpProblem(
                409,
                "a request with this Idempotency-Key is under way",
                code="idempotency_key_in_use",
                headers=(("Retry-After", "1"),),
            )
        kept = json.loads(answer)
        result = Result.from_json(kept["result"])
        digest = _digest(self._incoming(environ).body)
        if kept["kind"] != kind or digest != result.checksums.sha256:
            raise HttpProblem(
                422,
                "this Idempotency-Key was used for another file",
                code="idempotency_key_reused",
            )
        return result

    def _incoming(self, environ: Environ) -> Incoming:
        content_type: str = environ.get("CONTENT_TYPE") or ""
        most = self.terms.limits.max_size
        if content_type.partition(";")[0].strip().lower() != "multipart/form-data":
            body = BoundedBody(environ, limit=most)
            names = parse_qs(environ.get("QUERY_STRING", "")).get("filename", [""])
            return Incoming(names[0], content_type, body.length, body)
        form = BoundedBody(environ, limit=most_bytes(most))
        part = open_file(content_type, form)
        if part is None:
            raise HttpProblem(400, "the form has no file", code="file_missing")
        return Incoming(part.name, part.media_type, None, part.body)


def _digest(body: Body) -> str:
    """The SHA-256 of a body, read to its end."""
    digest, buffer = hashlib.sha256(), bytearray(BLOCK_BYTES)
    while count := body.readinto(buffer):
        digest.update(memoryview(buffer)[:count])
    return digest.hexdigest()
