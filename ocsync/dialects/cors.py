"""Which web pages may speak a dialect: the lists that its document publishes.

Never with cookies, which count for nothing in any dialect: a page must have been
given a token, a key or a signature of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from ocsync.wsgi import Headers

_SECONDS: Final = "86400"
_VARY: Final = ("Vary", "Origin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """The origins that are let in, and what they may send and read."""

    origins: frozenset[str]
    methods: str
    request_headers: str
    exposed: str

    def marks(self, environ: dict[str, Any]) -> Headers:
        """What every answer carries, as Pulse Cam's document has it."""
        if not self.origins:
            return []
        if "*" in self.origins:
            return self._allow("*")
        origin = environ.get("HTTP_ORIGIN", "")
        if origin.lower() not in self.origins:
            return [_VARY]
        return [_VARY, *self._allow(origin)]

    def preflight(self, environ: dict[str, Any]) -> Headers:
        """What OPTIONS carries: the marks, and how long a browser may believe them."""
        return [*self.marks(environ), ("Access-Control-Max-Age", _SECONDS)]

    def _allow(self, origin: str) -> Headers:
        return [
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Allow-Methods", self.methods),
            ("Access-Control-Allow-Headers", self.request_headers),
            ("Access-Control-Expose-Headers", self.exposed),
        ]


def origins_of(*lists: Iterable[str]) -> frozenset[str]:
    """All origins of some settings together."""
    return frozenset(origin.lower() for each in lists for origin in each)
