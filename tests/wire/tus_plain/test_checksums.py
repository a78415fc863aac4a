"""tus 1.0.0 at `/files`: checksum and checksum-trailer.

Tests are named by the rows of the tus checklist (`docs/tus.md`).
"""

import hashlib
import io

import pytest
from webtest import TestApp, TestResponse

from spaces.ids import UploadId
from spaces.library import Library
from tests.wire.tus_client import CHUNK, Tus, path_of
from tests.wire.tus_plain.calls import part, read, sha1


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
