"""tus 1.0.0 at `/files`: the extensions beyond creation.

Tests are named by the rows of the tus checklist (`docs/tus.md`).
"""

import base64
import hashlib
import io
from collections.abc import Callable
from typing import Final, NoReturn

import pytest
from webtest import TestApp, TestResponse

from ocsync.settings import Settings
from ocsync.tus.mounts import open_engine
from ocsync.tus.plain import plain_dialect
from ocsync.uploads.room import Room
from spaces.clock import DAY
from spaces.errors import NodeNotFound, StorageFull
from spaces.ids import UploadId
from spaces.library import Library
from spaces.model import Place, Space
from spaces.upload_model import Claim, Lifetime, UploadKind, UploadState
from tests.wire.conftest import Person
from tests.wire.tus_client import CHUNK, Tus, encode, path_of

TERMS: Final = plain_dialect(lifetime=Lifetime(DAY), max_size=None).terms


@pytest.fixture
def tus(app: TestApp, admin: Person, home: Space) -> Tus:
    """A client of the plain dialect."""
    return Tus(app, "/files", admin.basic)


def read(tus: Tus, path: str) -> bytes:
    """The content of a finished upload."""
    return bytes(tus.app.get(path, headers=dict(tus.auth)).body)


def landed(library: Library, person: Person, space: Space) -> list[str]:
    """The names in the landing folder."""
    try:
        folder = library.tree.get(person.actor, Place(space.id, ("Uploads",))).node
    except NodeNotFound:
        return []
    return [node.name for node in library.tree.children(person.actor, folder)]


def sha1(data: bytes) -> str:
    """An Upload-Checksum."""
    return f"sha1 {base64.b64encode(hashlib.sha1(data).digest()).decode()}"


def deferred(tus: Tus) -> str:
    """The path of an upload whose length is told later."""
    return path_of(tus.create(None, Upload_Defer_Length="1"))


def send_chunked(
    tus: Tus, path: str, body: bytes, trailer: str | None = None
) -> TestResponse:
    """PATCH without a length, as a server hands it on that knows trailers."""
    given = {"Upload-Offset": "0", "Content-Type": CHUNK}
    headers = tus.headers({**given, "Trailer": "Upload-Checksum"})
    request = tus.app.RequestClass.blank(path, method="PATCH", headers=headers)
    request.environ["ocsync.body"] = ChunkedBody(body, trailer)
    request.environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    request.environ.pop("CONTENT_LENGTH", None)
    return tus.app.do_request(request, expect_errors=True)


class ChunkedBody:
    """What ocsync's own server offers as the body of a chunked request."""

    length = None
    remaining = None
    is_chunked = True
    waited = 0.0

    def __init__(self, data: bytes, trailer: str | None) -> None:
        """Keep the bytes and the checksum that follows them."""
        self._data = io.BytesIO(data)
        self.trailers = {} if trailer is None else {"upload-checksum": trailer}

    @property
    def received(self) -> int:
        """Bytes handed out."""
        return self._data.tell()

    def readinto(self, buffer: bytearray | memoryview, /) -> int:
        """Hand bytes out."""
        return self._data.readinto(buffer)


@pytest.mark.parametrize("value", ["0", "2", "true", ""])
def test_d02_deferring_is_1(tus: Tus, value: str) -> None:
    """Only `1` defers the length."""
    tus.create(None, Upload_Defer_Length=value, status=400)


def test_d03_head_of_a_deferred_upload(tus: Tus) -> None:
    """The length is said to be open until it is told."""
    path = deferred(tus)
    before = tus.head(path).headers
    tus.patch(path, 0, b"123", Upload_Length="5")
    after = tus.head(path).headers

    assert before["Upload-Defer-Length"] == "1"
    assert "Upload-Length" not in before
    assert after["Upload-Length"] == "5"
    assert "Upload-Defer-Length" not in after


def test_d04_length_is_told_once(tus: Tus) -> None:
    """The length never changes; saying the same again is no harm."""
    path = deferred(tus)
    tus.patch(path, 0, b"1", Upload_Length="5")

    tus.patch(path, 1, b"2", Upload_Length="6", status=400)
    tus.patch(path, 1, b"2", Upload_Length="5")

    assert tus.offset(path) == 2


def test_d05_length_below_the_offset(tus: Tus) -> None:
    """A length that is exceeded already is refused."""
    path = deferred(tus)
    tus.patch(path, 0, b"12345")

    tus.patch(path, 5, b"", Upload_Length="4", status=400)
    tus.patch(path, 5, b"", Upload_Length="abc", status=400)

    assert tus.head(path).headers["Upload-Defer-Length"] == "1"


