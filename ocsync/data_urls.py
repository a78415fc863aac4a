"""Signed URLs of uploads: a token that says which, and until when.

The claims are those that oCIS uses: `aud`, `iat`, `exp` and `target`; the target is
opaque, never a URL, so a token cannot make the server ask another one. Whoever has
the token may write to that one upload, so tokens never reach a log whole. Whether
the upload is still there is not known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ocsync.signed_tokens import TokenRefused, TokenSigner
from spaces.clock import Clock, Instant

AUDIENCE: Final = "reva"
"""What oCIS's own data URLs are addressed to."""

_MAX_TARGET: Final = 256


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a valid token says."""

    target: str
    issued_at: Instant
    expires_at: Instant


class DataUrls:
    """Signs and reads the tokens of one installation; the first key signs."""

    def __init__(self, *, keys: Sequence[bytes], clock: Clock) -> None:
        self._signer = TokenSigner(
            keys=keys, audience=AUDIENCE, required=("target",), clock=clock
        )

    def sign(self, target: str, *, issued_at: Instant, expires_at: Instant) -> str:
        """A token for the target."""
        return self._signer.sign(
            {"target": target}, issued_at=issued_at, expires_at=expires_at
        )

    def read(self, token: str) -> Ticket:
        """What the token says.

        Raises:
            TokenRefused: it is not good, or not for an upload.
        """
        signed = self._signer.read(token)
        target = signed.claims["target"]
        if not isinstance(target, str) or not 0 < len(target) <= _MAX_TARGET:
            raise TokenRefused("the claims make no sense")
        return Ticket(target, signed.issued_at, signed.expires_at)
