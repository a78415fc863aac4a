"""Names: what is allowed, and which are the same."""

import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaces.errors import NameRefused
from spaces.names import MAX_NAME_BYTES, name_key, require_name
from tests.strategies import names


@given(names)
def test_ordinary_names_are_allowed(name: str) -> None:
    """And returned unchanged."""
    assert require_name(name) == name


@given(names)
def test_forms_of_one_name_are_the_same(name: str) -> None:
    """NFC and NFD compare equal; case counts."""
    assert name_key(unicodedata.normalize("NFD", name)) == name_key(name)
    assert name_key("A") != name_key("a")


@given(st.text())
def test_any_text_is_allowed_or_refused(text: str) -> None:
    """Nothing else happens, and what is allowed cannot climb."""
    with suppress(NameRefused):
        assert "/" not in require_name(text)
        assert text not in {"", ".", ".."}


@pytest.mark.parametrize(
    "name",
    ["", " ", "\t", ".", "..", "a/b", "a\\b", "a\0", "a\n", "\x7f", "\ud800"],
)
def test_dangerous_names_are_refused(name: str) -> None:
    """Those that climb, separate or cannot be shown."""
    with pytest.raises(NameRefused):
        require_name(name)


@pytest.mark.parametrize("character", ["x", "é", "\U0001f600"])
def test_length_counts_in_bytes(character: str) -> None:
    """255 are the most that file systems take."""
    count = MAX_NAME_BYTES // len(character.encode())

    require_name(character * count)
    with pytest.raises(NameRefused):
        require_name(character * (count + 1))
