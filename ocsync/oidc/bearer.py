"""Access tokens in requests: whom they stand for, verified by us or another issuer.

A token is verified by its signature once a minute, and remembered in between as long
as no account, credential or grant has changed anywhere.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol
from wsgiref.types import WSGIEnvironment

import jwt

from ocsync.auth.credentials import BearerToken, Credentials
from ocsync.oidc.keys import Keys
from ocsync.oidc.tokens import ACCESS_TOKEN_TYPE
from spaces.clock import Instant, from_seconds
from spaces.grant_model import GrantId
from spaces.grants import Grants
from spaces.ids import UserId
from spaces.model import Actor

_MAX_TOKEN: Final = 8192


class Issuing(Protocol):
    """Somebody whose access tokens are believed. Thread-safe."""

    def identify(self, token: str) -> tuple[UserId, Instant, GrantId | None] | None:
        """The user of a valid token, when it expires, and of which grant it is.

        None if it is no valid token of this issuer.
        """
        ...


class OwnIssuer:
    """Access tokens that this server has issued itself."""

    def __init__(self, *, keys: Keys, audience: str) -> None:
        self._keys = keys
        self._audience = audience

    def claims(self, token: str) -> Mapping[str, Any] | None:
        """The claims of a valid access token."""
        try:
            return self._keys.verify(
                token, audience=self._audience, kind=ACCESS_TOKEN_TYPE
            )
        except jwt.InvalidTokenError:
            return None

    def identify(self, token: str) -> tuple[UserId, Instant, GrantId | None] | None:
        """Verify signature, audience and time."""
        claims = self.claims(token)
        if claims is None:
            return None
        return (
            UserId(str(claims["sub"])),
            from_seconds(float(claims["exp"])),
            GrantId(str(claims.get("sid", ""))),
        )


class AccessTokenAuthenticator:
    """Bearer with an access token (RFC 6750)."""

    def __init__(self, *, grants: Grants, issuer: Issuing) -> None:
        self._grants = grants
        self._issuer = issuer

    def authenticate(
        self,
        credentials: Credentials | None,
        environ: WSGIEnvironment,  # noqa: ARG002
    ) -> Actor | None:
        """Whom the token stands for."""
        if not isinstance(credentials, BearerToken):
            return None
        return self.actor_of(credentials.token)

    def actor_of(self, token: str) -> Actor | None:
        """The active user of a valid access token."""
        if token.count(".") != 2 or len(token) > _MAX_TOKEN:
            return None
        actor = self._grants.recall(token)
        if actor is not None:
            return actor
        found = self._issuer.identify(token)
        if found is None:
            return None
        user_id, expires_at, grant_id = found
        return self._grants.confirm(
            token, user_id, expires_at=expires_at, grant_id=grant_id
        )
