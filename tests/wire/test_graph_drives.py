"""Spaces as drives: what clients list, make, change, disable and delete."""

from typing import Any

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Place, Space
from tests.domain import seal
from tests.wire.conftest import Person

VERSIONS = pytest.mark.parametrize("version", ["v1.0", "v1beta1"])


def make_drive(app: TestApp, person: Person, **fields: object) -> dict[str, Any]:
    """A new project space."""
    document = {"name": "Orbit", **fields}
    drive: dict[str, Any] = app.post_json(
        "/graph/v1.0/drives", document, headers=person.basic, status=201
    ).json
    return drive


@VERSIONS
def test_own_drives(app: TestApp, alice: Person, version: str) -> None:
    """The personal space with all that the desktop reads."""
    (drive,) = app.get(f"/graph/{version}/me/drives", headers=alice.basic).json["value"]

    assert drive["driveType"] == "personal"
    assert drive["driveAlias"] == "personal/alice"
    assert drive["owner"]["user"]["id"] == alice.actor.user_id
    assert drive["root"]["id"] == drive["id"]
    assert drive["root"]["eTag"].strip('"')
    assert drive["root"]["eTag"].startswith('"')
    assert drive["root"]["webDavUrl"] == f"http://localhost/dav/spaces/{drive['id']}"
    assert drive["webUrl"] == f"http://localhost/f/{drive['id']}"
    assert drive["quota"] == {"total": 0, "used": 0, "state": "normal"}


def test_etag_tells_of_changes_below(
    app: TestApp, alice: Person, library: Library
) -> None:
    """The desktop looks at nothing else to know whether to sync."""
    url = "/graph/v1.0/me/drives"
    before = app.get(url, headers=alice.basic).json["value"][0]
    again = app.get(url, headers=alice.basic).json["value"][0]

    library.tree.make_folder(
        alice.actor, Place(library.catalog.personal(alice.actor).id, ("new",))
    )

    after = app.get(url, headers=alice.basic).json["value"][0]
    assert before == again
    assert before["root"]["eTag"] != after["root"]["eTag"]


def test_webdav_url_answers(app: TestApp, alice: Person) -> None:
    """What is announced is there."""
    (drive,) = app.get("/graph/v1.0/me/drives", headers=alice.basic).json["value"]
    path = drive["root"]["webDavUrl"].removeprefix("http://localhost")

    app.request(
        path, method="PROPFIND", headers=alice.basic | {"Depth": "0"}, status=207
    )


@VERSIONS
def test_life_of_a_project(app: TestApp, admin: Person, version: str) -> None:
    """Made, changed, disabled, opened again, disabled, purged."""
    base = f"/graph/{version}/drives"
    made = app.post_json(
        base,
        {"name": "Orbit", "description": "d", "quota": {"total": 1000}},
        headers=admin.basic,
        status=201,
    ).json
    url = f"{base}/{made['id']}"

    changed = app.patch_json(
        url, {"name": "Orbit 2", "quota": {"total": 2000}}, headers=admin.basic
    ).json
    app.delete(url, headers=admin.basic, status=204)
    disabled = app.get(url, headers=admin.basic).json
    restored = app.patch_json(url, {}, headers=admin.basic | {"Restore": "T"}).json
    app.delete(url, headers=admin.basic | {"Purge": "T"}, status=403)
    app.delete(url, headers=admin.basic, status=204)
    app.delete(url, headers=admin.basic | {"Purge": "T"}, status=204)
    app.get(url, headers=admin.basic, status=404)

    assert made["driveType"] == "project"
    assert made["quota"]["remaining"] == 1000
    assert (changed["name"], changed["quota"]["total"]) == ("Orbit 2", 2000)
    assert changed["description"] == "d"
    assert disabled["root"]["deleted"] == {"state": "trashed"}
    assert "deleted" not in restored["root"]


