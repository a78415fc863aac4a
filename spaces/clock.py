"""Time as the domain counts it: whole microseconds since the Unix epoch, UTC.

Everything that expires or is leased is judged by the database's clock
(`spaces.db.engine.Database.now`), so machines whose clocks differ agree. Nothing
else in the domain reads a clock.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, NewType

Instant = NewType("Instant", int)
"""Microseconds since 1970-01-01T00:00:00Z; may be negative."""

Clock = Callable[[], Instant]

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

EARLIEST: Final = Instant(-62_135_596_800 * SECOND)
"""The first second of year 1, the earliest a HTTP date can say."""
LATEST: Final = Instant(253_402_300_799 * SECOND)
"""The last second of year 9999, the latest a HTTP date can say."""


def system_clock() -> Instant:
    """The machine's own clock."""
    return Instant(time.time_ns() // 1000)


def to_microseconds(duration: timedelta) -> int:
    """A duration as instants are counted."""
    return round(duration.total_seconds() * SECOND)


def from_seconds(seconds: float) -> Instant:
    """The instant so many seconds after the epoch."""
    return Instant(round(seconds * SECOND))


def to_seconds(instant: Instant) -> int:
    """Whole seconds since the epoch, rounded down."""
    return instant // SECOND


def to_datetime(instant: Instant) -> datetime:
    """The instant as an aware UTC datetime.

    Raises:
        OverflowError: the instant lies outside the years 1 to 9999.
    """
    seconds, microseconds = divmod(instant, SECOND)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)
