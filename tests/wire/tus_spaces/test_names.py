"""POST on WebDAV URLs: where an upload lands, and which names are refused.

Tests are named by the rows of the oCIS case table (`docs/tus.md`).
"""

from base64 import b64encode

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Place, Space
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus, encode, metadata, path_of
from tests.wire.tus_spaces.calls import exists


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


def test_wrong_base64_padding_of_the_name_is_no_name(tus: Tus) -> None:
    """A value that is not base64 counts as missing."""
    raw = b64encode(b"ab").decode().rstrip("=")
    tus.create(0, None, Upload_Metadata=f"filename {raw}", status=412)
