"""tus 1.0.0 at `/files`: concatenation.

Tests are named by the rows of the tus checklist (`docs/tus.md`).
"""

import hashlib
from collections.abc import Callable

import pytest
from webtest import TestApp

from ocsync.settings import Settings
from ocsync.tus.mounts import SOCKETS
from ocsync.uploads.holds import Holds
from spaces.errors import QuotaExceeded
from spaces.ids import UploadId
from spaces.library import Library
from spaces.model import Space
from spaces.upload_model import Claim
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus, encode, path_of
from tests.wire.tus_plain.calls import landed, part, read


def test_n02_n10_n12_parts(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """A part says that it is one, and never becomes a file by itself."""
    path = path_of(tus.create(5, "part", Upload_Concat="partial"))
    tus.patch(path, 0, b"12345")

    headers = tus.head(path).headers

    assert headers["Upload-Concat"] == "partial"
    assert headers["Upload-Offset"] == "5"
    assert landed(library, admin, home) == {}


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
    assert landed(library, admin, home) == {}

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
    assert landed(library, admin, home).keys() == {"joined"}

    other = tus.create(None, "other", Upload_Concat=concat).headers["Location"]
    app.delete("/dav/files/admin/Uploads/joined", headers=admin.basic)
    again = tus.create(None, "joined", Upload_Concat=concat).headers["Location"]

    assert len({*urls, other, again}) == 3
    assert landed(library, admin, home).keys() == {"joined", "other"}


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


def test_n15_nobody_waits_for_a_process_that_has_ended(
    tus: Tus, library: Library, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A join that a crash broke off is done anew at once."""
    concat = f"final;{part(tus, b'abc')}"
    with monkeypatch.context() as patch:
        patch.setattr(library.uploads, "absorb", refuse)
        tus.create(None, "slow", Upload_Concat=concat, status=507)
    (upload,) = [one for one in library.uploads.list_open() if not one.is_received]
    ended = Holds(folder=settings.data / SOCKETS, patience=0)
    library.uploads.claim(upload, ended.name, Claim.FREE)
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("it waits"))

    made = tus.create(None, "slow", Upload_Concat=concat)

    assert path_of(made).rpartition("/")[2] == upload.id
    assert made.headers["Upload-Offset"] == "3"


def refuse(*_: object) -> None:
    """As if others had used the quota up meanwhile."""
    raise QuotaExceeded(3, 0)


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


def test_f24_part_gone_before_the_final(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """A final upload one of whose parts is given up can never be made."""
    first = tus.create(3, Upload_Concat="partial").headers["Location"]
    path = path_of(tus.create(None, Upload_Concat=f"final;{first}"))
    tus.delete(first.removeprefix("http://localhost"))

    tus.head(path, status=410)

    assert landed(library, admin, home) == {}


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
