"""Logging in through the embedded issuer, as today's desktop does."""

import json
from urllib.parse import urlsplit

import jwt
import pytest
from webtest import TestApp

from spaces.library import Library
from tests.wire.conftest import Person
from tests.wire.oidc_client import (
    DESKTOP_SECRET,
    PublicClient,
    bearer,
)


@pytest.fixture
def client(app: TestApp) -> PublicClient:
    """The desktop, before its login."""
    return PublicClient(app)


def test_desktop_login_from_the_first_request(
    client: PublicClient, app: TestApp, alice: Person
) -> None:
    """Webfinger, challenge, discovery, code, token, user: the way of the desktop."""
    finger = app.get("/.well-known/webfinger?resource=http://localhost")
    issuer = next(
        link["href"]
        for link in finger.json["links"]
        if link["rel"] == "http://openid.net/specs/connect/1.0/issuer"
    )
    challenge = app.request("/remote.php/webdav/", method="PROPFIND", status=401)
    discovery = app.get(
        urlsplit(issuer).path + "/.well-known/openid-configuration"
    ).json

    tokens = client.tokens(alice)
    user = app.get(
        "/ocs/v2.php/cloud/user?format=json", headers=bearer(tokens["access_token"])
    )

    assert finger.json["subject"] == "http://localhost"
    assert any(
        h.startswith("Bearer ") for h in challenge.headers.getall("WWW-Authenticate")
    )
    assert discovery["issuer"] == issuer
    assert discovery["code_challenge_methods_supported"] == ["S256"]
    assert user.json["ocs"]["data"]["id"] == "alice"
    assert tokens["token_type"] == "Bearer"


def test_id_token_verifies_with_the_published_keys(
    client: PublicClient, app: TestApp, alice: Person
) -> None:
    """Issuer, audience, nonce and signature of the ID token are right."""
    tokens = client.tokens(alice)

    keys = jwt.PyJWKSet.from_dict(app.get("/oidc/jwks.json").json)
    key_id = jwt.get_unverified_header(tokens["id_token"])["kid"]
    claims = jwt.decode(
        tokens["id_token"],
        keys[key_id],
        algorithms=["RS256"],
        audience=client.client_id,
        issuer="http://localhost",
    )

    assert claims["sub"] == alice.actor.user_id
    assert claims["nonce"] == client.nonce
    assert claims["preferred_username"] == "alice"


def test_answer_names_state_and_issuer(client: PublicClient, alice: Person) -> None:
    """State comes back as it was sent, with the issuer beside it (RFC 9207)."""
    returned = client.allow(alice)

    assert returned["state"] == client.state
    assert returned["iss"] == "http://localhost"


def test_userinfo_tells_what_the_scope_allows(
    client: PublicClient, app: TestApp, alice: Person
) -> None:
    """No more claims than the scopes name."""
    client.scope = "openid email"
    tokens = client.tokens(alice)

    claims = app.get("/oidc/userinfo", headers=bearer(tokens["access_token"])).json

    assert claims == {
        "sub": alice.actor.user_id,
        "email": "alice@example.org",
        "email_verified": False,
    }


def test_wrong_password_is_told_and_nothing_given(
    client: PublicClient, app: TestApp, alice: Person
) -> None:
    """The form comes back with a message and no session."""
    page = app.get(client.authorization())
    page.form["username"] = "alice"
    page.form["password"] = "wrong"

    answer = page.form.submit(status=403)

    assert "do not fit" in answer.text
    assert "ocsync_session" not in app.cookies


def test_many_wrong_passwords_slow_down(
    client: PublicClient, app: TestApp, alice: Person
) -> None:
    """After some wrong guesses the form answers 429 and says how long to wait."""
    page = app.get(client.authorization())
    page.form["username"] = "alice"
    page.form["password"] = "wrong"

    answers = [page.form.submit(status="*") for _ in range(8)]

    assert answers[-1].status_int == 429
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_denied_consent_goes_back_as_an_error(
    client: PublicClient, alice: Person
) -> None:
    """The client hears access_denied."""
    page = client.log_in(alice)

    returned = client.returned(page.form.submit("decision", value="deny"))

    assert returned["error"] == "access_denied"
    assert "code" not in returned


def test_login_form_of_another_site_is_refused(
    client: PublicClient, app: TestApp, alice: Person
) -> None:
    """Without the token bound to our cookie a login does nothing."""
    query = urlsplit(client.authorization()).query
    forged = {"request": query, "username": "alice", "password": alice.password}

    answer = app.post("/oidc/login", forged | {"token": "0" * 64}, status=403)

    assert "ocsync_session" not in app.cookies
    assert "Try again" in answer.text


def test_consent_form_of_another_site_is_refused(
    client: PublicClient, app: TestApp, alice: Person
) -> None:
    """A session alone does not allow anything: the page is shown again."""
    client.log_in(alice)
    query = urlsplit(client.authorization()).query

    answer = app.post("/oidc/consent", {"request": query, "decision": "allow"})

    assert answer.status_int == 200
    assert 'value="allow"' in answer.text


