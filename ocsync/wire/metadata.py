"""`Upload-Metadata`: key-value pairs with base64 values (tus 1.0 §Creation).

The text is kept byte for byte, because HEAD must return it as it was given. What the
keys mean is not known here, but for reading a value as text or as a time.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from spaces.clock import EARLIEST, LATEST, SECOND, Instant

MAX_BYTES: Final = 32 * 1024
MAX_PAIRS: Final = 64

_KEY: Final = re.compile(r"[!-+\--~]+")
_SECONDS: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")


class MetadataMalformed(ValueError):
    """The metadata does not follow the grammar."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """The pairs, values decoded from base64 but not from their character set."""

    raw: str = ""
    pairs: Mapping[str, bytes] = field(default_factory=dict)

    def text(self, *keys: str) -> str | None:
        """The value of the first key that is there and not empty.

        Raises:
            MetadataMalformed: the value is not UTF-8.
        """
        for key in keys:
            value = self.pairs.get(key)
            if value:
                try:
                    return value.decode()
                except UnicodeDecodeError as error:
                    raise MetadataMalformed(f"{key!r} is not UTF-8") from error
        return None

    def time(self, key: str) -> Instant | None:
        """The value as seconds since the epoch; None if it is no time at all."""
        text = self.pairs.get(key, b"").decode("utf-8", "replace").strip()
        if _SECONDS.fullmatch(text) is None:
            return None
        whole, _, fraction = text.partition(".")
        parts = int(fraction[:6].ljust(6, "0")) if fraction else 0
        sign = -1 if whole.startswith("-") else 1
        instant = Instant(int(whole) * SECOND + sign * parts)
        return instant if EARLIEST <= instant <= LATEST else None


NO_METADATA: Final = Metadata()


def parse_metadata(raw: str, *, is_lenient: bool) -> Metadata:
    """Read the header.

    Lenient reading passes over pairs that break the grammar, and the last of equal
    keys counts, as oCIS does.

    Raises:
        MetadataMalformed: with the reason; when lenient, only for excessive size.
    """
    if len(raw) > MAX_BYTES:
        raise MetadataMalformed(f"metadata is limited to {MAX_BYTES} bytes")
    items = raw.split(",")
    if len(items) > MAX_PAIRS:
        raise MetadataMalformed(f"metadata is limited to {MAX_PAIRS} pairs")
    pairs: dict[str, bytes] = {}
    for item in items:
        try:
            key, value = _parse_pair(item.strip(" \t"))
        except MetadataMalformed:
            if not is_lenient:
                raise
            continue
        if key in pairs and not is_lenient:
            raise MetadataMalformed(f"the key {key!r} is there twice")
        pairs[key] = value
    return Metadata(raw, pairs)


def _parse_pair(item: str) -> tuple[str, bytes]:
    key, _, encoded = item.partition(" ")
    if _KEY.fullmatch(key) is None:
        raise MetadataMalformed("a key is one or more ASCII characters")
    try:
        return key, base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MetadataMalformed(f"the value of {key!r} is not base64") from error
