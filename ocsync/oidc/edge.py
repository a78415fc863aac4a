"""The issuer's endpoints for programs: discovery, keys, tokens, registration.

The pages for people are in `browser`; both are mounted below `/oidc`. Answers are
those of RFC 6749, 7009, 7517, 7591, 8414 and OpenID Connect Core, Discovery and
RP-Initiated Logout.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import unquote_plus

from werkzeug.wrappers import Response

from ocsync.endpoints import Call, Endpoints, Route, empty_response, json_response
from ocsync.oidc.authorization import SCOPES, UntrustedRequest, parse_query
from ocsync.oidc.bearer import AccessTokenAuthenticator, OwnIssuer
from ocsync.oidc.browser import Browser
from ocsync.oidc.clients import Client, ClientRefused, Clients
from ocsync.oidc.keys import ALGORITHM, Keys
from ocsync.oidc.tokens import Issuer, TokenRefused, Tokens
from ocsync.problems import HttpProblem
from ocsync.renderings import Form
from ocsync.routes import Access, Mount
from spaces.accounts import Accounts
from spaces.grants import Grants

PREFIX: Final = "/oidc"
DISCOVERY_PATH: Final = "/.well-known/openid-configuration"

_NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_AUTH_METHODS: Final = ("none", "client_secret_basic", "client_secret_post")


class OidcEndpoints:
    """What programs ask the issuer."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        grants: Grants,
        clients: Clients,
        keys: Keys,
        tokens: Tokens,
        own: OwnIssuer,
        bearer: AccessTokenAuthenticator,
        audience: str,
        issuer_of: Callable[[Call], str],
    ) -> None:
        self._accounts = accounts
        self._grants = grants
        self._clients = clients
        self._keys = keys
        self._tokens = tokens
        self._own = own
        self._bearer = bearer
        self._audience = audience
        self._issuer_of = issuer_of

    def mounts(self, browser: Browser) -> tuple[Mount, ...]:
        """The discovery document, and everything below `/oidc`."""
        routes = (
            Route("GET", "/jwks.json", self.keys),
            Route("POST", "/token", self.token),
            Route("POST", "/revoke", self.revoke),
            Route("POST", "/register", self.register),
            Route("GET", "/userinfo", self.user_info),
            Route("POST", "/userinfo", self.user_info),
            *browser.routes(),
        )
        return (
            _mount(PREFIX, Endpoints(routes)),
            _mount(DISCOVERY_PATH, Endpoints((Route("GET", "/", self.discover),))),
        )

    def discover(self, call: Call) -> Response:
        """What the issuer can do and where (OpenID Connect Discovery §3)."""
        issuer = self._issuer_of(call)
        base = issuer + PREFIX
        document = {
            "issuer": issuer,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "userinfo_endpoint": f"{base}/userinfo",
            "jwks_uri": f"{base}/jwks.json",
            "registration_endpoint": f"{base}/register",
            "revocation_endpoint": f"{base}/revoke",
            "end_session_endpoint": f"{base}/logout",
            "scopes_supported": list(SCOPES),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "token_endpoint_auth_methods_supported": list(_AUTH_METHODS),
            "revocation_endpoint_auth_methods_supported": list(_AUTH_METHODS),
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": [
                "sub",
                "name",
                "preferred_username",
                "email",
                "email_verified",
            ],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "authorization_response_iss_parameter_supported": True,
            "claims_parameter_supported": False,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
        }
        return json_response(document, headers={"Cache-Control": "max-age=300"})

    def keys(self, call: Call) -> Response:
        """The public keys."""
        self._issuer_of(call)
        headers = {"Cache-Control": "max-age=300"}
        return json_response(self._keys.public_keys(), headers=headers)

    def token(self, call: Call) -> Response:
        """Exchange a code or refresh token."""
        issuer = Issuer(self._issuer_of(call), self._audience)
        try:
            form = _form(call)
            client = self._authenticated(call, form)
            answer = self._tokens.exchange(issuer, client, form)
        except TokenRefused as error:
            return _refusal(call, error)
        return json_response(answer, headers=_NO_STORE)

    def revoke(self, call: Call) -> Response:
        """End the grant of a refresh or access token (RFC 7009)."""
        try:
            form = _form(call)
            client = self._authenticated(call, form)
        except TokenRefused as error:
            return _refusal(call, error)
        token = form.get("token", "")
        found = self._own.identify(token)
        if found is None:
            self._grants.revoke_token(token, client.id)
        elif found[2] is not None:
            self._grants.revoke(found[2])
        return empty_response(200, _NO_STORE)

    def register(self, call: Call) -> Response:
        """Give a native program an id (RFC 7591)."""
        self._issuer_of(call)
        metadata = dict(call.document())
        try:
            client = self._clients.register(metadata)
        except ClientRefused as error:
            body = {"error": error.code, "error_description": str(error)}
            return json_response(body, 400, _NO_STORE)
        wanted = metadata.get("token_endpoint_auth_method")
        method = wanted if wanted in _AUTH_METHODS else "client_secret_basic"
        answer: dict[str, object] = {
            "client_id": client.id,
            "client_name": client.name,
            "redirect_uris": list(client.redirect_uris),
            "application_type": "native",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": method,
        }
        if method != "none":
            answer |= {"client_secret": client.secret, "client_secret_expires_at": 0}
        return json_response(answer, 201, _NO_STORE)

    def user_info(self, call: Call) -> Response:
        """Claims about the user of an access token (OpenID Connect Core §5.3)."""
        scheme, _, token = call.request.headers.get("Authorization", "").partition(" ")
        token = token.strip() if scheme.lower() == "bearer" else ""
        actor = self._bearer.actor_of(token)
        claims = self._own.claims(token)
        if actor is None or claims is None:
            challenge = 'Bearer error="invalid_token"' if token else "Bearer"
            raise HttpProblem(
                401, "No valid token", headers=(("WWW-Authenticate", challenge),)
            )
        user = self._accounts.by_id(actor.user_id)
        scope = str(claims.get("scope", ""))
        return json_response(self._tokens.user_claims(user, scope), headers=_NO_STORE)

    def _authenticated(self, call: Call, form: Mapping[str, str]) -> Client:
        """The client that asks (RFC 6749 §2.3).

        Raises:
            TokenRefused: it is unknown, or its secret is wrong.
        """
        header = _basic(call)
        client_id = header[0] if header else form.get("client_id", "")
        secret = header[1] if header else form.get("client_secret", "")
        client = self._clients.find(client_id, call.base_url)
        if client is None or (form.get("client_id", client_id) != client_id):
            raise TokenRefused("invalid_client", "The client is not known")
        if secret and not client.accepts_secret(secret):
            raise TokenRefused("invalid_client", "The client's secret is wrong")
        return client


