"""Passwords: argon2id, bounded, and no faster for accounts that do not exist."""

import pytest

from spaces.errors import PasswordRefused
from spaces.passwords import Passwords, default_passwords


@pytest.fixture
def passwords() -> Passwords:
    """Hashing with parameters so cheap that tests do not wait."""
    return Passwords(at_once=2, time_cost=1, memory_kib=8)


def test_a_password_matches_its_hash(passwords: Passwords) -> None:
    """What was hashed is recognised, and nothing else."""
    stored = passwords.hash("relativity")

    assert passwords.matches(stored, "relativity")
    assert not passwords.matches(stored, "relativity ")


def test_the_default_is_what_owasp_recommends() -> None:
    """argon2id, 19 MiB, two passes, one lane."""
    assert default_passwords().hash("x").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_equal_passwords_have_different_hashes(passwords: Passwords) -> None:
    """Each hash has its own salt."""
    assert passwords.hash("x") != passwords.hash("x")


def test_nothing_matches_no_account(passwords: Passwords) -> None:
    """Without a stored hash every password is wrong."""
    assert not passwords.matches(None, "relativity")
    assert not passwords.matches(None, "")


def test_garbage_in_the_database_matches_nothing(passwords: Passwords) -> None:
    """A damaged hash is a wrong password, not a crash."""
    assert not passwords.matches("$argon2id$broken", "relativity")
    assert not passwords.matches("", "relativity")


@pytest.mark.parametrize("password", ["", "x" * 1025, "ü" * 513, "a\0b"])
def test_unfit_passwords_are_refused(passwords: Passwords, password: str) -> None:
    """A password has 1 to 1024 bytes and no zero byte."""
    with pytest.raises(PasswordRefused):
        passwords.hash(password)


def test_too_long_a_password_is_not_even_tried(passwords: Passwords) -> None:
    """A megabyte of password is wrong at once."""
    assert not passwords.matches(passwords.hash("x"), "x" * 1_000_000)


@pytest.mark.parametrize("password", ["x" * 1024, "ü" * 512, "\udcff", "パスワード 🔑"])
def test_any_text_may_be_a_password(passwords: Passwords, password: str) -> None:
    """Up to the bound, every text works, even what is not valid Unicode."""
    assert passwords.matches(passwords.hash(password), password)


def test_hashes_of_other_parameters_are_outdated(passwords: Passwords) -> None:
    """A change of parameters is noticed in each stored hash."""
    stored = passwords.hash("x")

    assert not passwords.is_outdated(stored)
    assert default_passwords().is_outdated(stored)
