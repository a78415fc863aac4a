"""tus 1.0.0 at `/files`: creation, creation-with-upload and expiration.

Tests are named by the rows of the tus checklist (`docs/tus.md`).
"""

from email.utils import parsedate_to_datetime

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Place, Space
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus, encode, metadata, path_of
from tests.wire.tus_plain.calls import landed, read


def test_k02_length_is_needed(tus: Tus) -> None:
    """Either a length or the promise to tell it later, not both."""
    tus.create(None, status=400)
    tus.create(5, Upload_Defer_Length="1", status=400)


def test_k03_location(tus: Tus) -> None:
    """The Location is absolute, and leads to an empty upload."""
    response = tus.create(5)

    assert response.headers["Location"].startswith("http://localhost/files/")
    assert tus.offset(path_of(response)) == 0


def test_k04_empty_file(tus: Tus, library: Library, admin: Person, home: Space) -> None:
    """A file without bytes is complete at once, and made once."""
    path = path_of(tus.create(0, "empty"))

    assert tus.head(path).headers["Upload-Length"] == "0"
    assert tus.offset(path) == 0
    assert landed(library, admin, home) == {"empty": 0}


@pytest.mark.parametrize(
    ("raw", "is_valid"),
    [
        ("a", True),
        ("a ", True),
        ("a YQ==", True),
        ("a YQ==,b", True),
        ("a YQ==, b Yg==", True),
        ("", True),
        (" ", True),
        ("a YQ==,,b", False),
        ("a YQ==,a Yg==", False),
        ("a !!!", False),
        ("a YQ== x", False),
        (",", False),
        ("a YQ==,", False),
        ("a " + "QUFB" * 2000, True),
        ("a " + "QUFB" * 20000, False),
        ("ä YQ==", False),
        (",".join(f"k{n}" for n in range(65)), False),
    ],
)
def test_k06_k07_metadata_grammar(tus: Tus, raw: str, *, is_valid: bool) -> None:
    """Metadata follows the grammar or the creation is 400."""
    sent = raw.encode().decode("latin-1")

    tus.create(5, None, Upload_Metadata=sent, status=201 if is_valid else 400)


@pytest.mark.parametrize(
    "raw", ["b Yg==,a YQ==", "is_confidential", "a YQ==,is_confidential ", "x"]
)
def test_k08_metadata_as_given(tus: Tus, raw: str) -> None:
    """HEAD returns the metadata byte for byte."""
    path = path_of(tus.create(5, None, Upload_Metadata=raw))

    assert tus.head(path).headers["Upload-Metadata"] == raw


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\r\nSet-Cookie: x", "aSet-Cookie: x"),
        ("C:\\temp\\x.txt", "x.txt"),
        ('q"uote', 'q"uote'),
        ("nul\0l", "null"),
        ("\u202egpj.exe", "gpj.exe"),
        ("CON", "CON"),
        ("dot.", "dot."),
        ("x" * 5000 + ".txt", "x" * 251 + ".txt"),
    ],
)
def test_k09_names_have_no_effect_on_the_path(  # noqa: PLR0917
    tus: Tus, library: Library, admin: Person, home: Space, given: str, name: str
) -> None:
    """Whatever the client calls the file, it lands in the folder."""
    tus.create(0, given)

    assert list(landed(library, admin, home)) == [name]


@pytest.mark.parametrize("given", [None, "", "..", "/", "   "])
def test_file_without_a_name_is_called_by_an_id(
    tus: Tus, library: Library, admin: Person, home: Space, given: str | None
) -> None:
    """A tus client need not name its file."""
    tus.create(0, given)

    (name,) = landed(library, admin, home)
    assert len(name) == 36


def test_name_that_is_no_text_is_refused(tus: Tus) -> None:
    """Bytes that are not UTF-8 are no name."""
    raw = encode(b"\xff")
    tus.create(0, None, Upload_Metadata=f"filename {raw}", status=400)


def test_nothing_is_overwritten(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """Files of the same name get numbers."""
    first = tus.start(1, "a.txt")
    tus.create(2, "a.txt", body=b"22")
    tus.patch(first, 0, b"1")
    tus.create(3, "a.txt", body=b"333")

    assert landed(library, admin, home) == {
        "a.txt": 2,
        "a (2).txt": 1,
        "a (3).txt": 3,
    }


def test_landing_folder_goes_amid_the_uploads(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """They end in the root of the space, beside each other: nothing is lost."""
    paths = [tus.start(3, "a.txt") for _ in range(2)]
    library.tree.remove(admin.actor, Place(home.id, ("Uploads",)))

    for path in paths:
        tus.patch(path, 0, b"abc")

    root = library.tree.get(admin.actor, Place(home.id, ())).node
    names = {node.name for node in library.tree.children(admin.actor, root)}
    assert names == {"a.txt", "a (2).txt"}
    assert [read(tus, path) for path in paths] == [b"abc"] * 2


def test_k10_body_of_another_type(tus: Tus, library: Library) -> None:
    """A body that is not declared as data is 415, and nothing is made."""
    tus.create(5, body=b"12345", Content_Type="text/plain", status=415)

    assert library.uploads.list_open() == []


def test_k11_post_on_an_upload(app: TestApp, tus: Tus) -> None:
    """POST on an upload is 405 and says what is allowed."""
    response = app.post(tus.start(5), b"", headers=tus.headers({}), status=405)

    assert response.headers["Allow"] == "OPTIONS, GET, HEAD, PATCH, DELETE"


@pytest.mark.parametrize("count", [1, 5, 10])
def test_w03_creation_with_upload(
    tus: Tus, library: Library, admin: Person, home: Space, count: int
) -> None:
    """What comes with the creation counts; the last byte ends it (W06)."""
    response = tus.create(10, "w", body=b"x" * count)

    assert response.headers["Upload-Offset"] == str(count)
    assert landed(library, admin, home) == ({"w": 10} if count == 10 else {})


def test_w03_too_long(tus: Tus, library: Library) -> None:
    """Too long a body makes nothing."""
    tus.create(10, body=b"x" * 11, status=413)

    assert library.uploads.list_open() == []


def test_e02_e03_e04_expiry(tus: Tus) -> None:
    """The expiry is told as a HTTP date until the upload is finished."""
    created = tus.create(5)
    path = path_of(created)
    patched = tus.patch(path, 0, b"12")
    finished = tus.patch(path, 2, b"345")

    first = parsedate_to_datetime(created.headers["Upload-Expires"])
    assert created.headers["Upload-Expires"].endswith("GMT")
    assert parsedate_to_datetime(patched.headers["Upload-Expires"]) >= first
    assert "Upload-Expires" not in finished.headers


def test_whole_file_checksum_in_the_metadata(tus: Tus) -> None:
    """A checksum in the metadata is verified; what is none is the client's own."""
    wrong = {"checksum": "sha1 " + "00" * 20}
    path = path_of(tus.create(3, pairs=wrong))

    tus.patch(path, 0, b"abc", status=460)
    tus.head(path, status=410)
    tus.create(3, body=b"abc", pairs={"checksum": "of my own"})


def test_metadata_of_a_client_is_kept(tus: Tus) -> None:
    """Keys are the client's."""
    raw = metadata(filename="a", my_key="my value")
    path = path_of(tus.create(5, None, Upload_Metadata=raw))

    assert tus.head(path).headers["Upload-Metadata"] == raw
