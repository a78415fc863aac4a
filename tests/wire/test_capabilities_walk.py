"""Every advertised feature is called: nothing is announced that does not answer."""

import base64
import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from webtest import TestApp, TestResponse

from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person

OC = "{http://owncloud.org/ns}"

Json = dict[str, Any]


class Walk:
    """Somebody who tries everything, with a file to try it on."""

    def __init__(self, app: TestApp, person: Person, drive: str) -> None:
        self.app = app
        self.person = person
        self.root = f"/remote.php/dav/spaces/{drive}"
        self.drive = drive
        for text in (b"first", b"second"):
            self.ask("PUT", f"{self.root}/note.txt", text)
        self.file_id = self.ask("HEAD", f"{self.root}/note.txt").headers["OC-FileId"]

    def ask(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """One request that must succeed."""
        answer = self.app.request(
            url,
            method=method,
            body=body,
            headers={**self.person.basic, **(headers or {})},
            status="*",
        )
        assert answer.status_int < 300, f"{method} {url}: {answer.status}"
        return answer

    def property(self, name: str) -> str:
        """A property of the file, in ownCloud's namespace."""
        body = (
            '<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop>'
            f"<oc:{name}/></d:prop></d:propfind>"
        )
        answer = self.ask(
            "PROPFIND", f"{self.root}/note.txt", body.encode(), {"Depth": "0"}
        )
        found = ET.fromstring(answer.body).find(f".//{OC}{name}")
        assert found is not None, name
        return "".join(found.itertext())

    def set_property(self, name: str, value: str) -> None:
        """Write such a property."""
        body = (
            '<d:propertyupdate xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">'
            f"<d:set><d:prop><oc:{name}>{value}</oc:{name}></d:prop></d:set>"
            "</d:propertyupdate>"
        )
        self.ask("PROPPATCH", f"{self.root}/note.txt", body.encode())

    def report(self, body: str) -> list[str]:
        """The hrefs that a REPORT finds."""
        answer = self.ask("REPORT", self.root, body.encode())
        return [
            element.text or ""
            for element in ET.fromstring(answer.body).iter("{DAV:}href")
        ]

    def search(self, pattern: str) -> list[str]:
        """The hrefs that a search finds."""
        return self.report(
            '<oc:search-files xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">'
            f"<d:prop/><oc:search><oc:pattern>{pattern}</oc:pattern></oc:search>"
            "</oc:search-files>"
        )


@pytest.fixture
def walk(app: TestApp, admin: Person, home: Space, library: Library) -> Walk:
    """The walker, in the personal space."""
    return Walk(app, admin, f"{library.storage_id}${home.id}")


@pytest.fixture
def advertised(app: TestApp, admin: Person) -> Json:
    """The capabilities."""
    answer = app.get("/ocs/v2.php/cloud/capabilities?format=json", headers=admin.basic)
    found: Json = answer.json["ocs"]["data"]["capabilities"]
    return found


def switches(document: Json, path: str = "") -> Iterator[str]:
    """The paths of everything that is true."""
    for name, value in document.items():
        where = f"{path}.{name}" if path else name
        if value is True:
            yield where
        elif isinstance(value, dict):
            yield from switches(value, where)


def test_every_switch_that_is_on_is_known_here(advertised: Json) -> None:
    """Who turns on another one extends this walk."""
    assert set(switches(advertised)) == {
        "core.status.installed",
        "core.support-url-signing",
        "files.bigfilechunking",
        "files.privateLinks",
        "files.undelete",
        "files.versioning",
        "files.favorites",
        "files.permanent_deletion",
        "files.tags",
        "files_sharing.user_enumeration.enabled",
        "spaces.enabled",
        "spaces.projects",
        *(
            f"search.property.{name}.enabled"
            for name in ("name", "mtime", "size", "mediatype", "type", "tag", "tags")
        ),
    }


def test_core(walk: Walk, advertised: Json) -> None:
    """The root of old clients, the status, URL signing."""
    core = advertised["core"]

    walk.ask("PROPFIND", f"/{core['webdav-root']}", headers={"Depth": "0"})
    status = walk.app.get("/status.php").json
    key = walk.ask("GET", "/ocs/v2.php/cloud/user/signing-key?format=json").json

    assert status["installed"] is core["status"]["installed"]
    assert key["ocs"]["data"]["signing-key"]


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("SHA1", "352f7829a2384b001cc12b0c2613c756454a1f6a"),
        ("MD5", "a9f0e61a137d86aa9db53465e0801612"),
        ("ADLER32", "08ca027d"),
    ],
)
def test_checksums(walk: Walk, advertised: Json, name: str, digest: str) -> None:
    """Each that is supported is shown, and refused where it is wrong."""
    found = walk.property("checksums")

    assert name in {each.upper() for each in advertised["checksums"]["supportedTypes"]}
    assert f"{name}:{digest}" in found
    wrong = walk.person.basic | {"OC-Checksum": f"{name}:{'0' * len(digest)}"}
    walk.app.put(f"{walk.root}/wrong.txt", b"x", headers=wrong, status=400)


