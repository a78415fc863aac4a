"""The Authorization header as a value (RFC 7617 for Basic, RFC 6750 for Bearer).

Says what was sent, not whether it is right.
"""

import binascii
from dataclasses import dataclass, field
from wsgiref.types import WSGIEnvironment


@dataclass(frozen=True, slots=True)
class BasicCredentials:
    """A name and a password, or an app token in the place of the password."""

    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BearerToken:
    """A token of whatever issuer."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class UnknownCredentials:
    """Something that is neither, or malformed."""


Credentials = BasicCredentials | BearerToken | UnknownCredentials


def read_credentials(environ: WSGIEnvironment) -> Credentials | None:
    """The credentials of the request; None if it has none."""
    header = environ.get("HTTP_AUTHORIZATION", "")
    if not header:
        return None
    scheme, _, value = header.strip().partition(" ")
    scheme, value = scheme.lower(), value.strip()
    if scheme == "basic":
        return _read_basic(value)
    if scheme == "bearer" and value:
        return BearerToken(value)
    return UnknownCredentials()


def find_bearer(environ: WSGIEnvironment) -> str | None:
    """The token of the request, if it has one of Bearer."""
    credentials = read_credentials(environ)
    return credentials.token if isinstance(credentials, BearerToken) else None


def _read_basic(value: str) -> Credentials:
    try:
        raw = binascii.a2b_base64(value, strict_mode=True)
    except ValueError:
        return UnknownCredentials()
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    name, colon, password = text.partition(":")
    return BasicCredentials(name, password) if colon else UnknownCredentials()
