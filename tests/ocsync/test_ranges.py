"""Byte ranges of RFC 9110 §14."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocsync.wire.dates import format_http_date
from ocsync.wire.ranges import (
    ByteRange,
    MultipartRanges,
    RangeNotSatisfiable,
    format_content_range,
    is_if_range_met,
    parse_ranges,
)
from spaces.clock import Instant


def pairs(text: str, size: int) -> list[tuple[int, int]] | None:
    """The ranges as pairs."""
    ranges = parse_ranges(text, size)
    return None if ranges is None else [(part.start, part.stop) for part in ranges]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes=0-499", [(0, 500)]),
        ("bytes=500-999", [(500, 1000)]),
        ("bytes=-500", [(9500, 10000)]),
        ("bytes=9500-", [(9500, 10000)]),
        ("bytes=0-0,-1", [(0, 1), (9999, 10000)]),
        ("bytes= 0-0 , 2-3 ", [(0, 1), (2, 4)]),
        ("Bytes=1-1", [(1, 2)]),
        ("bytes=9999-20000", [(9999, 10000)]),
        ("bytes=-20000", [(0, 10000)]),
        ("bytes=0-1,20000-", [(0, 2)]),
        ("bytes=5-6,0-1", [(5, 7), (0, 2)]),
        ("bytes=0-9,5-19", [(0, 20)]),
    ],
)
def test_examples(text: str, expected: list[tuple[int, int]]) -> None:
    """The examples of RFC 9110 §14.1.2, and what lies at the borders."""
    assert pairs(text, 10_000) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "items=0-1",
        "bytes=a-b",
        "bytes=1",
        "bytes=2-1",
        "bytes=-",
        "bytes=0-1-2",
        "bytes=--1",
        "bytes=0x1-2",
        "bytes=" + ",".join(["0-0"] * 100),
    ],
)
def test_what_cannot_be_read_is_ignored(text: str) -> None:
    """RFC 9110 §14.2: an invalid or abusive Range is as if it had not been sent."""
    assert parse_ranges(text, 100) is None


@pytest.mark.parametrize("text", ["bytes=100-", "bytes=200-300", "bytes=-0"])
def test_ranges_beyond_the_content_are_unsatisfiable(text: str) -> None:
    """RFC 9110 §15.5.17: no range within the content is a 416."""
    with pytest.raises(RangeNotSatisfiable):
        parse_ranges(text, 100)


@given(st.text(alphabet="bytes=0123456789-, ", max_size=40), st.integers(0, 1000))
def test_ranges_lie_within_the_content(text: str, size: int) -> None:
    """Whatever is asked, what is read lies within the content."""
    try:
        ranges = parse_ranges(text, size)
    except RangeNotSatisfiable:
        return
    for part in ranges or ():
        assert 0 <= part.start < part.stop <= size


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 20)), min_size=1))
def test_no_byte_is_sent_twice(specs: list[tuple[int, int]]) -> None:
    """Overlapping ranges are merged, so that no request multiplies the content."""
    text = "bytes=" + ",".join(f"{first}-{first + more}" for first, more in specs[:64])

    ranges = parse_ranges(text, 100)

    assert ranges is not None
    assert sum(part.length for part in ranges) <= 100


def test_if_range_by_tag() -> None:
    """RFC 9110 §13.1.5: a strong tag must be the present one."""
    assert is_if_range_met('"x"', "x", Instant(0))
    assert not is_if_range_met('"y"', "x", Instant(0))
    assert not is_if_range_met('W/"x"', "x", Instant(0))


def test_if_range_by_date() -> None:
    """RFC 9110 §13.1.5: a date must be exactly the Last-Modified."""
    modified = Instant(1_700_000_000_500_000)

    assert is_if_range_met(format_http_date(modified), "x", modified)
    assert not is_if_range_met(
        format_http_date(Instant(modified + 2_000_000)), "x", modified
    )
    assert not is_if_range_met("nonsense", "x", modified)


def test_multipart_length_is_exact() -> None:
    """The announced length is what the parts and their frame add up to."""
    parts = (ByteRange(0, 5), ByteRange(10, 30))
    frame = MultipartRanges(parts, 100, "text/plain", "limit")

    body = b"".join(frame.head(part) + b"x" * part.length for part in parts)

    assert len(body + frame.tail) == frame.content_length
    assert format_content_range(parts[1], 100) == "bytes 10-29/100"
