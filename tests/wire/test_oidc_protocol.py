"""The issuer against clients that are careless, broken or hostile."""

import os
from pathlib import Path

import pytest
from webtest import TestApp

from ocsync.oidc.keys import KEYS_FILE, Keys
from ocsync.oidc.tokens import is_verified
from ocsync.settings import Settings
from tests.wire.conftest import Person
from tests.wire.oidc_client import PublicClient, bearer


@pytest.fixture
def client(app: TestApp) -> PublicClient:
    """The desktop, before its login."""
    return PublicClient(app)


def test_refresh_token_is_good_once(
    client: PublicClient, app: TestApp, alice: Person
) -> None:
    """Each use gives a successor and a fresh access token."""
    first = client.tokens(alice)

    second = client.refresh(first["refresh_token"])

    assert second["refresh_token"] != first["refresh_token"]
    app.get("/graph/v1.0/me", headers=bearer(second["access_token"]))


def test_stolen_refresh_token_ends_the_family(
    client: PublicClient, app: TestApp, alice: Person
) -> None:
    """A token that comes twice revokes its grant, successors and access tokens too."""
    first = client.tokens(alice)
    second = client.refresh(first["refresh_token"])
    app.get("/graph/v1.0/me", headers=bearer(second["access_token"]))

    reuse = client.refresh(first["refresh_token"], 400)

    assert reuse["error"] == "invalid_grant"
    assert client.refresh(second["refresh_token"], 400)["error"] == "invalid_grant"
    app.get("/graph/v1.0/me", headers=bearer(second["access_token"]), status=401)


def test_one_family_ends_alone(
    client: PublicClient, app: TestApp, alice: Person
) -> None:
    """Another program of the same user goes on."""
    stolen = client.tokens(alice)
    app.reset()
    other = PublicClient(app)
    kept = other.tokens(alice)
    client.refresh(stolen["refresh_token"])

    client.refresh(stolen["refresh_token"], 400)

    assert other.refresh(kept["refresh_token"])["access_token"]


def test_code_is_good_once(client: PublicClient, app: TestApp, alice: Person) -> None:
    """A code that comes twice revokes what it gave (RFC 6749 §4.1.2)."""
    code = client.allow(alice)["code"]
    tokens = client.redeem(code)

    again = client.redeem(code, 400)

    assert again["error"] == "invalid_grant"
    assert client.refresh(tokens["refresh_token"], 400)["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": ""},
        {"redirect_uri": "http://127.0.0.1:1"},
        {"code": "guess"},
        {"client_id": "web"},
    ],
)
def test_code_in_wrong_hands(
    client: PublicClient, alice: Person, changes: dict[str, str]
) -> None:
    """Verifier, redirect and client must be those of the request."""
    code = client.allow(alice)["code"]

    answer = client.redeem(status=400, **({"code": code} | changes))

    assert answer["error"] == "invalid_grant"


def test_code_is_used_up_by_a_wrong_guess(client: PublicClient, alice: Person) -> None:
    """Nobody tries several verifiers on one code."""
    code = client.allow(alice)["code"]
    client.redeem(code, 400, code_verifier="x" * 43)

    assert client.redeem(code, 400)["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "dance"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"request_uri": "https://x"}, "request_uri_not_supported"),
    ],
)
def test_requests_the_client_hears_about(
    client: PublicClient, app: TestApp, changes: dict[str, str | None], error: str
) -> None:
    """The client is known, so it gets the error with its state."""
    answer = app.get(client.authorization(**changes))

    returned = client.returned(answer)
    assert returned["error"] == error
    assert returned["state"] == client.state


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"client_id": None},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "http://127.0.0.1.evil.example/"},
        {"redirect_uri": "http://localhost@evil.example/"},
        {"redirect_uri": "http://127.0.0.1:80\\@evil.example/"},
        {"redirect_uri": "https://127.0.0.1:41235"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "http://127.0.0.1:1/#x"},
        {"redirect_uri": "oc://android.owncloud.com"},
        {"state": "x" * 5000},
    ],
)
def test_requests_that_are_never_redirected(
    client: PublicClient, app: TestApp, changes: dict[str, str | None]
) -> None:
    """What may be a forged link is shown to the person (RFC 6749 §4.1.2.1)."""
    answer = app.get(client.authorization(**changes), status=400)

    assert "Location" not in answer.headers
    assert "evil" not in answer.headers["Content-Security-Policy"]


def test_repeated_parameters_are_refused(client: PublicClient, app: TestApp) -> None:
    """Two redirects are one too many (RFC 6749 §3.1)."""
    url = client.authorization() + "&redirect_uri=http://127.0.0.1:2"

    app.get(url, status=400)


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:1",
        "http://127.0.0.1:65535",
        "http://localhost:8080",
        "http://localhost:8080/callback",
    ],
)
def test_loopback_redirects_take_any_port(
    client: PublicClient, alice: Person, uri: str
) -> None:
    """The desktop listens on whatever port is free (RFC 8252 §7.3)."""
    client.redirect_uri = uri

    assert client.redeem(client.allow(alice)["code"])["access_token"]


