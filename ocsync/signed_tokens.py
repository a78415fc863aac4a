"""Signed tokens: claims that this installation vouches for until a moment.

JSON Web Tokens (HS256 and nothing else) for one audience. Several keys may be
accepted, the first one signs; which it was stands in the header, as a hint. Nothing
is stored. What the claims mean is known to those who make and read them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import jwt

from spaces.clock import MINUTE, Clock, Instant, from_seconds, to_seconds

_ALGORITHM: Final = "HS256"
_MAX_TOKEN: Final = 4096
_MIN_KEY: Final = 32
_SKEW: Final = MINUTE


class TokenRefused(Exception):
    """The token is no token, not ours, or no longer valid."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a good token says, and when."""

    claims: Mapping[str, Any]
    issued_at: Instant
    expires_at: Instant


class TokenSigner:
    """Signs and reads the tokens of one audience."""

    def __init__(
        self,
        *,
        keys: Sequence[bytes],
        audience: str,
        required: tuple[str, ...],
        clock: Clock,
    ) -> None:
        """Take the keys and which claims there must be, beside those of every token."""
        assert keys
        self._keys = {key_id(key): _padded(key) for key in keys}
        self._signing_id = key_id(keys[0])
        self._audience = audience
        self._required = ["aud", "exp", "iat", *required]
        self._clock = clock

    def now(self) -> Instant:
        """The time by which tokens expire."""
        return self._clock()

    def sign(
        self, claims: Mapping[str, Any], *, issued_at: Instant, expires_at: Instant
    ) -> str:
        """A token with the claims."""
        stamped = {
            "aud": self._audience,
            "exp": to_seconds(expires_at),
            "iat": to_seconds(issued_at),
            **claims,
        }
        key = self._keys[self._signing_id]
        headers = {"kid": self._signing_id}
        return jwt.encode(stamped, key, algorithm=_ALGORITHM, headers=headers)

    def read(self, token: str) -> Signed:
        """What a token says that is good now.

        Raises:
            TokenRefused: it is malformed, signed by nobody we know, in another way
                than ours, for another audience, expired, or of the future.
        """
        if len(token) > _MAX_TOKEN:
            raise TokenRefused("the token is too long")
        try:
            claims = self._verified(token)
            issued_at, expires_at = _instant(claims["iat"]), _instant(claims["exp"])
        except (jwt.PyJWTError, ValueError) as error:
            raise TokenRefused("the token is not valid") from error
        now = self._clock()
        if expires_at <= now or issued_at > now + _SKEW:
            raise TokenRefused("the token has expired")
        return Signed(claims, issued_at, expires_at)

    def _verified(self, token: str) -> Mapping[str, Any]:
        """The claims, times unjudged: they are judged by the clock given."""
        named = jwt.get_unverified_header(token).get("kid")
        *others, last = (named,) if named in self._keys else tuple(self._keys)
        for name in others:
            with suppress(jwt.InvalidSignatureError):
                return self._decoded(token, self._keys[name])
        return self._decoded(token, self._keys[last])

    def _decoded(self, token: str, key: bytes) -> Mapping[str, Any]:
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=self._audience,
            options={
                "require": self._required,
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
        return claims


def key_id(key: bytes) -> str:
    """A short name for a key that does not give it away."""
    return hashlib.sha256(b"ocsync token key\0" + key).hexdigest()[:8]


def _padded(key: bytes) -> bytes:
    """The key as HMAC itself would pad it: short ones make PyJWT complain."""
    return key.ljust(_MIN_KEY, b"\0")


def _instant(value: object) -> Instant:
    is_truth = isinstance(value, bool)
    if not is_truth and isinstance(value, int | float) and 0 <= value < 2**40:
        return from_seconds(value)
    raise ValueError("the claim is no time")
