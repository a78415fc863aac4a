"""A whole server that keeps content in a bucket; and two that share everything."""

import hashlib
import json
import random
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest

from tests.live.killable_server import Server, running
from tests.live.raw_http import TIME_OUT, RawClient
from tests.live.tus_site import AUTH, CHUNK, VERSION
from tests.postgres_server import find_programs, postgres_server
from tests.programs import complain
from tests.s3_server import S3Server, s3_server

CHUNK_BYTES = 10_000_000
DATA = random.Random(3).randbytes(2 * CHUNK_BYTES + 1_234_567)
REMOTE_SECONDS = 25
"""More than a server on another machine must have been silent to be succeeded."""


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    """An S3 server that demands 5 MiB of parts, as S3 does."""
    with s3_server() as server:
        yield server


@pytest.fixture
def bucket(s3: S3Server) -> dict[str, str]:
    """The settings for a new bucket, with a prefix that means something in URLs."""
    url = s3.url(s3.make_bucket().name, "a%20b/%C3%BC%25%26")
    return {"OCSYNC_BLOB_URL": url, **s3.environ()}


def digest_of(server: Server, path: str) -> str:
    """The SHA-256 of what a GET answers."""
    return hashlib.sha256(server.read(path)).hexdigest()


def send(server: Server, path: str, offset: int, until: int) -> int:
    """Upload from an offset on in chunks; where the server is then.

    As clients do, try again while another writer holds the upload.
    """
    end = time.monotonic() + TIME_OUT + REMOTE_SECONDS
    while offset < until:
        body = DATA[offset : min(offset + CHUNK_BYTES, until)]
        with server.connect() as client:
            status = server.patch(client, path, offset, body)
        if status == 204:
            offset += len(body)
            continue
        assert status in {409, 423}
        assert time.monotonic() < end, "the upload was never free"
        offset = where(server, path)
    return offset


def where(server: Server, path: str) -> int:
    """How far an upload is, once nobody is writing to it any more."""
    end = time.monotonic() + TIME_OUT + REMOTE_SECONDS
    while True:
        status, offset = server.head(path)
        if status == 200:
            return offset
        assert status == 423
        assert time.monotonic() < end, "the upload was never free"
        time.sleep(0.3)


def begin(client: RawClient, path: str, offset: int, length: int) -> None:
    """Send the head of a PATCH."""
    client.request(
        f"PATCH {path}",
        AUTH,
        VERSION,
        CHUNK,
        f"Upload-Offset: {offset}",
        f"Content-Length: {length}",
    )


def test_files_in_a_bucket(tmp_path: Path, bucket: dict[str, str]) -> None:
    """Written, read in ranges, overwritten, removed and brought back."""
    path, old, new = "/remote.php/webdav/a.bin", DATA[:9_000_000], DATA[:100]
    with running(tmp_path / "data", workers=2, more=bucket) as server:

        def ask(line: str, *fields: str, body: bytes = b"") -> tuple[int, bytes]:
            with server.connect() as client:
                answer = client.ask(line, AUTH, *fields, body=body)
                return answer.status, answer.body

        assert ask(f"PUT {path}", body=old)[0] == 201
        assert ask(f"GET {path}") == (200, old)
        ranged = ask(f"GET {path}", "Range: bytes=8388600-8388700")
        assert ranged == (206, old[8388600:8388701])
        assert ask(f"GET {path}", "Range: bytes=-5") == (206, old[-5:])
        assert ask(f"PUT {path}", body=new)[0] == 204
        assert ask(f"GET {path}") == (200, new)
        assert ask("PUT /remote.php/webdav/empty.bin")[0] == 201
        assert ask("GET /remote.php/webdav/empty.bin") == (200, b"")

        _, drives = ask("GET /graph/v1.0/me/drives")
        space = json.loads(drives)["value"][0]["id"]
        assert ask(f"DELETE {path}")[0] == 204
        assert ask(f"GET {path}")[0] == 404
        trash = f"/dav/spaces/trash-bin/{space}"
        _, listing = ask(f"PROPFIND {trash}", "Depth: 1")
        (item,) = set(re.findall(rf"{re.escape(trash)}/([^</]+)<", listing.decode()))
        target = "Destination: /remote.php/webdav/a.bin"
        assert ask(f"MOVE {trash}/{item}", target)[0] == 201
        assert ask(f"GET {path}") == (200, new)