def test_pages_run_nothing_and_cannot_be_framed(
    client: PublicClient, app: TestApp
) -> None:
    """The policy allows one style sheet and the form's targets, nothing else."""
    page = app.get(client.authorization())

    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:41235" in policy
    assert "<script" not in page.text


def test_hints_are_shown_as_text(client: PublicClient, app: TestApp) -> None:
    """What a link says is never markup."""
    page = app.get(client.authorization(login_hint='"><script>alert(1)</script>'))

    assert "<script>" not in page.text


def test_silent_request_without_session(client: PublicClient, app: TestApp) -> None:
    """prompt=none asks nobody and says login_required."""
    returned = client.returned(app.get(client.authorization(prompt="none")))

    assert returned["error"] == "login_required"
    assert returned["state"] == client.state


def test_login_prompt_asks_again(
    client: PublicClient, app: TestApp, alice: Person
) -> None:
    """prompt=login asks although there is a session, and is content after it."""
    client.log_in(alice)

    page = client.log_in(alice, prompt="login consent")

    assert 'value="allow"' in page.text


def test_own_web_client_is_not_asked_about(
    client: PublicClient, app: TestApp, alice: Person
) -> None:
    """The web page of this very server gets its code without a question."""
    client.client_id = "web"
    client.redirect_uri = "http://localhost/oidc-callback.html"
    page = app.get(client.authorization())
    page.form["username"] = "alice"
    page.form["password"] = alice.password

    answer = page.form.submit().follow()

    assert client.redeem(client.returned(answer)["code"])["access_token"]


def test_logout_ends_session_and_grant(
    client: PublicClient, app: TestApp, alice: Person
) -> None:
    """With the ID token as a hint nobody is asked, and the access token is void."""
    tokens = client.tokens(alice)

    app.get(
        f"/oidc/logout?id_token_hint={tokens['id_token']}"
        "&post_logout_redirect_uri=http://127.0.0.1:5/"
    )
    app.get(
        "/ocs/v2.php/cloud/user",
        headers=bearer(tokens["access_token"]),
        status=401,
    )

    assert client.refresh(tokens["refresh_token"], 400)["error"] == "invalid_grant"
    returned = client.returned(app.get(client.authorization(prompt="none")))
    assert returned["error"] == "login_required"


def test_logout_returns_to_the_client(
    client: PublicClient, app: TestApp, alice: Person
) -> None:
    """To the address it registered, with its state (RP-Initiated Logout §3)."""
    tokens = client.tokens(alice)

    answer = app.get(
        f"/oidc/logout?id_token_hint={tokens['id_token']}&state=s"
        "&post_logout_redirect_uri=http://127.0.0.1:5/"
    )

    assert answer.location == "http://127.0.0.1:5/?state=s"


@pytest.mark.parametrize("hinted", [True, False])
def test_logout_leads_nowhere_else(
    client: PublicClient, app: TestApp, alice: Person, *, hinted: bool
) -> None:
    """A link to the logout is no way to send people to any other site."""
    hint = f"id_token_hint={client.tokens(alice)['id_token']}&" if hinted else ""
    app.reset()

    page = app.get(f"/oidc/logout?{hint}post_logout_redirect_uri=https://evil.example/")

    assert page.status_int == 200
    assert "Logged out" in page.text


def test_logout_without_proof_asks_first(
    client: PublicClient, app: TestApp, alice: Person
) -> None:
    """Another site cannot log anybody out with a link."""
    client.log_in(alice)

    page = app.get("/oidc/logout")

    assert "Log out?" in page.text
    assert "Logged out" in page.form.submit("decision").text


def test_published_secret_by_header(
    client: PublicClient, app: TestApp, alice: Person
) -> None:
    """Clients that send the secret they were published with are let in, too."""
    code = client.allow(alice)["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": client.verifier,
    }
    app.authorization = ("Basic", (client.client_id, DESKTOP_SECRET))

    answer = app.post("/oidc/token", form)

    assert json.loads(answer.text)["access_token"]


def test_new_password_ends_grants(
    client: PublicClient, app: TestApp, alice: Person, library: Library
) -> None:
    """A new password logs every program out at once."""
    tokens = client.tokens(alice)
    headers = bearer(tokens["access_token"])
    app.get("/ocs/v2.php/cloud/user", headers=headers)

    library.accounts.set_password(alice.actor.user_id, "another one")

    app.get("/ocs/v2.php/cloud/user", headers=headers, status=401)
    client.refresh(tokens["refresh_token"], 400)


def test_disabled_account_is_out(
    client: PublicClient, app: TestApp, alice: Person, admin: Person, library: Library
) -> None:
    """Tokens of a closed account open nothing."""
    tokens = client.tokens(alice)

    library.accounts.disable(alice.actor.user_id)

    app.get("/graph/v1.0/me", headers=bearer(tokens["access_token"]), status=401)
    assert client.refresh(tokens["refresh_token"], 400)["error"] == "invalid_grant"
