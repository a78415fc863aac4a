"""Times on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocsync.wire.dates import (
    format_http_date,
    format_iso_date,
    parse_http_date,
    parse_unix_seconds,
)
from ocsync.wire.malformed import MalformedHeader
from spaces.clock import EARLIEST, LATEST, SECOND, Instant, from_seconds

RFC_EXAMPLE = from_seconds(784111777)


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 6 Nov 1994 08:49:37 UTC",
    ],
)
def test_all_forms_are_read(text: str) -> None:
    """RFC 9110 §5.6.7 has three forms; some clients have more."""
    assert parse_http_date(text) == RFC_EXAMPLE


@pytest.mark.parametrize(
    "text",
    ["", "now", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT"],
)
def test_what_is_no_date(text: str) -> None:
    """Anything else is no date."""
    assert parse_http_date(text) is None


@given(st.integers(EARLIEST // SECOND, LATEST // SECOND))
def test_http_dates_round_trip(seconds: int) -> None:
    """Every second of every year that can be said comes back."""
    instant = Instant(seconds * SECOND)

    assert parse_http_date(format_http_date(instant)) == instant


def test_times_out_of_range_are_clamped() -> None:
    """A stored time that no HTTP date can say gives the nearest that one can."""
    assert format_http_date(Instant(LATEST * 2)).endswith("9999 23:59:59 GMT")
    assert format_iso_date(Instant(EARLIEST * 2)).startswith("0001-01-01")


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("0", 0),
        ("1699999999", 1_699_999_999_000_000),
        ("1699999999.5", 1_699_999_999_500_000),
        ("1699999999.123456789", 1_699_999_999_123_456),
        ("-1.5", -1_500_000),
        (" 12 ", 12_000_000),
        ("12.", 12_000_000),
    ],
)
def test_unix_seconds(text: str, microseconds: int) -> None:
    """X-OC-Mtime may have a fraction and may lie before 1970."""
    assert parse_unix_seconds(text, header="X-OC-Mtime") == microseconds


@pytest.mark.parametrize(
    "text", ["", "x", "1e9", "0x10", "1,5", "nan", "9" * 15, "1 2"]
)
def test_what_is_no_number_of_seconds(text: str) -> None:
    """Anything else is malformed, not guessed at."""
    with pytest.raises(MalformedHeader):
        parse_unix_seconds(text, header="X-OC-Mtime")
