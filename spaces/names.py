"""Names of files and folders: what is allowed, and when two are the same.

A name is stored exactly as given. Two names collide in a folder when their NFC
forms are equal, so that a client on macOS (NFD) and one on Linux (NFC) mean the
same file. Case is significant.
"""

import unicodedata
from typing import Final

from spaces.errors import NameRefused

MAX_NAME_BYTES: Final = 255
MAX_DEPTH: Final = 200
"""Deeper trees are refused, so that a path never costs more than this."""


def name_key(name: str) -> str:
    """The form by which names are compared."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def require_name(name: str) -> str:
    """Return the name if a file or folder may bear it.

    Raises:
        NameRefused: with the reason in words for the person who chose it.
    """
    if not name.strip():
        raise NameRefused(name, "a name must not be empty or blank")
    if name in {".", ".."}:
        raise NameRefused(name, "a name must not be '.' or '..'")
    if "/" in name or "\\" in name:
        raise NameRefused(name, "a name must not contain a slash or a backslash")
    if not name.isprintable() and any(
        unicodedata.category(character) in {"Cc", "Cs"} for character in name
    ):
        raise NameRefused(name, "a name must not contain control characters")
    size_bytes = max(len(name.encode()), len(name_key(name).encode()))
    if size_bytes > MAX_NAME_BYTES:
        raise NameRefused(name, f"a name must not exceed {MAX_NAME_BYTES} bytes")
    return name
