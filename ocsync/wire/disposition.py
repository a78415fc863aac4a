"""Content-Disposition for any file name there can be (RFC 6266, RFC 8187)."""

import re
from typing import Final
from urllib.parse import quote

_UNSAFE_IN_QUOTES: Final = re.compile(r'[^\x20-\x7e]|["\\%]')
_ATTR_CHARS: Final = "!#$&+-.^_`|~"
_PLAIN: Final = re.compile(r"[A-Za-z0-9!#$&+.^_`|~-]*")


def format_attachment(name: str) -> str:
    """`attachment` with the name in both forms.

    The plain form is an ASCII approximation for old programs: quotes, backslashes
    and percent signs are read in different ways, so none is let through.
    """
    if _PLAIN.fullmatch(name):
        return f"attachment; filename*=UTF-8''{name}; filename=\"{name}\""
    fallback = _UNSAFE_IN_QUOTES.sub("_", name)
    encoded = quote(name, safe=_ATTR_CHARS, errors="replace")
    return f"attachment; filename*=UTF-8''{encoded}; filename=\"{fallback}\""
