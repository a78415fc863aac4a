"""Downloading folders as archives."""

import io
import tarfile
import zipfile

import pytest
from webtest import TestApp

from ocsync.archives import ArchiveEntry, tar_stream, zip_stream
from spaces.library import Library
from spaces.model import Place, Space
from tests.domain import seal
from tests.wire.conftest import Person


def put(library: Library, person: Person, space: Space, path: str, data: bytes) -> str:
    """Make a file with the folders it is in, and return its id for clients."""
    *folders, name = path.split("/")
    for depth in range(1, len(folders) + 1):
        place = Place(space.id, tuple(folders[:depth]))
        parent = Place(space.id, tuple(folders[: depth - 1]))
        names = {
            node.name
            for node in library.tree.children(
                person.actor, library.tree.get(person.actor, parent).node
            )
        }
        if folders[depth - 1] not in names:
            library.tree.make_folder(person.actor, place)
    written = library.files.commit(
        person.actor, Place(space.id, (*folders, name)), seal(library, data)
    )
    return f"{library.storage_id}${space.id}!{written.node.id}"


def folder_id(library: Library, person: Person, space: Space, name: str) -> str:
    """The id of a folder at the top of a space."""
    node = library.tree.get(person.actor, Place(space.id, (name,))).node
    return f"{library.storage_id}${space.id}!{node.id}"


@pytest.fixture
def folder(library: Library, admin: Person, home: Space) -> str:
    """A folder with some files, by its id."""
    put(library, admin, home, "Photos/2024/ä ö.txt", b"umlauts")
    put(library, admin, home, "Photos/big.bin", b"x" * 700_000)
    put(library, admin, home, "Photos/empty", b"")
    return folder_id(library, admin, home, "Photos")


EXPECTED = {
    "Photos/2024/ä ö.txt": b"umlauts",
    "Photos/big.bin": b"x" * 700_000,
    "Photos/empty": b"",
}


def test_zip(app: TestApp, admin: Person, folder: str) -> None:
    """Everything is in it, under the folder's name, and sound."""
    answer = app.get(f"/archiver?id={folder}&output-format=zip", headers=admin.basic)

    archive = zipfile.ZipFile(io.BytesIO(answer.body))
    assert archive.testzip() is None
    files = {n: archive.read(n) for n in archive.namelist() if not n.endswith("/")}
    assert files == EXPECTED
    assert "Photos/2024/" in archive.namelist()
    assert answer.content_type == "application/zip"
    assert 'filename="Photos.zip"' in answer.headers["Content-Disposition"]


def test_tar(app: TestApp, admin: Person, folder: str) -> None:
    """The same as tar, with the times of the files."""
    answer = app.get(f"/archiver?id={folder}", headers=admin.basic)

    files = {}
    with tarfile.open(fileobj=io.BytesIO(answer.body)) as archive:
        for member in archive.getmembers():
            if member.isfile():
                file = archive.extractfile(member)
                assert file is not None
                files[member.name] = file.read()
                assert member.mtime > 1_600_000_000
    assert files == EXPECTED


def test_several_files_of_one_name(
    app: TestApp, library: Library, admin: Person, home: Space
) -> None:
    """Files of different folders do not overwrite each other."""
    first = put(library, admin, home, "a/notes.txt", b"1")
    second = put(library, admin, home, "b/notes.txt", b"2")

    answer = app.get(
        f"/archiver?id={first}&id={second}&output-format=zip", headers=admin.basic
    )

    archive = zipfile.ZipFile(io.BytesIO(answer.body))
    assert archive.namelist() == ["notes.txt", "notes (2).txt"]
    assert 'filename="download.zip"' in answer.headers["Content-Disposition"]


