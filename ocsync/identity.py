"""Who may be believed, put together: OpenID Connect, signed URLs, the way to login.

The part of the composition root that knows how the pieces of `ocsync.oidc` fit.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from ocsync.auth.authenticators import Authenticator
from ocsync.auth.login_book import LoginBook
from ocsync.datadir import Secrets
from ocsync.discovery.edge import WebLogin, discovery_mounts
from ocsync.endpoints import Call
from ocsync.log import Log
from ocsync.oidc.bearer import AccessTokenAuthenticator, OwnIssuer
from ocsync.oidc.browser import Browser
from ocsync.oidc.clients import LOOPBACK_HOSTS, Clients
from ocsync.oidc.edge import OidcEndpoints
from ocsync.oidc.external import (
    ExternalIssuer,
    ExternalSettings,
    IssuerKeys,
    fetch_document,
)
from ocsync.oidc.keys import Keys
from ocsync.oidc.tokens import Tokens
from ocsync.problems import HttpProblem
from ocsync.routes import Mount
from ocsync.settings import Settings
from ocsync.signed_urls import SignedUrlAuthenticator, SigningKeys
from spaces.clock import system_clock
from spaces.credentials import CredentialCache
from spaces.grants import Grants
from spaces.library import Library
from spaces.model import Actor
from spaces.throttle import Throttle


@dataclass(frozen=True, slots=True)
class Identity:
    """What the application takes from here."""

    authenticators: tuple[Authenticator, ...]
    mounts: tuple[Mount, ...]
    signing_key: Callable[[Actor], str]
    login: WebLogin


def compose_identity(
    *,
    settings: Settings,
    library: Library,
    secrets: Secrets,
    throttle: Throttle,
    book: LoginBook,
    log: Log,
) -> Identity:
    """Put the parts together as the settings want them."""
    grants = Grants(database=library.database, cache=CredentialCache())
    signing_keys = SigningKeys(secret=secrets.transfer_key, stamp_of=grants.stamp)
    signed_urls = SignedUrlAuthenticator(
        accounts=library.accounts,
        keys=signing_keys,
        throttle=throttle,
        clock=system_clock,
        cache=CredentialCache(),
    )
    authenticators: tuple[Authenticator, ...] = (signed_urls,)
    mounts: tuple[Mount, ...] = ()
    if settings.auth.oidc_issuer is not None:
        external = _external(settings, library, log)
        bearer = AccessTokenAuthenticator(grants=grants, issuer=external)
        authenticators = (bearer, signed_urls)
    elif settings.auth.oidc_embedded:
        bearer, mounts = _embedded(
            settings, library, secrets, grants, throttle=throttle, book=book
        )
        authenticators = (bearer, signed_urls)
    login = WebLogin(_find_issuer(settings), settings.auth.oidc_client_id)
    return Identity(
        authenticators=authenticators,
        mounts=(*mounts, *discovery_mounts(login=login)),
        signing_key=signing_keys.key_of,
        login=login,
    )


def _embedded(
    settings: Settings,
    library: Library,
    secrets: Secrets,
    grants: Grants,
    *,
    throttle: Throttle,
    book: LoginBook,
) -> tuple[AccessTokenAuthenticator, tuple[Mount, ...]]:
    accounts, audience = library.accounts, library.storage_id
    keys = Keys(folder=settings.data)
    clients = Clients(
        secret=secrets.transfer_key, web_client_id=settings.auth.oidc_client_id
    )
    own = OwnIssuer(keys=keys, audience=audience)
    bearer = AccessTokenAuthenticator(grants=grants, issuer=own)
    tokens = Tokens(grants=grants, accounts=accounts, keys=keys, clock=system_clock)
    issuer_of = _require_issuer(settings)
    browser = Browser(
        accounts=accounts,
        grants=grants,
        clients=clients,
        keys=keys,
        throttle=throttle,
        book=book,
        clock=system_clock,
        secret=secrets.transfer_key,
        issuer_of=issuer_of,
    )
    endpoints = OidcEndpoints(
        accounts=accounts,
        grants=grants,
        clients=clients,
        keys=keys,
        tokens=tokens,
        own=own,
        bearer=bearer,
        audience=audience,
        issuer_of=issuer_of,
    )
    return bearer, endpoints.mounts(browser)


def _external(settings: Settings, library: Library, log: Log) -> ExternalIssuer:
    issuer = settings.auth.oidc_issuer or ""
    return ExternalIssuer(
        settings=ExternalSettings(
            issuer=issuer,
            audience=settings.auth.oidc_audience or "",
            name_claim=settings.auth.oidc_name_claim,
            provisions=settings.auth.oidc_provision,
        ),
        keys=IssuerKeys(issuer=issuer, fetch=fetch_document, clock=time.monotonic),
        accounts=library.accounts,
        log=log,
    )


def _find_issuer(settings: Settings) -> Callable[[Call], str | None]:
    """The issuer that clients are sent to, if there is one."""

    def issuer_of(call: Call) -> str | None:
        if settings.auth.oidc_issuer is not None:
            return settings.auth.oidc_issuer
        host = urlsplit(call.base_url).hostname
        is_certain = settings.server.url is not None or host in LOOPBACK_HOSTS
        return call.base_url if settings.auth.oidc_embedded and is_certain else None

    return issuer_of


def _require_issuer(settings: Settings) -> Callable[[Call], str]:
    """The URL of our own issuer, which must not depend on who asks."""
    find = _find_issuer(settings)

    def issuer_of(call: Call) -> str:
        issuer = find(call)
        if issuer is None:
            raise HttpProblem(
                404, "OpenID Connect needs the server's public URL: set OCSYNC_URL"
            )
        return issuer

    return issuer_of
