"""The OCS API over the wire: envelopes, capabilities, the user."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from webtest import TestApp

from spaces.library import Library
from tests.wire.conftest import Person

VERSIONS = pytest.mark.parametrize(
    ("version", "code"), [("v1.php", 100), ("v2.php", 200)]
)


def capabilities(app: TestApp, person: Person) -> dict[str, Any]:
    """The `data` of the capabilities."""
    url = "/ocs/v2.php/cloud/capabilities?format=json"
    data: dict[str, Any] = app.get(url, headers=person.basic).json["ocs"]["data"]
    return data


@VERSIONS
def test_success_in_json(app: TestApp, admin: Person, version: str, code: int) -> None:
    """The envelope says the version's own code for success."""
    answer = app.get(
        f"/ocs/{version}/cloud/capabilities?format=json", headers=admin.basic
    )

    ocs = answer.json["ocs"]
    assert ocs["meta"] == {"status": "ok", "statuscode": code, "message": "OK"}
    assert answer.content_type == "application/json"


@VERSIONS
def test_success_in_xml(app: TestApp, admin: Person, version: str, code: int) -> None:
    """XML unless JSON is asked for by the query, whatever Accept says."""
    headers = admin.basic | {"Accept": "application/json, text/plain, */*"}

    answer = app.get(f"/ocs/{version}/cloud/user", headers=headers)

    document = ET.fromstring(answer.body)
    assert document.tag == "ocs"
    assert document.findtext("meta/statuscode") == str(code)
    assert document.findtext("meta/status") == "ok"
    assert document.findtext("data/id") == "admin"


@VERSIONS
@pytest.mark.parametrize("form", ["json", "xml"])
def test_login_is_needed(app: TestApp, version: str, code: int, form: str) -> None:
    """997 in the envelope and 401 in HTTP, in both versions."""
    answer = app.get(f"/ocs/{version}/cloud/user?format={form}", status=401)

    if form == "json":
        found = answer.json["ocs"]["meta"]["statuscode"]
    else:
        found = int(ET.fromstring(answer.body).findtext("meta/statuscode") or 0)
    assert found == 997
    schemes = {h.split()[0] for h in answer.headers.getall("WWW-Authenticate")}
    assert schemes == {"Basic", "Bearer"}


@pytest.mark.parametrize(
    ("version", "status", "code"), [("v1.php", 200, 998), ("v2.php", 404, 404)]
)
def test_unknown_user(
    app: TestApp, admin: Person, version: str, status: int, code: int
) -> None:
    """Version 1 keeps its refusals in the envelope, version 2 shows them in HTTP."""
    answer = app.get(
        f"/ocs/{version}/cloud/users/nobody?format=json",
        headers=admin.basic,
        status=status,
    )

    assert answer.json["ocs"]["meta"]["statuscode"] == code
    assert answer.json["ocs"]["meta"]["status"] == "failure"


def test_own_user(app: TestApp, alice: Person) -> None:
    """The id is the account's name; name and mail beside it."""
    data = app.get("/ocs/v1.php/cloud/user?format=json", headers=alice.basic).json[
        "ocs"
    ]["data"]

    assert data["id"] == "alice"
    assert data["display-name"] == "Alice"
    assert data["email"] == "alice@example.org"


def test_user_with_quota(app: TestApp, admin: Person, alice: Person) -> None:
    """Oneself and administrators may ask, with the quota."""
    own = app.get(
        "/ocs/v2.php/cloud/users/alice?format=json", headers=alice.basic
    ).json["ocs"]["data"]
    seen = app.get(
        "/ocs/v2.php/cloud/users/alice?format=json", headers=admin.basic
    ).json["ocs"]["data"]

    assert own == seen
    assert own["quota"]["used"] == 0
    assert own["enabled"] == "true"


def test_users_of_others_are_not_there(
    app: TestApp, admin: Person, alice: Person
) -> None:
    """Who asks for somebody else hears the same as for nobody."""
    app.get("/ocs/v2.php/cloud/users/admin", headers=alice.basic, status=404)
    app.get("/ocs/v2.php/cloud/users/nobody", headers=alice.basic, status=404)


