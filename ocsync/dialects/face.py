"""The upload URLs of a dialect: a collection to POST to, and the uploads below it.

Everything that differs between dialects comes from its `Door` and its `Dialect`; what
happens to bytes is the engine's.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, Generic, Protocol, TypeVar
from wsgiref.types import StartResponse

from ocsync.dialects.window import Environ, Window
from ocsync.problems import HttpProblem
from ocsync.tus.edge import (
    Reply,
    UploadEdge,
    progress_headers,
    transfer,
    tus_resumable,
)
from ocsync.tus.headers import (
    VERSION,
    effective_method,
    header_reader,
    parse_create,
    require_version,
)
from ocsync.uploads.commands import Create
from ocsync.uploads.runner import Engine
from ocsync.uploads.terms import Target
from spaces.ids import UploadId, is_id
from spaces.upload_model import Upload

V = TypeVar("V")

_METHODS: Final = ("HEAD", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """Where a new upload lands; `on_created` is told of it before its first bytes."""

    target: Target
    on_created: Callable[[Upload], None] | None = None


class Door(Protocol[V]):
    """What a dialect decides by itself. `V` is who comes in."""

    def enter(self, environ: Environ) -> V:
        """Who asks.

        Raises:
            HttpProblem: nobody who may.
        """
        ...

    def begin(self, visitor: V, command: Create, environ: Environ) -> Beginning:
        """Where the upload of this creation shall land.

        Raises:
            HttpProblem, SpacesError: there is no place for it.
        """
        ...

    def may_reach(self, visitor: V, upload: Upload) -> bool:
        """Whether the upload is there for the one who asks."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadFace(Generic[V]):
    """A WSGI callable at `path`.

    `methods` are those of an upload; GET, if it is one of them, means HEAD.
    `no_version`: the status where Tus-Resumable is missing altogether.
    """

    engine: Engine
    window: Window
    door: Door[V]
    path: str
    methods: tuple[str, ...] = _METHODS
    no_version: int = 412

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer one request."""
        return self.window.serve(environ, start_response, self.answer)

    def answer(self, environ: Environ) -> Reply:
        """What the request is answered with.

        Raises:
            UploadRefused, FinishFailed, HttpProblem, SpacesError, BodyError: see
                `ocsync.tus.refusals`.
        """
        name = environ["PATH_INFO"].removeprefix("/")
        method = effective_method(environ["REQUEST_METHOD"], header_reader(environ))
        allowed = self.methods if name else ("POST",)
        if method not in allowed:
            allow = ", ".join(("OPTIONS", *allowed))
            raise HttpProblem(405, headers=(("Allow", allow),))
        visitor = self.door.enter(environ)
        self._require_version(environ, method)
        if not name:
            return self._create(environ, visitor)
        if method == "GET":
            environ = {**environ, "REQUEST_METHOD": "HEAD"}
        edge = UploadEdge(engine=self.engine, dialect=self.window.dialect)
        return edge.answer(environ, lambda: self._find(visitor, name))

    def _create(self, environ: Environ, visitor: V) -> Reply:
        dialect = self.window.dialect
        command = parse_create(header_reader(environ), dialect.grammar)
        beginning = self.door.begin(visitor, command, environ)
        received = replace(
            transfer(environ, dialect.grammar), on_created=beginning.on_created
        )
        upload = self.engine.create(command, beginning.target, dialect.terms, received)
        has_bytes = command.chunk is not None or upload.is_received
        progress = [
            (name, value)
            for name, value in progress_headers(upload, dialect)
            if has_bytes or name != "Upload-Offset"
        ]
        location = f"{environ['ocsync.base_url']}{self.path}/{upload.id}"
        return Reply(201, [("Location", location), *progress])

    def _find(self, visitor: V, name: str) -> Upload | None:
        if not is_id(name):
            return None
        upload = self.engine.find(UploadId(name), self.window.dialect.terms)
        if upload is None or not self.door.may_reach(visitor, upload):
            return None
        return upload

    def _require_version(self, environ: Environ, method: str) -> None:
        if method not in self.window.dialect.versioned:
            return
        get = header_reader(environ)
        if get("Tus-Resumable") is None and self.no_version != 412:
            raise HttpProblem(
                self.no_version,
                f"Tus-Resumable: {VERSION} is missing",
                code="tus_version_missing",
                headers=(("Tus-Version", VERSION), tus_resumable()),
            )
        require_version(get)
