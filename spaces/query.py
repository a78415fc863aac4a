"""Search queries: the part of KQL that clients send, as a small tree.

    report                      name contains "report"
    name:"*.pdf"                name matches, `*` any characters, `?` one
    tag:urgent  Tags:urgent     bears the tag
    mediatype:image             image/*, document, folder, …, or image/png
    type:file  type:folder
    size>10MB   mtime>=2024-05-01   mtime:"last 7 days"   mtime:today
    content:word                found in nothing: contents are not indexed
    scope:storage$space!node/path   below that folder; once, beside the rest
    a AND b   a b   a OR b   NOT a   -a   (…)   name:(a OR b)

Terms side by side mean AND, but OR between terms of the same key, as Microsoft and
oCIS have it. Case of names and keys does not matter. `spaces.query_parser` reads the
text; `spaces.db.search` makes SQL of the tree.
"""

from dataclasses import dataclass
from enum import Enum

from spaces.clock import Instant


class Period(Enum):
    """Stretches of time that are counted from now, in UTC."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    THIS_WEEK = "this week"
    LAST_WEEK = "last week"
    LAST_7_DAYS = "last 7 days"
    THIS_MONTH = "this month"
    LAST_MONTH = "last month"
    LAST_30_DAYS = "last 30 days"
    THIS_YEAR = "this year"
    LAST_YEAR = "last year"


@dataclass(frozen=True, slots=True)
class NameLike:
    """The name matches the pattern of `*` and `?`."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Tagged:
    """One of the tags matches the pattern."""

    pattern: str


@dataclass(frozen=True, slots=True)
class MediaLike:
    """A file whose media type matches one of the patterns."""

    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IsFolder:
    """A folder, or a file."""

    is_folder: bool


@dataclass(frozen=True, slots=True)
class SizeWithin:
    """From `least` to `most` bytes, both included."""

    least: int | None
    most: int | None


@dataclass(frozen=True, slots=True)
class ModifiedWithin:
    """From `start` on and before `end`."""

    start: Instant | None
    end: Instant | None


@dataclass(frozen=True, slots=True)
class ModifiedDuring:
    """In a stretch of time counted from now."""

    period: Period


@dataclass(frozen=True, slots=True)
class Nothing:
    """True of nothing: contents and unknown keys."""


@dataclass(frozen=True, slots=True)
class Below:
    """Below a folder, as the client writes it."""

    scope: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of the terms holds."""

    terms: tuple["Term", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the terms holds."""

    terms: tuple["Term", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The term does not hold."""

    term: "Term"


Fact = (
    NameLike
    | Tagged
    | MediaLike
    | IsFolder
    | SizeWithin
    | ModifiedWithin
    | ModifiedDuring
)
Term = Fact | Nothing | Below | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Query:
    """What to find, and below which folder; `scope` None: wherever one may look."""

    term: Term
    scope: str | None = None
