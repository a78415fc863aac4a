"""Checksums of parts and of whole files.

Tests are named by the rows of the oCIS case table (`docs/tus.md`).
"""

import base64
import hashlib
import zlib

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus, path_of
from tests.wire.tus_spaces.calls import is_absent, read


def checksum_texts(data: bytes) -> list[str]:
    """The right checksum in every notation that is taken."""
    digests = {
        "md5": hashlib.md5(data).digest(),
        "sha1": hashlib.sha1(data).digest(),
        "sha256": hashlib.sha256(data).digest(),
        "sha512": hashlib.sha512(data).digest(),
        "crc32": zlib.crc32(data).to_bytes(4, "big"),
        "adler32": zlib.adler32(data).to_bytes(4, "big"),
    }
    texts = []
    for name, digest in digests.items():
        texts += [
            f"{name} {base64.b64encode(digest).decode()}",
            f"{name.upper()} {digest.hex()}",
            f"{name} {digest.hex().upper()}",
        ]
    return texts


@pytest.mark.parametrize("text", checksum_texts(b"12345"))
def test_case_59_right_checksum(tus: Tus, text: str) -> None:
    """A part with the right checksum is taken, however that is written."""
    path = tus.start(5)

    tus.patch(path, 0, b"12345", Upload_Checksum=text)

    assert read(tus) == b"12345"


@pytest.mark.parametrize("text", checksum_texts(b"other"))
def test_case_60_wrong_checksum(tus: Tus, text: str) -> None:
    """A part with a wrong checksum is 460 and gone; the right one can follow."""
    path = tus.start(5)

    response = tus.patch(path, 0, b"12345", Upload_Checksum=text, status=460)

    assert response.status == "460 Checksum Mismatch"
    assert tus.offset(path) == 0
    assert is_absent(tus)
    tus.patch(path, 0, b"12345")


def test_case_61_second_part_with_a_wrong_checksum(tus: Tus) -> None:
    """The chunk is discarded and what was there before is kept."""
    path = tus.start(10)
    tus.patch(path, 0, b"01234")
    wrong = f"MD5 {hashlib.md5(b'no').hexdigest()}"

    response = tus.patch(path, 5, b"56789", Upload_Checksum=wrong, status=460)

    assert response.headers["Upload-Offset"] == "5"
    assert tus.offset(path) == 5
    assert is_absent(tus)
    tus.patch(path, 5, b"56789")
    assert read(tus) == b"0123456789"


def test_case_62_overwrite_with_a_wrong_checksum(tus: Tus) -> None:
    """The old content stays."""
    tus.create(3, body=b"old")
    path = tus.start(3)
    wrong = f"SHA1 {hashlib.sha1(b'no').hexdigest()}"

    tus.patch(path, 0, b"new", Upload_Checksum=wrong, status=460)

    assert read(tus) == b"old"


@pytest.mark.parametrize(
    "text",
    [
        "foo AAAA",
        "sha1",
        "sha1 ",
        "sha1 !!!",
        "sha1 AAAA",
        "",
        "sha1 " + base64.b64encode(b"x" * 21).decode(),
    ],
)
def test_case_63_malformed_checksum(tus: Tus, text: str) -> None:
    """A checksum that cannot be verified is 400, and the chunk is not taken."""
    path = tus.start(5)

    tus.patch(path, 0, b"12345", Upload_Checksum=text, status=400)

    assert tus.offset(path) == 0


@pytest.mark.parametrize("parts", [(b"12345",), (b"1", b"2345")])
@pytest.mark.parametrize("algorithm", ["SHA1", "MD5", "sha256", "SHA-256", "ADLER32"])
def test_case_64_checksum_of_the_whole_file(
    tus: Tus, parts: tuple[bytes, ...], algorithm: str
) -> None:
    """The checksum that desktop clients send is verified, and right here."""
    name = algorithm.lower().replace("-", "")
    data = b"".join(parts)
    digest = (
        f"{zlib.adler32(data):08x}"
        if name == "adler32"
        else hashlib.new(name, data).hexdigest()
    )
    path = path_of(tus.create(5, pairs={"checksum": f"{algorithm} {digest}"}))

    offset = 0
    for part in parts:
        tus.patch(path, offset, part)
        offset += len(part)

    assert read(tus) == b"12345"


def test_case_65_checksum_without_a_space(tus: Tus) -> None:
    """A checksum that is none is 400 at once."""
    tus.create(5, pairs={"checksum": "SHA1"}, status=400)
    tus.create(5, pairs={"checksum": "FOO abcd"}, status=400)


def test_case_66_whole_file_with_a_wrong_checksum(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """The upload fails as a whole: no file, quota released, the URL is dead."""
    wrong = {"checksum": f"SHA1 {hashlib.sha1(b'no').hexdigest()}"}
    path = path_of(tus.create(5, pairs=wrong))
    tus.patch(path, 0, b"123")

    tus.patch(path, 3, b"45", status=460)

    assert is_absent(tus)
    assert library.catalog.get(admin.actor, home.id).quota.reserved == 0
    tus.head(path, status=410)
    tus.patch(path, 5, b"", status=410)


def test_whole_file_in_the_creation_with_a_wrong_checksum(
    tus: Tus, library: Library
) -> None:
    """S09: nothing is made, and no Location given."""
    wrong = hashlib.sha1(b"no").hexdigest()

    by_metadata = tus.create(
        3, body=b"abc", pairs={"checksum": f"SHA1 {wrong}"}, status=460
    )
    by_header = tus.create(3, body=b"abc", Upload_Checksum=f"SHA1 {wrong}", status=460)
    first_part = tus.create(5, body=b"abc", Upload_Checksum=f"SHA1 {wrong}", status=460)

    assert "Location" not in by_metadata.headers
    assert "Location" not in by_header.headers
    assert "Location" not in first_part.headers
    assert is_absent(tus)
    assert library.uploads.list_open() == []


def test_case_67_checksums_property(app: TestApp, tus: Tus, admin: Person) -> None:
    """PROPFIND tells SHA1, MD5 and ADLER32 of what came by tus."""
    tus.patch(tus.start(5), 0, b"12345")

    response = app.request(
        f"{tus.url}/file.bin",
        method="PROPFIND",
        headers={**admin.basic, "Depth": "0", "Content-Type": "application/xml"},
        body=b'<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">'
        b"<d:prop><oc:checksums/></d:prop></d:propfind>",
    )

    assert (
        b"SHA1:8cb2237d0679ca88db6464eac60da96345513964"
        b" MD5:827ccb0eea8a706c4c34a16891f84e7b ADLER32:02f80100"
    ) in response.body


def test_case_68_69_checksum_of_downloads(app: TestApp, tus: Tus) -> None:
    """GET tells the SHA1, also after an overwrite."""
    tus.patch(tus.start(5), 0, b"12345")
    first = app.get(f"{tus.url}/file.bin", headers=dict(tus.auth))
    tus.patch(tus.start(5), 0, b"hello")
    second = app.get(f"{tus.url}/file.bin", headers=dict(tus.auth))

    assert (
        first.headers["OC-Checksum"] == "SHA1:8cb2237d0679ca88db6464eac60da96345513964"
    )
    assert second.headers["OC-Checksum"].lower().startswith("sha1:aaf4c61d")
