"""What a client asks of a person: the authorization request (RFC 6749 §4.1.1).

Pure: parameters in, a checked request out, or one of two refusals. An error that may
be a forged link is shown to the person and never redirected (§4.1.2.1); all others go
back to the client. Only the code flow with PKCE S256 exists here (RFC 9700 §2.1.1).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from ocsync.oidc.clients import Client, Clients

SCOPES: Final = ("openid", "profile", "email", "offline_access")

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_ONCE: Final = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "prompt",
    "max_age",
    "login_hint",
    "code_challenge",
    "code_challenge_method",
    "response_mode",
)
_PROMPTS: Final = frozenset({"none", "login", "consent", "select_account"})
_LOGIN_PROMPTS: Final = frozenset({"login", "select_account"})
_MAX_VALUE: Final = 2048
_MAX_FIELDS: Final = 50

Pairs = Sequence[tuple[str, str]]


class UntrustedRequest(Exception):
    """The request does not say believably which client it comes from."""


class AuthorizationRefused(Exception):
    """The client hears of this by its redirect."""

    def __init__(
        self, code: str, message: str, *, redirect_uri: str, state: str | None
    ) -> None:
        """Keep the error code and where to send it."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.redirect_uri = redirect_uri
        self.state = state


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A checked request. `query` is its text, to be asked again after a login."""

    client: Client
    redirect_uri: str
    scope: str
    state: str | None
    nonce: str | None
    challenge: str
    prompts: frozenset[str]
    max_age: int | None
    login_hint: str
    query: str

    @property
    def is_silent(self) -> bool:
        """Whether nobody may be asked anything."""
        return "none" in self.prompts

    @property
    def wants_login(self) -> bool:
        """Whether the person shall log in (again), session or not."""
        return bool(self.prompts & _LOGIN_PROMPTS)

    def refused(self, code: str, message: str) -> AuthorizationRefused:
        """The refusal of this request."""
        return AuthorizationRefused(
            code, message, redirect_uri=self.redirect_uri, state=self.state
        )


def parse_query(text: str) -> Pairs:
    """The parameters in a query string or form body.

    Raises:
        UntrustedRequest: there are far too many.
    """
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise UntrustedRequest("The request has too many parameters") from None


def parse_authorization(
    pairs: Pairs, clients: Clients, base_url: str
) -> AuthorizationRequest:
    """Check an authorization request.

    Raises:
        UntrustedRequest: the client or its redirect is not known.
        AuthorizationRefused: anything else is wrong.
    """
    values = dict(pairs)
    for name, value in pairs:
        is_repeated = name in _ONCE and sum(name == each for each, _ in pairs) > 1
        if is_repeated or len(value) > _MAX_VALUE:
            raise UntrustedRequest(f"The parameter {name} makes no sense")
    client = clients.find(values.get("client_id", ""), base_url)
    if client is None:
        raise UntrustedRequest("The program that sent you here is not known")
    redirect_uri = values.get("redirect_uri", "")
    if not client.accepts_redirect(redirect_uri):
        raise UntrustedRequest("The answer would go to an address that is not known")
    request = AuthorizationRequest(
        client=client,
        redirect_uri=redirect_uri,
        scope=_granted_scope(values.get("scope", "")),
        state=values.get("state"),
        nonce=values.get("nonce"),
        challenge=values.get("code_challenge", ""),
        prompts=frozenset(values.get("prompt", "").split()),
        max_age=_number(values.get("max_age")),
        login_hint=values.get("login_hint", ""),
        query=urlencode(pairs),
    )
    _require_supported(request, values)
    return request


def without_login(query: str) -> str:
    """The same request after a login, which has done what it asked of one."""
    pairs = [
        (name, " ".join(word for word in value.split() if word not in _LOGIN_PROMPTS))
        if name == "prompt"
        else (name, value)
        for name, value in parse_query(query)
        if name != "max_age"
    ]
    return urlencode([pair for pair in pairs if pair != ("prompt", "")])


def _require_supported(request: AuthorizationRequest, values: dict[str, str]) -> None:
    if values.get("response_type") != "code":
        raise request.refused("unsupported_response_type", "response_type must be code")
    if "request" in values or "request_uri" in values:
        code = "request" if "request" in values else "request_uri"
        raise request.refused(f"{code}_not_supported", f"{code} is not supported")
    if values.get("response_mode", "query") != "query":
        raise request.refused("invalid_request", "response_mode must be query")
    if values.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(
        request.challenge
    ):
        raise request.refused(
            "invalid_request", "PKCE is required: a code_challenge of method S256"
        )
    if "max_age" in values and request.max_age is None:
        raise request.refused("invalid_request", "max_age must be a number")
    if not request.prompts <= _PROMPTS or (
        request.is_silent and len(request.prompts) > 1
    ):
        raise request.refused("invalid_request", "prompt makes no sense")


def _granted_scope(text: str) -> str:
    """What is granted of the scopes asked for; those not known are ignored (§3.3)."""
    wanted = set(text.split())
    return " ".join(scope for scope in SCOPES if scope in wanted)


def _number(text: str | None) -> int | None:
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 9:
        return None
    return int(text)
