"""Trust in somebody else's OpenID Connect issuer: its access tokens open our doors.

What the issuer says about itself is fetched when it is first needed (Discovery §4)
and kept; its keys are fetched again when a token names one that is not known, though
no more than twice a minute, so a flood of forged tokens cannot make us flood it.
Whom the issuer vouches for is found by the name it gives them, or, where accounts are
made for them, by issuer and subject.
"""

import json
import threading
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import urlsplit

import jwt

from ocsync.log import Log
from ocsync.oidc.clients import LOOPBACK_HOSTS
from spaces.accounts import Accounts
from spaces.clock import Instant, from_seconds
from spaces.errors import SpacesError
from spaces.grant_model import GrantId
from spaces.ids import UserId

_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
_SKEW_SECONDS: Final = 60
_KEYS_SECONDS: Final = 3600.0
_RETRY_SECONDS: Final = 30.0
_FETCH_SECONDS: Final = 5.0
_MAX_DOCUMENT: Final = 512 * 1024

Fetch = Callable[[str], Mapping[str, Any]]


class IssuerUnavailable(Exception):
    """The issuer does not answer, or not as it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalSettings:
    """Which issuer is trusted, and how its claims become accounts."""

    issuer: str
    audience: str
    name_claim: str
    provisions: bool
    """Whether somebody new gets an account; else the claim names one that exists."""


class IssuerKeys:
    """The keys of an issuer, by their ids; thread-safe."""

    def __init__(
        self, *, issuer: str, fetch: Fetch, clock: Callable[[], float]
    ) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._clock = clock
        self._mutex = threading.Lock()
        self._keys: Mapping[str | None, jwt.PyJWK] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None

    def find(self, key_id: str | None) -> jwt.PyJWK | None:
        """The key of this id, fetched if need be.

        Raises:
            IssuerUnavailable: no keys are known and none can be had.
        """
        with self._mutex:
            if self._is_due(key_id):
                self._refresh()
            return self._keys.get(key_id)

    def _is_due(self, key_id: str | None) -> bool:
        now = self._clock()
        if self._tried_at is not None and now - self._tried_at < _RETRY_SECONDS:
            return False
        is_old = self._fetched_at is None or now - self._fetched_at > _KEYS_SECONDS
        return is_old or key_id not in self._keys

    def _refresh(self) -> None:
        self._tried_at = self._clock()
        try:
            document = dict(self._fetch(_keys_url(self._issuer, self._fetch)))
            keys = jwt.PyJWKSet.from_dict(document).keys
        except (KeyError, jwt.PyJWTError) as error:
            raise IssuerUnavailable(f"the issuer's documents: {error}") from error
        except IssuerUnavailable:
            if not self._keys:
                raise
            return  # what is known stays good while the issuer is away
        usable = [key for key in keys if key.public_key_use in {None, "sig"}]
        self._keys = {key.key_id: key for key in usable}
        self._fetched_at = self._clock()


def _keys_url(issuer: str, fetch: Fetch) -> str:
    configuration = fetch(f"{issuer}/.well-known/openid-configuration")
    if str(configuration["issuer"]).rstrip("/") != issuer:
        raise IssuerUnavailable("the issuer calls itself something else")
    return str(configuration["jwks_uri"])


class ExternalIssuer:
    """Access tokens of another issuer."""

    def __init__(
        self,
        *,
        settings: ExternalSettings,
        keys: IssuerKeys,
        accounts: Accounts,
        log: Log,
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._accounts = accounts
        self._log = log

    def identify(self, token: str) -> tuple[UserId, Instant, GrantId | None] | None:
        """Verify signature, issuer, audience and time; find or make the account."""
        try:
            claims = self._claims(token)
            user_id = None if claims is None else self._user_of(claims)
        except IssuerUnavailable as error:
            self._log.error("issuer unavailable", reason=str(error))
            return None
        except (jwt.InvalidTokenError, SpacesError) as error:
            self._log.info("access token refused", reason=str(error))
            return None
        if claims is None or user_id is None:
            return None
        return user_id, from_seconds(float(claims["exp"])), None

    def _claims(self, token: str) -> Mapping[str, Any] | None:
        header = jwt.get_unverified_header(token)
        key = self._keys.find(header.get("kid"))
        if key is None or header.get("alg") not in _ALGORITHMS:
            return None
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=[self._settings.issuer, f"{self._settings.issuer}/"],
            audience=self._settings.audience,
            leeway=_SKEW_SECONDS,
            options={"require": ["exp", "iss", "sub", "aud"]},
        )
        # An ID token says who somebody is; it does not open doors (RFC 9068 §4).
        return None if "nonce" in claims or "at_hash" in claims else claims

    def _user_of(self, claims: Mapping[str, Any]) -> UserId | None:
        subject = claims["sub"]
        if not isinstance(subject, str) or not subject:
            return None
        name = _text(claims, self._settings.name_claim)
        if not self._settings.provisions:
            return self._accounts.get(name).id
        user = self._accounts.find_or_create(
            self._settings.issuer,
            subject,
            name=name or subject,
            display_name=_text(claims, "name"),
            mail=_text(claims, "email"),
        )
        return user.id


def fetch_document(url: str) -> Mapping[str, Any]:
    """A JSON object over HTTPS; plain HTTP only on this machine.

    Raises:
        IssuerUnavailable: there is none.
    """
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (
        parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS
    )
    if not is_safe:
        raise IssuerUnavailable(f"{url} is not reached over https")
    try:
        with urllib.request.urlopen(url, timeout=_FETCH_SECONDS) as answer:  # noqa: S310  # checked above
            document = json.loads(answer.read(_MAX_DOCUMENT))
    except (URLError, OSError, ValueError) as error:
        raise IssuerUnavailable(f"{url}: {error}") from error
    if not isinstance(document, dict):
        raise IssuerUnavailable(f"{url} holds no JSON object")
    return document


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""
