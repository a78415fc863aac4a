"""What uploads on spaces leave behind, and what happens when the end is refused.

Tests are named by the rows of the oCIS case table and the fault matrix
(`docs/tus.md`).
"""

import pytest
from webtest import TestApp

from spaces.ids import UploadId
from spaces.library import Library
from spaces.model import Place, Space
from spaces.upload_model import Claim, UploadState
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus, path_of
from tests.wire.tus_spaces.calls import claims_of, node, version_count


@pytest.mark.parametrize(
    ("mtime", "seconds"),
    [
        ("1572000000", 1572000000.0),
        ("5016470400", 5016470400.0),
        ("1701708712.25", 1701708712.25),
        ("-86400", -86400.0),
        ("0", 0.0),
    ],
)
def test_case_84_mtime(  # noqa: PLR0917
    tus: Tus,
    library: Library,
    admin: Person,
    home: Space,
    mtime: str,
    seconds: float,
) -> None:
    """The file's time is the client's, past or future, with its fraction."""
    path = path_of(tus.create(3, pairs={"mtime": mtime}))

    final = tus.patch(path, 0, b"abc")

    assert node(library, admin, home, "file.bin").modified_at == seconds * 1_000_000
    assert final.headers["Last-Modified"].endswith("GMT")


@pytest.mark.parametrize("body", [None, b"abc"])
def test_mtime_in_the_header_of_put(
    tus: Tus, library: Library, admin: Person, home: Space, body: bytes | None
) -> None:
    """The desktop client 2.x tells the time so, and looks for the answer."""
    answer = tus.create(3, body=body, X_OC_Mtime="1572000000")
    if body is None:
        tus.patch(path_of(answer), 0, b"abc")

    assert answer.headers["X-OC-Mtime"] == "accepted"
    assert node(library, admin, home, "file.bin").modified_at == 1_572_000_000_000_000


def test_mtime_in_both(tus: Tus, library: Library, admin: Person, home: Space) -> None:
    """The metadata counts, even when it says 1970."""
    tus.create(3, body=b"abc", pairs={"mtime": "0"}, X_OC_Mtime="1572000000")

    assert node(library, admin, home, "file.bin").modified_at == 0


def test_mtime_that_is_none(tus: Tus) -> None:
    """400, as with PUT."""
    tus.create(3, body=b"abc", X_OC_Mtime="yesterday", status=400)


@pytest.mark.parametrize("mtime", ["null", "", "yesterday", "1e9"])
def test_case_85_no_mtime(
    tus: Tus, library: Library, admin: Person, home: Space, mtime: str
) -> None:
    """What is no time is the server's present one."""
    before = library.uploads.now()

    tus.create(3, body=b"abc", pairs={"mtime": mtime})

    assert node(library, admin, home, "file.bin").modified_at >= before


