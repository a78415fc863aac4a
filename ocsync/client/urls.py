"""URLs as people type them and as servers send them: made whole, compared, extended.

Segments are bytes to whoever stores them, so names go through the file system's own
coding: what is not UTF-8 comes back as it was.
"""

import os
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit, urlunsplit

from ocsync.client.errors import ClientError

_PORTS: Final = {"http": 80, "https": 443}
_KEPT: Final = "/%:@!$&'()*+,;=~"
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_LOOPBACK: Final = re.compile(r"localhost|.*\.localhost|127\.\d+\.\d+\.\d+|::1")


def is_url(text: str) -> bool:
    """Whether the text was meant as a URL."""
    return _SCHEME.match(text) is not None


def parse_url(text: str) -> str:
    """A URL that can be asked for, of what somebody typed; login parts are left out.

    Raises:
        ClientError: it is none.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise ClientError(f"{text!r} is no URL: {error}") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ClientError(f"{text!r} is no URL: expected https://HOST/…")
    try:
        host = parts.hostname.encode("idna").decode()
    except UnicodeError:
        raise ClientError(f"{text!r} is no URL: no such host name") from None
    host = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS[parts.scheme]:
        host = f"{host}:{port}"
    path = quote(parts.path or "/", safe=_KEPT)
    query = quote(parts.query, safe=f"{_KEPT}?")
    return urlunsplit((parts.scheme, host, path, query, ""))


def origin_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme]


def is_same_site(url: str, other: str) -> bool:
    """Whether what may be told to the first may be told to the other too.

    The same origin may be, and the same host by https instead of http on their usual
    ports.
    """
    here, there = origin_of(url), origin_of(other)
    if here == there:
        return True
    return (here[0], here[2], there[0], there[2], here[1]) == (
        "http", 80, "https", 443, there[1],
    )  # fmt: skip


def is_private(url: str) -> bool:
    """Whether nobody on the way can read what is sent there."""
    scheme, host, _ = origin_of(url)
    return scheme == "https" or _LOOPBACK.fullmatch(host) is not None


def resolve(base: str, reference: str) -> str:
    """A URL that an answer names, as a whole.

    Raises:
        ClientError: it leads to something that is not http.
    """
    try:
        return parse_url(urljoin(base, reference))
    except ValueError as error:
        raise ClientError(f"{reference!r} is no URL: {error}") from None


def child_url(folder: str, name: str) -> str:
    """The URL of what has this name in the folder."""
    return f"{folder.rstrip('/')}/{quote(os.fsencode(name), safe='')}"


def folder_url(url: str) -> str:
    """The same with a slash at its end."""
    return url if url.endswith("/") else f"{url}/"


def segments_of(url: str) -> tuple[bytes, ...]:
    """The path's parts, decoded; a slash at the end does not count."""
    path = urlsplit(url).path.rstrip("/")
    return tuple(map(unquote_to_bytes, path.split("/")[1:]))


def name_of(url: str) -> str:
    """The last part of the path; empty for a server's root."""
    segments = segments_of(url)
    return os.fsdecode(segments[-1]) if segments else ""


def parent_url(url: str) -> str:
    """The folder that has this."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/").rpartition("/")[0]
    return urlunsplit((parts.scheme, parts.netloc, f"{path}/", "", ""))


def base_urls(url: str) -> Sequence[str]:
    """Where the server's own root may be, the likeliest first."""
    parts = urlsplit(url)
    found = []
    for mark in ("/remote.php/", "/dav/", "/files", "/"):
        head, is_there, _ = f"{parts.path}/".partition(mark)
        if is_there:
            found.append(urlunsplit((parts.scheme, parts.netloc, head, "", "")))
    return tuple(dict.fromkeys(found))
