"""Download URLs that a client signs by itself, so that a browser can open them.

ownCloud Web fetches the user's signing key once (OCS `cloud/user/signing-key`), adds
who, when, for how long and for which method to a URL, and signs all of it. Whoever
has the URL may GET it until it expires. The key is derived, not stored: it follows
from the installation's secret and from the user's credentials, so a new password
makes all URLs void.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit
from wsgiref.types import WSGIEnvironment

from ocsync.auth.authenticators import require_turn
from ocsync.auth.credentials import Credentials
from ocsync.wire.url_paths import raw_request_path
from spaces.accounts import Accounts
from spaces.clock import DAY, SECOND, Clock, Instant, from_seconds
from spaces.credentials import CredentialCache
from spaces.errors import UserNotFound
from spaces.ids import UserId
from spaces.model import Actor
from spaces.throttle import Throttle

ALGORITHM: Final = "PBKDF2/10000-SHA512"
MAX_AGE: Final = DAY
"""No URL is good for longer, whatever it says."""
MAX_SKEW: Final = 300 * SECOND
"""How far the clock of whoever signed may be ahead."""

_ITERATIONS: Final = 10_000
_SIGNATURE_BYTES: Final = 32
_SIGNED: Final = ("OC-Credential", "OC-Date", "OC-Expires", "OC-Verb")
_UNSIGNED: Final = re.compile(r"(?:^|&)OC-(?:Algo|Signature)=[^&]*")
_MAX_QUERY: Final = 8192


class SigningKeys:
    """The key with which a user signs URLs.

    `stamp_of` gives a text that changes when the user's credentials do.
    """

    def __init__(self, *, secret: bytes, stamp_of: Callable[[UserId], str]) -> None:
        self._secret = secret
        self._stamp_of = stamp_of

    def key_of(self, actor: Actor) -> str:
        """The key, as text that clients use as it is."""
        stamp = self._stamp_of(actor.user_id)
        message = f"url-signing\0{actor.user_id}\0{stamp}".encode()
        return hmac.new(self._secret, message, hashlib.sha512).hexdigest()


@dataclass(frozen=True, slots=True)
class SignedUrl:
    """A URL with its signature, taken apart but not yet believed."""

    url: str
    """What was signed."""
    name: str
    signed_at: Instant
    expires_at: Instant
    signature: str


class SignedUrlAuthenticator:
    """Who signed the URL of a GET; nothing else may be done by a signed URL."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        keys: SigningKeys,
        throttle: Throttle,
        clock: Clock,
        cache: CredentialCache,
    ) -> None:
        self._accounts = accounts
        self._keys = keys
        self._throttle = throttle
        self._clock = clock
        self._cache = cache

    def authenticate(
        self, credentials: Credentials | None, environ: WSGIEnvironment
    ) -> Actor | None:
        """Check the signature, if there is one and no other proof is offered.

        Raises:
            HttpProblem: 429, too many wrong signatures lately.
        """
        query = environ.get("QUERY_STRING", "")
        is_get = environ["REQUEST_METHOD"] == "GET"
        if credentials is not None or not is_get or "OC-Signature=" not in query:
            return None
        signed = read_signed_url(environ)
        now = self._clock()
        if signed is None or not _is_timely(signed, now):
            return None
        try:
            user = self._accounts.get(signed.name)
        except UserNotFound:
            return None
        actor = self._accounts.actor(user.id)
        return None if actor is None else self._verified(actor, signed, environ, now)

    def _verified(
        self, actor: Actor, signed: SignedUrl, environ: WSGIEnvironment, now: Instant
    ) -> Actor | None:
        """The actor if the signature is right. A first check costs milliseconds."""
        key = self._keys.key_of(actor)
        proof = f"{signed.signature}\0{signed.url}"
        if self._cache.find("url", actor.name, proof, epoch=key, now=now) is not None:
            return actor
        address = environ.get("REMOTE_ADDR", "")
        require_turn(self._throttle, actor.name, address)
        wanted = sign(signed.url, key).encode()
        if not hmac.compare_digest(wanted, signed.signature.encode()):
            self._throttle.failed(actor.name, address)
            return None
        self._cache.remember(
            "url",
            actor.name,
            proof,
            actor,
            epoch=key,
            now=now,
            expires_at=signed.expires_at,
        )
        return actor


def sign(url: str, key: str) -> str:
    """The signature of a URL, in hex."""
    return hashlib.pbkdf2_hmac(
        "sha512", url.encode(), key.encode(), _ITERATIONS, _SIGNATURE_BYTES
    ).hex()


def read_signed_url(environ: WSGIEnvironment) -> SignedUrl | None:
    """The signature of the request and what it signs; None if they are not whole."""
    query = environ.get("QUERY_STRING", "")
    if len(query) > _MAX_QUERY:
        return None
    pairs = parse_qsl(query, keep_blank_values=True)
    parameters = dict(pairs)
    if any(sum(name == each for each, _ in pairs) != 1 for name in _SIGNED):
        return None
    is_ours = parameters.get("OC-Algo") == ALGORITHM and parameters["OC-Verb"] == "GET"
    window = _window(parameters)
    if not is_ours or window is None:
        return None
    return SignedUrl(
        url=f"{_url(environ)}?{_UNSIGNED.sub('', query)}",
        name=parameters["OC-Credential"],
        signed_at=window[0],
        expires_at=window[1],
        signature=parameters.get("OC-Signature", ""),
    )


def _url(environ: WSGIEnvironment) -> str:
    """The URL as the client saw it, without its query."""
    base: str = environ.get("ocsync.base_url", "")
    path = raw_request_path(environ)
    parts = urlsplit(base)
    if parts.path and not path.startswith(parts.path):
        return base + path
    return f"{parts.scheme}://{parts.netloc}{path}"


def _window(parameters: Mapping[str, str]) -> tuple[Instant, Instant] | None:
    """From when to when the signature is good."""
    expires = parameters["OC-Expires"]
    if not (expires.isascii() and expires.isdigit()) or len(expires) > 9:
        return None
    try:
        signed_at = datetime.fromisoformat(parameters["OC-Date"])
    except ValueError:
        return None
    if signed_at.tzinfo is None:
        return None
    start = from_seconds(signed_at.timestamp())
    return start, Instant(start + min(int(expires) * SECOND, MAX_AGE))


def _is_timely(signed: SignedUrl, now: Instant) -> bool:
    return now < signed.expires_at and signed.signed_at <= now + MAX_SKEW
