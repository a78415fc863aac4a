"""Names of accounts: what is allowed, when two are the same, and how to find one.

ASCII letters, digits and `. _ - @ +`, 1 to 64 of them; case does not matter. Pure.
"""

import re
from collections.abc import Iterator
from typing import Final

from spaces.errors import NameRefused

MAX_NAME_CHARACTERS: Final = 64
MAX_TEXT_CHARACTERS: Final = 255

_NAME: Final = re.compile(r"[A-Za-z0-9._@+-]{1,64}")
_UNFIT: Final = re.compile(r"[^A-Za-z0-9._@+-]+")
_UNSTORABLE: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_MADE_NAMES: Final = 1000


def account_key(name: str) -> str | None:
    """The form by which names are compared; None for what no account is called."""
    if _NAME.fullmatch(name) is None or name in {".", ".."}:
        return None
    return name.lower()


def require_account_name(name: str) -> str:
    """Return the name if an account may bear it.

    Raises:
        NameRefused: with the reason in words.
    """
    if account_key(name) is None:
        raise NameRefused(
            name,
            "an account name has 1 to 64 characters: ASCII letters, digits, and"
            " . _ - @ +",
        )
    return name


def require_text(text: str, what: str) -> str:
    """Return a display name, mail address or label if it can be kept.

    Raises:
        NameRefused: with the reason in words.
    """
    if len(text) > MAX_TEXT_CHARACTERS:
        raise NameRefused(
            text, f"{what} must not exceed {MAX_TEXT_CHARACTERS} characters"
        )
    if _UNSTORABLE.search(text):
        raise NameRefused(text, f"{what} must not contain control characters")
    return text


def similar_names(wanted: str) -> Iterator[str]:
    """Allowed names, the one most like the wanted one first: `ann`, `ann-2`."""
    base = _UNFIT.sub("-", wanted).strip("-.")[:MAX_NAME_CHARACTERS] or "user"
    yield base
    for number in range(2, _MADE_NAMES):
        ending = f"-{number}"
        yield base[: MAX_NAME_CHARACTERS - len(ending)] + ending
