"""The If header of RFC 4918 §10.4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocsync.wire.if_header import (
    Condition,
    ConditionList,
    IfHeader,
    State,
    parse_if_header,
)
from ocsync.wire.malformed import MalformedHeader

TOKEN = "urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2"


def state(etag: str | None = None, *tokens: str) -> State:
    """A resource's state."""
    return State(etag, frozenset(tokens))


class TestParsing:
    """What the grammar admits, and what it does not."""

    def test_no_tag_production(self) -> None:
        """RFC 4918 §10.4.6: lists without a tag are about the request's resource."""
        header = parse_if_header(
            f'(<{TOKEN}> ["I am an ETag"]) (["another"])'.replace(
                "I am an ETag", "I-am-an-ETag"
            )
        )

        assert header == IfHeader(
            (
                ConditionList(
                    None,
                    (
                        Condition(is_negated=False, token=TOKEN),
                        Condition(is_negated=False, etag="I-am-an-ETag"),
                    ),
                ),
                ConditionList(None, (Condition(is_negated=False, etag="another"),)),
            )
        )

    def test_tagged_lists(self) -> None:
        """RFC 4918 §10.4.10: a tag holds for all lists up to the next one."""
        header = parse_if_header('</a> (["x"]) (["y"]) </b> (["z"])')

        assert [one.resource for one in header.lists] == ["/a", "/a", "/b"]

    def test_not(self) -> None:
        """RFC 4918 §10.4.7: Not turns one condition around, in any case."""
        header = parse_if_header("(nOT <DAV:no-lock>)")

        assert header.lists[0].conditions == (
            Condition(is_negated=True, token="DAV:no-lock"),
        )

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "   ",
            "()",
            "(",
            ")",
            "(<a>",
            "(<a)",
            "(a)",
            "(<>)",
            "([])",
            "([etag])",
            '(["etag)',
            '(["etag"]',
            '["etag"]',
            "Not",
            "(Not)",
            "(Not Not <a>)",
            "(<a> Not)",
            "((<a>))",
            "<a>",
            "<a> <b> (<c>)",
            "(<a>) <b> (<c>)",
            "(<a>) x",
            "x (<a>)",
            "</a> Not (<b>)",
            "(<a>),(<b>)",
            "(<a b>)",
            "(<a\x00>)",
        ],
    )
    def test_broken_headers_are_refused(self, text: str) -> None:
        """Whatever is not in the grammar is malformed, never half understood."""
        with pytest.raises(MalformedHeader):
            parse_if_header(text)

    @given(st.text(alphabet='()<>[]"Notab/ \\,W', max_size=60))
    def test_any_text_parses_or_is_malformed(self, text: str) -> None:
        """No text brings the parser to anything but a value or its one error."""
        try:
            header = parse_if_header(text)
        except MalformedHeader:
            return
        assert header.lists

    def test_length_is_bounded(self) -> None:
        """A header with a flood of conditions is refused."""
        with pytest.raises(MalformedHeader):
            parse_if_header("(<a>)" * 10_000)

    def test_parsing_long_headers_takes_no_square_time(self) -> None:
        """A long run of blanks is no trap for the tokenizer."""
        with pytest.raises(MalformedHeader):
            parse_if_header("(<a>" + " " * 200_000 + "x")


class TestEvaluation:
    """Any list that holds makes the header true."""

    def test_all_conditions_of_a_list_must_hold(self) -> None:
        """RFC 4918 §10.4.3: conditions in a list are joined by and."""
        header = parse_if_header(f'(<{TOKEN}> ["x"])')

        assert header.is_met(lambda _: state("x", TOKEN))
        assert not header.is_met(lambda _: state("y", TOKEN))
        assert not header.is_met(lambda _: state("x"))

    def test_one_list_suffices(self) -> None:
        """RFC 4918 §10.4.3: lists are joined by or."""
        header = parse_if_header('(["x"]) (["y"])')

        assert header.is_met(lambda _: state("y"))
        assert not header.is_met(lambda _: state("z"))

    def test_no_lock_never_holds(self) -> None:
        """RFC 4918 §10.4.8: DAV:no-lock is a token that no lock has."""
        header = parse_if_header(f"(<{TOKEN}>) (Not <DAV:no-lock>)")

        assert header.is_met(lambda _: state())

    def test_unmapped_resource_has_no_etag(self) -> None:
        """RFC 4918 §10.4.5: an ETag cannot match where there is nothing."""
        assert not parse_if_header('(["x"])').is_met(lambda _: state(None))
        assert parse_if_header('(Not ["x"])').is_met(lambda _: state(None))

    def test_weak_tags_do_not_match(self) -> None:
        """The If header compares strongly."""
        assert not parse_if_header('([W/"x"])').is_met(lambda _: state("x"))

    def test_tagged_lists_ask_their_own_resource(self) -> None:
        """RFC 4918 §10.4.9: a tagged list matters, wherever the request goes."""
        header = parse_if_header('</other> (["x"])')

        asked: list[str | None] = []

        def state_of(url: str | None) -> State:
            asked.append(url)
            return state("x")

        assert header.is_met(state_of)
        assert asked == ["/other"]

    def test_every_token_is_submitted(self) -> None:
        """RFC 4918 §10.4.1: a token anywhere in the header counts as submitted."""
        header = parse_if_header('(<urn:a>) (Not <urn:b>) (["x"])')

        assert header.submitted_tokens == {"urn:a", "urn:b"}
