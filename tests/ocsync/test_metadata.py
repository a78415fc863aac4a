"""Upload-Metadata: the grammar, strict and lenient."""

import base64
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocsync.wire.metadata import (
    MAX_BYTES,
    MetadataMalformed,
    parse_metadata,
)
from spaces.clock import SECOND

KEYS = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=","),
    min_size=1,
    max_size=20,
)


def written(pairs: Mapping[str, bytes]) -> str:
    """The header for the pairs, as a client writes it."""
    return ",".join(
        f"{key} {base64.b64encode(value).decode()}".rstrip(" ")
        for key, value in pairs.items()
    )


@given(st.dictionaries(KEYS, st.binary(max_size=50), min_size=1, max_size=20))
def test_round_trip(pairs: dict[str, bytes]) -> None:
    """What a client writes is read, and the text is kept."""
    text = written(pairs)

    read = parse_metadata(text, is_lenient=False)

    assert dict(read.pairs) == pairs
    assert read.raw == text


@given(st.text(max_size=200))
def test_lenient_reading_refuses_nothing(text: str) -> None:
    """Whatever comes, oCIS takes what it can of it."""
    assert parse_metadata(text, is_lenient=True).raw == text


@given(st.text(st.sampled_from("ab ,=YQ\t"), max_size=20))
def test_strict_reading_takes_a_part_of_what_lenient_does(text: str) -> None:
    """Both agree wherever the strict one has an answer."""
    try:
        strict = parse_metadata(text, is_lenient=False)
    except MetadataMalformed:
        return
    assert strict == parse_metadata(text, is_lenient=True)


@pytest.mark.parametrize(
    "text", ["", " ", ",", "a YQ==,", "a YQ==,,b", "a !!", "a YQ", "a YQ== x", "ä"]
)
def test_malformed(text: str) -> None:
    """Every pair has a key, and a value in base64 or none."""
    with pytest.raises(MetadataMalformed):
        parse_metadata(text, is_lenient=False)


def test_keys_are_unique() -> None:
    """The strict reading refuses the same key twice, the lenient takes the last."""
    text = "a YQ==,a Yg=="
    with pytest.raises(MetadataMalformed, match="twice"):
        parse_metadata(text, is_lenient=False)

    assert parse_metadata(text, is_lenient=True).pairs == {"a": b"b"}


@pytest.mark.parametrize("text", ["a " * MAX_BYTES, ",".join("a" * 65)])
def test_size_is_bounded(text: str) -> None:
    """Too much is refused by both."""
    with pytest.raises(MetadataMalformed, match="limited"):
        parse_metadata(text, is_lenient=True)


def test_text() -> None:
    """The first key that has a value; it must be UTF-8."""
    metadata = parse_metadata("a,b w6Q=,c /w==", is_lenient=False)

    assert metadata.text("a", "b") == "ä"
    assert metadata.text("a") is None
    assert metadata.text("x") is None
    with pytest.raises(MetadataMalformed):
        metadata.text("c")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1701708712", 1701708712 * SECOND),
        ("1.5", 1_500_000),
        ("-1.5", -1_500_000),
        ("-0.25", -250_000),
        ("0", 0),
        (" 7 ", 7 * SECOND),
        ("1.", None),
        ("null", None),
        ("", None),
        ("inf", None),
        ("1e3", None),
        ("9" * 13, None),
        ("9" * 12, None),
        ("\ufffd", None),
    ],
)
def test_time(text: str, instant: int | None) -> None:
    """Seconds since the epoch, with or without a fraction; else no time."""
    metadata = parse_metadata(written({"mtime": text.encode()}), is_lenient=False)

    assert metadata.time("mtime") == instant
    assert metadata.time("other") is None
