"""The keys of search queries, and what their values mean.

A key nobody knows finds nothing, as in an index that has no such field. Pure; the
grammar around the terms is `spaces.query_parser`'s.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

from spaces.clock import DAY, EARLIEST, LATEST, SECOND, Instant
from spaces.errors import QueryRefused
from spaces.names import name_key
from spaces.query import (
    Below,
    IsFolder,
    MediaLike,
    ModifiedDuring,
    ModifiedWithin,
    NameLike,
    Not,
    Nothing,
    Period,
    SizeWithin,
    Tagged,
    Term,
)

MAX_WILDCARDS: Final = 16
_MAX_SIZE: Final = 2**63 - 1

_MEDIA: Final[Mapping[str, tuple[str, ...]]] = {
    "document": (
        "application/msword",
        "application/rtf",
        "application/vnd.oasis.opendocument.text*",
        "application/vnd.openxmlformats-officedocument.wordprocessingml*",
        "application/vnd.ms-word*",
        "text/markdown",
        "text/plain",
        "text/rtf",
    ),
    "spreadsheet": (
        "application/vnd.ms-excel*",
        "application/vnd.oasis.opendocument.spreadsheet*",
        "application/vnd.openxmlformats-officedocument.spreadsheetml*",
        "text/csv",
    ),
    "presentation": (
        "application/vnd.ms-powerpoint*",
        "application/vnd.oasis.opendocument.presentation*",
        "application/vnd.openxmlformats-officedocument.presentationml*",
    ),
    "pdf": ("application/pdf",),
    "image": ("image/*",),
    "video": ("video/*",),
    "audio": ("audio/*",),
    "archive": (
        "application/gzip",
        "application/java-archive",
        "application/vnd.rar",
        "application/x-7z-compressed",
        "application/x-bzip*",
        "application/x-gzip",
        "application/x-rar*",
        "application/x-tar",
        "application/x-xz",
        "application/zip",
        "application/zstd",
    ),
}
"""What the web's filter chips mean by a kind of file."""

_SIZE: Final = re.compile(r"(\d{1,19})\s*([kmgt]?)(i?)b?", re.ASCII | re.IGNORECASE)
_UNITS: Final = ("", "k", "m", "g", "t")


def term_of(key: str, operator: str, value: str) -> Term:
    """The term that `key operator value` stands for; key "" for a bare word.

    Raises:
        QueryRefused: the value cannot be understood.
    """
    reader = _KEYS.get(key)
    if reader is None:
        return Nothing()
    if operator == "<>":
        return Not(reader("=", value))
    return reader(operator, value)


def _word(_operator: str, value: str) -> Term:
    return NameLike(_pattern(f"*{value}*"))


def _name(_operator: str, value: str) -> Term:
    return NameLike(_pattern(value))


def _tag(_operator: str, value: str) -> Term:
    return Tagged(_pattern(value))


def _media_type(_operator: str, value: str) -> Term:
    kind = value.casefold()
    if kind in {"file", "folder"}:
        return IsFolder(kind == "folder")
    return MediaLike(_MEDIA.get(kind) or (_pattern(kind),))


def _type(_operator: str, value: str) -> Term:
    kind = value.casefold()
    if kind in {"file", "1"}:
        return IsFolder(is_folder=False)
    if kind in {"folder", "container", "2"}:
        return IsFolder(is_folder=True)
    return Nothing()


def _size(operator: str, value: str) -> Term:
    match = _SIZE.fullmatch(value.strip())
    if match is None:
        raise QueryRefused(f"{value!r} is not a size in bytes")
    number, unit, binary = match.groups()
    base = 1024 if binary else 1000
    size = min(int(number) * base ** _UNITS.index(unit.casefold()), _MAX_SIZE)
    match operator:
        case ">":
            return SizeWithin(size + 1, None)
        case ">=":
            return SizeWithin(size, None)
        case "<":
            return SizeWithin(None, size - 1)
        case "<=":
            return SizeWithin(None, size)
        case _:
            return SizeWithin(size, size)


def _modified(operator: str, value: str) -> Term:
    try:
        period = Period(value.strip().casefold())
    except ValueError:
        start, end = _stretch(value.strip())
    else:
        if operator in {":", "="}:
            return ModifiedDuring(period)
        raise QueryRefused(f"{value!r} is a stretch of time: use mtime:{value!r}")
    match operator:
        case ">":
            return ModifiedWithin(end, None)
        case ">=":
            return ModifiedWithin(start, None)
        case "<":
            return ModifiedWithin(None, start)
        case "<=":
            return ModifiedWithin(None, end)
        case _:
            return ModifiedWithin(start, end)


def _stretch(value: str) -> tuple[Instant, Instant]:
    """The day a date names, or the second or microsecond a time names."""
    try:
        if len(value) <= len("2024-05-01"):
            day = date.fromisoformat(value)
            start = _instant(datetime(day.year, day.month, day.day, tzinfo=UTC))
            return start, Instant(min(start + DAY, LATEST))
        moment = datetime.fromisoformat(value)
        start = _instant(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        raise QueryRefused(f"{value!r} is not a date") from error
    return start, Instant(start + (1 if start % SECOND else SECOND))


def _instant(moment: datetime) -> Instant:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return Instant(max((moment - epoch) // timedelta(microseconds=1), EARLIEST))


def _content(_operator: str, _value: str) -> Term:
    return Nothing()


def _scope(_operator: str, value: str) -> Term:
    return Below(value)


def _pattern(value: str) -> str:
    """The pattern in the form names are compared, runs of `*` made one."""
    pattern = re.sub(r"\*+", "*", name_key(value))
    if not pattern:
        raise QueryRefused("a value must not be empty")
    if pattern.count("*") + pattern.count("?") > MAX_WILDCARDS:
        raise QueryRefused(f"at most {MAX_WILDCARDS} wildcards can be used")
    return pattern


_KEYS: Final[Mapping[str, Callable[[str, str], Term]]] = {
    "": _word,
    "name": _name,
    "title": _name,
    "tag": _tag,
    "tags": _tag,
    "mediatype": _media_type,
    "mimetype": _media_type,
    "type": _type,
    "size": _size,
    "mtime": _modified,
    "content": _content,
    "scope": _scope,
}
