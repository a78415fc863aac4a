"""POST on WebDAV URLs: creations that bring bytes along.

Tests are named by the rows of the oCIS case table (`docs/tus.md`).
"""

import re
from urllib.parse import urlsplit

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Place, Role, Space
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus, path_of
from tests.wire.tus_spaces.calls import base_path, exists


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