def _mount(prefix: str, app: Endpoints) -> Mount:
    return Mount(prefix=prefix, app=app, form=Form.JSON, access=Access.IGNORED)


def _form(call: Call) -> Mapping[str, str]:
    """The form's fields, none of them twice.

    Raises:
        TokenRefused: it is no such form.
    """
    kind = call.request.mimetype
    try:
        pairs = parse_query(call.body().decode())
    except (UnicodeDecodeError, UntrustedRequest):
        raise TokenRefused("invalid_request", "The body is malformed") from None
    form = dict(pairs)
    if kind != "application/x-www-form-urlencoded" or len(form) != len(pairs):
        raise TokenRefused(
            "invalid_request", "Send each parameter once, as a URL-encoded form"
        )
    return form


def _basic(call: Call) -> tuple[str, str] | None:
    """Client id and secret of a Basic header, which are form-encoded in it (§2.3.1)."""
    scheme, _, value = call.request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise TokenRefused("invalid_client", "The header is malformed") from None
    client_id, _, secret = text.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def _refusal(call: Call, error: TokenRefused) -> Response:
    body = {"error": error.code, "error_description": str(error)}
    is_header_wrong = error.code == "invalid_client" and bool(
        call.request.headers.get("Authorization")
    )
    if is_header_wrong:
        challenge = {"WWW-Authenticate": f'Basic realm="{call.host}"'}
        return json_response(body, 401, _NO_STORE | challenge)
    return json_response(body, 400, _NO_STORE)
