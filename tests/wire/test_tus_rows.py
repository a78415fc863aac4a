"""Rows of the tus checklists about several parts at once, each by its name.

Extensions that are announced, URLs behind a proxy, algorithms, time that runs out
while a body comes. The rows are those of `docs/tus.md`.
"""

import base64
import hashlib
import io
import zlib
from collections.abc import Callable

import pytest
from sqlalchemy import text
from webtest import TestApp

from ocsync.tus.headers import CHECKSUM_ALGORITHMS
from spaces.clock import HOUR
from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.tus_client import CHUNK, Tus, path_of

DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "md5": lambda data: hashlib.md5(data).digest(),
    "sha1": lambda data: hashlib.sha1(data).digest(),
    "sha256": lambda data: hashlib.sha256(data).digest(),
    "sha512": lambda data: hashlib.sha512(data).digest(),
    "crc32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "adler32": lambda data: zlib.adler32(data).to_bytes(4, "big"),
}


@pytest.fixture
def tus(app: TestApp, admin: Person, home: Space) -> Tus:
    """A client of the plain dialect."""
    return Tus(app, "/files", admin.basic)


@pytest.fixture
def in_space(app: TestApp, library: Library, admin: Person, home: Space) -> Tus:
    """A client on the admin's personal space."""
    url = f"/remote.php/dav/spaces/{library.storage_id}${home.id}"
    return Tus(app, url, admin.basic)


def check_wrongly(tus: Tus) -> None:
    """Send a byte with a digest that is not its own."""
    digest = base64.b64encode(bytes(20)).decode()
    tus.patch(tus.start(1), 0, b"1", Upload_Checksum=f"sha1 {digest}", status=460)


@pytest.mark.parametrize(
    ("extension", "use"),
    [
        ("creation", lambda tus: tus.create(1)),
        ("creation-with-upload", lambda tus: tus.create(2, body=b"1")),
        (
            "creation-defer-length",
            lambda tus: tus.create(None, Upload_Defer_Length="1"),
        ),
        ("expiration", lambda tus: tus.create(1).headers["Upload-Expires"]),
        ("checksum", check_wrongly),
        ("termination", lambda tus: tus.delete(tus.start(1))),
        ("concatenation", lambda tus: tus.create(1, Upload_Concat="partial")),
    ],
    ids=["k01", "w01", "d01", "e01", "s01", "t01", "n01"],
)
def test_announced(
    app: TestApp, tus: Tus, extension: str, use: Callable[[Tus], object]
) -> None:
    """What works is announced at the collection and at every upload."""
    for url in ("/files", tus.start(1)):
        announced = app.options(url).headers["Tus-Extension"].split(",")
        assert extension in announced

    use(tus)


@pytest.mark.parametrize("media_type", ["text/plain", "application/octet-stream"])
def test_w02_bytes_of_a_creation_say_what_they_are(
    tus: Tus, library: Library, media_type: str
) -> None:
    """Others are refused, and nothing is begun."""
    tus.create(5, body=b"12345", Content_Type=media_type, status=415)

    assert library.uploads.list_open() == []


@pytest.mark.parametrize("algorithm", CHECKSUM_ALGORITHMS.split(","))
def test_s11_each_algorithm_is_verified(tus: Tus, algorithm: str) -> None:
    """A right digest counts, a wrong one takes the bytes with it."""
    right, wrong = (
        f"{algorithm} {base64.b64encode(DIGESTS[algorithm](data)).decode()}"
        for data in (b"12345", b"54321")
    )
    path = tus.start(5)

    tus.patch(path, 0, b"12345", Upload_Checksum=wrong, status=460)
    assert tus.offset(path) == 0
    tus.patch(path, 0, b"12345", Upload_Checksum=right)
    assert tus.offset(path) == 5


class TestBehindAProxy:
    """With one proxy that is trusted."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """The proxy's address, and the site's name."""
        return {
            "server.trusted_proxies": "192.0.2.9",
            "server.hosts": "cloud.example",
        }

    @pytest.mark.parametrize("url", ["/files", None])
    @pytest.mark.parametrize(
        ("address", "base"),
        [
            ("192.0.2.9", "https://cloud.example"),
            ("192.0.2.10", "http://localhost"),
        ],
    )
    def test_k12_location(
        self, app: TestApp, tus: Tus, in_space: Tus, url: str | None, *, address: str,
        base: str,
    ) -> None:  # fmt: skip
        """It names the site for clients of the proxy, and for nobody else."""
        client = tus if url else in_space
        app.extra_environ["REMOTE_ADDR"] = address

        made = client.create(
            5, X_Forwarded_Host="cloud.example", X_Forwarded_Proto="https"
        )

        location = made.headers["Location"]
        assert location.startswith(f"{base}/")
        assert client.offset(path_of(made)) == 0


class Late(io.BytesIO):
    """A body during which the time of all uploads runs out."""

    def __init__(self, data: bytes, library: Library) -> None:
        super().__init__(data)
        self._library = library
        self._is_late = False

    def read(self, size: int | None = -1, /) -> bytes:
        """The bytes, after the time is up and a sweeper has looked."""
        if not self._is_late:
            self._is_late = True
            self._library.database.write(
                lambda connection: connection.execute(
                    text("UPDATE uploads SET expires_at = 1")
                )
            )
            assert self._library.uploads.sweep(HOUR) == 0
        return super().read(size)


@pytest.mark.parametrize("is_plain", [True, False])
def test_case_47_e08_time_runs_out_during_the_body(
    app: TestApp, tus: Tus, in_space: Tus, library: Library, *, is_plain: bool
) -> None:
    """What began in time may end, and the file is there."""
    client = tus if is_plain else in_space
    path = client.start(5)
    headers = client.headers({"Upload-Offset": "0", "Content-Type": CHUNK})
    request = app.RequestClass.blank(path, method="PATCH", headers=headers)
    request.body_file_raw = Late(b"12345", library)
    request.content_length = 5

    done = app.do_request(request, status=204)

    assert done.headers["Upload-Offset"] == "5"
    folder = "/dav/files/admin" + ("/Uploads" if is_plain else "")
    got = app.get(f"{folder}/file.bin", headers=client.auth)
    assert got.body == b"12345"


def test_case_93_nothing_is_ever_being_processed(app: TestApp, in_space: Tus) -> None:
    """With the last answer the file is there for everybody; no 425."""
    in_space.create(5, body=b"12345")
    url = f"{in_space.url}/file.bin"

    listed = app.request(
        url, method="PROPFIND", headers={"Depth": "0", **in_space.auth}, status=207
    )

    assert "425" not in listed.text
    assert app.get(url, headers=in_space.auth, status=200).body == b"12345"