def test_config_is_for_everybody(app: TestApp) -> None:
    """Clients read it before they log in."""
    data = app.get("/ocs/v1.php/config?format=json").json["ocs"]["data"]

    assert data["host"] == "localhost"
    assert data["ssl"] == "false"


def test_unknown_paths_and_methods(app: TestApp, admin: Person) -> None:
    """Nothing is made up."""
    app.get("/ocs/v2.php/cloud/groups", headers=admin.basic, status=404)
    app.get("/ocs/v3.php/config", headers=admin.basic, status=404)
    answer = app.post("/ocs/v1.php/cloud/user", headers=admin.basic, status=405)
    assert "GET" in answer.headers["Allow"]


def test_text_that_xml_cannot_carry(
    app: TestApp, library: Library, alice: Person
) -> None:
    """Markup in a name stays text."""
    name = "A <b>&amp;</b> 'B'"
    library.accounts.update(alice.actor.user_id, display_name=name)

    answer = app.get("/ocs/v1.php/cloud/user", headers=alice.basic)

    assert ET.fromstring(answer.body).findtext("data/display-name") == name


def test_signing_key_is_each_users_own(
    app: TestApp, admin: Person, alice: Person, library: Library
) -> None:
    """Stable for a user, another one for others and with a new password."""
    url = "/ocs/v2.php/cloud/user/signing-key?format=json"

    def key_of(person: Person) -> str:
        data = app.get(url, headers=person.basic).json["ocs"]["data"]
        assert data["user"] == person.name
        return str(data["signing-key"])

    first = key_of(alice)
    assert first == key_of(alice)
    assert first != key_of(admin)

    library.accounts.set_password(alice.actor.user_id, "another")

    assert first != key_of(Person(alice.actor, "another"))


def test_tus_support_is_what_the_documents_say(app: TestApp, admin: Person) -> None:
    """Exactly the published example, with the default chunk size."""
    files = capabilities(app, admin)["capabilities"]["files"]

    assert files["tus_support"] == {
        "version": "1.0.0",
        "resumable": "1.0.0",
        "extension": "creation,creation-with-upload",
        "max_chunk_size": 10000000,
        "http_method_override": "",
    }


class TestChunkSize:
    """The one number of the capabilities that operators of oCIS set."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Another size."""
        return {"uploads.max_chunk_size": 5_000_000}

    def test_is_announced(self, app: TestApp, admin: Person) -> None:
        """The setting reaches clients."""
        tus = capabilities(app, admin)["capabilities"]["files"]["tus_support"]

        assert tus["max_chunk_size"] == 5_000_000


def test_old_desktop_gets_chunks_it_can_count(app: TestApp, admin: Person) -> None:
    """The desktop 2.x, and no other, is told a chunk size one byte smaller."""
    url = "/ocs/v1.php/cloud/capabilities?format=json"

    def size(agent: str) -> int:
        headers = admin.basic | {"User-Agent": f"Mozilla/5.0 (Linux) {agent}"}
        data = app.get(url, headers=headers).json["ocs"]["data"]
        return int(data["capabilities"]["files"]["tus_support"]["max_chunk_size"])

    assert size("mirall/2.11.0 (owncloudcmd)") == 9_999_999
    assert size("mirall/6.0.3") == 10_000_000
    assert size("mirall/22.1") == 10_000_000


def test_what_clients_look_at_first(app: TestApp, admin: Person) -> None:
    """Poll interval in milliseconds, versions old and new clients accept."""
    data = capabilities(app, admin)
    core = data["capabilities"]["core"]

    assert core["pollinterval"] == 30000
    assert core["webdav-root"] == "remote.php/webdav"
    assert core["status"]["productversion"]
    assert core["status"] | {"hostname": ""} == app.get("/status.php").json | {
        "hostname": ""
    }
    assert data["version"]["major"] >= 10
    assert data["version"]["string"] == core["status"]["versionstring"]


def test_sharing_that_is_not_there_is_not_offered(app: TestApp, admin: Person) -> None:
    """Neither links nor single shares nor federation nor server-sent events."""
    found = capabilities(app, admin)["capabilities"]

    assert found["files_sharing"]["api_enabled"] is False
    assert found["files_sharing"]["public"]["enabled"] is False
    assert found["core"]["support-sse"] is False
    assert "notifications" not in found
