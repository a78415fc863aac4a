"""Who the user is, to which server: an app token or password, and where it comes from.

Credentials go to the site that they are meant for and nowhere else, whatever a server
answers.
"""

import base64
import netrc
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from ocsync.client.errors import ClientError
from ocsync.client.urls import is_same_site, parse_url

TOKEN_VARIABLE: Final = "OCSYNC_TOKEN"  # noqa: S105


Ask = Callable[[str], str]
"""Asks the user, who sits at a terminal, for the password of the one named."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What `Authorization` says, for each site that something is said to."""

    known: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def for_url(self, url: str) -> str | None:
        """What to say there; None says nothing."""
        for site, authorization in self.known:
            if is_same_site(site, url):
                return authorization
        return None

    def __add__(self, other: "Credentials") -> "Credentials":
        return Credentials((*self.known, *other.known))


def bearer(token: str) -> str:
    """An app token alone."""
    return f"Bearer {token}"


def basic(user: str, password: str) -> str:
    """A user, with a password or app token."""
    pair = base64.b64encode(f"{user}:{password}".encode())
    return f"Basic {pair.decode()}"


def has_login(url: str) -> bool:
    """Whether somebody wrote a login into the URL."""
    return "@" in urlsplit(url).netloc


def find_credentials(
    url: str,
    *,
    user: str | None,
    token: str | None,
    environ: Mapping[str, str],
    ask: Ask | None = None,
) -> Credentials:
    """The credentials for a URL as it was typed.

    Args:
        url: may have a login in it, as `https://user:token@host/`.
        user: who to be; together with the token it makes Basic authentication.
        token: an app token, or the user's password.
        environ: where `NETRC` and `HOME` are looked for.
        ask: where there is somebody to ask.

    Raises:
        ClientError: a netrc file makes no sense, or nobody knows the password.
    """
    found = _find(url, user=user, token=token, environ=environ, ask=ask)
    return Credentials() if found is None else Credentials(((parse_url(url), found),))


def _find(
    url: str,
    *,
    user: str | None,
    token: str | None,
    environ: Mapping[str, str],
    ask: Ask | None,
) -> str | None:
    parts = urlsplit(url)
    if user is None and parts.username:
        user = unquote(parts.username)
        if parts.password:
            return basic(user, unquote(parts.password))
    if token is not None:
        return bearer(token) if user is None else basic(user, token)
    found = _from_netrc(parts.hostname or "", environ)
    if found is not None and user in {None, found[0]}:
        return basic(*found)
    if user is None:
        return None
    if ask is None:
        raise ClientError(
            f"no password for {user}: put an app token into {TOKEN_VARIABLE}"
        )
    return basic(user, ask(user))


def _from_netrc(host: str, environ: Mapping[str, str]) -> tuple[str, str] | None:
    named = environ.get("NETRC")
    path = Path(named) if named else Path(environ.get("HOME", "/"), ".netrc")
    try:
        found = netrc.netrc(os.fspath(path)).authenticators(host)
    except FileNotFoundError:
        return None
    except netrc.NetrcParseError as error:
        raise ClientError(f"cannot read {path}: {error.msg}") from None
    except OSError as error:
        raise ClientError(f"cannot read {path}: {error.strerror}") from None
    if found is None or not found[2]:
        return None
    return found[0], found[2]
