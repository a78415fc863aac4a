"""Times on the wire: HTTP dates and Unix seconds, from and to instants.

Knows nothing of what the times mean. All dates go out as IMF-fixdate in GMT; all
three forms of RFC 9110 §5.6.7 are read.
"""

import math
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from ocsync.wire.malformed import MalformedHeader
from spaces.clock import EARLIEST, LATEST, SECOND, Instant, from_seconds, to_datetime

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun",
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
_MONTH_NUMBERS: Final = {name: index for index, name in enumerate(_MONTHS, 1)}

# RFC 9110 §5.6.7. "+0000" and "UTC" are what some Go and Python clients send.
_IMF_FIXDATE: Final = re.compile(
    r"[A-Z][a-z]{2}, ?(\d{1,2})[ -]([A-Z][a-z]{2})[ -](\d{4})"
    r" (\d\d):(\d\d):(\d\d) (?:GMT|UTC|\+0000)"
)
_RFC850: Final = re.compile(
    r"[A-Z][a-z]+, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d):(\d\d):(\d\d) GMT"
)
_ASCTIME: Final = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})"
)
_SECONDS: Final = re.compile(r"-?\d{1,15}(?:\.\d{0,12})?")
_CENTURY_PIVOT: Final = 70


@lru_cache(maxsize=4096)
def _format_seconds(seconds: int) -> str:
    at = to_datetime(Instant(seconds * SECOND))
    return (
        f"{_WEEKDAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year:04}"
        f" {at.hour:02}:{at.minute:02}:{at.second:02} GMT"
    )


def format_http_date(instant: Instant) -> str:
    """The instant as `Sun, 06 Nov 1994 08:49:37 GMT`."""
    return _format_seconds(min(max(instant, EARLIEST), LATEST) // SECOND)


def format_iso_date(instant: Instant) -> str:
    """The instant as `1994-11-06T08:49:37Z` (RFC 3339)."""
    at = to_datetime(Instant(min(max(instant, EARLIEST), LATEST)))
    # strftime pads years on some platforms only.
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at.year > 999 else at.isoformat()


def parse_http_date(text: str) -> Instant | None:
    """The instant a HTTP date means, None if it is none.

    An invalid date is to be ignored, not refused (RFC 9110 §13.1.3).
    """
    text = text.strip()
    if match := _IMF_FIXDATE.fullmatch(text):
        day, month, year, hour, minute, second = match.groups()
    elif match := _RFC850.fullmatch(text):
        day, month, year, hour, minute, second = match.groups()
        year = ("20" if int(year) < _CENTURY_PIVOT else "19") + year
    elif match := _ASCTIME.fullmatch(text):
        month, day, hour, minute, second, year = match.groups()
    else:
        return None
    try:
        at = datetime(
            int(year),
            _MONTH_NUMBERS[month],
            int(day),
            int(hour),
            int(minute),
            min(int(second), 59),  # a leap second is the second before it
            tzinfo=UTC,
        )
    except (ValueError, KeyError):
        return None
    return from_seconds(int((at - _EPOCH).total_seconds()))


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def parse_unix_seconds(text: str, *, header: str) -> Instant:
    """The instant that Unix seconds mean, with or without a fraction.

    Raises:
        MalformedHeader: not a number, or outside the years 1 to 9999.
    """
    text = text.strip()
    if _SECONDS.fullmatch(text) is None:
        raise MalformedHeader(header, "expected Unix seconds")
    seconds = float(text)
    if not math.isfinite(seconds):
        raise MalformedHeader(header, "expected Unix seconds")
    whole, _, fraction = text.partition(".")
    micros = int((fraction + "000000")[:6])
    instant = int(whole) * SECOND + (-micros if text.startswith("-") else micros)
    if not EARLIEST <= instant <= LATEST:
        raise MalformedHeader(header, "the time is out of range")
    return Instant(instant)