def test_roles_are_named_by_version(app: TestApp, admin: Person) -> None:
    """Words in the older version, ids in the newer."""
    drive = make_drive(app, admin)

    def roles(version: str) -> list[str]:
        answer = app.get(f"/graph/{version}/drives/{drive['id']}", headers=admin.basic)
        roles: list[str] = answer.json["root"]["permissions"][0]["roles"]
        return roles

    assert roles("v1.0") == ["manager"]
    assert roles("v1beta1") == ["312c0871-5ef7-4b3a-85b6-0e4074c64049"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("$filter=driveType eq 'project'", ["Apollo", "Borealis"]),
        ("$filter=driveType eq 'personal'", ["Admin"]),
        ("$filter=driveType eq 'mountpoint'", []),
        ("$filter=driveType ne 'personal'&$orderby=name desc", ["Borealis", "Apollo"]),
        ("$filter=driveType eq 'project' and name eq 'Apollo'", ["Apollo"]),
        (
            "$filter=(name eq 'Apollo' or name eq 'Admin') and not name eq 'Admin'",
            ["Apollo"],
        ),
        ("$filter=startswith(name,'bor')", ["Borealis"]),
        ("$filter=contains(name, 'POL')", ["Apollo"]),
        ("$orderby=name asc", ["Admin", "Apollo", "Borealis"]),
        ("$orderby=driveType desc,name", ["Apollo", "Borealis", "Admin"]),
        ("$orderby=name&$top=1&$skip=1", ["Apollo"]),
        ("$filter=", ["Admin", "Apollo", "Borealis"]),
    ],
)
def test_filter_and_order(
    app: TestApp, admin: Person, query: str, names: list[str]
) -> None:
    """The queries that clients send, and some that they could."""
    make_drive(app, admin, name="Borealis")
    make_drive(app, admin, name="Apollo")

    answer = app.get(f"/graph/v1beta1/me/drives?{query}", headers=admin.basic)

    assert [drive["name"] for drive in answer.json["value"]] == names


@pytest.mark.parametrize(
    "query",
    [
        "$filter=colour eq 'red'",
        "$filter=name eq",
        "$filter=name eq 'x' garbage",
        "$filter=name like 'x'",
        "$filter=(name eq 'x'",
        "$filter=name eq 'x",
        "$filter=" + "not " * 30 + "name eq 'x'",
        "$filter=" + "x" * 3000,
        "$orderby=colour",
        "$orderby=name sideways",
        "$select=colour",
        "$expand=everything",
        "$top=many",
        "$skip=-1",
        "$compute=1",
    ],
)
def test_queries_that_are_not_understood(
    app: TestApp, admin: Person, query: str
) -> None:
    """Refused in OData's form rather than silently without effect."""
    answer = app.get(f"/graph/v1.0/me/drives?{query}", headers=admin.basic, status=400)

    assert answer.json["error"]["code"] == "invalidRequest"
    assert answer.json["error"]["message"]
    assert answer.json["error"]["innererror"]["request-id"]


def test_select(app: TestApp, admin: Person) -> None:
    """Only what is asked for."""
    answer = app.get("/graph/v1.0/me/drive?$select=id,name", headers=admin.basic)

    assert set(answer.json) == {"id", "name"}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"name": ""},
        {"name": 5},
        {"name": "x", "driveType": "personal"},
        {"name": "x", "quota": 5},
        {"name": "x", "quota": {"total": -1}},
        {"name": "x", "quota": {"total": True}},
        {"name": "x", "quota": {"total": 2**70}},
        {"name": "x", "description": ["no"]},
        {"name": "x\0"},
    ],
)
def test_drives_that_cannot_be(
    app: TestApp, admin: Person, document: dict[str, object]
) -> None:
    """400 in the form of OData."""
    answer = app.post_json(
        "/graph/v1.0/drives", document, headers=admin.basic, status=400
    )

    assert answer.json["error"]["code"] == "invalidRequest"


@pytest.mark.parametrize("body", [b"[]", b"nonsense", b"5", b"[" * 5000, b"\xff"])
def test_bodies_that_are_no_object(app: TestApp, admin: Person, body: bytes) -> None:
    """Whatever is sent, the answer is a refusal."""
    app.post(
        "/graph/v1.0/drives",
        body,
        headers=admin.basic,
        content_type="application/json",
        status=400,
    )


def test_body_that_is_far_too_long(app: TestApp, admin: Person) -> None:
    """More than a megabyte is not read."""
    app.post(
        "/graph/v1.0/drives",
        b" " * 2_000_000,
        headers=admin.basic,
        content_type="application/json",
        status=413,
    )


