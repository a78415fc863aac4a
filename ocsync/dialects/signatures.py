"""Omegastream's request signatures: their grammar, and both ways to make one.

Pure. The plain form is SHA-256 over key, expiration and video id with nothing between
them. That can be lengthened by who knows one signature, and digits could move from
one part to the next; so both parts have one form only, of which neither is possible.
The HMAC form has no such weakness.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from spaces.clock import MINUTE, SECOND, Instant
from spaces.ids import is_id

SKEW: Final = MINUTE
"""How long after its expiration a signature still counts, for clocks that differ."""

_EXPIRATION: Final = re.compile(r"[1-9][0-9]{9,10}")
_PLAIN: Final = re.compile(r"[0-9a-f]{64}")
_HMAC: Final = re.compile(r"v2=([0-9a-f]{64})")


class SignatureMalformed(Exception):
    """A header does not have its one form; the text names it."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The three headers of a request, well formed but not yet believed."""

    digest: str
    is_hmac: bool
    expiration: str
    video_id: str

    @property
    def expires_at(self) -> Instant:
        """Until when it counts."""
        return Instant(int(self.expiration) * SECOND)

    def is_by(self, keys: Iterable[str]) -> bool:
        """Whether one of the keys made it; takes as long whichever did."""
        sign = sign_hmac if self.is_hmac else sign_plain
        is_right = False
        for key in keys:
            wanted = sign(key, self.expiration, self.video_id)
            is_right |= hmac.compare_digest(wanted, self.digest)
        return is_right


def parse_signature(signature: str, expiration: str, video_id: str) -> Signature:
    """Read the headers.

    Raises:
        SignatureMalformed: one of them does not have its form.
    """
    if not is_id(video_id):
        raise SignatureMalformed("Video-Id must be a UUID in lower case")
    if _EXPIRATION.fullmatch(expiration) is None:
        raise SignatureMalformed("Expiration must be Unix seconds")
    keyed = _HMAC.fullmatch(signature)
    plain = _PLAIN.fullmatch(signature)
    if keyed is None and plain is None:
        raise SignatureMalformed("Signature must be SHA-256 in lower-case hex")
    digest = signature if keyed is None else keyed[1]
    return Signature(digest, keyed is not None, expiration, video_id)


def sign_plain(key: str, expiration: str, video_id: str) -> str:
    """The signature as Omegastream's document has it."""
    return hashlib.sha256(f"{key}{expiration}{video_id}".encode()).hexdigest()


def sign_hmac(key: str, expiration: str, video_id: str) -> str:
    """The digest of the keyed form; `v2=` goes before it in the header."""
    message = f"v2\n{expiration}\n{video_id}".encode()
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