def test_preferred_checksum_is_supported(advertised: Json) -> None:
    """One of the list, in the spelling that old clients know."""
    checksums = advertised["checksums"]

    assert checksums["preferredUploadType"] == "SHA1"
    assert "sha1" in {each.lower() for each in checksums["supportedTypes"]}


def test_tus(walk: Walk, advertised: Json) -> None:
    """Both extensions, with chunks of the size that is announced."""
    tus = advertised["files"]["tus_support"]
    headers = {
        "Tus-Resumable": tus["resumable"],
        "Upload-Length": str(tus["max_chunk_size"] + 1),
        "Upload-Metadata": f"filename {base64.b64encode(b'big').decode()}",
        "Content-Type": "application/offset+octet-stream",
    }
    first, rest = b"x" * tus["max_chunk_size"], b"x"

    created = walk.ask("POST", walk.root, first, headers)
    location = created.headers["Location"].removeprefix("http://localhost")
    finished = walk.ask(
        "PATCH",
        location,
        rest,
        {
            "Tus-Resumable": tus["resumable"],
            "Upload-Offset": created.headers["Upload-Offset"],
            "Content-Type": "application/offset+octet-stream",
        },
    )

    assert tus["extension"].split(",") == ["creation", "creation-with-upload"]
    assert finished.headers["Upload-Offset"] == headers["Upload-Length"]
    assert (
        walk.ask("HEAD", f"{walk.root}/big").headers["Content-Length"]
        == (headers["Upload-Length"])
    )


def test_chunking(walk: Walk, advertised: Json) -> None:
    """A folder of chunks becomes a file, and so do chunks beside the file."""
    folder = f"/remote.php/dav/uploads/{walk.person.name}/1"

    walk.ask("MKCOL", folder)
    walk.ask("PUT", f"{folder}/1", b"in a folder")
    walk.ask("MOVE", f"{folder}/.file", headers={"Destination": f"{walk.root}/a"})
    one = {"OC-Chunked": "1"}
    walk.ask("PUT", f"{walk.root}/b-chunking-1-1-0", b"beside the file", one)

    assert advertised["dav"]["chunking"] == "1.0"
    assert advertised["files"]["bigfilechunking"]
    assert walk.ask("GET", f"{walk.root}/a").body == b"in a folder"
    assert walk.ask("GET", f"{walk.root}/b").body == b"beside the file"


def test_versions(walk: Walk, advertised: Json) -> None:
    """A former content is listed and can be read."""
    answer = walk.ask("PROPFIND", f"/dav/meta/{walk.file_id}/v")
    hrefs = [e.text or "" for e in ET.fromstring(answer.body).iter("{DAV:}href")]

    assert advertised["files"]["versioning"]
    assert walk.ask("GET", hrefs[1]).body == b"first"


def test_trash(walk: Walk, advertised: Json) -> None:
    """What is removed can be restored, and deleted for good."""
    trash = f"/dav/spaces/trash-bin/{walk.drive}"

    def item() -> str:
        walk.ask("DELETE", f"{walk.root}/note.txt")
        answer = walk.ask("PROPFIND", trash, headers={"Depth": "1"})
        hrefs = [e.text or "" for e in ET.fromstring(answer.body).iter("{DAV:}href")]
        return hrefs[1]

    walk.ask("MOVE", item(), headers={"Destination": f"{walk.root}/note.txt"})
    walk.ask("GET", f"{walk.root}/note.txt")
    walk.ask("DELETE", item())

    assert advertised["dav"]["trashbin"] == "1.0"
    assert advertised["files"]["undelete"]
    assert advertised["files"]["permanent_deletion"]


