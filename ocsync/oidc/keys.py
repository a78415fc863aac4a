"""The keys that sign tokens: made at the first use, rotated by command.

They lie in one file that only its owner reads, as private JSON Web Keys, the newest
first: it signs, the others still verify what they signed. Processes that share the
file notice a rotation by its time stamp. Machines that serve the same data share the
file as they share the secret of upload URLs.
"""

import base64
import json
import os
import secrets
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from ocsync.datadir import DataFolderError

KEYS_FILE: Final = "oidc-keys.json"
ALGORITHM: Final = "RS256"
"""The one algorithm that every client of OpenID Connect must know (Core §15.1)."""

_KEY_BITS: Final = 2048
_KEPT_KEYS: Final = 3
_FILE_MODE: Final = 0o600


class KeyFileError(DataFolderError):
    """The keys cannot be used; the text is one clear line."""


@dataclass(frozen=True, slots=True)
class _Key:
    """One key pair, with its public half as clients fetch it."""

    id: str
    private: rsa.RSAPrivateKey
    public_jwk: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Ring:
    """The keys of the file at one moment."""

    stamp: tuple[int, int]
    keys: tuple[_Key, ...]


class Keys:
    """The keys in a folder; thread-safe, and safe beside other processes."""

    def __init__(self, *, folder: Path) -> None:
        self._path = folder / KEYS_FILE
        self._ring: _Ring | None = None
        self._mutex = threading.Lock()

    def sign(self, claims: Mapping[str, Any], *, kind: str) -> str:
        """A JWT of the claims, signed by the newest key. `kind` is its `typ`.

        Raises:
            KeyFileError: there are no keys and none can be made.
        """
        key = self._current().keys[0]
        headers = {"kid": key.id, "typ": kind}
        return jwt.encode(
            dict(claims), key.private, algorithm=ALGORITHM, headers=headers
        )

    def verify(self, token: str, *, audience: str, kind: str) -> Mapping[str, Any]:
        """The claims of a token of this kind and audience that one of the keys signed.

        Raises:
            jwt.InvalidTokenError: it is none, or its time is up.
            KeyFileError: the keys cannot be read.
        """
        header = jwt.get_unverified_header(token)
        key = self._find(header.get("kid"))
        if key is None or header.get("typ") != kind:
            raise jwt.InvalidTokenError("not a token of this issuer")
        return cast(
            "Mapping[str, Any]",
            jwt.decode(
                token,
                key.private.public_key(),
                algorithms=[ALGORITHM],
                audience=audience,
                options={"require": ["exp", "iat", "sub", "aud"]},
            ),
        )

    def verify_hint(self, token: str) -> Mapping[str, Any] | None:
        """The claims of an ID token we once issued, however old; None if we did not."""
        try:
            key = self._find(jwt.get_unverified_header(token).get("kid"))
            if key is None:
                return None
            return cast(
                "Mapping[str, Any]",
                jwt.decode(
                    token,
                    key.private.public_key(),
                    algorithms=[ALGORITHM],
                    options={"verify_exp": False, "verify_aud": False},
                ),
            )
        except jwt.InvalidTokenError:
            return None

    def public_keys(self) -> dict[str, object]:
        """The JSON Web Key Set that everybody may know."""
        return {"keys": [dict(key.public_jwk) for key in self._current().keys]}

    def rotate(self) -> str:
        """Let a new key sign from now on, and return its id.

        Raises:
            KeyFileError: the file cannot be written.
        """
        with self._mutex:
            try:
                kept = _read(self._path).keys if self._path.exists() else ()
                ring = (_new_key(), *kept)[:_KEPT_KEYS]
                _write(self._path, ring, replaces=True)
            except OSError as error:
                raise _unusable(self._path, error) from None
            return ring[0].id

    def _find(self, key_id: object) -> _Key | None:
        return next((k for k in self._current().keys if k.id == key_id), None)

    def _current(self) -> _Ring:
        """The keys as the file has them now; looking costs one stat."""
        try:
            ring = self._ring
            if ring is not None and ring.stamp == _stamp(self._path):
                return ring
            with self._mutex:
                if not self._path.exists():
                    _write(self._path, (_new_key(),), replaces=False)
                self._ring = ring = _read(self._path)
                return ring
        except OSError as error:
            raise _unusable(self._path, error) from None


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_ino


def _new_key() -> _Key:
    private = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    return _key(secrets.token_hex(8), private)


def _key(key_id: str, private: rsa.RSAPrivateKey) -> _Key:
    numbers = private.public_key().public_numbers()
    public = {
        "kty": "RSA",
        "use": "sig",
        "alg": ALGORITHM,
        "kid": key_id,
        "n": _base64(numbers.n),
        "e": _base64(numbers.e),
    }
    return _Key(key_id, private, public)


def _base64(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _read(path: Path) -> _Ring:
    stamp = _stamp(path)
    try:
        document = json.loads(path.read_text())
        keys = tuple(_read_key(jwk) for jwk in document["keys"])
    except (ValueError, KeyError, TypeError, jwt.InvalidKeyError):
        raise KeyFileError(f"the keys in {path} are damaged") from None
    if not keys:
        raise KeyFileError(f"there are no keys in {path}")
    return _Ring(stamp, keys)


def _read_key(jwk: Mapping[str, str]) -> _Key:
    private = RSAAlgorithm.from_jwk(json.dumps(jwk))
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError("not a private key")
    return _key(jwk["kid"], private)


def _write(path: Path, keys: tuple[_Key, ...], *, replaces: bool) -> None:
    """Write the file whole; without `replaces` whoever comes first wins."""
    document = {
        "keys": [
            {**RSAAlgorithm.to_jwk(key.private, as_dict=True), "kid": key.id}
            for key in keys
        ]
    }
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".oidc-keys-")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w") as file:
            os.fchmod(file.fileno(), _FILE_MODE)
            if os.geteuid() == 0:
                # By root's hand, for a server that is not root's.
                owner = path.parent.stat()
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        if replaces:
            temporary.replace(path)
        else:
            try:
                os.link(temporary, path)
            except FileExistsError:
                return
    finally:
        temporary.unlink(missing_ok=True)


def _unusable(path: Path, error: OSError) -> KeyFileError:
    reason = (error.strerror or str(error)).lower()
    return KeyFileError(f"cannot use the keys in {path}: {reason}")
