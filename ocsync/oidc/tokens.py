"""Tokens for clients: codes and refresh tokens in, access and ID tokens out.

The token endpoint's half of the protocol (RFC 6749 §4.1.3 and §6, RFC 7636 §4.6,
OpenID Connect Core §3.1.3). Which code or token is good is known to `spaces.grants`.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ocsync.oidc.clients import Client
from ocsync.oidc.keys import Keys
from spaces.accounts import Accounts
from spaces.clock import Clock, to_seconds
from spaces.errors import UserNotFound
from spaces.grant_model import Authorization, Grant, IssuedGrant
from spaces.grants import Grants
from spaces.ids import new_id
from spaces.model import User

ACCESS_TOKEN_TYPE: Final = "at+jwt"  # noqa: S105  # RFC 9068 §2.1
ID_TOKEN_TYPE: Final = "JWT"  # noqa: S105
ACCESS_SECONDS: Final = 900

_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class TokenRefused(Exception):
    """The answer to a client that gets no token (RFC 6749 §5.2)."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the error code."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who issues: under which URL, for which audience of access tokens."""

    url: str
    audience: str


class Tokens:
    """The token endpoint, without HTTP."""

    def __init__(
        self, *, grants: Grants, accounts: Accounts, keys: Keys, clock: Clock
    ) -> None:
        self._grants = grants
        self._accounts = accounts
        self._keys = keys
        self._clock = clock

    def exchange(
        self, issuer: Issuer, client: Client, form: Mapping[str, str]
    ) -> dict[str, object]:
        """The answer to a request for tokens.

        Raises:
            TokenRefused: there are none.
        """
        kind = form.get("grant_type")
        if kind == "authorization_code":
            issued = self._redeem(client, form)
        elif kind == "refresh_token":
            issued = self._grants.refresh(form.get("refresh_token", ""), client.id)
        else:
            raise TokenRefused(
                "unsupported_grant_type", "authorization_code or refresh_token"
            )
        if issued is None:
            raise TokenRefused("invalid_grant", "It is unknown, used, or too old")
        return self._answer(issuer, issued, self._narrowed(issued.grant, form))

    def user_claims(self, user: User, scope: str) -> dict[str, object]:
        """What a client may know of the user."""
        claims: dict[str, object] = {"sub": user.id}
        scopes = set(scope.split())
        if "profile" in scopes:
            claims["name"] = user.display_name or user.name
            claims["preferred_username"] = user.name
        if "email" in scopes and user.mail:
            claims["email"] = user.mail
            claims["email_verified"] = False
        return claims

    def _redeem(self, client: Client, form: Mapping[str, str]) -> IssuedGrant | None:
        verifier = form.get("code_verifier", "")
        redirect_uri = form.get("redirect_uri", "")

        def accepts(authorization: Authorization) -> bool:
            return (
                authorization.client_id == client.id
                and authorization.redirect_uri == redirect_uri
                and is_verified(verifier, authorization.challenge)
            )

        return self._grants.redeem(form.get("code", ""), accepts=accepts)

    def _narrowed(self, grant: Grant, form: Mapping[str, str]) -> str:
        """The scope asked for, which never exceeds the granted one (RFC 6749 §6)."""
        wanted = form.get("scope", "").split()
        granted = grant.scope.split()
        if not wanted or form.get("grant_type") != "refresh_token":
            return grant.scope
        return " ".join(scope for scope in granted if scope in wanted)

    def _answer(
        self, issuer: Issuer, issued: IssuedGrant, scope: str
    ) -> dict[str, object]:
        try:
            user = self._accounts.by_id(issued.grant.user_id)
        except UserNotFound:
            user = None
        if user is None or user.disabled_at is not None:
            raise TokenRefused("invalid_grant", "The account is not active")
        access_token = self._access_token(issuer, issued.grant, scope)
        answer: dict[str, object] = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": ACCESS_SECONDS,
            "refresh_token": issued.refresh_token,
            "scope": scope,
        }
        if "openid" in scope.split():
            claims = self._id_claims(issuer, issued, access_token)
            claims |= self.user_claims(user, scope)
            answer["id_token"] = self._keys.sign(claims, kind=ID_TOKEN_TYPE)
        return answer

    def _access_token(self, issuer: Issuer, grant: Grant, scope: str) -> str:
        now = to_seconds(self._clock())
        claims: dict[str, Any] = {
            "iss": issuer.url,
            "aud": issuer.audience,
            "sub": grant.user_id,
            "client_id": grant.client_id,
            "sid": grant.id,
            "scope": scope,
            "iat": now,
            "exp": now + ACCESS_SECONDS,
            "jti": new_id(),
        }
        return self._keys.sign(claims, kind=ACCESS_TOKEN_TYPE)

    def _id_claims(
        self, issuer: Issuer, issued: IssuedGrant, access_token: str
    ) -> dict[str, Any]:
        now = to_seconds(self._clock())
        claims: dict[str, Any] = {
            "iss": issuer.url,
            "aud": issued.grant.client_id,
            "azp": issued.grant.client_id,
            "sid": issued.grant.id,
            "iat": now,
            "exp": now + ACCESS_SECONDS,
            "auth_time": to_seconds(issued.grant.authenticated_at),
            "at_hash": _half_hash(access_token),
        }
        if issued.nonce is not None:
            claims["nonce"] = issued.nonce
        return claims


def is_verified(verifier: str, challenge: str) -> bool:
    """Whether the verifier is that of the challenge (RFC 7636 §4.6, S256)."""
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(_base64(digest), challenge)


def _half_hash(token: str) -> str:
    """The left half of the token's hash (OpenID Connect Core §3.1.3.6)."""
    return _base64(hashlib.sha256(token.encode()).digest()[:16])


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
