"""POST on WebDAV URLs: beginning uploads on spaces.

Tests are named by the rows of the oCIS case table (`docs/tus.md`).
"""

import re
from base64 import b64encode
from urllib.parse import urlsplit

import pytest
from webtest import TestApp

from spaces.clock import DAY
from spaces.errors import NodeNotFound, QuotaExceeded
from spaces.library import Library
from spaces.model import Place, Role, Space
from spaces.upload_model import Lifetime, NewUpload, UploadState
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus, encode, metadata, path_of

FAMILIES = ("spaces", "files", "webdav")


def base_path(library: Library, space: Space) -> str:
    """The WebDAV URL of a space."""
    return f"/remote.php/dav/spaces/{library.storage_id}${space.id}"


@pytest.fixture
def tus(app: TestApp, library: Library, admin: Person, home: Space) -> Tus:
    """A client on the admin's personal space."""
    return Tus(app, base_path(library, home), admin.basic)


@pytest.fixture(params=[f"{legacy}{name}" for legacy in ("", "/") for name in FAMILIES])
def family(
    request: pytest.FixtureRequest,
    app: TestApp,
    library: Library,
    admin: Person,
    home: Space,
) -> Tus:
    """A client on the same space by each kind of URL."""
    legacy, _, name = str(request.param).rpartition("/")
    urls = {
        "spaces": f"/dav/spaces/{library.storage_id}${home.id}",
        "files": "/dav/files/admin",
        "webdav": "/webdav",
    }
    prefix = "/remote.php" if str(request.param).startswith("/") else ""
    del legacy
    return Tus(app, prefix + urls[name], admin.basic)


def exists(library: Library, person: Person, space: Space, *path: str) -> bool:
    """Whether there is something at the path."""
    try:
        library.tree.get(person.actor, Place(space.id, path))
    except NodeNotFound:
        return False
    return True


def test_case_08_creation_answers_as_the_seed_does(family: Tus) -> None:
    """A creation is answered with a data URL and oCIS's headers, on every URL."""
    response = family.create(100, "world")

    headers = response.headers
    assert re.fullmatch(
        r"http://localhost/data/[\w-]+\.[\w-]+\.[\w-]+", headers["Location"]
    )
    assert headers["Tus-Resumable"] == "1.0.0"
    assert (
        headers["Tus-Extension"] == "creation,creation-with-upload,checksum,expiration"
    )
    assert (
        headers["Access-Control-Allow-Headers"]
        == "Tus-Resumable, Upload-Length, Upload-Metadata, If-Match"
    )
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert (
        headers["Access-Control-Expose-Headers"]
        == "Tus-Resumable, Upload-Offset, Location"
    )
    assert headers["Vary"] == "Origin"
    assert headers["Content-Length"] == "0"
    assert headers["Content-Security-Policy"] == "default-src 'none';"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Download-Options"] == "noopen"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["X-Permitted-Cross-Domain-Policies"] == "none"
    assert headers["X-Robots-Tag"] == "none"
    assert headers["X-Request-Id"]
    assert response.body == b""


def test_case_07_no_largest_size_is_announced(app: TestApp, tus: Tus) -> None:
    """What a client sees of limits is the size of one request, in the capabilities."""
    capabilities = "/ocs/v1.php/cloud/capabilities?format=json"
    told = app.get(capabilities, headers=dict(tus.auth)).json
    support = told["ocs"]["data"]["capabilities"]["files"]["tus_support"]

    responses = [
        app.options(tus.url, headers=dict(tus.auth)),
        tus.create(5),
        app.options(tus.start(5)),
    ]

    assert support["max_chunk_size"] == 10_000_000
    assert all("Tus-Max-Size" not in response.headers for response in responses)