@pytest.mark.parametrize("count", [0, 5])
def test_d06_length_at_the_end(tus: Tus, count: int) -> None:
    """An empty PATCH that tells the length may be the last."""
    path = deferred(tus)
    if count:
        tus.patch(path, 0, b"x" * count)

    tus.patch(path, count, b"", Upload_Length=str(count))

    assert read(tus, path) == b"x" * count


def test_d07_deferred_uploads_are_bounded_by_quota(
    app: TestApp, library: Library, admin: Person, home: Space
) -> None:
    """Bytes of unknown length are charged as they come."""
    library.catalog.update(admin.actor, home.id, quota=10)
    tus = Tus(app, "/files", admin.basic)
    path = deferred(tus)
    tus.patch(path, 0, b"x" * 8)

    refused = tus.patch(path, 8, b"x" * 8, status=507)

    assert refused.headers["Upload-Offset"] == str(tus.offset(path))
    tus.delete(path)
    assert library.catalog.get(admin.actor, home.id).quota.reserved == 0


def test_s02_algorithms(app: TestApp) -> None:
    """The algorithms announced are those that are verified, in lower case."""
    assert (
        app.options("/files").headers["Tus-Checksum-Algorithm"]
        == "md5,sha1,sha256,sha512,crc32,adler32"
    )


def test_s03_right_checksum(tus: Tus) -> None:
    """SHA1 is always there."""
    path = tus.start(5)

    tus.patch(path, 0, b"12345", Upload_Checksum=sha1(b"12345"))

    assert read(tus, path) == b"12345"


@pytest.mark.parametrize(
    "text",
    [
        "foo AAAA",
        sha1(b"1").upper(),
        "sha1",
        "sha1 !!",
        "sha1 AAAA",
        "sha1 " + "0" * 40,
    ],
)
def test_s04_s08_malformed_checksums(tus: Tus, text: str) -> None:
    """Unknown algorithms and malformed digests are 400; names are lower case."""
    path = tus.start(5)

    tus.patch(path, 0, b"12345", Upload_Checksum=text, status=400)

    assert tus.offset(path) == 0


def test_s05_s06_wrong_checksum(tus: Tus) -> None:
    """A mismatch is 460; the right bytes can follow."""
    path = tus.start(5)

    response = tus.patch(path, 0, b"12345", Upload_Checksum=sha1(b"x"), status=460)

    assert response.headers["Upload-Offset"] == "0"
    tus.patch(path, 0, b"12345", Upload_Checksum=sha1(b"12345"))
    assert read(tus, path) == b"12345"


def test_a_checksum_of_no_bytes(tus: Tus) -> None:
    """An empty body is compared too: what the checksum is of may have been lost."""
    path = tus.start(5)
    tus.patch(path, 0, b"12")

    tus.patch(path, 2, b"", Upload_Checksum=sha1(b"345"), status=460)
    tus.patch(path, 2, b"", Upload_Checksum=sha1(b""))

    tus.patch(path, 2, b"345", Upload_Checksum=sha1(b"345"))
    assert read(tus, path) == b"12345"


def test_s09_creation_with_a_wrong_checksum(tus: Tus, library: Library) -> None:
    """Nothing is made."""
    response = tus.create(5, body=b"123", Upload_Checksum=sha1(b"x"), status=460)

    assert "Location" not in response.headers
    assert library.uploads.list_open() == []


def test_s10_checksum_in_a_trailer(tus: Tus) -> None:
    """The checksum may follow the body; without it nothing counts."""
    path = tus.start(5)

    wrong = send_chunked(tus, path, b"12345", sha1(b"x"))
    missing = send_chunked(tus, path, b"12345")
    malformed = send_chunked(tus, path, b"12345", "nonsense")
    assert tus.offset(path) == 0
    right = send_chunked(tus, path, b"12345", sha1(b"12345"))

    statuses = [reply.status_int for reply in (wrong, missing, malformed, right)]
    assert statuses == [460, 400, 400, 204]
    assert read(tus, path) == b"12345"


def test_chunked_body_beyond_the_length(tus: Tus) -> None:
    """C22: too long a body without a length is refused when it shows, and is gone."""
    path = tus.start(5)

    response = send_chunked(tus, path, b"1234567", sha1(b"1234567"))

    assert response.status_int == 413
    assert tus.offset(path) == 0


