"""App tokens over HTTP, as oCIS has them."""

import pytest
from webtest import TestApp

from tests.wire.conftest import Person

URL = "/auth-app/tokens"


def test_life_of_a_token(app: TestApp, alice: Person) -> None:
    """Made, used as password and as bearer, listed without its secret, revoked."""
    made = app.post(f"{URL}?expiry=72h&label=rclone", headers=alice.basic).json
    secret = made["token"]
    as_password = Person(alice.actor, secret).basic
    as_bearer = {"Authorization": f"Bearer {secret}"}
    app.get("/graph/v1.0/me", headers=as_password)
    app.get("/graph/v1.0/me", headers=as_bearer)

    listed = app.get(URL, headers=alice.basic).json
    app.delete(f"{URL}?token={listed[0]['token']}", headers=alice.basic, status=200)

    assert made["label"] == "rclone"
    assert made["expiration_date"] > made["created_date"]
    assert len(listed) == 1
    assert secret not in str(listed)
    app.get("/graph/v1.0/me", headers=as_password, status=401)
    app.get("/graph/v1.0/me", headers=as_bearer, status=401)
    assert app.get(URL, headers=alice.basic).json == []


def test_revoked_by_itself(app: TestApp, alice: Person) -> None:
    """Whoever still has the token may name it by that."""
    secret = app.post(f"{URL}?expiry=1h", headers=alice.basic).json["token"]

    app.delete(f"{URL}?token={secret}", headers=alice.basic, status=200)

    assert app.get(URL, headers=alice.basic).json == []


@pytest.mark.parametrize(
    "expiry", ["", "soon", "72", "-1h", "0h", "1h nonsense", "99999999999h", "9999d"]
)
def test_expiry_must_make_sense(app: TestApp, alice: Person, expiry: str) -> None:
    """A length of time as Go writes it, neither nothing nor for ever."""
    app.post(URL, headers=alice.basic, status=400)
    app.post(f"{URL}?expiry={expiry}", headers=alice.basic, status=400)


@pytest.mark.parametrize("expiry", ["72h", "1h30m", "90s", "1500ms", "30d", "1.5h"])
def test_expiry_in_many_forms(app: TestApp, alice: Person, expiry: str) -> None:
    """All of them are taken."""
    made = app.post(f"{URL}?expiry={expiry}", headers=alice.basic).json

    assert made["expiration_date"] > made["created_date"]


def test_tokens_of_others_are_not_there(
    app: TestApp, alice: Person, admin: Person
) -> None:
    """Nobody sees or revokes somebody else's."""
    app.post(f"{URL}?expiry=1h", headers=alice.basic)
    name = app.get(URL, headers=alice.basic).json[0]["token"]

    app.delete(f"{URL}?token={name}", headers=admin.basic, status=404)

    assert app.get(URL, headers=admin.basic).json == []
    assert len(app.get(URL, headers=alice.basic).json) == 1


def test_login_is_needed(app: TestApp) -> None:
    """401 for everything."""
    app.get(URL, status=401)
    app.post(f"{URL}?expiry=1h", status=401)
    app.delete(f"{URL}?token=x", status=401)


def test_secret_is_not_kept_in_caches(app: TestApp, alice: Person) -> None:
    """The one answer that shows it says no-store."""
    answer = app.post(f"{URL}?expiry=1h", headers=alice.basic)

    assert answer.headers["Cache-Control"] == "no-store"
