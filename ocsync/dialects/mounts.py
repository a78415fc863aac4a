"""The dialects, put together: which are on, and where they answer.

A dialect that is off is not made at all, so its URLs are those of nobody.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from wsgiref.types import StartResponse, WSGIApplication

from ocsync.auth.upload_tokens import UploadTokens
from ocsync.dialects import pulse
from ocsync.dialects.face import UploadFace
from ocsync.dialects.issuing import TokenDesk, TokenIssuer
from ocsync.dialects.window import Answer, Document, Environ, Window
from ocsync.problems import HttpProblem
from ocsync.renderings import Form
from ocsync.routes import Access, Mount
from ocsync.settings import Settings
from ocsync.uploads.runner import Engine
from spaces.clock import SECOND
from spaces.library import Library
from spaces.upload_model import Lifetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What dialects are made of."""

    settings: Settings
    library: Library
    engine: Engine
    secret: bytes

    def max_size(self, most: int | None) -> int | None:
        """The smaller one of a dialect's limit and the limit of all uploads."""
        limits = [
            size for size in (most, self.settings.uploads.max_size) if size is not None
        ]
        return min(limits, default=None)


def dialect_mounts(workshop: Workshop) -> tuple[Mount, ...]:
    """The mounts of all dialects that are on."""
    settings = workshop.settings
    mounts: list[Mount] = []
    if settings.pulse.enabled:
        mounts += pulse_mounts(workshop)
    return tuple(mounts)


def pulse_mounts(workshop: Workshop) -> Iterable[Mount]:
    """Pulse Cam."""
    library, settings = workshop.library, workshop.settings.pulse
    dialect = pulse.pulse_dialect(
        lifetime=Lifetime(microseconds(settings.idle), microseconds(settings.max_age)),
        max_size=workshop.max_size(settings.max_size),
    )
    cors = pulse.pulse_cors(settings.origins)
    window = Window(dialect=dialect, cors=cors, phrase=pulse.phrase)
    tokens = UploadTokens(secret=workshop.secret, clock=library.uploads.now)
    bearers = pulse.Bearers(tokens=tokens, accounts=library.accounts)
    uploads = f"{settings.prefix}/uploads"
    face = UploadFace(
        engine=workshop.engine,
        window=Window(dialect=dialect, cors=cors, phrase=pulse.phrase_upload),
        door=pulse.PulseDoor(bearers=bearers, pool=pulse.pool_of(settings)),
        path=uploads,
        methods=pulse.METHODS,
    )
    finalizing = pulse.Finalizing(
        engine=workshop.engine,
        uploads=library.uploads,
        tree=library.tree,
        terms=dialect.terms,
        bearers=bearers,
    )
    desk = TokenDesk(
        issuer=TokenIssuer(settings=settings, catalog=library.catalog, tokens=tokens)
    )
    return (
        open_mount(uploads, face),
        open_mount(f"{uploads}/{pulse.FINALIZE}", windowed(window, finalizing.answer)),
        Mount(
            prefix=f"{uploads}/{pulse.TOKENS}",
            app=windowed(window, desk.answer),
            form=Form.JSON,
            access=Access.REQUIRED,
            open_methods=frozenset({"OPTIONS"}),
            any_origin=True,
            is_exact=True,
        ),
        open_mount(f"{settings.prefix}/health", windowed(window, _health)),
    )


def open_mount(prefix: str, app: WSGIApplication) -> Mount:
    """A mount that finds out by itself who asks."""
    return Mount(
        prefix=prefix,
        app=app,
        form=Form.JSON,
        access=Access.IGNORED,
        any_origin=True,
    )


def windowed(window: Window, answer: Callable[[Environ], Answer]) -> WSGIApplication:
    """A WSGI callable that answers by the function, through the window."""

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return window.serve(environ, start_response, answer)

    return app


def microseconds(duration: timedelta) -> int:
    """A length of time as the domain counts it."""
    return round(duration.total_seconds() * SECOND)


def _health(environ: Environ) -> Document:
    if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
        raise HttpProblem(405, headers=(("Allow", "OPTIONS, GET, HEAD"),))
    return Document(200, {"status": "OK"})
