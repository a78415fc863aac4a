"""Encrypting small secrets that must be recoverable, before they are stored.

The database alone gives none of them away:
Fernet (AES-CBC with HMAC), under keys that follow from the installation's secrets; the
first one seals, former ones still open.
"""

import base64
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class SecretSealer:
    """Seals and unseals for one installation."""

    def __init__(self, *, keys: Sequence[bytes]) -> None:
        self._fernet = MultiFernet([Fernet(_derived(key)) for key in keys])

    def seal(self, secret: str) -> str:
        """The secret, encrypted."""
        return self._fernet.encrypt(secret.encode()).decode("ascii")

    def unseal(self, sealed: str) -> str | None:
        """The secret; None if it was sealed with another key or is damaged."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None


def _derived(key: bytes) -> bytes:
    return base64.urlsafe_b64encode(hmac.digest(key, b"ocsync sealed secret", "sha256"))
