"""What a request leaves in the audit log: who, from where, under which request id."""

import pytest
from webtest import TestApp

from spaces.audit_model import Action, Deed
from spaces.clock import Instant
from spaces.library import Library
from tests.wire.conftest import Person


def found(library: Library, action: str = "") -> list[Deed]:
    """The entries, the latest first."""
    return list(library.audit.find(since=Instant(0), action=action))


def test_a_removal_by_request(app: TestApp, admin: Person, library: Library) -> None:
    """The entry and the access log name the same request."""
    app.put("/dav/files/admin/a.txt", b"x", headers=admin.basic)

    answer = app.delete("/dav/files/admin/a.txt", headers=admin.basic)

    (deed,) = found(library, Action.FILE_REMOVED.value)
    assert deed.request_id == answer.headers["X-Request-Id"]
    assert deed.address == "127.0.0.1"
    assert (deed.user_name, deed.subject) == ("admin", "a.txt")


def test_logins(app: TestApp, admin: Person, library: Library) -> None:
    """Good ones once, wrong ones each; neither with what was typed."""
    for password in (admin.password, admin.password, "wrong-guess"):
        app.authorization = ("Basic", ("admin", password))
        app.get("/ocs/v1.php/cloud/user", status="*")

    deeds = found(library, "login.")

    assert [deed.action for deed in deeds] == [Action.LOGIN_FAILED, Action.LOGIN_OK]
    assert {deed.subject for deed in deeds} == {"admin"}
    assert {deed.detail["method"] for deed in deeds} == {"basic"}
    assert "wrong-guess" not in repr(deeds)


def test_changes_by_graph_name_their_administrator(
    app: TestApp, admin: Person, library: Library
) -> None:
    """Not the account that was changed, which has not even to log in."""
    app.authorization = ("Basic", ("admin", admin.password))
    user = {"onPremisesSamAccountName": "eve", "displayName": "Eve", "mail": "e@x.org"}
    app.post_json("/graph/v1.0/users", user, status="2*")

    deed = next(deed for deed in found(library, "user.") if deed.subject == "eve")

    assert deed.action is Action.USER_CREATED
    assert deed.user_name == "admin"


def test_use_of_a_token_is_recorded_once(
    app: TestApp, admin: Person, library: Library
) -> None:
    """By the name of whose token it is, and from where it was used."""
    _, secret = library.accounts.create_token(admin.actor.user_id, label="laptop")
    app.authorization = ("Bearer", secret)
    for _ in range(3):
        app.get("/ocs/v1.php/cloud/user", status=200)

    (deed,) = found(library, Action.TOKEN_USED.value)

    assert (deed.user_name, deed.address) == ("admin", "127.0.0.1")
    assert deed.detail["label"] == "laptop"


@pytest.mark.parametrize("given", ["x" * 200, "two words", "a\tb", "naïve", ""])
def test_ids_of_requests_are_bounded_and_plain(app: TestApp, given: str) -> None:
    """What a client sends as id is taken only if it can stand in a log."""
    answer = app.get(
        "/status.php", headers={"X-Request-Id": given.encode().decode("latin-1")}
    )

    assert answer.headers["X-Request-Id"] != given
    assert len(answer.headers["X-Request-Id"]) == 36


def test_the_id_of_a_client_goes_through(app: TestApp) -> None:
    """So that its own log and ours can be laid side by side."""
    answer = app.get("/status.php", headers={"X-Request-Id": "client-42"})

    assert answer.headers["X-Request-Id"] == "client-42"
