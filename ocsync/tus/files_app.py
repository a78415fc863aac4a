"""The WSGI callable at `/files`: which dialect a request speaks, and its answer.

Requests that carry Upload-Complete or the draft's interop version, and no
Tus-Resumable, speak the IETF draft; so do those without a word of either about an
upload that was begun so. All others speak tus 1.0.0.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from wsgiref.types import StartResponse

from ocsync.tus.download import send_upload
from ocsync.tus.headers import GetHeader, header_reader
from ocsync.tus.ietf import DraftUploads, send_draft_problem
from ocsync.tus.ietf_headers import speaks_draft
from ocsync.tus.plain import PREFIX, PlainUploads, find_own, require_actor
from ocsync.tus.refusals import REFUSALS, send_problem, tus_problem
from spaces.files import Files
from spaces.upload_model import Upload


@dataclass(frozen=True, slots=True)
class FilesApp:
    """Answers what comes to `/files`."""

    plain: PlainUploads
    draft: DraftUploads
    files: Files

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer one request."""
        get, name = header_reader(environ), environ["PATH_INFO"].removeprefix("/")
        if speaks_draft(get) or self._is_draft(environ, get, name):
            return self._answer_draft(environ, name, start_response)
        try:
            if name and environ["REQUEST_METHOD"] == "GET":
                upload = self.plain.find(environ, name)
                return send_upload(self.files, upload, environ, start_response)
            if name:
                reply = self.plain.answer(environ, name)
            else:
                reply = self.plain.create(environ)
        except REFUSALS as error:
            problem = tus_problem(error, self.plain.dialect)
            method = environ["REQUEST_METHOD"]
            return send_problem(problem, method, [], start_response)
        if environ["REQUEST_METHOD"] == "OPTIONS":
            reply.headers.extend(self.draft.announcement())
        return reply.send(start_response)

    def _answer_draft(
        self, environ: dict[str, Any], name: str, start_response: StartResponse
    ) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        try:
            if name and method == "GET":
                upload = self._find_draft(environ, name)
                return send_upload(self.files, upload, environ, start_response)
            if name or method != "POST":
                reply = self.draft.answer(
                    environ, lambda: self._find_draft(environ, name)
                )
            else:
                collection = f"{environ['ocsync.base_url']}{PREFIX}/"
                actor = require_actor(environ)
                reply = self.draft.create(environ, actor, collection)
        except REFUSALS as error:
            dialect = self.draft.dialect
            return send_draft_problem(error, dialect, environ, start_response)
        return reply.send(start_response)

    def _find_draft(self, environ: dict[str, Any], name: str) -> Upload | None:
        return find_own(self.draft.engine, self.draft.dialect, environ, name)

    def _is_draft(self, environ: dict[str, Any], get: GetHeader, name: str) -> bool:
        if not name or get("Tus-Resumable") is not None:
            return False
        if environ.get("ocsync.actor") is None:
            return False
        return self._find_draft(environ, name) is not None