@pytest.mark.parametrize(
    ("drive", "status"),
    [
        ("nonsense", 400),
        ("01a1fdb2-45fe-7bdf-ac61-9090d9348f67", 400),
        (f"{'0' * 8}-0000-0000-0000-{'0' * 12}$" * 2, 400),
        (
            "a0ca6a90-a365-4782-871e-d44447bbc668$a0ca6a90-a365-4782-871e-d44447bbc668",
            404,
        ),
    ],
)
def test_drives_that_are_not_there(
    app: TestApp, admin: Person, drive: str, status: int
) -> None:
    """Bad ids are bad requests, unknown ones are not found."""
    answer = app.get(f"/graph/v1.0/drives/{drive}", headers=admin.basic, status=status)

    code = "invalidRequest" if status == 400 else "itemNotFound"
    assert answer.json["error"]["code"] == code


def test_users_see_only_their_drives(
    app: TestApp, admin: Person, alice: Person
) -> None:
    """`drives` is everything for administrators, one's own for everybody else."""
    drive = make_drive(app, admin)

    everything = app.get("/graph/v1.0/drives", headers=admin.basic).json["value"]
    own = app.get("/graph/v1.0/drives", headers=alice.basic).json["value"]

    assert {"Admin", "Alice", "Orbit"} == {each["name"] for each in everything}
    assert [each["name"] for each in own] == ["Alice"]
    app.get(f"/graph/v1.0/drives/{drive['id']}", headers=alice.basic, status=404)
    app.post_json("/graph/v1.0/drives", {"name": "x"}, headers=alice.basic, status=403)


def test_precondition(app: TestApp, admin: Person) -> None:
    """If-Match keeps a change from what it was not meant for."""
    drive = make_drive(app, admin)
    url = f"/graph/v1.0/drives/{drive['id']}"
    stale = admin.basic | {"If-Match": '"stale"'}

    app.delete(url, headers=stale, status=412)
    app.patch_json(url, {"name": "x"}, headers=stale, status=412)

    fresh = admin.basic | {"If-Match": drive["root"]["eTag"]}
    app.delete(url, headers=fresh, status=204)


def test_image_and_readme(app: TestApp, admin: Person, library: Library) -> None:
    """Files of the space that it shows of itself."""
    drive = make_drive(app, admin)
    space_id = library.catalog.list(admin.actor)[1].id
    written = library.files.commit(
        admin.actor,
        Place(space_id, ("über.md",)),
        seal(library, b"# x"),
        media_type="text/markdown",
    )
    file_id = f"{library.storage_id}${space_id}!{written.node.id}"
    special = [{"id": file_id, "specialFolder": {"name": "readme"}}]

    changed = app.patch_json(
        f"/graph/v1.0/drives/{drive['id']}", {"special": special}, headers=admin.basic
    ).json

    (shown,) = changed["special"]
    assert shown["name"] == "über.md"
    assert shown["specialFolder"] == {"name": "readme"}
    assert shown["file"] == {"mimeType": "text/markdown"}
    path = shown["webDavUrl"].removeprefix("http://localhost")
    assert app.get(path, headers=admin.basic).body == b"# x"


def test_foreign_readme(
    app: TestApp, admin: Person, home: Space, library: Library
) -> None:
    """A file of another space cannot be shown."""
    drive = make_drive(app, admin)
    written = library.files.commit(
        admin.actor, Place(home.id, ("x",)), seal(library, b"x")
    )
    file_id = f"{library.storage_id}${home.id}!{written.node.id}"
    special = [{"id": file_id, "specialFolder": {"name": "image"}}]

    app.patch_json(
        f"/graph/v1.0/drives/{drive['id']}",
        {"special": special},
        headers=admin.basic,
        status=404,
    )


@pytest.mark.parametrize(
    ("used", "state"),
    [
        (0, "normal"),
        (75, "normal"),
        (76, "nearing"),
        (91, "critical"),
        (100, "exceeded"),
    ],
)
def test_quota_states(
    app: TestApp, admin: Person, library: Library, used: int, state: str
) -> None:
    """How full a space is, in the words that clients colour."""
    drive = make_drive(app, admin, quota={"total": 100})
    space_id = library.catalog.list(admin.actor)[1].id
    library.files.commit(
        admin.actor, Place(space_id, ("f",)), seal(library, b"x" * used)
    )

    quota = app.get(f"/graph/v1.0/drives/{drive['id']}", headers=admin.basic).json[
        "quota"
    ]

    assert quota == {
        "total": 100,
        "used": used,
        "remaining": 100 - used,
        "state": state,
    }


def test_login_is_needed(app: TestApp) -> None:
    """401 in the form of OData."""
    answer = app.get("/graph/v1.0/me/drives", status=401)

    assert answer.json["error"]["code"] == "unauthenticated"