def test_t02_t03_t04_termination(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """An upload given up frees what it held, at any stage; a file made stays."""
    for count in (0, 3, 5):
        path = tus.start(5, "kept")
        if count:
            tus.patch(path, 0, b"12345"[:count])
        tus.delete(path)
        tus.head(path, status=410)
        tus.patch(path, count, b"x", status=410)
        tus.delete(path, status=410)

    assert landed(library, admin, home) == ["kept"]
    assert list(library.blobs.staged_ids()) == []
    quota = library.catalog.get(admin.actor, home.id).quota
    assert (quota.used, quota.reserved) == (5, 0)


def part(tus: Tus, data: bytes, *, name: str | None = None) -> str:
    """The Location of a finished part."""
    response = tus.create(len(data), name, body=data, Upload_Concat="partial")
    return str(response.headers["Location"])


def test_n02_n10_n12_parts(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """A part says that it is one, and never becomes a file by itself."""
    path = path_of(tus.create(5, "part", Upload_Concat="partial"))
    tus.patch(path, 0, b"12345")

    headers = tus.head(path).headers

    assert headers["Upload-Concat"] == "partial"
    assert headers["Upload-Offset"] == "5"
    assert landed(library, admin, home) == []


@pytest.mark.parametrize("form", ["absolute", "path", "relative", "mixed", "encoded"])
def test_n03_n05_n08_n09_final(tus: Tus, form: str) -> None:
    """Parts are joined in the order given, also the same one twice."""
    a, b = part(tus, b"aaa"), part(tus, b"bb")
    forms: dict[str, Callable[[str], str]] = {
        "absolute": lambda url: url,
        "path": lambda url: url.removeprefix("http://localhost"),
        "relative": lambda url: url.rpartition("/")[2],
        "mixed": lambda url: url.removeprefix("http://localhost") if url == a else url,
        "encoded": lambda url: url.replace("-", "%2D"),
    }
    write = forms[form]
    concat = f"final;{write(a)} {write(b)} {write(a)}"

    response = tus.create(None, "whole", Upload_Concat=concat)

    path = path_of(response)
    headers = tus.head(path).headers
    assert headers["Upload-Length"] == headers["Upload-Offset"] == "8"
    assert headers["Upload-Concat"] == concat
    assert read(tus, path) == b"aaabbaaa"


def test_n04_final_without_a_length(tus: Tus) -> None:
    """A final upload is as long as its parts, and takes no body."""
    url = part(tus, b"a")

    tus.create(1, Upload_Concat=f"final;{url}", status=400)
    tus.create(None, Upload_Concat=f"final;{url}", Upload_Defer_Length="1", status=400)
    tus.create(None, Upload_Concat=f"final;{url}", body=b"x", status=400)


def test_n06_final_before_its_parts(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """A final upload waits for its parts, and is made when the last one is."""
    first = tus.create(3, Upload_Concat="partial").headers["Location"]
    second = part(tus, b"bb")
    path = path_of(tus.create(None, "late", Upload_Concat=f"final;{first} {second}"))
    waiting = tus.head(path).headers
    assert "Upload-Offset" not in waiting
    assert landed(library, admin, home) == []

    tus.patch(first.removeprefix("http://localhost"), 0, b"aaa")

    assert tus.head(path).headers["Upload-Offset"] == "5"
    assert read(tus, path) == b"aaabb"


def test_n07_final_takes_no_bytes(tus: Tus) -> None:
    """PATCH on a final upload is 403, finished or not."""
    done = path_of(tus.create(None, Upload_Concat=f"final;{part(tus, b'a')}"))
    open_part = tus.create(3, Upload_Concat="partial").headers["Location"]
    waiting = path_of(tus.create(None, Upload_Concat=f"final;{open_part}"))

    tus.patch(done, 1, b"x", status=403)
    tus.patch(waiting, 0, b"x", status=403)

    assert read(tus, done) == b"a"


def test_n11_metadata_of_parts_is_their_own(tus: Tus) -> None:
    """A final upload has only the metadata it was given."""
    url = part(tus, b"a", name="part-name")

    path = path_of(tus.create(None, "final-name", Upload_Concat=f"final;{url}"))

    expected = f"filename {encode('final-name')}"
    assert tus.head(path).headers["Upload-Metadata"] == expected


def test_n13_parts_may_be_used_again(tus: Tus) -> None:
    """Two uploads can be made of the same parts; parts may go afterwards."""
    url = part(tus, b"abc")
    first = path_of(tus.create(None, "1", Upload_Concat=f"final;{url}"))
    second = path_of(tus.create(None, "2", Upload_Concat=f"final;{url} {url}"))
    tus.delete(url.removeprefix("http://localhost"))

    assert read(tus, first) == b"abc"
    assert read(tus, second) == b"abcabc"
    tus.create(None, "3", Upload_Concat=f"final;{url}", status=400)


def test_n15_who_asks_again_gets_the_same_upload(
    app: TestApp, tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """The answer to a join may be lost: asked in the same words there is one file."""
    concat = f"final;{part(tus, b'abc')} {part(tus, b'def')}"
    urls = {
        tus.create(None, "joined", Upload_Concat=concat).headers["Location"]
        for _ in range(3)
    }
    assert len(urls) == 1
    assert landed(library, admin, home) == ["joined"]

    other = tus.create(None, "other", Upload_Concat=concat).headers["Location"]
    app.delete("/dav/files/admin/Uploads/joined", headers=admin.basic)
    again = tus.create(None, "joined", Upload_Concat=concat).headers["Location"]

    assert len({*urls, other, again}) == 3
    assert landed(library, admin, home) == ["joined", "other"]


def test_n15_asked_again_while_it_is_being_joined(
    tus: Tus, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for whoever joins, then both have the same; if too long, it is 423."""
    monkeypatch.setattr("ocsync.uploads.joining._PATIENCE_SECONDS", 0.0)
    first = tus.create(3, Upload_Concat="partial").headers["Location"]
    concat = f"final;{first}"
    path = path_of(tus.create(None, "slow", Upload_Concat=concat))
    upload_id = UploadId(path.rpartition("/")[2])
    library.uploads.claim(library.uploads.get(upload_id), "elsewhere/1", Claim.FREE)
    tus.patch(first.removeprefix("http://localhost"), 0, b"abc")

    refused = tus.create(None, "slow", Upload_Concat=concat, status=423)
    assert refused.headers["Retry-After"]
    assert "Upload-Offset" not in refused.headers
    head = tus.head(path, status=423)
    assert "Upload-Offset" not in head.headers

    monkeypatch.setattr("ocsync.uploads.joining._PATIENCE_SECONDS", 20.0)
    held = library.uploads.get(upload_id)
    monkeypatch.setattr("time.sleep", lambda _: library.uploads.release(held))
    waited = tus.create(None, "slow", Upload_Concat=concat)

    assert path_of(waited) == path
    assert waited.headers["Upload-Offset"] == "3"


def test_n14_parts_are_ones_own(
    app: TestApp, tus: Tus, library: Library, alice: Person
) -> None:
    """Parts are found by their ids only: no paths, no other hosts, nobody else's."""
    library.catalog.personal(alice.actor)
    foreign = part(Tus(app, "/files", alice.basic), b"secret")
    whole = tus.create(1, body=b"x").headers["Location"]
    other_host = foreign.replace("localhost", "example.org")
    for url in (foreign, whole, other_host, "../../etc/passwd", "x", "%2e%2e/x"):
        tus.create(None, Upload_Concat=f"final;{url}", status=400)
    for text in ("final;", "final", "partial;x", "other", ""):
        tus.create(None, Upload_Concat=text, status=400)


def test_joined_bytes_are_charged_once(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """What parts held of the quota goes over to the file."""
    library.catalog.update(admin.actor, home.id, quota=10)
    urls = [part(tus, b"x" * 5), part(tus, b"y" * 5)]

    tus.create(None, Upload_Concat=f"final;{' '.join(urls)}")

    quota = library.catalog.get(admin.actor, home.id).quota
    assert (quota.used, quota.reserved) == (10, 0)


def test_f24_part_gone_before_the_final(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """A final upload one of whose parts is given up can never be made."""
    first = tus.create(3, Upload_Concat="partial").headers["Location"]
    path = path_of(tus.create(None, Upload_Concat=f"final;{first}"))
    tus.delete(first.removeprefix("http://localhost"))

    tus.head(path, status=410)

    assert landed(library, admin, home) == []


@pytest.mark.parametrize(
    "contents", [[b""], [b"", b""], [b"", b"ab"], [b"ab", b"", b"cd"], [b"a"] * 3]
)
def test_parts_of_every_size(tus: Tus, library: Library, contents: list[bytes]) -> None:
    """Parts without a byte are parts too; checksums are those of the whole."""
    urls = [part(tus, content) for content in contents]

    path = path_of(tus.create(None, Upload_Concat=f"final;{' '.join(urls)}"))

    joined = b"".join(contents)
    assert read(tus, path) == joined
    result = library.uploads.get(UploadId(path.rpartition("/")[2])).result
    assert result is not None
    assert result.checksums.sha1 == hashlib.sha1(joined).hexdigest()


class TestFewChecksums:
    """Where parts are small enough for all digests, and the whole is not."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Four bytes are many."""
        return {"uploads.eager_hash_size": "4B"}

    def test_digests_of_a_larger_whole(self, tus: Tus, library: Library) -> None:
        """It has those that it needs; MD5 and SHA-256 come later."""
        urls = f"{part(tus, b'abc')} {part(tus, b'def')}"

        path = path_of(tus.create(None, Upload_Concat=f"final;{urls}"))

        result = library.uploads.get(UploadId(path.rpartition("/")[2])).result
        assert result is not None
        assert result.checksums.sha1 == hashlib.sha1(b"abcdef").hexdigest()
        assert result.checksums.sha256 is None


def refuse_room(*_: object) -> NoReturn:
    """A disk that is full."""
    raise StorageFull


def test_joining_what_the_disk_cannot_hold(
    tus: Tus, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """507 before a byte is copied; it goes on when there is room."""
    url = part(tus, b"ab")
    with monkeypatch.context() as full:
        full.setattr(Room, "require", refuse_room)
        tus.create(None, Upload_Concat=f"final;{url}", status=507)
    (waiting,) = [
        upload
        for upload in library.uploads.list_open()
        if upload.kind is UploadKind.FINAL
    ]

    assert tus.offset(f"/files/{waiting.id}") == 2


def test_two_ask_for_a_final_at_once(
    tus: Tus, settings: Settings, library: Library, admin: Person, home: Space
) -> None:
    """Who looked before another made it gets the same answer, whatever came since."""
    first = tus.create(3, Upload_Concat="partial").headers["Location"]
    path = path_of(tus.create(None, Upload_Concat=f"final;{first}"))
    seen = library.uploads.get(UploadId(path.rpartition("/")[2]))
    engine = open_engine(settings, library)
    tus.patch(first.removeprefix("http://localhost"), 0, b"abc")

    second = engine.probe(seen, TERMS, None)
    tus.delete(first.removeprefix("http://localhost"))
    third = engine.probe(seen, TERMS, None)

    assert second.result == third.result == library.uploads.get(seen.id).result
    assert second.state is UploadState.FINISHED
    assert read(tus, path) == b"abc"
    assert len(landed(library, admin, home)) == 1


def test_joining_that_failed_is_charged_once(
    tus: Tus,
    library: Library,
    admin: Person,
    home: Space,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A store that was full when parts were to be joined leaves no quota behind."""
    url = part(tus, b"x" * 5)

    with monkeypatch.context() as full:
        full.setattr(type(library.blobs), "concatenate", refuse_room)
        tus.create(None, Upload_Concat=f"final;{url}", status=507)
    (waiting,) = [
        upload
        for upload in library.uploads.list_open()
        if upload.kind is UploadKind.FINAL
    ]
    assert library.catalog.get(admin.actor, home.id).quota.reserved == 5
    tus.head(f"/files/{waiting.id}")

    quota = library.catalog.get(admin.actor, home.id).quota
    assert (quota.used, quota.reserved) == (5, 0)


def test_get(app: TestApp, tus: Tus, alice: Person) -> None:
    """A finished upload can be fetched by its owner, whole or in part."""
    path = tus.start(5, "a.html")
    app.get(path, headers=dict(tus.auth), status=409)
    tus.patch(path, 0, b"12345")

    whole = app.get(path, headers=dict(tus.auth))
    some = app.get(path, headers={**tus.auth, "Range": "bytes=1-3"}, status=206)

    assert whole.body == b"12345"
    assert whole.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in whole.headers["Content-Security-Policy"]
    assert some.body == b"234"
    assert some.headers["Content-Range"] == "bytes 1-3/5"
    app.get(path, headers={**tus.auth, "Range": "bytes=9-"}, status=416)
    app.get(path, headers=alice.basic, status=404)
    app.get("/files/unknown", headers=dict(tus.auth), status=404)
    tus.delete(path)
    app.get(path, headers=dict(tus.auth), status=410)