def test_favorites_and_tags(walk: Walk, advertised: Json) -> None:
    """Both are set by a property and read again."""
    walk.set_property("favorite", "1")
    walk.set_property("tags", "red")

    assert walk.property("favorite") == "1"
    assert walk.property("tags") == "red"
    assert advertised["graph"]["tags"]["max_tag_length"] == 100


def test_private_link(walk: Walk, advertised: Json) -> None:
    """The link of the property leads to the page."""
    link = walk.property("privatelink").removeprefix("http://localhost")

    answer = walk.app.get(link, status=302)

    assert advertised["files"]["privateLinks"]
    assert walk.file_id in answer.headers["Location"].replace("%24", "$")


def test_archiver(walk: Walk, advertised: Json) -> None:
    """Every format of every archiver."""
    (archiver,) = advertised["files"]["archivers"]

    for kind in archiver["formats"]:
        url = f"{archiver['archiver_url']}?id={walk.file_id}&output-format={kind}"
        body = walk.ask("GET", url).body
        if kind == "zip":
            assert zipfile.ZipFile(io.BytesIO(body)).namelist() == ["note.txt"]
        else:
            assert body.startswith(b"note.txt")


def test_apps(walk: Walk, advertised: Json) -> None:
    """The list is there; what would open files is not announced."""
    (provider,) = advertised["files"]["app_providers"]

    assert walk.ask("GET", provider["apps_url"]).json == {"mime-types": []}
    assert set(provider) == {"enabled", "version", "apps_url"}


def test_reports(walk: Walk, advertised: Json) -> None:
    """Each report by its name."""
    assert advertised["dav"]["reports"] == ["search-files"]
    assert any("note.txt" in href for href in walk.search('name:"*note*"'))


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("name", 'name:"note*"'),
        ("mtime", "mtime:today"),
        ("size", "size&lt;100"),
        ("mediatype", "mediatype:document"),
        ("type", "type:file"),
        ("tag", "tag:red"),
        ("tags", "tags:red"),
    ],
)
def test_search_properties(
    walk: Walk, advertised: Json, name: str, pattern: str
) -> None:
    """Each property finds the file."""
    walk.set_property("tags", "red")

    assert advertised["search"]["property"][name]["enabled"]
    assert any("note.txt" in href for href in walk.search(pattern))


@pytest.mark.parametrize("name", ["mtime", "mediatype"])
def test_search_keywords(walk: Walk, advertised: Json, name: str) -> None:
    """Each keyword is understood, whatever it finds."""
    for keyword in advertised["search"]["property"][name]["keywords"]:
        walk.search(f'{name}:"{keyword}"')


def test_spaces_and_users(walk: Walk, advertised: Json) -> None:
    """Drives with projects, accounts made, changed and deleted, people found."""
    made = walk.ask("POST", "/graph/v1.0/drives", b'{"name": "Orbit"}').json
    listed = walk.ask("GET", "/graph/v1.0/me/drives").json["value"]
    user = walk.ask(
        "POST", "/graph/v1.0/users", b'{"onPremisesSamAccountName": "dora"}'
    ).json
    length = advertised["files_sharing"]["search_min_length"]
    found = walk.ask("GET", f"/graph/v1.0/users?$search={'dora'[:length]}").json
    walk.ask("DELETE", f"/graph/v1.0/users/{user['id']}")

    users = advertised["graph"]["users"]
    assert advertised["spaces"]["version"] == "1.0.0"
    assert made["id"] in {drive["id"] for drive in listed}
    assert [each["id"] for each in found["value"]] == [user["id"]]
    assert not users["create_disabled"]
    assert not users["delete_disabled"]
    assert not users["change_password_self_disabled"]


def test_password_policy(walk: Walk, advertised: Json) -> None:
    """The longest password is taken, a longer one is not."""
    policy = advertised["password_policy"]

    def make(name: str, characters: int) -> int:
        answer = walk.app.post_json(
            "/graph/v1.0/users",
            {
                "onPremisesSamAccountName": name,
                "passwordProfile": {"password": "x" * characters},
            },
            headers=walk.person.basic,
            status="*",
        )
        return int(answer.status_int)

    assert make("short", policy["min_characters"]) == 201
    assert make("long", policy["max_characters"]) == 201
    assert make("none", policy["min_characters"] - 1) == 400
    assert make("longer", policy["max_characters"] + 1) == 400
