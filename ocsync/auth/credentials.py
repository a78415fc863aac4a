"""The Authorization header as a value (RFC 7617 for Basic, RFC 6750 for Bearer).

Says what was sent, not whether it is right.
"""

import base64
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
    value = value.strip()
    if scheme.lower() == "bearer" and value:
        return BearerToken(value)
    if scheme.lower() == "basic":
        return _read_basic(value)
    return UnknownCredentials()


def _read_basic(value: str) -> Credentials:
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return UnknownCredentials()
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    name, colon, password = text.partition(":")
    return BasicCredentials(name, password) if colon else UnknownCredentials()
