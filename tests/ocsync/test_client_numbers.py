"""Sizes and offsets that servers say."""

import pytest

from ocsync.client.numbers import parse_count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("10000000", 10_000_000),
        ("", None),
        (None, None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("9" * 19, None),
        ("1" * 5000, None),
    ],
)
def test_counts(text: str | None, count: int | None) -> None:
    """A number of any file's size, in ASCII digits, or nothing."""
    assert parse_count(text) == count
