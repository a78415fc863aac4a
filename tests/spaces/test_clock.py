"""Time: whole microseconds, and what lies at their ends."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaces.clock import (
    EARLIEST,
    LATEST,
    SECOND,
    Instant,
    from_seconds,
    system_clock,
    to_datetime,
    to_seconds,
)


def test_system_clock_tells_the_present() -> None:
    """In microseconds."""
    before = datetime.now(UTC).timestamp()

    assert before - 1 < system_clock() / SECOND < before + 60


@given(st.integers(min_value=EARLIEST, max_value=LATEST))
def test_instants_are_dates(microseconds: int) -> None:
    """From year 1 to year 9999, before the epoch as well."""
    instant = Instant(microseconds)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)

    since_epoch = to_datetime(instant) - epoch

    assert since_epoch.days * 86_400 + since_epoch.seconds == to_seconds(instant)
    assert since_epoch.microseconds == microseconds % SECOND


def test_fractions_of_seconds_are_kept() -> None:
    """Clients send them as modification times."""
    assert from_seconds(1.5) == 1_500_000
    assert to_seconds(from_seconds(-0.5)) == -1


def test_instants_beyond_are_refused() -> None:
    """No date can say them."""
    with pytest.raises((OverflowError, ValueError)):
        to_datetime(Instant(LATEST + 400 * 86_400 * SECOND))