def test_registered_client_logs_in(
    client: PublicClient, app: TestApp, alice: Person
) -> None:
    """A native program registers itself and goes the whole way."""
    answer = app.post_json(
        "/oidc/register",
        {
            "client_name": "Sync of mine",
            "redirect_uris": ["http://127.0.0.1"],
            "application_type": "native",
            "token_endpoint_auth_method": "client_secret_post",
        },
        status=201,
    )
    client.client_id = answer.json["client_id"]

    page = client.log_in(alice)
    code = client.returned(page.form.submit("decision", value="allow"))["code"]

    assert "Sync of mine" in page.text
    secret = answer.json["client_secret"]
    assert client.redeem(code, client_secret=secret)["refresh_token"]


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"redirect_uris": []},
        {"redirect_uris": "http://127.0.0.1"},
        {"redirect_uris": ["https://evil.example/"]},
        {"redirect_uris": ["http://127.0.0.1", "https://evil.example/"]},
        {"redirect_uris": [5]},
        {"redirect_uris": ["http://127.0.0.1"], "client_name": ["x"]},
        {"redirect_uris": ["http://127.0.0.1"] * 6},
    ],
)
def test_registration_stays_on_the_machine(
    app: TestApp, metadata: dict[str, object]
) -> None:
    """Only loopback redirects can be registered."""
    answer = app.post_json("/oidc/register", metadata, status=400)

    assert answer.json["error"] in {"invalid_redirect_uri", "invalid_client_metadata"}


def test_made_up_registration_is_unknown(client: PublicClient, app: TestApp) -> None:
    """The id of a registered client cannot be made by anybody else."""
    answer = app.post_json(
        "/oidc/register", {"redirect_uris": ["http://127.0.0.1"]}, status=201
    )
    client_id = answer.json["client_id"]
    # Not the last character: some of its bits say nothing.
    other = "B" if client_id[-5] == "A" else "A"
    client.client_id = f"{client_id[:-5]}{other}{client_id[-4:]}"

    app.get(client.authorization(), status=400)


def test_wrong_client_secret(client: PublicClient, alice: Person) -> None:
    """A secret need not be sent; if it is, it must be right."""
    code = client.allow(alice)["code"]

    answer = client.redeem(code, 400, client_secret="wrong")

    assert answer["error"] == "invalid_client"


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "password", "username": "alice", "password": "alice-alice"},
        {"grant_type": "client_credentials"},
        {"grant_type": "implicit"},
        {},
    ],
)
def test_other_grant_types(
    client: PublicClient, alice: Person, form: dict[str, str]
) -> None:
    """Only the two grants exist."""
    assert client.token(400, **form)["error"] == "unsupported_grant_type"


def test_token_request_that_is_no_form(app: TestApp) -> None:
    """JSON is not what RFC 6749 asks for."""
    answer = app.post_json("/oidc/token", {"grant_type": "refresh_token"}, status=400)

    assert answer.json["error"] == "invalid_request"


def test_refresh_narrows_the_scope(client: PublicClient, alice: Person) -> None:
    """A refresh may ask for less, and gets no more than was granted."""
    client.scope = "openid profile"
    tokens = client.tokens(alice)

    answer = client.refresh(tokens["refresh_token"], scope="openid email")

    assert answer["scope"] == "openid"


def test_revoked_refresh_token(
    client: PublicClient, app: TestApp, alice: Person
) -> None:
    """Revoking the refresh token voids the access token with it (RFC 7009 §2.1)."""
    tokens = client.tokens(alice)
    form = {"token": tokens["refresh_token"], "client_id": client.client_id}

    app.post("/oidc/revoke", form, status=200)

    client.refresh(tokens["refresh_token"], 400)
    app.get("/graph/v1.0/me", headers=bearer(tokens["access_token"]), status=401)


def test_id_token_opens_nothing(
    client: PublicClient, app: TestApp, alice: Person
) -> None:
    """Only access tokens are for resources."""
    tokens = client.tokens(alice)

    app.get("/graph/v1.0/me", headers=bearer(tokens["id_token"]), status=401)


@pytest.mark.parametrize("kind", ["none", "tampered", "garbage"])
def test_forged_access_tokens(
    client: PublicClient, app: TestApp, alice: Person, kind: str
) -> None:
    """Neither unsigned nor changed tokens are believed."""
    head, body, tail = client.tokens(alice)["access_token"].split(".")
    forged = {
        "none": f"eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{body}.",
        "tampered": f"{head}.{body[:-4]}AAAA.{tail}",
        "garbage": "a.b.c",
    }[kind]

    app.get("/graph/v1.0/me", headers=bearer(forged), status=401)


def test_keys_rotate_without_logging_out(
    client: PublicClient, app: TestApp, alice: Person, settings: Settings
) -> None:
    """After a rotation old tokens still open, and new ones name the new key."""
    tokens = client.tokens(alice)

    key_id = Keys(folder=settings.data).rotate()

    app.get("/graph/v1.0/me", headers=bearer(tokens["access_token"]))
    published = [key["kid"] for key in app.get("/oidc/jwks.json").json["keys"]]
    assert published[0] == key_id
    assert len(published) == 2
    fresh = client.refresh(tokens["refresh_token"])
    app.get("/graph/v1.0/me", headers=bearer(fresh["access_token"]))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for somebody else")
def test_keys_that_root_rotates_stay_the_servers(tmp_path: Path) -> None:
    """The file belongs to whom the folder belongs, or the server could not read it."""
    os.chown(tmp_path, 65534, 65534)

    Keys(folder=tmp_path).rotate()

    assert (tmp_path / KEYS_FILE).stat().st_uid == 65534


def test_keys_are_for_their_owner_only(app: TestApp, settings: Settings) -> None:
    """The file is made at the first use, with mode 0600, and not said to anybody."""
    keys = app.get("/oidc/jwks.json").json["keys"]

    path: Path = settings.data / KEYS_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert set(keys[0]) == {"kty", "use", "alg", "kid", "n", "e"}


def test_challenge_of_the_standard() -> None:
    """The example of RFC 7636 appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    assert is_verified(verifier, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
