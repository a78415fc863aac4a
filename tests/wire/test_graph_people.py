"""Members of spaces, and the administration of accounts."""

from typing import Any

import pytest
from webtest import TestApp

from ocsync.graph.edge import graph_mounts
from ocsync.graph.openapi import OPERATIONS, openapi_document
from spaces.library import Library
from tests.wire.conftest import Person, make_person

VIEWER = "a8d5fe5e-96e3-418d-825b-534dbdf22b99"
EDITOR = "58c63c02-1d89-4572-916a-870abc5a1b7d"
MANAGER = "312c0871-5ef7-4b3a-85b6-0e4074c64049"


@pytest.fixture
def drive(app: TestApp, admin: Person) -> str:
    """The path of a project space of the admin's."""
    made = app.post_json(
        "/graph/v1.0/drives", {"name": "Orbit"}, headers=admin.basic, status=201
    )
    return f"/graph/v1beta1/drives/{made.json['id']}"


def invitation(person: Person, role: str) -> dict[str, Any]:
    """The body that invites somebody."""
    recipient = {
        "objectId": person.actor.user_id,
        "@libre.graph.recipient.type": "user",
    }
    return {"recipients": [recipient], "roles": [role]}


def test_what_one_is_on_this_server(app: TestApp, admin: Person, alice: Person) -> None:
    """Administrators and users have the roles that Infinite Scale's clients know."""
    roles = {}
    for person in (admin, alice):
        url = "/graph/v1.0/me?$expand=appRoleAssignments"
        (assignment,) = app.get(url, headers=person.basic).json["appRoleAssignments"]
        assert assignment["principalId"] == person.actor.user_id
        roles[person.actor.name] = assignment["appRoleId"]

    assert roles == {
        "admin": "71881883-1768-46bd-a24d-a356a2afdf7f",
        "alice": "d7beeea8-8ff4-406b-8fb6-ab2dd81e6b11",
    }


def test_invite_change_remove(
    app: TestApp, admin: Person, alice: Person, drive: str
) -> None:
    """A member comes, rises and goes."""
    added = app.post_json(
        f"{drive}/root/invite", invitation(alice, VIEWER), headers=admin.basic
    ).json["value"][0]
    url = f"{drive}/root/permissions/{added['id']}"
    changed = app.patch_json(url, {"roles": [EDITOR]}, headers=admin.basic).json
    seen = app.get(url, headers=alice.basic).json
    app.delete(url, headers=admin.basic, status=204)
    app.get(drive, headers=alice.basic, status=404)

    assert added["grantedToV2"]["user"]["displayName"] == "Alice"
    assert added["roles"] == [VIEWER]
    assert changed["roles"] == [EDITOR]
    assert seen == changed


def test_permissions_say_what_one_may(
    app: TestApp, admin: Person, alice: Person, drive: str
) -> None:
    """The actions differ by role; the roles that can be given are listed."""
    app.post_json(
        f"{drive}/root/invite", invitation(alice, VIEWER), headers=admin.basic
    )
    url = f"{drive}/root/permissions"
    actions = "@libre.graph.permissions.actions.allowedValues"

    mine = app.get(url, headers=admin.basic).json
    theirs = app.get(url, headers=alice.basic).json

    assert "libre.graph/driveItem/permissions/create" in mine[actions]
    assert "libre.graph/driveItem/permissions/create" not in theirs[actions]
    ids = {r["id"] for r in mine["@libre.graph.permissions.roles.allowedValues"]}
    assert ids == {VIEWER, EDITOR, MANAGER}
    assert len(theirs["value"]) == 2


def test_roles(app: TestApp, alice: Person) -> None:
    """A bare list, and each by its id."""
    base = "/graph/v1beta1/roleManagement/permissions/roleDefinitions"

    roles = app.get(base, headers=alice.basic).json

    assert [role["id"] for role in roles] == [VIEWER, EDITOR, MANAGER]
    assert app.get(f"{base}/{EDITOR}", headers=alice.basic).json == roles[1]
    app.get(f"{base}/{alice.actor.user_id}", headers=alice.basic, status=404)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"roles": []}, 400),
        ({"roles": [VIEWER, EDITOR]}, 400),
        ({"roles": ["b1e2218d-eef8-4d4c-b82d-0f1a1b48f3b5"]}, 400),
        ({"roles": [5]}, 400),
        ({"roles": "viewer"}, 400),
        ({"recipients": []}, 400),
        ({"recipients": ["alice"]}, 400),
        ({"recipients": [{"objectId": "alice"}]}, 400),
        ({"recipients": [{"objectId": "01a1fdb2-45fe-7bdf-ac61-9090d9348f67"}]}, 404),
        ({"expirationDateTime": "2030-01-01T00:00:00Z"}, 400),
    ],
)
def test_invitations_that_cannot_be(
    app: TestApp,
    admin: Person,
    alice: Person,
    drive: str,
    *,
    change: dict[str, object],
    status: int,
) -> None:
    """Nobody becomes a member by a request that is not understood."""
    body = invitation(alice, VIEWER) | change

    app.post_json(f"{drive}/root/invite", body, headers=admin.basic, status=status)

    members = app.get(f"{drive}/root/permissions", headers=admin.basic).json["value"]
    assert len(members) == 1


