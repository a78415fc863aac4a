"""The small headers of RFC 4918 §10 and RFC 7240: text to values.

Depth, Overwrite, Timeout, Lock-Token, Destination, Prefer. Pure.
"""

import re
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

from ocsync.wire.malformed import MalformedHeader

_SECONDS: Final = re.compile(r"Second-(\d{1,19})", re.IGNORECASE)
_LOCK_TOKEN: Final = re.compile(r"(<)?([^<>\s\x00-\x1f\x7f]+)(?(1)>)")
_MAX_TIMEOUT_SECONDS: Final = 2**32 - 1


class Depth(Enum):
    """How far below a resource a request reaches."""

    ZERO = "0"
    ONE = "1"
    INFINITY = "infinity"


def parse_depth(text: str | None, *, default: Depth) -> Depth:
    """Read Depth; `infinity` in any case.

    Raises:
        MalformedHeader: anything but 0, 1 or infinity.
    """
    if text is None:
        return default
    try:
        return Depth(text.strip().lower())
    except ValueError:
        raise MalformedHeader("Depth", f"invalid value {text[:40]!r}") from None


def parse_overwrite(text: str | None) -> bool:
    """Read Overwrite; true when missing.

    Raises:
        MalformedHeader: neither T nor F.
    """
    match "T" if text is None else text.strip().upper():
        case "T":
            return True
        case "F":
            return False
        case _:
            raise MalformedHeader("Overwrite", "expected T or F")


def parse_timeout(text: str | None) -> int | None:
    """Seconds the client would like a lock to last; None: as long as it may.

    The header is a wish (RFC 4918 §10.7), so what cannot be read is passed over.
    """
    for wish in (text or "").split(","):
        if match := _SECONDS.fullmatch(wish.strip()):
            return min(int(match[1]), _MAX_TIMEOUT_SECONDS)
        if wish.strip().lower() == "infinite":
            return None
    return None


def parse_lock_token(text: str | None) -> str:
    """The token of an UNLOCK.

    The brackets of a Coded-URL may be missing: npm's `webdav` sends none.

    Raises:
        MalformedHeader: missing, or more than one token.
    """
    match = _LOCK_TOKEN.fullmatch((text or "").strip())
    if match is None:
        raise MalformedHeader("Lock-Token", "expected one token in angle brackets")
    return match[2]


def parse_destination(text: str | None, *, hosts: frozenset[str]) -> str:
    """The raw path of a Destination on this server.

    Args:
        text: an absolute URL, or a path as the desktop client sends it.
        hosts: names (with ports) under which this server is known, lower case.

    Raises:
        MalformedHeader: missing, unreadable, or on another server.
    """
    if not text:
        raise MalformedHeader("Destination", "the header is missing")
    text = text.strip()
    if any(character <= " " or character == "\x7f" for character in text):
        raise MalformedHeader("Destination", "spaces must be percent-encoded")
    if text.startswith("/") and not text.startswith("//"):
        path, _, fragment = text.partition("#")
        path = path.partition("?")[0]
    else:
        try:
            parts = urlsplit(text)
        except ValueError:
            raise MalformedHeader("Destination", "not a URL") from None
        if parts.scheme.lower() not in {"http", "https"} or not parts.netloc:
            raise MalformedHeader("Destination", "expected a path or a http(s) URL")
        if _authority(parts.netloc, parts.scheme) not in {
            _authority(host, parts.scheme) for host in hosts
        }:
            raise MalformedHeader("Destination", "it lies on another server")
        path, fragment = parts.path, parts.fragment
    if fragment:
        raise MalformedHeader("Destination", "a fragment makes no sense here")
    if not path.startswith("/"):
        raise MalformedHeader("Destination", "the path is missing")
    return path


def _authority(netloc: str, scheme: str) -> str:
    host = netloc.rpartition("@")[2].lower()
    return host.removesuffix(":80" if scheme.lower() == "http" else ":443")


def prefers_minimal(text: str | None) -> bool:
    """Whether Prefer asks for `return=minimal` (RFC 7240, RFC 8144)."""
    if text is None:
        return False
    return any(
        re.sub(r"\s|\"", "", preference.partition(";")[0]).lower() == "return=minimal"
        for preference in text.split(",")
    )
