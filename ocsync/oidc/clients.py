"""The programs that may ask for tokens: the known ones, and any that registers.

All of them are public clients: what passes for their secret stands in their source
code, so nothing rests on it, and PKCE is asked of everyone (RFC 8252 §8.5). Programs
that register themselves are not stored: their id is what they registered, signed, so
registering costs the server nothing and cannot fill it.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "::1", "localhost"})

_PREFIX: Final = "dyn."
_MAC_BYTES: Final = 18
_MAX_REDIRECTS: Final = 5
_MAX_URI: Final = 255
_MAX_NAME: Final = 80


class ClientRefused(Exception):
    """What a program wants to register cannot be accepted."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the error code of RFC 7591 §3.2.2."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Client:
    """A program that asks for tokens.

    Of a loopback redirect any port will do (RFC 8252 §7.3); with `any_path` also any
    path, for clients that were published without saying theirs.
    """

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    secret: str | None = None
    is_ours: bool = False
    """Part of this server, so that nobody need be asked whether to let it in."""
    any_path: bool = False

    def accepts_redirect(self, uri: str) -> bool:
        """Whether answers may be sent to this URI."""
        return any(
            uri == known or _is_same_loopback(uri, known, any_path=self.any_path)
            for known in self.redirect_uris
        )

    def accepts_secret(self, secret: str) -> bool:
        """Whether this is the secret the client was published with, if it has one."""
        known = (self.secret or "").encode()
        return hmac.compare_digest(secret.encode(), known)


_PUBLISHED: Final = (
    Client(
        id="xdXOt13JKxym1B1QcEncf2XDkLAexMBFwiT9j6EfhhHFJhs2KM9jbjTmf8JBXE69",
        name="ownCloud Desktop",
        redirect_uris=("http://127.0.0.1", "http://localhost"),
        secret="UBntmLjC2yYCeHwsyj73Uwo9TAaecAetRwMw0xYcvNL9yRdLSUi0hUAHfvCHFeFh",  # noqa: S106  # published
        any_path=True,
    ),
    Client(
        id="e4rAsNUSIUs0lF4nbv9FmCeUkTlV9GdgTLDH1b5uie7syb90SzEVrbN7HIpmWJeD",
        name="ownCloud Android",
        redirect_uris=("oc://android.owncloud.com",),
        secret="dInFYGV33xKzhbRmpqQltYNdfLdJIfJ9L5ISoKhNoT9qZftpdWSP71VrpGR9pmoD",  # noqa: S106  # published
    ),
    Client(
        id="mxd5OQDk6es5LzOzRvidJNfXLUZS2oN3oUFeXPP8LpPrhx3UroJFduGEYIBOxkY1",
        name="ownCloud iOS",
        redirect_uris=("oc://ios.owncloud.com", "oc.ios://ios.owncloud.com"),
        secret="KFeFWWEZO9TkisIQzR3fo7hfiMXlOpaqP8CFuTbSHzV1TUuGECglPxpiVKJfOXIx",  # noqa: S106  # published
    ),
)
_WEB_PATHS: Final = ("", "/", "/oidc-callback.html", "/oidc-silent-redirect.html")


class Clients:
    """Who may ask. `secret` signs the ids of programs that register."""

    def __init__(self, *, secret: bytes, web_client_id: str) -> None:
        self._secret = secret
        self._web_client_id = web_client_id
        self._published = {client.id: client for client in _PUBLISHED}

    def find(self, client_id: str, base_url: str) -> Client | None:
        """The client of this id, at a server that is reached under the base URL."""
        if client_id == self._web_client_id:
            return Client(
                id=client_id,
                name="Files",
                redirect_uris=tuple(base_url + path for path in _WEB_PATHS),
                is_ours=True,
            )
        return self._published.get(client_id) or self._registered(client_id)

    def register(self, metadata: dict[str, Any]) -> Client:
        """Make an id for a native program (RFC 7591 §3.1).

        Raises:
            ClientRefused: its redirects leave the machine it runs on.
        """
        uris = metadata.get("redirect_uris")
        if not isinstance(uris, list) or not 0 < len(uris) <= _MAX_REDIRECTS:
            raise ClientRefused(
                "invalid_redirect_uri", f"name 1 to {_MAX_REDIRECTS} redirect_uris"
            )
        for uri in uris:
            if not isinstance(uri, str) or not _is_loopback(uri):
                raise ClientRefused(
                    "invalid_redirect_uri",
                    "only http redirects to the loopback interface can be registered",
                )
        name = metadata.get("client_name", "")
        if not isinstance(name, str):
            raise ClientRefused("invalid_client_metadata", "client_name is no text")
        return self._client(_printable(name)[:_MAX_NAME], uris)

    def _client(self, name: str, uris: Sequence[str]) -> Client:
        body = json.dumps([name, *uris], separators=(",", ":")).encode()
        encoded = base64.urlsafe_b64encode(body).rstrip(b"=").decode()
        client_id = f"{_PREFIX}{encoded}.{self._mac('id', encoded)}"
        return Client(
            id=client_id,
            name=name or "A program on your computer",
            redirect_uris=tuple(uris),
            secret=self._mac("secret", client_id),
        )

    def _registered(self, client_id: str) -> Client | None:
        encoded, _, mac = client_id.removeprefix(_PREFIX).partition(".")
        if not client_id.startswith(_PREFIX) or not hmac.compare_digest(
            mac.encode(), self._mac("id", encoded).encode()
        ):
            return None
        try:
            padded = encoded + "=" * (-len(encoded) % 4)
            name, *uris = json.loads(base64.urlsafe_b64decode(padded))
        except (ValueError, binascii.Error):
            return None
        return self._client(name, uris)

    def _mac(self, purpose: str, text: str) -> str:
        message = f"oidc-client\0{purpose}\0{text}".encode()
        digest = hmac.new(self._secret, message, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:_MAC_BYTES]).decode()


def _is_loopback(uri: str) -> bool:
    parts = _split(uri)
    return parts is not None and parts.scheme == "http" and _host(parts) is not None


def _is_same_loopback(uri: str, known: str, *, any_path: bool) -> bool:
    one, other = _split(uri), _split(known)
    if one is None or other is None or one.scheme != "http" or other.scheme != "http":
        return False
    if _host(one) is None or _host(one) != _host(other):
        return False
    is_same_path = (one.path or "/", one.query) == (other.path or "/", other.query)
    return any_path or is_same_path


def _split(uri: str) -> SplitResult | None:
    """The parts of a URI that could be a redirect; None if it cannot be one."""
    if len(uri) > _MAX_URI or not uri.isascii() or not uri.isprintable():
        return None
    if " " in uri or "\\" in uri or "#" in uri:
        return None
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018  # raises where it is no number
    except ValueError:
        return None
    return None if "@" in parts.netloc else parts


def _host(parts: SplitResult) -> str | None:
    return parts.hostname if parts.hostname in LOOPBACK_HOSTS else None


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable()).strip()
