"""Content-Disposition for any name."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocsync.wire.disposition import format_attachment


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.txt", "attachment; filename*=UTF-8''a.txt; filename=\"a.txt\""),
        (
            'say "hi".txt',
            (
                "attachment; filename*=UTF-8''say%20%22hi%22.txt;"
                ' filename="say _hi_.txt"'
            ),
        ),
        ("ü.txt", "attachment; filename*=UTF-8''%C3%BC.txt; filename=\"_.txt\""),
        ("50%.txt", "attachment; filename*=UTF-8''50%25.txt; filename=\"50_.txt\""),
    ],
)
def test_examples(name: str, expected: str) -> None:
    """Both forms of RFC 6266, the plain one reduced to what all programs agree on."""
    assert format_attachment(name) == expected


@given(st.text(min_size=1))
def test_no_name_breaks_the_header(name: str) -> None:
    """Whatever the name, the header is one ASCII line and always an attachment."""
    header = format_attachment(name)

    assert header.isascii()
    assert header.isprintable()
    assert header.startswith("attachment; ")
    assert header.count('"') == 2


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_the_name_comes_back(name: str) -> None:
    """A browser saves under the very name."""
    encoded = format_attachment(name).split("UTF-8''")[1].split(";")[0]

    assert unquote(encoded) == name