def test_groups_cannot_be_invited(
    app: TestApp, admin: Person, alice: Person, drive: str
) -> None:
    """There are none."""
    body = invitation(alice, VIEWER)
    body["recipients"][0]["@libre.graph.recipient.type"] = "group"

    app.post_json(f"{drive}/root/invite", body, headers=admin.basic, status=400)


def test_second_invitation(
    app: TestApp, admin: Person, alice: Person, drive: str
) -> None:
    """Who is a member already is changed, not invited."""
    body = invitation(alice, VIEWER)
    app.post_json(f"{drive}/root/invite", body, headers=admin.basic)

    answer = app.post_json(
        f"{drive}/root/invite", body, headers=admin.basic, status=409
    )

    assert answer.json["error"]["code"] == "nameAlreadyExists"


def test_last_manager_stays(app: TestApp, admin: Person, drive: str) -> None:
    """Somebody has to be able to manage the space."""
    url = f"{drive}/root/permissions/u:{admin.actor.user_id}"

    app.patch_json(url, {"roles": [VIEWER]}, headers=admin.basic, status=409)
    app.delete(url, headers=admin.basic, status=409)


def test_personal_space_has_no_further_members(
    app: TestApp, admin: Person, alice: Person
) -> None:
    """It is one person's."""
    own = app.get("/graph/v1.0/me/drive", headers=admin.basic).json["id"]

    app.post_json(
        f"/graph/v1beta1/drives/{own}/root/invite",
        invitation(alice, VIEWER),
        headers=admin.basic,
        status=403,
    )


def test_leaving(app: TestApp, admin: Person, alice: Person, drive: str) -> None:
    """Everybody may end their own membership."""
    added = app.post_json(
        f"{drive}/root/invite", invitation(alice, EDITOR), headers=admin.basic
    ).json["value"][0]

    app.delete(
        f"{drive}/root/permissions/{added['id']}", headers=alice.basic, status=204
    )


def test_me(app: TestApp, alice: Person) -> None:
    """What Web and mobile clients read of oneself."""
    answer = app.get("/graph/v1.0/me?$expand=memberOf", headers=alice.basic)

    assert answer.json == {
        "id": alice.actor.user_id,
        "displayName": "Alice",
        "userType": "Member",
        "mail": "alice@example.org",
        "onPremisesSamAccountName": "alice",
        "accountEnabled": True,
        "preferredLanguage": "en",
        "memberOf": [],
    }


def test_change_of_ones_own_password(app: TestApp, alice: Person) -> None:
    """By the old one; wrong, missing or unchanged ones are refused."""
    url = "/graph/v1.0/me/changePassword"
    for document in (
        {"currentPassword": "wrong", "newPassword": "new"},
        {"currentPassword": alice.password, "newPassword": alice.password},
        {"currentPassword": alice.password},
        {},
    ):
        app.post_json(url, document, headers=alice.basic, status=400)

    app.post_json(
        url,
        {"currentPassword": alice.password, "newPassword": "a new one"},
        headers=alice.basic,
        status=204,
    )

    app.get("/graph/v1.0/me", headers=alice.basic, status=401)
    app.get("/graph/v1.0/me", headers=Person(alice.actor, "a new one").basic)


def test_own_name(app: TestApp, alice: Person) -> None:
    """One may change how one is called, and nothing that matters more."""
    url = "/graph/v1.0/me"

    changed = app.patch_json(url, {"displayName": "Ali"}, headers=alice.basic)

    assert changed.json["displayName"] == "Ali"
    app.patch_json(url, {"accountEnabled": True}, headers=alice.basic, status=400)