def test_an_upload_that_is_cut(tmp_path: Path, bucket: dict[str, str]) -> None:
    """In chunks of ten million bytes, over two workers; what came before is kept."""
    with running(tmp_path / "data", workers=2, more=bucket) as server:
        path = server.start(len(DATA))
        offset = send(server, path, 0, CHUNK_BYTES)
        with server.connect() as client:
            begin(client, path, offset, CHUNK_BYTES)
            client.send(DATA[offset : offset + 3_000_000])
        offset = where(server, path)
        assert CHUNK_BYTES <= offset <= CHUNK_BYTES + 3_000_000
        send(server, path, offset, len(DATA))

        assert digest_of(server, path) == hashlib.sha256(DATA).hexdigest()


def test_an_upload_amid_which_servers_are_killed(
    tmp_path: Path, bucket: dict[str, str]
) -> None:
    """After kill -9 no acknowledged byte is missing, and all bytes are right."""
    folder, acknowledged = tmp_path / "data", 0
    with running(folder, more=bucket) as server:
        path = server.start(len(DATA))
    for sent in (1_000_000, 17_000_000):
        with running(folder, workers=2, more=bucket) as server:
            offset = where(server, path)
            assert offset >= acknowledged
            acknowledged = send(server, path, offset, sent)
            with server.connect() as client:
                begin(client, path, acknowledged, len(DATA) - acknowledged)
                client.send(DATA[acknowledged : acknowledged + 700_000])
                server.kill()
    with running(folder, workers=2, more=bucket) as server:
        offset = where(server, path)
        assert offset >= acknowledged
        send(server, path, offset, len(DATA))

        assert digest_of(server, path) == hashlib.sha256(DATA).hexdigest()


def test_an_upload_that_is_given_up_amid_a_patch(
    tmp_path: Path, bucket: dict[str, str]
) -> None:
    """DELETE ends it, and its bytes are gone."""
    with running(tmp_path / "data", workers=2, more=bucket) as server:
        path = server.start(len(DATA))
        with server.connect() as client, server.connect() as other:
            begin(client, path, 0, len(DATA))
            client.send(DATA[:9_000_000])
            status = other.ask(f"DELETE {path}", AUTH, VERSION).status
            with suppress(OSError, EOFError):
                client.read_answer()
            assert status == 204
        with server.connect() as client:
            assert client.ask(f"HEAD {path}", AUTH, VERSION).status in {404, 410}


def test_two_machines(tmp_path: Path, bucket: dict[str, str]) -> None:
    """What is begun at one server goes on at the other, whatever becomes of the first.

    They share the database, the bucket and the secret of URLs, and no folder.
    """
    programs = find_programs()
    if programs is None:
        complain("PostgreSQL's server is not installed")
    with postgres_server(programs) as database:
        shared = {
            "OCSYNC_DATABASE_URL": database,
            "OCSYNC_JWT_SECRET": uuid4().hex,
            **bucket,
        }
        with (
            running(tmp_path / "one", more=shared) as one,
            running(tmp_path / "two", workers=2, more=shared) as two,
        ):
            first, second = one.start(len(DATA)), one.start(len(DATA))
            send(one, first, 0, CHUNK_BYTES)
            assert where(two, first) == CHUNK_BYTES
            send(two, first, CHUNK_BYTES, len(DATA))
            assert digest_of(one, first) == hashlib.sha256(DATA).hexdigest()

            send(one, second, 0, CHUNK_BYTES + 5)
            with one.connect() as client:
                begin(client, second, CHUNK_BYTES + 5, 9_000_000)
                client.send(DATA[CHUNK_BYTES + 5 : CHUNK_BYTES + 1_000_000])
                one.kill()
            offset = where(two, second)
            assert offset >= CHUNK_BYTES + 5
            send(two, second, offset, len(DATA))
            assert digest_of(two, second) == hashlib.sha256(DATA).hexdigest()
