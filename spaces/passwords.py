"""Passwords: how they are hashed and compared, and which are allowed.

argon2id with the parameters OWASP recommends. A comparison costs tens of
milliseconds and 19 MiB on purpose, so no more of them run at once than there are
cores, and an account that does not exist costs as much as one that does. Knows no
accounts and remembers nothing.
"""

import os
import threading
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from spaces.errors import PasswordRefused

MAX_PASSWORD_BYTES: Final = 1024

_TIME_COST: Final = 2
_MEMORY_KIB: Final = 19 * 1024
_NOBODY: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$0H4oTZ8EerlDm5iDcgeatw"
    "$YWFWH0o12kwl0yPEhie+u9d5zW0WdBGESn16vzfeT3A"
)
"""What a password is compared with when there is no account; none fits."""


def require_password(password: str) -> str:
    """Return the password if an account may have it.

    Raises:
        PasswordRefused: with the reason in words.
    """
    if not password:
        raise PasswordRefused("a password must not be empty")
    if _size_bytes(password) > MAX_PASSWORD_BYTES:
        raise PasswordRefused(f"a password must not exceed {MAX_PASSWORD_BYTES} bytes")
    if "\0" in password:
        raise PasswordRefused("a password must not contain a zero byte")
    return password


class Passwords:
    """Hashes and verifies; thread-safe, at most `at_once` computations at a time."""

    def __init__(
        self,
        *,
        at_once: int,
        time_cost: int = _TIME_COST,
        memory_kib: int = _MEMORY_KIB,
    ) -> None:
        self.turn = threading.BoundedSemaphore(at_once)
        self._hasher = PasswordHasher(
            time_cost=time_cost, memory_cost=memory_kib, parallelism=1
        )

    def hash(self, password: str) -> str:
        """The hash to store.

        Raises:
            PasswordRefused: the password is empty or too long.
        """
        require_password(password)
        with self.turn:
            return self._hasher.hash(_encoded(password))

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password fits the stored hash; None never does, as slowly.

        The caller holds `turn`, so that it can look once more for what another
        thread found out while it waited.
        """
        if not password or _size_bytes(password) > MAX_PASSWORD_BYTES:
            return False
        try:
            self._hasher.verify(stored or _NOBODY, _encoded(password))
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)


def default_passwords() -> Passwords:
    """As many computations at once as the machine has cores."""
    return Passwords(at_once=os.cpu_count() or 1)


def _size_bytes(password: str) -> int:
    return len(_encoded(password))


def _encoded(password: str) -> bytes:
    """Bytes even of lone surrogates, which broken clients send."""
    return password.encode(errors="surrogatepass")
