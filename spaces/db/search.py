"""Searching the `nodes` table: terms of a query as SQL conditions.

Which of the nodes found are alive and where they are is asked afterwards, of those
found alone (`spaces.entries`). Names are compared without case by patterns in which
each letter stands for its forms, because SQLite's own comparison knows ASCII only.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final, assert_never

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
)

from spaces.clock import DAY, Instant, from_seconds, to_datetime
from spaces.db.node_reading import node_columns, read_node
from spaces.db.schema import blobs, nodes, tags
from spaces.ids import SpaceId
from spaces.model import Node
from spaces.query import (
    AllOf,
    AnyOf,
    Below,
    Fact,
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

Condition = ColumnElement[bool]

_STREAM_ROWS: Final = 512
_SPECIAL_TO_GLOB: Final = frozenset("[")
_SPECIAL_TO_LIKE: Final = frozenset("%_\\")


def stream_matches(
    connection: Connection, term: Term, space_ids: Iterable[SpaceId], now: Instant
) -> Iterator[Node]:
    """The nodes of these spaces that match, dead or alive but no roots, by name."""
    is_sqlite = connection.dialect.name == "sqlite"
    statement = (
        select(*node_columns())
        .select_from(nodes.outerjoin(blobs, blobs.c.id == nodes.c.blob_id))
        .where(
            nodes.c.space_id.in_(sorted(space_ids)),
            nodes.c.parent_id.is_not(None),
            _Conditions(now, is_sqlite=is_sqlite).of(term),
        )
        .order_by(func.lower(nodes.c.name_key), nodes.c.name_key, nodes.c.id)
    )
    options = {"stream_results": True, "max_row_buffer": _STREAM_ROWS}
    with connection.execute(statement, execution_options=options) as result:
        for rows in result.partitions(_STREAM_ROWS):
            yield from map(read_node, rows)


class _Conditions:
    """Makes conditions of terms, as of one time and for one kind of database."""

    def __init__(self, now: Instant, *, is_sqlite: bool) -> None:
        self._now = now
        self._is_sqlite = is_sqlite

    def of(self, term: Term) -> Condition:
        """The condition that holds for the nodes the term is true of."""
        match term:
            case AllOf(terms):
                return and_(true(), *map(self.of, terms))
            case AnyOf(terms):
                return or_(false(), *map(self.of, terms))
            case Not(inner):
                return not_(self.of(inner))
            case Nothing() | Below():
                return false()
            case _:
                return self._of_fact(term)

    def _of_fact(self, term: Fact) -> Condition:
        match term:
            case NameLike(pattern):
                return self._like(nodes.c.name_key, pattern)
            case Tagged(pattern):
                return exists().where(
                    tags.c.node_id == nodes.c.id, self._like(tags.c.tag, pattern)
                )
            case MediaLike(patterns):
                return self._media(patterns)
            case IsFolder(is_folder):
                is_one = nodes.c.blob_id.is_(None)
                return is_one if is_folder else not_(is_one)
            case SizeWithin(least, most):
                return _within(nodes.c.size, least, most)
            case ModifiedWithin(start, end):
                return _between(nodes.c.modified_at, start, end)
            case ModifiedDuring(period):
                return _between(nodes.c.modified_at, *stretch(period, self._now))
            case _:
                assert_never(term)

    def _media(self, patterns: tuple[str, ...]) -> Condition:
        """Never unknown, so that it can be negated."""
        return and_(
            nodes.c.media_type.is_not(None),
            or_(*(self._like(nodes.c.media_type, pattern) for pattern in patterns)),
        )

    def _like(self, column: ColumnElement[Any], pattern: str) -> Condition:
        if self._is_sqlite:
            return column.op("GLOB", is_comparison=True)(as_glob(pattern))
        return column.ilike(as_like(pattern), escape="\\")


def as_glob(pattern: str) -> str:
    """The pattern for SQLite's GLOB, each letter as the set of its forms."""
    return "".join(map(_glob_character, pattern))


def as_like(pattern: str) -> str:
    """The pattern for ILIKE."""
    wildcards = {"*": "%", "?": "_"}
    return "".join(
        f"\\{character}"
        if character in _SPECIAL_TO_LIKE
        else wildcards.get(character, character)
        for character in pattern
    )


def stretch(period: Period, now: Instant) -> tuple[Instant, Instant | None]:
    """When a period begins, and when it ends if not now."""
    today = to_datetime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday())
    month, year = today.replace(day=1), today.replace(month=1, day=1)
    last_month = (month - timedelta(days=1)).replace(day=1)
    last_year = (year - timedelta(days=1)).replace(month=1, day=1)
    starts: dict[Period, tuple[datetime, datetime | None]] = {
        Period.TODAY: (today, None),
        Period.YESTERDAY: (today - timedelta(days=1), today),
        Period.THIS_WEEK: (monday, None),
        Period.LAST_WEEK: (monday - timedelta(days=7), monday),
        Period.THIS_MONTH: (month, None),
        Period.LAST_MONTH: (last_month, month),
        Period.THIS_YEAR: (year, None),
        Period.LAST_YEAR: (last_year, year),
    }
    if period is Period.LAST_7_DAYS:
        return Instant(now - 7 * DAY), None
    if period is Period.LAST_30_DAYS:
        return Instant(now - 30 * DAY), None
    start, end = starts[period]
    return _instant(start), None if end is None else _instant(end)


def _glob_character(character: str) -> str:
    forms = {
        form
        for form in (character, character.lower(), character.upper())
        if len(form) == 1
    }
    if len(forms) == 1 and character not in _SPECIAL_TO_GLOB:
        return character
    return f"[{''.join(sorted(forms))}]"


def _within(
    column: ColumnElement[int], least: int | None, most: int | None
) -> Condition:
    conditions: list[Condition] = []
    if least is not None:
        conditions.append(column >= least)
    if most is not None:
        conditions.append(column <= most)
    return and_(true(), *conditions)


def _between(
    column: ColumnElement[int], start: Instant | None, end: Instant | None
) -> Condition:
    return _within(column, start, None if end is None else end - 1)


def _instant(moment: datetime) -> Instant:
    return from_seconds(moment.timestamp())
