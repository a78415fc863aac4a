"""Names of header fields: which are well formed, which may repeat, which are dropped.

A field that is not a list by its definition and comes twice is refused, for two
readers of such a message may believe different lines. It knows nothing of what the
values mean.
"""

import re
from typing import Final

_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_KNOWN_NAMES: Final = 1024

DROPPED: Final = ""
"""The key of a field that the application must not see."""

_LIST_NAMES: Final = (
    "Accept Accept-Charset Accept-Encoding Accept-Language Accept-Patch"
    " Access-Control-Request-Headers Baggage Cache-Control Connection"
    " Content-Digest Content-Encoding Content-Language DAV Digest Forwarded"
    " If-Match If-None-Match Keep-Alive Pragma Prefer Priority Proxy-Connection"
    " Repr-Digest TE Trailer Transfer-Encoding Tracestate Upgrade Via"
    " Want-Content-Digest Want-Digest Want-Repr-Digest Warning"
    " X-Forwarded-For X-Forwarded-Host X-Forwarded-Port X-Forwarded-Proto"
)
_LISTS: Final = frozenset(
    "HTTP_" + name.upper().replace("-", "_") for name in _LIST_NAMES.split()
)
_COOKIE: Final = "HTTP_COOKIE"
_PLAIN_KEYS: Final = {
    "CONTENT-LENGTH": "CONTENT_LENGTH",
    "CONTENT-TYPE": "CONTENT_TYPE",
}


class FieldNames:
    """Maps field names to keys of a WSGI environ, remembering the usual ones."""

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}
        self.find = self._keys.get
        """The key of a name met before, or None."""

    def learn(self, name: str) -> str:
        """The key of a name, DROPPED where the application must not see it.

        Raises:
            ValueError: it is no token; a folded line and a space before the colon
                end here too.
        """
        if not _TOKEN.fullmatch(name):
            raise ValueError("a header field has a malformed name")
        upper = name.upper()
        if "_" in name or upper == "PROXY":
            # `X_Y` would be taken for `X-Y`, which a proxy in front may have
            # cleaned; `Proxy` would be taken for the variable HTTP_PROXY.
            key = DROPPED
        else:
            key = _PLAIN_KEYS.get(upper) or "HTTP_" + upper.replace("-", "_")
        if len(self._keys) < _KNOWN_NAMES:
            self._keys[name] = key
        return key


def join_values(key: str, first: str, second: str) -> str:
    """The value of a field that came twice.

    Raises:
        ValueError: the field is no list.
    """
    if key in _LISTS:
        return f"{first}, {second}" if first and second else first or second
    if key == _COOKIE:
        return f"{first}; {second}"
    name = key.removeprefix("HTTP_").replace("_", "-").title()
    raise ValueError(f"{name} came twice")
