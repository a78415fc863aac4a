"""The WSGI callable at `/files`: which dialect a request speaks, and its answer.

Requests that carry Upload-Complete or the draft's interop version, and no
Tus-Resumable, speak the IETF draft; all others tus 1.0.0.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from wsgiref.types import StartResponse

from ocsync.tus.download import send_upload
from ocsync.tus.plain import PlainUploads
from ocsync.tus.refusals import REFUSALS, send_problem, tus_problem
from spaces.files import Files


@dataclass(frozen=True, slots=True)
class FilesApp:
    """Answers what comes to `/files`."""

    plain: PlainUploads
    files: Files

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer one request."""
        name = environ["PATH_INFO"].removeprefix("/")
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
        return reply.send(start_response)
