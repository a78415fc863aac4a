"""ETag lists and the conditional headers of RFC 9110 §13."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocsync.wire.conditions import (
    ANY,
    NO_CONDITIONS,
    Conditions,
    EntityTag,
    parse_conditions,
    parse_etag_list,
    parse_if_match,
    parse_if_none_match,
)
from ocsync.wire.malformed import MalformedHeader
from spaces.clock import Instant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"xyzzy"', [("xyzzy", False)]),
        ('"a", "b"', [("a", False), ("b", False)]),
        ('W/"a", "b"', [("a", True), ("b", False)]),
        ('""', [("", False)]),
        ('"a,b"', [("a,b", False)]),
        ("0123abcd", [("0123abcd", False)]),
        ('"abc-gzip"', [("abc", False)]),
        (' "a" ,', [("a", False)]),
    ],
)
def test_lists(text: str, expected: list[tuple[str, bool]]) -> None:
    """Tags come quoted or, from lenient clients, bare."""
    tags = parse_etag_list(text, header="If-Match")

    assert tags == tuple(EntityTag(*pair) for pair in expected)


@pytest.mark.parametrize("text", ['"a', 'a"b"', '"a" "b"', "(", ",", "W/", '*, "a"'])
def test_broken_lists(text: str) -> None:
    """What is no list of tags is refused rather than guessed at."""
    with pytest.raises(MalformedHeader):
        parse_etag_list(text, header="If-Match")


def test_weak_tags() -> None:
    """If-Match compares strongly, If-None-Match weakly (RFC 9110 §8.8.3.2)."""
    assert parse_if_match('W/"a", "b"') == ("b",)
    assert parse_if_match('W/"a"') == ()
    assert parse_if_none_match('W/"a", "b"') == ("a", "b")
    assert parse_if_match("*") == ANY


@given(st.lists(st.from_regex(r"[!#-~]{1,20}", fullmatch=True), min_size=1, max_size=9))
def test_quoted_lists_round_trip(values: list[str]) -> None:
    """Every quoted tag comes back as it was."""
    text = ", ".join(f'"{value}"' for value in values)

    assert parse_if_none_match(text) == tuple(
        value.removesuffix("-gzip") for value in values
    )


@given(st.text(max_size=50))
def test_any_text_parses_or_is_malformed(text: str) -> None:
    """No header brings the parser to another error."""
    with contextlib.suppress(MalformedHeader):
        parse_etag_list(text, header="If-Match")


class TestJudgement:
    """Which header fails, in the order of RFC 9110 §13.2.2."""

    NOW = Instant(1_700_000_000_000_000)

    @pytest.mark.parametrize(
        ("conditions", "etag", "failing"),
        [
            (Conditions(if_match=("a",)), "a", None),
            (Conditions(if_match=("a",)), "b", "If-Match"),
            (Conditions(if_match=ANY), None, "If-Match"),
            (Conditions(if_match=ANY), "b", None),
            (Conditions(if_none_match=ANY), None, None),
            (Conditions(if_none_match=ANY), "b", "If-None-Match"),
            (Conditions(if_none_match=("a",)), "b", None),
            (Conditions(if_none_match=("a",)), "a", "If-None-Match"),
            (NO_CONDITIONS, "a", None),
        ],
    )
    def test_tags(
        self, conditions: Conditions, etag: str | None, failing: str | None
    ) -> None:
        """Tags are compared with what is there."""
        assert conditions.failing_header(etag, self.NOW) == failing

    def test_dates_count_in_whole_seconds(self) -> None:
        """Last-Modified has no fractions, so the comparison has none either."""
        modified = Instant(self.NOW + 900_000)

        assert (
            Conditions(if_unmodified_since=self.NOW).failing_header("a", modified)
            is None
        )
        assert (
            Conditions(if_modified_since=self.NOW).failing_header("a", modified)
            == "If-Modified-Since"
        )

    def test_tags_outweigh_dates(self) -> None:
        """RFC 9110 §13.1.3: If-Modified-Since is ignored beside If-None-Match."""
        conditions = Conditions(if_none_match=("a",), if_modified_since=self.NOW)

        assert conditions.failing_header("b", self.NOW) is None

    def test_invalid_dates_are_ignored(self) -> None:
        """RFC 9110 §13.1.3: a recipient ignores a date that is none."""
        conditions = parse_conditions(if_modified_since="yesterday")

        assert conditions.failing_header("a", self.NOW) is None
