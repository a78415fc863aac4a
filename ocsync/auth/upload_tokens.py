"""Upload tokens: who may put files into one folder, how large, and until when.

Made by whoever may write to the folder and given to an app. A token stands for its
maker and is checked against the maker's rights whenever it is used; it opens nothing
else. Nothing of it is stored.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ocsync.signed_tokens import Signed, TokenRefused, TokenSigner
from spaces.clock import Clock, Instant
from spaces.errors import NameRefused
from spaces.ids import SpaceId, UserId, is_id, secret_id
from spaces.names import require_name

AUDIENCE: Final = "ocsync-upload"

_REQUIRED: Final = ("jti", "sub", "space", "folder")


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
        own = [hmac.digest(key, b"ocsync upload token", "sha256") for key in keys]
        self._signer = TokenSigner(
            keys=own, audience=AUDIENCE, required=_REQUIRED, clock=clock
        )

    def now(self) -> Instant:
        """The time by which tokens expire."""
        return self._signer.now()

    def sign(self, grant: UploadGrant) -> str:
        """A token for the grant."""
        claims: dict[str, object] = {
            "folder": list(grant.path),
            "jti": secret_id(),
            "space": grant.space_id,
            "sub": grant.user_id,
        }
        if grant.max_bytes is not None:
            claims["max"] = grant.max_bytes
        return self._signer.sign(
            claims, issued_at=self.now(), expires_at=grant.expires_at
        )

    def read(self, token: str) -> UploadGrant:
        """What the token allows.

        Raises:
            TokenRefused: it is not good, or allows nothing that makes sense.
        """
        signed = self._signer.read(token)
        try:
            return _grant(signed)
        except (NameRefused, TypeError, ValueError) as error:
            raise TokenRefused("the claims make no sense") from error


def _grant(signed: Signed) -> UploadGrant:
    claims = signed.claims
    user_id, space_id, path = claims["sub"], claims["space"], claims["folder"]
    largest = claims.get("max")
    if not (is_id(user_id) and is_id(space_id) and isinstance(path, list)):
        raise ValueError("the claims make no sense")
    return UploadGrant(
        user_id=UserId(user_id),
        space_id=SpaceId(space_id),
        path=tuple(map(require_name, path)),
        max_bytes=None if largest is None else _number(largest),
        expires_at=signed.expires_at,
    )


def _number(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < 2**53:
        raise ValueError("the claims make no sense")
    return value
