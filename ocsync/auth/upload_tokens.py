"""Upload tokens: who may put files into one folder, how large, and until when.

JSON Web Tokens (HS256 and nothing else), made by whoever may write to the folder and
given to an app. A token stands for its maker and is checked against the maker's
rights whenever it is used; it opens nothing else. Nothing of it is stored.
"""

import hmac
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import jwt

from spaces.clock import MINUTE, Clock, Instant, from_seconds, to_seconds
from spaces.errors import NameRefused
from spaces.ids import SpaceId, UserId, is_id, secret_id
from spaces.names import require_name

AUDIENCE: Final = "ocsync-upload"

_ALGORITHM: Final = "HS256"
_REQUIRED: Final = ["aud", "exp", "iat", "jti", "sub", "space", "folder"]
_MAX_TOKEN: Final = 4096
_SKEW: Final = MINUTE


class UploadTokenRefused(Exception):
    """The token is no token, not ours, or no longer valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadGrant:
    """What a token allows: files of at most so many bytes, in this folder."""

    user_id: UserId
    space_id: SpaceId
    path: tuple[str, ...]
    max_bytes: int | None
    expires_at: Instant


class UploadTokens:
    """Signs and reads the tokens of one installation; the first key signs."""

    def __init__(self, *, keys: Sequence[bytes], clock: Clock) -> None:
        self._keys = [
            hmac.digest(key, b"ocsync upload token", "sha256") for key in keys
        ]
        self._clock = clock

    def now(self) -> Instant:
        """The time by which tokens expire."""
        return self._clock()

    def sign(self, grant: UploadGrant) -> str:
        """A token for the grant."""
        claims: dict[str, object] = {
            "aud": AUDIENCE,
            "exp": to_seconds(grant.expires_at),
            "folder": list(grant.path),
            "iat": to_seconds(self._clock()),
            "jti": secret_id(),
            "space": grant.space_id,
            "sub": grant.user_id,
        }
        if grant.max_bytes is not None:
            claims["max"] = grant.max_bytes
        return jwt.encode(claims, self._keys[0], algorithm=_ALGORITHM)

    def read(self, token: str) -> UploadGrant:
        """What the token allows.

        Raises:
            UploadTokenRefused: it is malformed, not signed by us in our way, for
                another audience, expired, or of the future.
        """
        if len(token) > _MAX_TOKEN:
            raise UploadTokenRefused
        try:
            claims = self._verified(token)
            grant, issued_at = _grant(claims), from_seconds(_number(claims["iat"]))
        except (jwt.PyJWTError, NameRefused, TypeError, ValueError) as error:
            raise UploadTokenRefused from error
        now = self._clock()
        if grant.expires_at <= now or issued_at > now + _SKEW:
            raise UploadTokenRefused
        return grant

    def _verified(self, token: str) -> Mapping[str, Any]:
        """The claims, times unjudged: they are judged by the database's clock."""
        for key in self._keys:
            with suppress(jwt.InvalidSignatureError):
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
        raise UploadTokenRefused


def _grant(claims: Mapping[str, Any]) -> UploadGrant:
    user_id, space_id, path = claims["sub"], claims["space"], claims["folder"]
    largest = claims.get("max")
    if not (is_id(user_id) and is_id(space_id) and isinstance(path, list)):
        raise ValueError("the claims make no sense")
    return UploadGrant(
        user_id=UserId(user_id),
        space_id=SpaceId(space_id),
        path=tuple(map(require_name, path)),
        max_bytes=None if largest is None else _number(largest),
        expires_at=from_seconds(_number(claims["exp"])),
    )


def _number(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < 2**53:
        raise ValueError("the claims make no sense")
    return value