class TestLargestSize:
    """With a largest size in the settings."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Ten bytes."""
        return {"uploads.max_size": "10B"}

    def test_case_07_a_largest_size_is_said_where_there_is_one(
        self, app: TestApp, tus: Tus
    ) -> None:
        """OPTIONS tells it, as tus 1.0 wants, and a client is spared the 413."""
        for response in (
            app.options(tus.url, headers=dict(tus.auth)),
            app.options(tus.start(5)),
            app.options("/files"),
        ):
            assert response.headers["Tus-Max-Size"] == "10"
        tus.create(11, status=413)


@pytest.mark.parametrize(("method", "status"), [("DELETE", 405), ("PUT", 400)])
def test_overrides_are_for_uploads(
    tus: Tus, library: Library, method: str, status: int
) -> None:
    """Who means another method with a folder does not begin an upload there."""
    tus.create(5, status=status, X_HTTP_Method_Override=method)

    assert library.uploads.list_open() == []


def test_w06_whole_file_in_the_creation_is_finished_once(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """One file, one change, no former version, and nothing that waits for bytes."""
    before = library.catalog.get(admin.actor, home.id)

    path = path_of(tus.create(5, body=b"12345"))
    tus.head(path)

    entry = library.tree.get(admin.actor, Place(home.id, ("file.bin",)))
    assert library.versions.list(admin.actor, entry.node.id) == []
    assert library.uploads.list_open() == []
    after = library.catalog.get(admin.actor, home.id).quota
    assert (after.used - before.quota.used, after.reserved) == (5, 0)


def test_case_09_nothing_is_visible_before_the_last_byte(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """An upload that is not finished is no file."""
    path = tus.start(5)
    tus.patch(path, 0, b"1234")

    assert not exists(library, admin, home, "file.bin")


def test_case_10_no_length(tus: Tus) -> None:
    """A creation without a length is 412, without a Location."""
    assert "Location" not in tus.create(None, status=412).headers


@pytest.mark.parametrize("version", [None, "0.2.2", "2.0.0", "1.0.0, 1.0.0"])
def test_case_11_wrong_version(tus: Tus, version: str | None) -> None:
    """Another version of tus, or none, is 412 and says which one is spoken."""
    response = tus.create(5, Tus_Resumable=version, status=412)

    assert response.headers["Tus-Version"] == "1.0.0"
    assert response.headers["Tus-Resumable"] == "1.0.0"


def test_case_12_no_deferred_length(tus: Tus) -> None:
    """A length cannot be told later here."""
    tus.create(None, Upload_Defer_Length="1", status=412)


@pytest.mark.parametrize("length", ["abc", "-1", "1e3", "+5", "1.5", "9" * 30, "10,10"])
def test_case_13_14_length_is_no_number(tus: Tus, length: str) -> None:
    """A length that is no non-negative integer is 400."""
    assert "Location" not in tus.create(length, status=400).headers


def test_case_15_no_filename(tus: Tus) -> None:
    """Without a name there is nothing to create."""
    tus.create(5, None, status=412)
    tus.create(5, None, pairs={"mtime": "1"}, status=412)
    tus.create(5, "", status=412)


def test_name_serves_where_filename_is_missing(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """The seed allows `name` as well; `filename` wins over it."""
    tus.create(0, None, pairs={"name": "by-name"})
    tus.create(0, "by-filename", pairs={"name": "other"})

    assert exists(library, admin, home, "by-name")
    assert exists(library, admin, home, "by-filename")
    assert not exists(library, admin, home, "other")


@pytest.mark.parametrize(
    "raw",
    [
        "IA==",  # case 16: a space
        "ZmlsZXdpdGhMRi1hbmQtQ1INCgo=",  # case 17: CR and LF
        "bXkMaWxl",  # case 19: a form feed
        "Li4=",  # case 20: ..
        encode("."),
        encode("../up"),
        encode("a/../../b"),
        encode("/"),
        encode("a//b"),
        encode("back\\slash"),
        encode("nul\0"),
        encode(b"\xff\xfe"),
        encode("x" * 256),  # case 24
        encode("folder/file"),  # case 18: no such folder
        "!!!",  # case 21: no base64
    ],
)
def test_case_16_to_24_names_that_are_refused(
    tus: Tus, library: Library, admin: Person, home: Space, raw: str
) -> None:
    """A name that no file may have is 412, and nothing is made."""
    response = tus.create(0, None, Upload_Metadata=f"filename {raw}", status=412)

    assert "Location" not in response.headers
    entry = library.tree.get(admin.actor, Place(home.id))
    assert list(library.tree.children(admin.actor, entry.node)) == []


def test_case_21_bad_pairs_are_passed_over(tus: Tus) -> None:
    """A pair that is not base64 is ignored, the others count."""
    tus.create(0, None, Upload_Metadata=f"mtime !!!,filename {encode('a')}, ,x")


@pytest.mark.parametrize("name", ["/FOLDER/textFile.txt", "FOLDER/textFile.txt"])
def test_case_22_filename_is_a_path(
    tus: Tus, library: Library, admin: Person, home: Space, name: str
) -> None:
    """A path in the name leads to a folder below the one of the URL."""
    library.tree.make_folder(admin.actor, Place(home.id, ("FOLDER",)))

    tus.create(0, name)

    assert exists(library, admin, home, "FOLDER", "textFile.txt")


@pytest.mark.parametrize(
    "name",
    [
        "a b",
        "a,b",
        "C++ file.cpp",
        "?fi=le&%#2 . txt",
        "# %ab ab?=ed",
        "नेपाली",
        "e\u0301",
        "%2e%2e",
        "x" * 255,
    ],
)
def test_case_23_names_are_kept_as_given(
    tus: Tus, library: Library, admin: Person, home: Space, name: str
) -> None:
    """A name is stored byte for byte, and never decoded as a URL is."""
    tus.create(0, name)

    entry = library.tree.get(admin.actor, Place(home.id))
    assert [node.name for node in library.tree.children(admin.actor, entry.node)] == [
        name
    ]


def test_case_25_target_is_a_folder(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """A folder is not replaced by a file."""
    library.tree.make_folder(admin.actor, Place(home.id, ("FOLDER",)))

    tus.create(5, "FOLDER", status=409)


def test_case_26_no_such_folder(
    app: TestApp, tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """An upload into a folder that is not there makes nothing."""
    elsewhere = Tus(app, f"{tus.url}/missing", admin.basic)

    elsewhere.create(0, "file", status=412)

    assert not exists(library, admin, home, "missing")


def test_post_below_a_file_is_refused_whole(
    app: TestApp, tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """A file is no folder, whether it is the URL or a part of the name."""
    tus.create(1, "file", body=b"x")
    below = Tus(app, f"{tus.url}/file", admin.basic)

    below.create(0, "inner", status=412)
    tus.create(0, "file/inner", status=412)

    assert not exists(library, admin, home, "file", "inner")


def test_case_27_28_29_if_match(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """If-Match must name the file's present ETag; without a file it never does."""
    etag = tus.create(1, "file", body=b"x").headers["ETag"]

    tus.create(5, "file", If_Match=etag)
    tus.create(5, "file", If_Match='"stale"', status=412)
    tus.create(5, "absent", If_Match=etag, status=412)
    tus.create(5, "absent", If_Match="*", status=412)


def test_case_30_if_none_match(tus: Tus) -> None:
    """If-None-Match: * refuses to overwrite."""
    tus.create(1, "file", body=b"x")

    tus.create(5, "file", If_None_Match="*", status=412)
    tus.create(5, "other", If_None_Match="*")


def test_malformed_conditions_are_refused(tus: Tus) -> None:
    """A condition that cannot be read is not taken for fulfilled."""
    tus.create(5, "file", If_Match="@@ @@", status=400)


def test_case_31_viewers_may_not_upload(
    app: TestApp, library: Library, admin: Person, alice: Person
) -> None:
    """A role without writing is 403."""
    space = library.catalog.create_project(admin.actor, "Project")
    library.catalog.set_member(admin.actor, space.id, alice.actor.user_id, Role.VIEWER)

    Tus(app, base_path(library, space), alice.basic).create(5, status=403)


def test_case_32_unknown_spaces(
    app: TestApp, library: Library, admin: Person, alice: Person
) -> None:
    """A space one may not see is 404, a malformed id 400."""
    space = library.catalog.create_project(admin.actor, "Project")

    Tus(app, base_path(library, space), alice.basic).create(5, status=404)
    Tus(app, "/dav/spaces/nonsense", alice.basic).create(5, status=400)


def test_case_33_34_quota(app: TestApp, library: Library, admin: Person) -> None:
    """What does not fit is 507 before anything is made; what fits is taken."""
    space = library.catalog.create_project(admin.actor, "Small", quota=10)
    tus = Tus(app, base_path(library, space), admin.basic)

    tus.create(24, "big", body=b"x" * 24, status=507)
    tus.create(24, "big", status=507)
    tus.create(10, "fits", body=b"x" * 10)

    assert not exists(library, admin, space, "big")
    assert exists(library, admin, space, "fits")


def test_open_uploads_hold_quota(app: TestApp, library: Library, admin: Person) -> None:
    """Two uploads cannot be promised the same bytes; one given up frees them."""
    space = library.catalog.create_project(admin.actor, "Small", quota=10)
    tus = Tus(app, base_path(library, space), admin.basic)

    path = tus.start(8, "one")
    tus.create(8, "two", status=507)
    tus.delete(path)
    tus.create(8, "two")


def test_lengths_beyond_what_can_be_counted(
    app: TestApp, library: Library, admin: Person
) -> None:
    """Spaces without a quota promise no more than their counters can hold."""
    space = library.catalog.create_project(admin.actor, "Endless")
    new = NewUpload(dialect="test", length=2**63 - 1, lifetime=Lifetime(DAY))
    create = library.uploads.create

    first = create(admin.actor, new, Place(space.id, ("one",)))
    with pytest.raises(QuotaExceeded):
        create(admin.actor, new, Place(space.id, ("two",)))
    assert library.catalog.get(admin.actor, space.id).quota.reserved == 2**63 - 1

    library.uploads.end(first, UploadState.ABORTED)
    Tus(app, base_path(library, space), admin.basic).create(1, "three", body=b"3")
    quota = library.catalog.get(admin.actor, space.id).quota
    assert (quota.used, quota.reserved) == (1, 0)


@pytest.mark.parametrize("length", [2**63 - 1, 10**15])
def test_more_than_the_disk_holds(
    app: TestApp, library: Library, admin: Person, length: int
) -> None:
    """507 when an upload begins that can never be kept; nothing is held for it."""
    space = library.catalog.create_project(admin.actor, "Endless")
    tus = Tus(app, base_path(library, space), admin.basic)

    tus.create(length, status=507)
    tus.create(length, body=b"first bytes", status=507)
    Tus(app, "/files", admin.basic).create(length, status=507)

    assert library.uploads.list_open() == []
    assert library.catalog.get(admin.actor, space.id).quota.reserved == 0
    tus.create(1, "small", body=b"1")


def test_case_35_overwriting_counts_the_difference(
    app: TestApp, library: Library, admin: Person
) -> None:
    """An overwrite needs room only for what it adds."""
    space = library.catalog.create_project(admin.actor, "Small", quota=10)
    tus = Tus(app, base_path(library, space), admin.basic)
    tus.create(8, "file", body=b"x" * 8)

    path = tus.start(10, "file")
    tus.patch(path, 0, b"y" * 10)

    quota = library.catalog.get(admin.actor, space.id).quota
    assert (quota.used, quota.reserved) == (10, 0)


def test_case_36_locked_files(
    app: TestApp, tus: Tus, library: Library, admin: Person
) -> None:
    """A locked file needs the lock's token, at the beginning and at the end."""
    tus.create(1, "file", body=b"x")
    response = app.request(
        f"{tus.url}/file",
        method="LOCK",
        body=b'<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>'
        b"<D:locktype><D:write/></D:locktype></D:lockinfo>",
        headers={**admin.basic, "Content-Type": "application/xml"},
        expect_errors=True,
    )
    assert response.status_int == 200
    token = response.headers["Lock-Token"]

    refused = tus.create(2, "file", body=b"yy", status=423)
    tus.create(2, "file", body=b"yy", If=f"({token})")

    assert refused.headers["Retry-After"]


def test_case_37_urls_by_id(
    app: TestApp, library: Library, admin: Person, home: Space
) -> None:
    """A folder can be named by its id; a file can hold nothing."""
    folder = library.tree.make_folder(admin.actor, Place(home.id, ("FOLDER",)))
    by_id = Tus(
        app, f"/dav/spaces/{library.storage_id}${home.id}!{folder.id}", admin.basic
    )
    file_id = by_id.create(0, "file").headers["OC-FileId"]

    Tus(app, f"/dav/spaces/{file_id}", admin.basic).create(0, "", status=412)

    assert exists(library, admin, home, "FOLDER", "file")


def test_case_38_login_is_needed(app: TestApp, tus: Tus) -> None:
    """Nobody creates an upload without credentials."""
    response = Tus(app, tus.url).create(5, status=401)

    challenges = response.headers.getall("WWW-Authenticate")
    assert any(challenge.startswith("Basic realm=") for challenge in challenges)


def test_case_39_whole_file_with_the_creation(
    app: TestApp, tus: Tus, admin: Person
) -> None:
    """The file is there at once, and the answer says everything of it."""
    response = tus.create(
        14, "test.txt", body=b"upload content", Tus_Extension="creation-with-upload"
    )

    headers = response.headers
    assert headers["Upload-Offset"] == "14"
    assert headers["Upload-Expires"].isdigit()
    assert headers["ETag"] == headers["OC-ETag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', headers["ETag"])
    assert re.fullmatch(r"[\da-f-]+\$[\da-f-]+![\da-f-]+", headers["OC-FileId"])
    assert headers["OC-Perm"] == "RDNVWZP"
    assert headers["Last-Modified"].endswith(" GMT")
    assert headers["Content-Type"].startswith("text/plain")
    assert urlsplit(headers["Location"]).path.startswith("/data/")
    content = app.get(f"{tus.url}/test.txt", headers=admin.basic)
    assert content.body == b"upload content"
    assert content.headers["ETag"] == headers["ETag"]


def test_case_40_first_part_with_the_creation(tus: Tus) -> None:
    """What came along counts; the rest follows."""
    response = tus.create(10, body=b"01234")

    assert response.headers["Upload-Offset"] == "5"
    assert "ETag" not in response.headers
    assert "OC-Perm" not in response.headers
    final = tus.patch(path_of(response), 5, b"56789")
    assert final.headers["OC-FileId"] == response.headers["OC-FileId"]


def test_case_41_offset_in_the_creation(tus: Tus) -> None:
    """The desktop client says where it begins: at 0."""
    tus.create(1, body=b"x", Upload_Offset="0")
    tus.create(1, "other", body=b"x", Upload_Offset="1", status=400)


def test_case_42_body_of_another_type_is_no_part(tus: Tus) -> None:
    """Only offset+octet-stream is data; other bodies are passed over, as in oCIS."""
    response = tus.create(5, body=b"01234", Content_Type="text/plain")

    assert tus.offset(path_of(response)) == 0


def test_case_43_body_longer_than_the_upload(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """Too long a body is refused whole."""
    response = tus.create(5, body=b"0123456789", status=413)

    assert "Location" not in response.headers
    assert not exists(library, admin, home, "file.bin")
    assert library.uploads.list_open() == []


@pytest.mark.parametrize("body", [None, b""])
def test_case_44_empty_files_are_complete_at_once(
    app: TestApp, tus: Tus, admin: Person, body: bytes | None
) -> None:
    """An empty file is there after the POST, and the answer is a final one."""
    response = tus.create(0, "empty.txt", body=body)

    headers = response.headers
    assert headers["Upload-Offset"] == "0"
    assert headers["Location"]
    assert headers["OC-FileId"]
    assert headers["OC-Perm"]
    assert headers["ETag"]
    assert app.get(f"{tus.url}/empty.txt", headers=admin.basic).body == b""
    assert tus.head(path_of(response)).headers["Upload-Length"] == "0"


def test_case_45_emptying_a_file_keeps_a_version(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """An empty upload over a file is an overwrite like any other."""
    tus.create(1, "file", body=b"x")
    tus.create(0, "file")

    entry = library.tree.get(admin.actor, Place(home.id, ("file",)))
    assert entry.node.size == 0
    assert len(list(library.versions.list(admin.actor, entry.node.id))) == 1


def test_case_46_empty_file_in_a_shared_space(
    app: TestApp, library: Library, admin: Person, alice: Person
) -> None:
    """An editor of a project space uploads there too."""
    space = library.catalog.create_project(admin.actor, "Project")
    library.catalog.set_member(admin.actor, space.id, alice.actor.user_id, Role.EDITOR)

    response = Tus(app, base_path(library, space), alice.basic).create(0, "empty")

    assert response.headers["OC-Perm"] == "DNVW"
    assert exists(library, admin, space, "empty")


def test_unknown_metadata_never_decides_the_target(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """All keys of the web client are taken, and none but the name has a say."""
    pairs = {
        "relativePath": "/elsewhere/file.bin",
        "relativeFolder": "/elsewhere",
        "spaceId": "0$0",
        "spaceName": "Personal",
        "driveAlias": "personal/admin",
        "driveType": "personal",
        "currentFolder": "/elsewhere",
        "currentFolderId": "0$0!0",
        "uppyId": "uppy-example/pdf-1e",
        "tusEndpoint": "https://example.org/",
        "uploadId": "71d5f878-a96c-4d7b-9627-658d782c93d7",
        "topLevelFolderId": "undefined",
        "routeName": "files-spaces-generic",
        "routeDriveAliasAndItem": "cGVyc29uYWwvYWRtaW4=",
        "routeShareId": "",
    }
    response = tus.create(3, pairs=pairs)
    path = path_of(response)

    kept = tus.head(path).headers["Upload-Metadata"]
    tus.patch(path, 0, b"abc")

    assert kept == metadata(filename="file.bin", **pairs)
    assert exists(library, admin, home, "file.bin")
    assert not exists(library, admin, home, "elsewhere")


def test_post_outside_of_a_space_is_refused(app: TestApp, admin: Person) -> None:
    """Uploads begin in folders of spaces only."""
    for url in ("/dav/spaces", "/dav/files", "/dav"):
        Tus(app, url, admin.basic).create(0, status=405)


def test_errors_are_phrased_by_webdav(tus: Tus) -> None:
    """A refused creation has a DAV error body and tus's headers."""
    response = tus.create(None, status=412)

    assert b"<s:exception>Sabre\\DAV\\Exception\\PreconditionFailed" in response.body
    assert response.headers["Tus-Resumable"] == "1.0.0"


def test_concatenation_is_refused(tus: Tus) -> None:
    """Extensions that are not announced do not work on spaces."""
    tus.create(5, Upload_Concat="partial", status=400)


def test_wrong_base64_padding_of_the_name_is_no_name(tus: Tus) -> None:
    """A value that is not base64 counts as missing."""
    raw = b64encode(b"ab").decode().rstrip("=")
    tus.create(0, None, Upload_Metadata=f"filename {raw}", status=412)
