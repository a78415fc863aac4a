"""Signed URLs of uploads: a token that says which, and until when.

A JSON Web Token (HS256 and nothing else) with the claims that oCIS uses: `aud`,
`iat`, `exp` and `target`; the target is opaque, never a URL, so a token cannot make
the server ask another one. Whoever has the token may write to that one upload, so
tokens never reach a log whole. Several keys may be accepted, the first one signs.
Whether the upload is still there is not known here.
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import jwt

from spaces.clock import MINUTE, Clock, Instant, from_seconds, to_seconds

AUDIENCE: Final = "reva"
"""What oCIS's own data URLs are addressed to."""

_ALGORITHM: Final = "HS256"
_REQUIRED: Final = ["aud", "exp", "iat", "target"]
_MAX_TOKEN: Final = 4096
_MAX_TARGET: Final = 256
_MIN_KEY: Final = 32
_SKEW: Final = MINUTE


class TokenRefused(Exception):
    """The token is no token, not ours, or no longer valid."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a valid token says."""

    target: str
    issued_at: Instant
    expires_at: Instant


class DataUrls:
    """Signs and reads the tokens of one installation."""

    def __init__(self, *, keys: Sequence[bytes], clock: Clock) -> None:
        assert keys
        self._keys = {key_id(key): _padded(key) for key in keys}
        self._signing_id = key_id(keys[0])
        self._clock = clock

    def sign(self, target: str, *, issued_at: Instant, expires_at: Instant) -> str:
        """A token for the target."""
        claims = {
            "aud": AUDIENCE,
            "exp": to_seconds(expires_at),
            "iat": to_seconds(issued_at),
            "target": target,
        }
        key = self._keys[self._signing_id]
        headers = {"kid": self._signing_id}
        return jwt.encode(claims, key, algorithm=_ALGORITHM, headers=headers)

    def read(self, token: str) -> Ticket:
        """What the token says.

        Raises:
            TokenRefused: it is malformed, signed by nobody we know, in another way
                than ours, for another audience, expired, or of the future.
        """
        if len(token) > _MAX_TOKEN:
            raise TokenRefused("the token is too long")
        try:
            claims = self._verified(token)
        except (jwt.PyJWTError, ValueError) as error:
            raise TokenRefused("the token is not valid") from error
        ticket = _ticket(claims)
        now = self._clock()
        if ticket.expires_at <= now or ticket.issued_at > now + _SKEW:
            raise TokenRefused("the token has expired")
        return ticket

    def _verified(self, token: str) -> Mapping[str, Any]:
        """The claims, times unjudged: they are judged by the database's clock."""
        named = jwt.get_unverified_header(token).get("kid")
        *others, last = (named,) if named in self._keys else tuple(self._keys)
        for name in others:
            with suppress(jwt.InvalidSignatureError):
                return _decoded(token, self._keys[name])
        return _decoded(token, self._keys[last])


def _decoded(token: str, key: bytes) -> Mapping[str, Any]:
    claims: Mapping[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[_ALGORITHM],
        audience=AUDIENCE,
        options={
            "require": _REQUIRED,
            "verify_exp": False,
            "verify_iat": False,
            "verify_nbf": False,
        },
    )
    return claims


def key_id(key: bytes) -> str:
    """A short name for a key that does not give it away."""
    return hashlib.sha256(b"ocsync data url key\0" + key).hexdigest()[:8]


def _padded(key: bytes) -> bytes:
    """The key as HMAC itself would pad it: short ones make PyJWT complain."""
    return key.ljust(_MIN_KEY, b"\0")


def _ticket(claims: Mapping[str, Any]) -> Ticket:
    target, issued, expires = claims["target"], claims["iat"], claims["exp"]
    is_sane = (
        isinstance(target, str)
        and 0 < len(target) <= _MAX_TARGET
        and _is_time(issued)
        and _is_time(expires)
    )
    if not is_sane:
        raise TokenRefused("the claims make no sense")
    return Ticket(target, from_seconds(issued), from_seconds(expires))


def _is_time(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value < 2**40  # type: ignore[operator]  # it is a number
