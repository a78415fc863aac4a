"""The OC-Checksum header of a PUT: digests that the body shall have.

`SHA1:hex`, or several separated by spaces, as a download states them.
"""

import re
from typing import Final

from ocsync.wire.malformed import MalformedHeader
from spaces.checksums import ALGORITHMS

_DIGITS: Final = {
    "sha1": 40,
    "md5": 32,
    "adler32": 8,
    "sha256": 64,
    "sha512": 128,
    "crc32": 8,
}
_HEX: Final = re.compile(r"[0-9a-f]+")


def parse_oc_checksum(text: str | None) -> tuple[tuple[str, str], ...]:
    """Algorithms and hex digests in lower case; empty if the header is not sent.

    Raises:
        MalformedHeader: not a checksum, or of an algorithm that is not verified.
    """
    return tuple(_parse_member(member) for member in (text or "").split())


def _parse_member(member: str) -> tuple[str, str]:
    name, separator, value = member.partition(":")
    algorithm = name.lower().replace("-", "")
    if not separator or algorithm not in ALGORITHMS:
        raise MalformedHeader(
            "OC-Checksum", f"expected a digest by one of {', '.join(ALGORITHMS)}"
        )
    digest, digits = value.lower(), _DIGITS[algorithm]
    if algorithm in {"adler32", "crc32"}:
        digest = digest.rjust(digits, "0")
    if len(digest) != digits or _HEX.fullmatch(digest) is None:
        raise MalformedHeader("OC-Checksum", "the digest is not hexadecimal")
    return algorithm, digest
