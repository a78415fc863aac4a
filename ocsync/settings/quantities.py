"""How settings are written by people: sizes, durations, lists, switches, networks.

Each parser takes what a TOML file can hold or the text of an environment variable
or command-line option, and raises ValueError with a sentence that says what would
have been right. It does not know which setting it reads.
"""

import ipaddress
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGTP]?)(I?)B?", re.IGNORECASE)
_POWERS: Final = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
_DURATION_PART: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)?", re.IGNORECASE)
_SECONDS: Final = {
    "ms": 0.001,
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "w": 604_800,
}
_PREFIX: Final = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})
_NEVER: Final = frozenset({"", "none", "never", "unlimited"})


def parse_text(value: object) -> str:
    """Any text."""
    if isinstance(value, str):
        return value.strip()
    raise ValueError("expected text")


def parse_optional_text(value: object) -> str | None:
    """Any text; empty means that the setting is not set."""
    return parse_text(value) or None


def parse_secret(value: object) -> str | None:
    """Text taken exactly as it stands; empty means that the setting is not set."""
    if isinstance(value, str):
        return value or None
    raise ValueError("expected text")


def parse_path(value: object) -> Path:
    """A path; `~` is the home directory."""
    text = parse_text(value)
    if not text:
        raise ValueError("expected a path")
    return Path(text).expanduser()


def parse_optional_path(value: object) -> Path | None:
    """A path, or empty for none."""
    return parse_path(value) if parse_text(value) else None


def parse_switch(value: object) -> bool:
    """True or false, in any of the usual words."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
    raise ValueError("expected true or false")


def parse_size(value: object) -> int:
    """Bytes, such as `10GB` (powers of 1000) or `10GiB` (powers of 1024)."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("expected a size such as 500MB, 10GB or 4GiB")
    number, unit, binary = match.groups()
    base: int = 1024 if binary else 1000
    factor = int(base ** _POWERS[unit.upper()])
    return round(float(number) * factor) if "." in number else int(number) * factor


def parse_optional_size(value: object) -> int | None:
    """Bytes; `unlimited` or empty for no limit."""
    if isinstance(value, str) and value.strip().lower() in _NEVER:
        return None
    return parse_size(value)


def parse_duration(value: object) -> timedelta:
    """A length of time such as `90s`, `24h` or `1h30m`; a bare number is seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return _duration(float(value))
    text = value.strip() if isinstance(value, str) else ""
    parts = list(_DURATION_PART.finditer(text))
    if not parts or "".join(part.group(0) for part in parts) != text:
        raise ValueError("expected a length of time such as 90s, 30m, 24h or 7d")
    if len(parts) > 1 and any(not part.group(2) for part in parts):
        raise ValueError("every part of a length of time needs a unit, as in 1h30m")
    return _duration(
        sum(float(p.group(1)) * _SECONDS[(p.group(2) or "s").lower()] for p in parts)
    )


def _duration(seconds: float) -> timedelta:
    try:
        return timedelta(seconds=seconds)
    except OverflowError:
        raise ValueError("that length of time is too long") from None


def parse_optional_duration(value: object) -> timedelta | None:
    """A length of time; `never` or empty for no end."""
    if isinstance(value, str) and value.strip().lower() in _NEVER:
        return None
    return parse_duration(value)


def parse_words(value: object) -> tuple[str, ...]:
    """A list of texts; in one line they are separated by commas or blanks."""
    if isinstance(value, str):
        return tuple(word for word in re.split(r"[,\s]+", value) if word)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(item.strip() for item in value)
    raise ValueError("expected a list of texts")


def parse_networks(value: object) -> tuple[Network, ...]:
    """A list of IP addresses and networks, such as `10.0.0.0/8`."""
    try:
        return tuple(
            ipaddress.ip_network(word, strict=False) for word in parse_words(value)
        )
    except ValueError:
        raise ValueError("expected IP addresses or networks (10.0.0.0/8)") from None


def parse_origins(value: object) -> tuple[str, ...]:
    """A list of web origins such as `https://files.example.org`, or `*`."""
    origins = tuple(word.rstrip("/").lower() for word in parse_words(value))
    for origin in origins:
        parts = urlsplit(origin)
        is_origin = parts.scheme in {"http", "https"} and parts.hostname
        if origin != "*" and (not is_origin or parts.path or parts.query):
            raise ValueError("expected origins such as https://files.example.org")
    return origins


def parse_base_url(value: object) -> str | None:
    """The URL under which clients see the server; empty for none."""
    text = parse_text(value).rstrip("/")
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("expected a URL such as https://files.example.org")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("the URL must have no query, fragment or credentials")
    return text


def parse_prefix(value: object) -> str:
    """The beginning of URL paths: empty, or `/v1` without a slash at the end."""
    text = str(value).strip().rstrip("/")
    if text and not _PREFIX.fullmatch(text):
        raise ValueError("expected a path such as /v1, or nothing")
    return text


def parse_folder(value: object) -> str:
    """A folder in a space: names joined by slashes."""
    text = str(value).strip().strip("/")
    names = text.split("/")
    if not all(name.strip() and name not in {".", ".."} for name in names):
        raise ValueError("expected a folder such as Uploads/Videos")
    return text


def parse_between(lowest: int, highest: int) -> Callable[[object], int]:
    """A parser of whole numbers within the bounds."""

    def parse_number(value: object) -> int:
        is_number = isinstance(value, int | str) and not isinstance(value, bool)
        try:
            number = int(str(value)) if is_number else None
        except ValueError:
            number = None
        if number is None or not lowest <= number <= highest:
            raise ValueError(f"expected a whole number from {lowest} to {highest}")
        return number

    return parse_number


def parse_choice(*choices: str) -> Callable[[object], str]:
    """A parser of one out of several words."""

    def parse_word(value: object) -> str:
        if isinstance(value, str) and value.strip().lower() in choices:
            return value.strip().lower()
        raise ValueError(f"expected one of: {', '.join(choices)}")

    return parse_word


def format_size(size_bytes: int) -> str:
    """The shortest exact form that `parse_size` reads."""
    for unit, power in (("PB", 5), ("TB", 4), ("GB", 3), ("MB", 2), ("KB", 1)):
        if size_bytes and size_bytes % 1000**power == 0:
            return f"{size_bytes // 1000**power}{unit}"
    return str(size_bytes)


def format_duration(duration: timedelta) -> str:
    """The shortest exact form that `parse_duration` reads."""
    milliseconds = round(duration / timedelta(milliseconds=1))
    for unit, factor in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000)):
        if milliseconds and milliseconds % factor == 0:
            return f"{milliseconds // factor}{unit}"
    if milliseconds % 1000 == 0:
        return f"{milliseconds // 1000}s"
    return f"{milliseconds}ms"