def test_case_86_87_versions(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """The first upload makes no version, however many parts; the second makes one."""
    for letter, count in ((b"a", 10), (b"b", 5)):
        path = tus.start(count)
        for offset in range(count):
            tus.patch(path, offset, letter)

    assert version_count(library, admin, home, "file.bin") == 1


def test_case_88_identical_revisions(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """The same content of the same time three times is one version."""
    for _ in range(3):
        tus.create(3, body=b"abc", pairs={"mtime": "1572000000"})

    assert version_count(library, admin, home, "file.bin") == 1


def test_case_89_same_time_other_content(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """Other content of the same time is a version each time."""
    for body in (b"1", b"2", b"3"):
        tus.create(1, body=body, pairs={"mtime": "1572000000"})

    assert version_count(library, admin, home, "file.bin") == 2


def test_case_90_upload_after_rename(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """The old name is free again."""
    tus.create(1, body=b"1")
    library.tree.move(
        admin.actor,
        Place(home.id, ("file.bin",)),
        Place(home.id, ("renamed",)),
        overwrite=False,
    )
    tus.create(1, body=b"2")

    first = node(library, admin, home, "renamed")
    assert first.id != node(library, admin, home, "file.bin").id


def test_case_91_folder_moved_meanwhile(
    app: TestApp, tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """An upload follows its folder."""
    library.tree.make_folder(admin.actor, Place(home.id, ("a",)))
    path = Tus(app, f"{tus.url}/a", admin.basic).start(3)
    library.tree.move(
        admin.actor, Place(home.id, ("a",)), Place(home.id, ("b",)), overwrite=False
    )

    tus.patch(path, 0, b"abc")

    assert node(library, admin, home, "b", "file.bin").size == 3


def test_folder_removed_meanwhile(
    app: TestApp, tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """An upload whose folder is gone fails, and holds nothing any more."""
    library.tree.make_folder(admin.actor, Place(home.id, ("a",)))
    path = Tus(app, f"{tus.url}/a", admin.basic).start(3)
    library.tree.remove(admin.actor, Place(home.id, ("a",)))

    tus.patch(path, 0, b"abc", status=409)

    tus.head(path, status=410)
    assert library.catalog.get(admin.actor, home.id).quota.reserved == 0


def test_case_92_etags_of_ancestors(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """Every folder above changes at the end, none before."""
    library.tree.make_folder(admin.actor, Place(home.id, ("a",)))
    library.tree.make_folder(admin.actor, Place(home.id, ("a", "b")))

    def etags() -> list[str]:
        return [
            node(library, admin, home, *path).etag for path in ((), ("a",), ("a", "b"))
        ]

    before = etags()
    path = tus.start(3, "a/b/file")
    tus.patch(path, 0, b"ab")
    assert etags() == before
    tus.patch(path, 2, b"c")

    assert not set(etags()) & set(before)


def test_f15_refused_at_the_end_and_allowed_later(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """A lock at the end is 423 with a time to come back; then HEAD finishes it."""
    tus.create(3, body=b"old")
    path = tus.start(3)
    place = Place(home.id, ("file.bin",))
    lock = library.locks.create(admin.actor, place, deep=False)

    refused = tus.patch(path, 0, b"new", status=423)
    waiting = tus.head(path, status=423)
    library.locks.release(admin.actor, place, lock.token)
    done = tus.head(path)

    assert refused.headers["Retry-After"]
    assert refused.headers["Upload-Offset"] == "3"
    assert waiting.headers["Retry-After"]
    assert done.headers["ETag"]
    assert node(library, admin, home, "file.bin").size == 3
    assert version_count(library, admin, home, "file.bin") == 1


@pytest.mark.parametrize("is_sealed", [False, True])
def test_f03_killed_between_the_last_byte_and_the_file(
    tus: Tus, library: Library, admin: Person, home: Space, *, is_sealed: bool
) -> None:
    """Whoever asks next finishes it, once, whether or not the bytes were sealed."""
    path = path_of(tus.create(3, pairs={"checksum": "sha256 " + SHA256_OF_ABC}))
    upload = library.uploads.get(UploadId(str(claims_of(path)["target"])))
    held = library.uploads.claim(upload, "killed", Claim.FREE)
    with library.blobs.stage(held.blob_id) as staged:
        staged.write(b"abc")
        staged.flush()
    library.uploads.advance(
        held, offset=3, length=3, hash_state=b"of another program", keeps_lease=False
    )
    if is_sealed:
        library.blobs.seal(held.blob_id, 3)

    first, second = tus.head(path), tus.head(path)

    assert first.headers["Upload-Offset"] == "3"
    assert first.headers["ETag"] == second.headers["ETag"]
    assert version_count(library, admin, home, "file.bin") == 0
    quota = library.catalog.get(admin.actor, home.id).quota
    assert (quota.used, quota.reserved) == (3, 0)


SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_failed_uploads_leave_no_bytes(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """What failed at its end is in the store neither staged nor sealed."""
    first, second = tus.start(3), tus.start(3)
    tus.patch(second, 0, b"abc")
    tus.patch(first, 0, b"xyz", status=409)

    upload = library.uploads.get(UploadId(str(claims_of(first)["target"])))
    assert upload.state is UploadState.FAILED
    sealed = [
        blob
        for shard in library.blobs.shards()
        for blob in library.blobs.blob_ids(shard)
    ]
    content = node(library, admin, home, "file.bin").content
    assert content is not None
    assert sealed == [content.blob_id]
    assert list(library.blobs.staged_ids()) == []


class TestSliding:
    """Expiry on the plain dialect moves with activity, up to a hard maximum."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Kept for a second after the last byte, two at most."""
        return {"uploads.expiry": "1h", "uploads.max_age": "90m"}

    def test_e06_expiry_slides(
        self, app: TestApp, library: Library, admin: Person
    ) -> None:
        """Each part may move the expiry on, never beyond the maximum."""
        plain = Tus(app, "/files", admin.basic)
        path = plain.start(3)
        upload_id = UploadId(path.rpartition("/")[2])
        first = library.uploads.get(upload_id)
        plain.patch(path, 0, b"1")
        second = library.uploads.get(upload_id)

        assert second.expires_at > first.expires_at
        assert second.expires_at <= first.created_at + 90 * 60 * 1_000_000


class TestExpired:
    """With uploads of the plain dialect that expire at once."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Kept for no time."""
        return {"uploads.expiry": "0s"}

    def test_e05_expired(self, app: TestApp, library: Library, admin: Person) -> None:
        """An expired upload is 410 while its record is kept, then 404."""
        plain = Tus(app, "/files", admin.basic)
        path = plain.start(3)

        statuses = []
        for record_age in (86_400_000_000, -1_000_000, 0):
            response = app.head(path, headers=plain.headers({}), expect_errors=True)
            statuses.append(response.status_int)
            plain.patch(path, 0, b"1", status=response.status_int)
            plain.delete(path, status=response.status_int)
            library.uploads.sweep(record_age)

        assert statuses == [410, 410, 404]
