"""Counts in answers: sizes and offsets, from servers that may say anything."""

import re
from typing import Final

_COUNT: Final = re.compile(r"[0-9]{1,18}")


def parse_count(text: str | None) -> int | None:
    """The number that the text is; None if it is none, or beyond any file."""
    return int(text) if text and _COUNT.fullmatch(text) else None
