"""Values of logging in through OpenID Connect: codes, grants, browser sessions.

As everything in the model they are frozen snapshots. Secrets stand in them only in
what is handed out once, to whoever asked for it.
"""

from dataclasses import dataclass, field
from typing import NewType

from spaces.clock import Instant
from spaces.ids import UserId

GrantId = NewType("GrantId", str)


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """A browser in which a user is logged in."""

    user_id: UserId
    authenticated_at: Instant
    expires_at: Instant


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a user has just allowed a client, before the client has fetched it.

    `challenge` is that of PKCE (RFC 7636), method S256.
    """

    user_id: UserId
    client_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    challenge: str
    authenticated_at: Instant


@dataclass(frozen=True, slots=True)
class Grant:
    """What a user lets a client do, until it is revoked or not used for too long."""

    id: GrantId
    user_id: UserId
    client_id: str
    scope: str
    authenticated_at: Instant
    created_at: Instant
    expires_at: Instant


@dataclass(frozen=True, slots=True)
class IssuedGrant:
    """A grant with its newest refresh token, the only one that is good."""

    grant: Grant
    refresh_token: str = field(repr=False)
    nonce: str | None = None