def test_life_of_an_account(app: TestApp, admin: Person) -> None:
    """Made, used, disabled, enabled, deleted."""
    made = app.post_json(
        "/graph/v1.0/users",
        {
            "onPremisesSamAccountName": "dora",
            "displayName": "Dora",
            "mail": "dora@example.org",
            "passwordProfile": {"password": "secret"},
        },
        headers=admin.basic,
        status=201,
    ).json
    dora = Person(admin.actor.__class__(made["id"], "dora"), "secret")
    url = f"/graph/v1.0/users/{made['id']}"
    app.get("/graph/v1.0/me/drives", headers=dora.basic)

    disabled = app.patch_json(url, {"accountEnabled": False}, headers=admin.basic)
    app.get("/graph/v1.0/me", headers=dora.basic, status=401)
    app.patch_json(url, {"accountEnabled": True}, headers=admin.basic)
    app.get("/graph/v1.0/me", headers=dora.basic)
    app.patch_json(url, {"passwordProfile": {"password": "other"}}, headers=admin.basic)
    app.get("/graph/v1.0/me", headers=dora.basic, status=401)
    app.delete(url, headers=admin.basic, status=204)
    app.get(url, headers=admin.basic, status=404)

    assert disabled.json["accountEnabled"] is False


@pytest.mark.parametrize(
    ("document", "status"),
    [
        ({}, 400),
        ({"onPremisesSamAccountName": ""}, 400),
        ({"onPremisesSamAccountName": "a/b"}, 400),
        ({"onPremisesSamAccountName": "ALICE"}, 409),
        ({"onPremisesSamAccountName": "x", "passwordProfile": 5}, 400),
        ({"onPremisesSamAccountName": "x", "passwordProfile": {"password": ""}}, 400),
    ],
)
def test_accounts_that_cannot_be(
    app: TestApp,
    admin: Person,
    alice: Person,
    *,
    document: dict[str, object],
    status: int,
) -> None:
    """Names are checked and taken once, in any case."""
    app.post_json("/graph/v1.0/users", document, headers=admin.basic, status=status)


def test_administration_is_for_administrators(
    app: TestApp, admin: Person, alice: Person
) -> None:
    """Others can neither make nor change nor see accounts."""
    others = f"/graph/v1.0/users/{admin.actor.user_id}"

    app.post_json(
        "/graph/v1.0/users",
        {"onPremisesSamAccountName": "x"},
        headers=alice.basic,
        status=403,
    )
    app.patch_json(others, {"displayName": "x"}, headers=alice.basic, status=403)
    app.delete(others, headers=alice.basic, status=403)
    app.get(others, headers=alice.basic, status=404)
    app.get(f"/graph/v1.0/users/{alice.actor.user_id}", headers=alice.basic)


def test_last_administrator_stays(app: TestApp, admin: Person) -> None:
    """Somebody has to be able to administer, and nobody deletes themselves."""
    url = f"/graph/v1.0/users/{admin.actor.user_id}"

    app.patch_json(url, {"accountEnabled": False}, headers=admin.basic, status=409)
    app.delete(url, headers=admin.basic, status=403)


def test_finding_people(
    app: TestApp, admin: Person, alice: Person, library: Library
) -> None:
    """Three letters of a name; nothing but name and id; no closed accounts."""
    bob = make_person(library, "alibob")
    library.accounts.disable(make_person(library, "alien").actor.user_id)

    found = app.get("/graph/v1.0/users?$search=%22ali%22", headers=alice.basic).json

    assert {each["id"] for each in found["value"]} == {
        alice.actor.user_id,
        bob.actor.user_id,
    }
    assert set(found["value"][0]) == {"id", "displayName", "userType"}
    app.get("/graph/v1.0/users?$search=al", headers=alice.basic, status=403)
    app.get("/graph/v1.0/users", headers=alice.basic, status=403)


def test_list_of_accounts(app: TestApp, admin: Person, alice: Person) -> None:
    """Administrators filter, order and expand."""
    answer = app.get(
        "/graph/v1.0/users?$orderby=displayName desc&$expand=drive"
        "&$filter=accountEnabled eq true",
        headers=admin.basic,
    )

    users = answer.json["value"]
    assert [user["displayName"] for user in users] == ["Alice", "Admin"]
    assert users[0]["drive"]["driveType"] == "personal"


def test_document_names_every_route(library: Library) -> None:
    """The OpenAPI document and the table of routes are the same."""
    (mount,) = graph_mounts(library=library)
    routed = {
        (method, rule.rule.replace("<", "{").replace(">", "}"))
        for rule in mount.app.rules()  # type: ignore[attr-defined]
        for method in rule.methods or ()
        if method not in {"HEAD", "OPTIONS"} and rule.rule != "/openapi.json"
    }
    described = {
        (operation.method, f"/{version}{operation.path}")
        for version in ("v1.0", "v1beta1")
        for operation in OPERATIONS
    }

    assert routed == described


def test_document_is_served(app: TestApp, alice: Person) -> None:
    """With the server's own URL, and names that are unique."""
    served = app.get("/graph/openapi.json", headers=alice.basic).json

    assert served == openapi_document("http://localhost")
    names = [
        operation["operationId"]
        for path in served["paths"].values()
        for operation in path.values()
    ]
    assert len(names) == len(set(names))
