"""What of a URL or a message may be written down: everything but what opens a door.

Paths of uploads are bearers: whoever has the URL may write. Where they lie depends on
the settings, so a `Redactor` is made from them; it serves logs and traces alike.
"""

import re
from collections.abc import Iterable
from typing import Final, Self
from urllib.parse import urlsplit

from ocsync.settings import Settings

_SHOWN: Final = 8
"""Characters of a token that stay: enough to tell two apart."""
_TOKENS: Final = re.compile(
    r"(?P<head>\boct_.{4}|\beyJ[\w-]{5})[\w-]{12,}(?:\.[\w-]*)*"
    r"|(?P<scheme>\b(?:Bearer|Basic) +)[\w.~+/=-]{8,}",
    re.IGNORECASE,
)
_SECRET_PARAMETERS: Final = re.compile(
    r"(?i)(?P<head>(?:^|[&?])"
    r"(?:[^=&\s]*(?:token|signature|code|secret|password)[^=&\s]*)=)[^&\s]*"
)


class Redactor:
    """Cuts credentials short; pure."""

    def __init__(self, *, prefixes: Iterable[str], base: str = "") -> None:
        """Take the paths below which a segment is a credential, and what is before."""
        ways = "|".join(re.escape(prefix) for prefix in sorted(prefixes, key=len))
        head = rf"(?P<head>(?:{re.escape(base)})?(?:/remote\.php)?(?:{ways})/)"
        # A slash too many leads nowhere here, but the token in it is good elsewhere.
        head = head.replace("/", "/+")
        segment = rf"(?P<start>[^/?\s]{{0,{_SHOWN}}})[^/?\s]*"
        self._path = re.compile(f"{head}{segment}")
        self._path_in_text = re.compile(rf"(?<![\w.~/-]){head}{segment}")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """For the URLs of a server with these settings."""
        return cls(
            prefixes=(
                "/data",
                "/files",
                f"{settings.pulse.prefix}/uploads",
                f"{settings.omegastream.prefix}/tusupload",
                f"{settings.picora.prefix}/uploads",
            ),
            base=urlsplit(settings.server.url or "").path,
        )

    def path(self, path: str) -> str:
        """The path of a URL with everything that is a credential cut short."""
        found = self._path.match(path)
        if found is None:
            return path
        return f"{found['head']}{found['start']}…{path[found.end() :]}"

    def query(self, query: str) -> str:
        """A query string with the values of secret parameters taken out."""
        return _SECRET_PARAMETERS.sub(r"\g<head>…", query) if query else ""

    def text(self, text: str) -> str:
        """A message of whatever kind without tokens and paths of uploads."""
        text = _TOKENS.sub(_shortened, text)
        text = _SECRET_PARAMETERS.sub(r"\g<head>…", text)
        return self._path_in_text.sub(r"\g<head>\g<start>…", text)


def _shortened(match: re.Match[str]) -> str:
    return f"{match['head'] or match['scheme']}…"
