"""The dialects, put together: which are on, and where they answer.

A dialect that is off is not made at all, so its URLs are those of nobody.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from wsgiref.types import StartResponse, WSGIApplication

from ocsync.auth.sealing import SecretSealer
from ocsync.auth.upload_tokens import UploadTokens
from ocsync.dialects import omegastream, picora, pulse
from ocsync.dialects.cors import origins_of
from ocsync.dialects.face import UploadFace
from ocsync.dialects.issuing import TokenDesk, TokenIssuer
from ocsync.dialects.picora_direct import DirectUploads
from ocsync.dialects.picora_resources import ResourceDesk, Sessions
from ocsync.dialects.window import Answer, Document, Environ, Window
from ocsync.problems import HttpProblem
from ocsync.renderings import Form
from ocsync.routes import Access, Mount
from ocsync.settings import Settings
from ocsync.uploads.runner import Engine
from spaces.api_keys import ApiKeys
from spaces.clock import to_microseconds
from spaces.idempotency import IdempotencyKeys
from spaces.library import Library
from spaces.resources import Resources
from spaces.upload_model import Lifetime
from spaces.videos import Videos


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What dialects are made of."""

    settings: Settings
    library: Library
    engine: Engine
    keys: tuple[bytes, ...]

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
    if settings.omegastream.enabled:
        mounts += omegastream_mounts(workshop)
    if settings.picora.enabled:
        mounts += picora_mounts(workshop)
    return tuple(mounts)


def pulse_mounts(workshop: Workshop) -> Iterable[Mount]:
    """Pulse Cam."""
    library, settings = workshop.library, workshop.settings.pulse
    dialect = pulse.pulse_dialect(
        lifetime=Lifetime(
            to_microseconds(settings.idle), to_microseconds(settings.max_age)
        ),
        max_size=workshop.max_size(settings.max_size),
    )
    cors = pulse.pulse_cors(settings.origins)
    window = Window(dialect=dialect, cors=cors, phrase=pulse.phrase)
    tokens = UploadTokens(keys=workshop.keys, clock=library.uploads.now)
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
        issuer=TokenIssuer(
            settings=settings,
            catalog=library.catalog,
            tokens=tokens,
            audit=library.audit,
        )
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


def omegastream_mounts(workshop: Workshop) -> Iterable[Mount]:
    """Omegastream."""
    library, settings = workshop.library, workshop.settings.omegastream
    dialect = omegastream.omegastream_dialect(
        lifetime=Lifetime(to_microseconds(settings.expiry)),
        max_size=workshop.max_size(settings.max_size),
    )
    origins = origins_of(settings.origins, workshop.settings.cors.origins)
    window = Window(
        dialect=dialect,
        cors=omegastream.omegastream_cors(origins),
        phrase=omegastream.phrase,
    )
    keys = omegastream_keys(library, workshop.keys)
    videos = Videos(database=library.database)
    door = omegastream.SignedDoor(
        engine=workshop.engine,
        terms=dialect.terms,
        keys=keys,
        videos=videos,
        accounts=library.accounts,
        tree=library.tree,
        max_ahead=to_microseconds(settings.max_ahead),
        takes_plain=settings.plain_signatures,
    )
    uploads = f"{settings.prefix}/tusupload"
    face = UploadFace(engine=workshop.engine, window=window, door=door, path=uploads)
    desk = omegastream.VideoDesk(
        engine=workshop.engine,
        terms=dialect.terms,
        keys=keys,
        videos=videos,
        accounts=library.accounts,
    )
    return (
        open_mount(uploads, face),
        open_mount(f"{settings.prefix}/video", windowed(window, desk.answer)),
    )


def omegastream_keys(library: Library, keys: tuple[bytes, ...]) -> ApiKeys:
    """The API keys of Omegastream, which must be recoverable."""
    return ApiKeys(
        database=library.database,
        api=omegastream.DIALECT,
        prefix=omegastream.KEY_PREFIX,
        sealer=SecretSealer(keys=keys),
    )


def picora_keys(library: Library) -> ApiKeys:
    """The API keys of Picora, of which only hashes are kept."""
    return ApiKeys(
        database=library.database,
        api=picora.DIALECT,
        prefix=picora.KEY_PREFIX,
        sealer=None,
    )


def picora_mounts(workshop: Workshop) -> Iterable[Mount]:
    """Picora."""
    library, settings = workshop.library, workshop.settings.picora
    dialect = picora.picora_dialect(
        lifetime=Lifetime(to_microseconds(settings.expiry)),
        max_size=workshop.max_size(settings.max_size),
        min_chunk=settings.min_chunk,
    )
    origins = origins_of(settings.origins, workshop.settings.cors.origins)
    window = Window(
        dialect=dialect, cors=picora.picora_cors(origins), phrase=picora.phrase
    )
    door = picora.KeyDoor(
        keys=picora_keys(library), accounts=library.accounts, tree=library.tree
    )
    uploads = f"{settings.prefix}/uploads"
    sessions = Sessions(
        face=UploadFace(
            engine=workshop.engine,
            window=window,
            door=door,
            path=uploads,
            methods=picora.METHODS,
            no_version=400,
        ),
        uploads=library.uploads,
    )
    direct = DirectUploads(
        engine=workshop.engine,
        terms=picora.direct_terms(
            dialect.terms, workshop.max_size(settings.max_direct_size)
        ),
        door=door,
        repeats=IdempotencyKeys(database=library.database),
    )
    desks = {
        kind: ResourceDesk(
            kind=kind,
            door=door,
            direct=direct,
            resources=Resources(database=library.database),
            storage_id=library.storage_id,
        )
        for kind in picora.FOLDERS
    }
    return (
        open_mount(uploads, windowed(window, sessions.answer)),
        *(
            open_mount(
                f"{settings.prefix}/{picora.URLS[kind]}", windowed(window, desk.answer)
            )
            for kind, desk in desks.items()
        ),
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


def _health(environ: Environ) -> Document:
    if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
        raise HttpProblem(405, headers=(("Allow", "OPTIONS, GET, HEAD"),))
    return Document(200, {"status": "OK"})
