"""The composition root: everything that answers HTTP, put together.

Reads from the bottom of the stack to the top: the parts, the table of URLs, and
around them what every request passes. Each part gets by its constructor what it
needs; nothing is looked up elsewhere.
"""

import time
from dataclasses import dataclass, replace
from wsgiref.types import WSGIApplication

from ocsync.archiver import archiver_mounts
from ocsync.auth.authenticators import (
    AppTokenAuthenticator,
    Authenticator,
    BasicAuthenticator,
)
from ocsync.auth.guard import Guard
from ocsync.auth.login_book import LoginBook
from ocsync.auth_app import auth_app_mounts
from ocsync.datadir import Secrets, read_secrets
from ocsync.dav.chunk_folders import chunk_folder_mounts
from ocsync.dav.chunks import chunked_uploads
from ocsync.dav.mounts import dav_mounts
from ocsync.dialects.mounts import Workshop, dialect_mounts
from ocsync.features import archive_limits, features_of
from ocsync.graph.edge import graph_mounts
from ocsync.identity import Identity, compose_identity
from ocsync.log import Log, open_log
from ocsync.metrics.board import Board
from ocsync.metrics.edge import metrics_mounts
from ocsync.metrics.meter import Meter
from ocsync.middleware.cors import Cors
from ocsync.middleware.errors import Errors
from ocsync.middleware.gatehouse import Gatehouse
from ocsync.middleware.origin import Origin
from ocsync.observer import Observer
from ocsync.ocs.edge import ocs_mounts
from ocsync.operations import HEALTH_PATHS, operation_mounts
from ocsync.redaction import Redactor
from ocsync.routes import Mount, Router, Routes
from ocsync.settings import Settings
from ocsync.tracing import Tracer
from ocsync.tus.mounts import upload_service
from ocsync.web.edge import web_mounts
from spaces.clock import system_clock
from spaces.library import Library
from spaces.throttle import Throttle


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the parts of one application share."""

    settings: Settings
    library: Library
    secrets: Secrets
    throttle: Throttle
    book: LoginBook
    identity: Identity
    log: Log
    meter: Meter


def create_app(
    settings: Settings,
    *,
    library: Library,
    log: Log | None = None,
    meter: Meter | None = None,
    tracer: Tracer | None = None,
) -> WSGIApplication:
    """The whole service as one WSGI callable.

    Without a meter it counts for itself, and not what the library does.

    Raises:
        DataFolderError: the secrets cannot be read.
    """
    redactor = Redactor.of(settings)
    log = log or open_log(settings.log, redactor=redactor)
    meter = meter or Meter(Board.create(workers=1))
    secrets = read_secrets(settings)
    throttle = Throttle(clock=time.monotonic)
    book = LoginBook(meter=meter, audit=library.audit)
    around = Surroundings(
        settings=settings,
        library=library,
        secrets=secrets,
        throttle=throttle,
        book=book,
        identity=compose_identity(
            settings=settings,
            library=library,
            secrets=secrets,
            throttle=throttle,
            book=book,
            log=log,
        ),
        log=log,
        meter=meter,
    )
    routes = Routes(_guarded(around, _mounts(around)))
    meter.name_routes(routes.prefixes)
    app: WSGIApplication = Router(routes)
    app = Errors(app, log=around.log)
    app = Cors(app, origins=settings.cors.origins, routes=routes)
    app = Origin(app, settings=settings.server, open_paths=HEALTH_PATHS)
    slow = settings.log.slow_request
    observer = Observer(
        log=log,
        meter=meter,
        redactor=redactor,
        slow_seconds=None if slow is None else slow.total_seconds(),
        tracer=tracer,
    )
    return Gatehouse(app, observer=observer)


def _mounts(around: Surroundings) -> tuple[Mount, ...]:
    uploads = upload_service(
        around.settings,
        library=around.library,
        keys=around.secrets.url_keys,
    )
    chunked = chunked_uploads(
        around.settings.uploads, engine=uploads.engine, library=around.library
    )
    mounts = (
        *operation_mounts(library=around.library, log=around.log),
        *metrics_mounts(
            settings=around.settings.metrics,
            board=around.meter.board,
            library=around.library,
        ),
        *graph_mounts(library=around.library),
        *around.identity.mounts,
        *web_mounts(issuer_of=around.identity.login.issuer_of),
        *archiver_mounts(
            library=around.library, limits=archive_limits(around.settings)
        ),
        *auth_app_mounts(accounts=around.library.accounts, clock=system_clock),
        *dav_mounts(
            library=around.library,
            settings=around.settings.dav,
            create_upload=uploads.create_upload,
            announcement=uploads.announcement,
            chunked=chunked,
        ),
        *chunk_folder_mounts(library=around.library, chunked=chunked),
        *uploads.mounts,
        *dialect_mounts(
            Workshop(
                settings=around.settings,
                library=around.library,
                engine=uploads.engine,
                keys=around.secrets.url_keys,
            )
        ),
    )
    prefixes = {mount.prefix for mount in mounts}
    return (
        *mounts,
        *ocs_mounts(
            library=around.library,
            features=features_of(around.settings, prefixes),
            signing_key=around.identity.signing_key,
        ),
    )


def _guarded(around: Surroundings, mounts: tuple[Mount, ...]) -> tuple[Mount, ...]:
    """The mounts, each behind a guard that finds out who asks."""
    authenticators = _authenticators(around)
    schemes = _schemes(around.settings)
    return tuple(
        replace(mount, app=Guard(mount, authenticators=authenticators, schemes=schemes))
        for mount in mounts
    )


def _authenticators(around: Surroundings) -> tuple[Authenticator, ...]:
    accounts = around.library.accounts
    basic: tuple[Authenticator, ...] = ()
    if around.settings.auth.basic:
        basic = (
            BasicAuthenticator(
                accounts=accounts, throttle=around.throttle, book=around.book
            ),
        )
    return (
        AppTokenAuthenticator(accounts=accounts),
        *basic,
        *around.identity.authenticators,
    )


def _schemes(settings: Settings) -> tuple[str, ...]:
    """What a 401 offers. Clients that see Bearer expect OpenID Connect behind it.

    Basic comes first, for simple clients read no further: duplicity is one.
    """
    auth = settings.auth
    has_bearer = auth.oidc_embedded or auth.oidc_issuer is not None or not auth.basic
    return (*(["Basic"] if auth.basic else []), *(["Bearer"] if has_bearer else []))
