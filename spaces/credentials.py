"""What has lately been proven about credentials: the memory of this process.

A password costs tens of milliseconds to verify and is sent with every request, so
a success is remembered: by a keyed hash of the credential (the key is random and
never leaves the process), for a minute at most, and only as long as the epoch of
all credentials, which every change of an account renews in the database, is still
the one of the proof. Failures are never remembered. Knows no database.
"""

import hashlib
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from spaces.clock import SECOND, Instant
from spaces.model import Actor

REMEMBERED_SECONDS: Final = 60
MAX_ENTRIES: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Proof:
    actor: Actor
    epoch: str
    until: Instant


class CredentialCache:
    """Proven credentials, the least recently used forgotten first; thread-safe."""

    def __init__(self, *, max_entries: int = MAX_ENTRIES) -> None:
        self._key = secrets.token_bytes(32)
        self._max_entries = max_entries
        self._proofs: OrderedDict[bytes, _Proof] = OrderedDict()
        self._mutex = threading.Lock()

    def find(
        self, kind: str, name: str, secret: str, *, epoch: str, now: Instant
    ) -> Actor | None:
        """Whom this credential is known to identify, at this epoch and time."""
        key = self._digest(kind, name, secret)
        with self._mutex:
            proof = self._proofs.get(key)
            if proof is None:
                return None
            if proof.epoch != epoch or now >= proof.until:
                del self._proofs[key]
                return None
            self._proofs.move_to_end(key)
        return proof.actor

    def remember(
        self,
        kind: str,
        name: str,
        secret: str,
        actor: Actor,
        *,
        epoch: str,
        now: Instant,
        expires_at: Instant | None = None,
    ) -> None:
        """Keep a success, proven when the epoch was still this one."""
        until = Instant(now + REMEMBERED_SECONDS * SECOND)
        if expires_at is not None:
            until = min(until, expires_at)
        key = self._digest(kind, name, secret)
        with self._mutex:
            self._proofs[key] = _Proof(actor, epoch, until)
            self._proofs.move_to_end(key)
            while len(self._proofs) > self._max_entries:
                self._proofs.popitem(last=False)

    def __len__(self) -> int:
        return len(self._proofs)

    def _digest(self, kind: str, name: str, secret: str) -> bytes:
        """Keyed BLAKE2b: a MAC in itself (RFC 7693 §2.9), faster than HMAC."""
        parts = f"{kind}\0{len(name)}\0{name}\0{secret}"
        return hashlib.blake2b(
            parts.encode(errors="surrogatepass"), digest_size=32, key=self._key
        ).digest()