def test_whole_space_and_path(
    app: TestApp, library: Library, admin: Person, home: Space, folder: str
) -> None:
    """A space by its id, a file by its path."""
    space_id = folder.partition("!")[0]

    whole = app.get(f"/archiver?id={space_id}&output-format=zip", headers=admin.basic)
    single = app.get(
        "/archiver?path=/Photos/empty&output-format=zip", headers=admin.basic
    )

    names = zipfile.ZipFile(io.BytesIO(whole.body)).namelist()
    assert f"{home.name}/Photos/empty" in names
    assert zipfile.ZipFile(io.BytesIO(single.body)).namelist() == ["empty"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("id=nonsense", 400),
        ("path=/nowhere", 404),
        ("output-format=rar&path=/", 400),
        ("id=" + "0" * 8, 400),
    ],
)
def test_refusals(
    app: TestApp, admin: Person, home: Space, query: str, status: int
) -> None:
    """What cannot be downloaded is said before the first byte."""
    app.get(f"/archiver?{query}", headers=admin.basic, status=status)


def test_files_of_others_are_not_there(
    app: TestApp, alice: Person, folder: str
) -> None:
    """No access looks like no file."""
    app.get(f"/archiver?id={folder}", headers=alice.basic, status=404)
    app.get(f"/archiver?id={folder}", status=401)


class TestLimits:
    """What is too much is refused."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Small limits."""
        return {"dav.archive_max_files": 3, "dav.archive_max_size": 1000}

    def test_as_much_as_is_allowed(
        self, app: TestApp, library: Library, admin: Person, home: Space
    ) -> None:
        """The limits themselves are not too much."""
        for number in range(2):
            put(library, admin, home, f"full/{number}", b"x" * 500)

        folder = folder_id(library, admin, home, "full")

        app.get(f"/archiver?id={folder}", headers=admin.basic, status=200)

    def test_too_many(
        self, app: TestApp, library: Library, admin: Person, home: Space
    ) -> None:
        """Files and folders are counted."""
        for number in range(3):
            put(library, admin, home, f"many/{number}", b"")

        folder = folder_id(library, admin, home, "many")

        app.get(f"/archiver?id={folder}", headers=admin.basic, status=413)

    def test_too_large(
        self, app: TestApp, library: Library, admin: Person, home: Space
    ) -> None:
        """Bytes are added up."""
        file = put(library, admin, home, "large", b"x" * 1001)

        app.get(f"/archiver?id={file}", headers=admin.basic, status=413)

    def test_capabilities_say_so(self, app: TestApp, admin: Person) -> None:
        """Clients read the limits beforehand."""
        answer = app.get(
            "/ocs/v2.php/cloud/capabilities?format=json", headers=admin.basic
        )

        archiver = answer.json["ocs"]["data"]["capabilities"]["files"]["archivers"][0]
        assert archiver["max_num_files"] == "3"
        assert archiver["max_size"] == "1000"


class _Endless:
    """A source of zeros that counts what is taken."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1, /) -> bytes:
        """Zeros."""
        count = min(size, self.left)
        self.left -= count
        return bytes(count)

    def close(self) -> None:
        """Nothing to do."""


def _of_size(size: int, announced: int | None = None) -> ArchiveEntry:
    shown = size if announced is None else announced
    return ArchiveEntry("file", shown, 0, lambda: _Endless(size))


@pytest.mark.parametrize("stream", [zip_stream, tar_stream])
def test_blocks_are_small(stream: object) -> None:
    """No more than about one block is ever held."""
    assert callable(stream)
    sizes = [len(block) for block in stream([_of_size(10_000_000)])]

    assert max(sizes) < 600_000
    assert 10_000_000 <= sum(sizes) < 10_010_000
    assert min(sizes) > 0


@pytest.mark.parametrize("stream", [zip_stream, tar_stream])
@pytest.mark.parametrize("announced", [99, 101])
def test_wrong_size_breaks_the_archive(stream: object, announced: int) -> None:
    """A file that is not as long as its row says never passes for whole."""
    assert callable(stream)

    with pytest.raises(OSError, match="size"):
        list(stream([_of_size(100, announced)]))


def test_zip64_of_a_large_file() -> None:
    """A file of more than 4 GiB, without holding it: sizes and offsets are 64 bit."""
    size = 2**32 + 10
    tail = b""
    count = 0
    entries = [_of_size(size), ArchiveEntry("after", 0, 0, None)]

    for block in zip_stream(entries):
        count += len(block)
        tail = (tail + block)[-4096:]

    assert count > size
    assert b"PK\x06\x06" in tail  # the end record of zip64
    assert size.to_bytes(8, "little") in tail
