"""Dates in answers, in every form that a server may use."""

from datetime import UTC, datetime

import pytest

from ocsync.client.dates import parse_date


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37 -0000",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ],
)
def test_dates_are_aware(text: str) -> None:
    """Also where the text names no zone."""
    assert parse_date(text) == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", [None, "", "soon", "1", "Sun, 06 Nov 1994 08:49:37 +99999999999999"]
)
def test_what_is_no_date(text: str | None) -> None:
    """It is no mistake, but no time either."""
    assert parse_date(text) is None
