"""A public OpenID Connect client as the desktop is one: loopback redirect and PKCE."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from webtest import TestApp, TestResponse

from tests.wire.conftest import Person

DESKTOP_ID = "xdXOt13JKxym1B1QcEncf2XDkLAexMBFwiT9j6EfhhHFJhs2KM9jbjTmf8JBXE69"
DESKTOP_SECRET = "UBntmLjC2yYCeHwsyj73Uwo9TAaecAetRwMw0xYcvNL9yRdLSUi0hUAHfvCHFeFh"


def s256(verifier: str) -> str:
    """The challenge of a verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass
class PublicClient:
    """One login of one program, step by step."""

    app: TestApp
    client_id: str = DESKTOP_ID
    redirect_uri: str = "http://127.0.0.1:41235"
    scope: str = "openid offline_access email profile"
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(8))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(8))

    def authorization(self, **changes: str | None) -> str:
        """The URL to open in the browser; None drops a parameter."""
        parameters: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": s256(self.verifier),
            "code_challenge_method": "S256",
        }
        parameters |= changes
        kept = {name: value for name, value in parameters.items() if value is not None}
        return f"/oidc/authorize?{urlencode(kept)}"

    def log_in(self, person: Person, **changes: str | None) -> TestResponse:
        """Open the login page, fill it in, and follow to the page after it."""
        page = self.app.get(self.authorization(**changes))
        form = page.form
        form["username"] = person.name
        form["password"] = person.password
        return form.submit().follow()

    def allow(self, person: Person, **changes: str | None) -> dict[str, str]:
        """Log in, allow, and return the parameters that come back."""
        page = self.log_in(person, **changes)
        return self.returned(page.form.submit("decision", value="allow"))

    def returned(self, answer: TestResponse) -> dict[str, str]:
        """The parameters of a redirect to the client."""
        location = str(answer.headers["Location"])
        assert location.startswith(self.redirect_uri)
        return {k: v[0] for k, v in parse_qs(urlsplit(location).query).items()}

    def token(self, status: int = 200, **form: str) -> dict[str, Any]:
        """Ask the token endpoint."""
        fields = {"client_id": self.client_id, **form}
        answer = self.app.post("/oidc/token", fields, status=status)
        document: dict[str, Any] = answer.json
        return document

    def redeem(self, code: str, status: int = 200, **changes: str) -> dict[str, Any]:
        """Exchange a code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        return self.token(status, **(form | changes))

    def refresh(self, token: str, status: int = 200, **changes: str) -> dict[str, Any]:
        """Exchange a refresh token."""
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self.token(status, **(form | changes))

    def tokens(self, person: Person) -> dict[str, Any]:
        """The whole way, to the first tokens."""
        return self.redeem(self.allow(person)["code"])


def bearer(token: str) -> dict[str, str]:
    """The header."""
    return {"Authorization": f"Bearer {token}"}
