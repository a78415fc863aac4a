"""Checksums as clients write them, and digests that run over bytes.

Three notations: `Upload-Checksum` of tus (`sha1 <base64>`; oCIS's own tests send
`SHA1 <hex>`), the `checksum` metadata of ownCloud clients (`SHA1 <hex>`) and the
dictionaries of RFC 9530 (`sha-256=:<base64>:`). It does not know which bytes are
meant nor what follows from a mismatch.
"""

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

Bytes = bytes | bytearray | memoryview

_DIGEST_BYTES: Final[Mapping[str, int]] = {
    "md5": 16,
    "sha1": 20,
    "sha256": 32,
    "sha512": 64,
    "crc32": 4,
    "adler32": 4,
}
ALGORITHMS: Final = tuple(_DIGEST_BYTES)
"""What is really verified, in the order in which it is announced."""

_FIELD_NAMES: Final[Mapping[str, str]] = {
    "md5": "md5",
    "sha": "sha1",
    "sha-256": "sha256",
    "sha-512": "sha512",
    "adler": "adler32",
}
"""RFC 9530's names of algorithms, and ours."""

_HEX: Final = re.compile(r"[0-9A-Fa-f]+")
_FIELD_MEMBER: Final = re.compile(r"\s*([a-z*][a-z0-9_.*-]*)\s*=\s*:([A-Za-z0-9+/=]*):")


class ChecksumMalformed(ValueError):
    """The text is not a checksum."""


class ChecksumUnknown(ValueError):
    """The algorithm is none that the server verifies."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """The digest that some bytes shall have."""

    algorithm: str
    digest: bytes

    @property
    def hex(self) -> str:
        """The digest in lower-case hexadecimal."""
        return self.digest.hex()


class RunningDigest(Protocol):
    """A digest that grows with the bytes."""

    def update(self, data: Bytes, /) -> None:
        """Take the next bytes."""
        ...

    def digest(self) -> bytes:
        """The digest of all bytes taken."""
        ...


class _RunningSum:
    """CRC-32 or Adler-32, in network byte order."""

    __slots__ = ("_step", "_value")

    def __init__(self, step: Callable[[Bytes, int], int], value: int) -> None:
        self._step = step
        self._value = value

    def update(self, data: Bytes, /) -> None:
        self._value = self._step(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


def start_digest(algorithm: str) -> RunningDigest:
    """A fresh digest of one of `ALGORITHMS`."""
    match algorithm:
        case "crc32":
            return _RunningSum(zlib.crc32, 0)
        case "adler32":
            return _RunningSum(zlib.adler32, 1)
        case _:
            return hashlib.new(algorithm, usedforsecurity=False)


def parse_upload_checksum(text: str, *, is_lenient: bool) -> Checksum:
    """Read `algorithm SP digest` (tus 1.0 §Checksum).

    Lenient reading also takes hexadecimal digests and names in any case.

    Raises:
        ChecksumMalformed: the grammar or the length of the digest is wrong.
        ChecksumUnknown: the algorithm is not verified here.
    """
    algorithm, separator, encoded = text.strip().partition(" ")
    if not separator or not algorithm:
        raise ChecksumMalformed("a checksum is an algorithm, a space and a digest")
    if is_lenient:
        algorithm = algorithm.lower().replace("-", "")
    size = _DIGEST_BYTES.get(algorithm)
    if size is None:
        raise ChecksumUnknown(f"the checksum algorithm {algorithm!r} is not supported")
    encoded = encoded.strip()
    if is_lenient and len(encoded) == 2 * size and _HEX.fullmatch(encoded):
        return Checksum(algorithm, bytes.fromhex(encoded))
    return Checksum(algorithm, _decode(encoded, size))


def parse_digest_field(text: str) -> tuple[Checksum, ...]:
    """The checksums of a `Repr-Digest` or `Content-Digest` field that we verify.

    Members with other algorithms are passed over (RFC 9530 §2).

    Raises:
        ChecksumMalformed: the field is not a dictionary of byte sequences.
    """
    found: dict[str, Checksum] = {}
    for member in text.split(","):
        match = _FIELD_MEMBER.fullmatch(member.rstrip())
        if match is None:
            raise ChecksumMalformed("a digest field is `algorithm=:base64:`")
        algorithm = _FIELD_NAMES.get(match[1])
        if algorithm is not None:
            digest = _decode(match[2], _DIGEST_BYTES[algorithm])
            found[algorithm] = Checksum(algorithm, digest)
    return tuple(found.values())


def format_digest_field(checksum: Checksum) -> str:
    """The checksum as a member of a digest field (RFC 9530)."""
    names = {ours: theirs for theirs, ours in _FIELD_NAMES.items()}
    encoded = base64.b64encode(checksum.digest).decode("ascii")
    return f"{names[checksum.algorithm]}=:{encoded}:"


def _decode(encoded: str, size: int) -> bytes:
    try:
        digest = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ChecksumMalformed("the digest is not base64") from error
    if len(digest) != size:
        raise ChecksumMalformed(f"the digest has {len(digest)} bytes, not {size}")
    return digest
