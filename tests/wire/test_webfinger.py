"""How clients and links find their way: webfinger, config, apps, private links."""

import pytest
from webtest import TestApp

from spaces.model import Space

ISSUER = "http://openid.net/specs/connect/1.0/issuer"


@pytest.mark.parametrize(
    "resource",
    ["http://localhost", "http://localhost/", "acct:alice@localhost", "https://x.y"],
)
def test_subject_is_the_resource(app: TestApp, resource: str) -> None:
    """The desktop refuses an answer about anything but what it asked for."""
    answer = app.get("/.well-known/webfinger", {"resource": resource})

    assert answer.json["subject"] == resource
    assert answer.content_type == "application/jrd+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_relation_is_chosen(app: TestApp) -> None:
    """Only the links of the relation asked for (RFC 7033 §4.3)."""
    answer = app.get("/.well-known/webfinger", {"resource": "http://x", "rel": ISSUER})

    assert [link["rel"] for link in answer.json["links"]] == [ISSUER]
    assert answer.json["links"][0]["href"] == "http://localhost"


def test_resource_is_needed(app: TestApp) -> None:
    """400 without it (RFC 7033 §4.2)."""
    app.get("/.well-known/webfinger", status=400)


def test_issuer_of_the_web_page(app: TestApp) -> None:
    """The configuration leads to a discovery document that says the same."""
    config = app.get("/config.json").json

    login = config["openIdConnect"]
    discovery = app.get(login["metadata_url"].removeprefix("http://localhost")).json
    assert config["server"] == "http://localhost"
    assert discovery["issuer"] == login["authority"]
    assert login["response_type"] in discovery["response_types_supported"]
    assert set(login["scope"].split()) <= set(discovery["scopes_supported"])


def test_no_app_opens_files(app: TestApp) -> None:
    """An empty list, for everybody."""
    assert app.get("/app/list").json == {"mime-types": []}


def test_private_link_leads_to_the_page(app: TestApp, home: Space) -> None:
    """With the id of the file, whether it exists or not."""
    resource = f"{home.id}${home.id}!{home.id}"

    answer = app.get(f"/f/{resource}", status=302)

    assert answer.headers["Location"] == f"http://localhost/#/f/{resource}"


@pytest.mark.parametrize("text", ["nonsense", "%22%3E%3Cscript%3E", "http:%2F%2Fevil"])
def test_private_link_to_nothing(app: TestApp, text: str) -> None:
    """What is no id is not redirected anywhere."""
    app.get(f"/f/{text}", status=404)


class TestUnknownHost:
    """A server that is reached under other names, without a public URL."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Accept a name beyond loopback."""
        return {"server.hosts": "files.example.org"}

    def test_has_no_issuer_there(self, app: TestApp) -> None:
        """Logins beyond loopback need OCSYNC_URL; nothing else is promised."""
        headers = {"Host": "files.example.org"}

        finger = app.get("/.well-known/webfinger", {"resource": "x:y"}, headers=headers)
        app.get("/.well-known/openid-configuration", headers=headers, status=404)
        config = app.get("/config.json", headers=headers)

        assert ISSUER not in {link["rel"] for link in finger.json["links"]}
        assert "openIdConnect" not in config.json
        app.get("/.well-known/openid-configuration")


class TestPublicUrl:
    """A server with a public URL, behind a proxy perhaps."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """The URL as clients type it."""
        return {"server.url": "https://files.example.org/cloud"}

    def test_is_the_issuer(self, app: TestApp) -> None:
        """Every URL begins with it, whatever host was asked."""
        discovery = app.get("/.well-known/openid-configuration").json

        assert discovery["issuer"] == "https://files.example.org/cloud"
        assert discovery["token_endpoint"].startswith(discovery["issuer"])

    def test_cookies_are_for_its_path_and_tls(self, app: TestApp) -> None:
        """The browser sends them to the issuer only, and never in the clear."""
        answer = app.get(
            "/oidc/authorize?response_type=code&client_id=web&scope=openid"
            "&redirect_uri=https://files.example.org/cloud/oidc-callback.html"
            "&code_challenge_method=S256&code_challenge=" + "c" * 43
        )

        cookie = answer.headers["Set-Cookie"]
        assert "Path=/cloud/oidc" in cookie
        assert "Secure" in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
