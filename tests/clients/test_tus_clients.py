"""tuspy and aiotus, two tus clients in Python, on the plain tus URL and on a space."""

import asyncio
import base64
import hashlib
import io
from pathlib import Path
from typing import Final

import aiohttp
import aiotus
import pytest
from tusclient import client as tuspy
from tusclient.exceptions import TusCommunicationError

from tests.live_server import LiveServer

pytestmark = pytest.mark.clients

CONTENT: Final = bytes(range(256)) * 12_000
CHUNK: Final = 1_000_000


def credentials(server: LiveServer) -> dict[str, str]:
    """A Basic header."""
    pair = f"{server.user}:{server.password}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def open_tuspy(server: LiveServer, path: str) -> tuspy.TusClient:
    """A client of tuspy that is logged in."""
    return tuspy.TusClient(f"{server.url}{path}", headers=credentials(server))


def download(server: LiveServer, path: str) -> bytes:
    """A file by WebDAV."""
    with server.api() as api:
        return api.get(path).raise_for_status().content


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/files", "/dav/files/admin/Uploads/{name}"),
        ("/dav/files/admin/", "/dav/files/admin/{name}"),
        ("/remote.php/dav/spaces/{space}", "/dav/files/admin/{name}"),
    ],
)
def test_tuspy_uploads_in_chunks(server: LiveServer, path: str, found: str) -> None:
    """The file is there with its bytes when the last chunk is answered."""
    name = f"tuspy {hashlib.sha1(path.encode()).hexdigest()[:8]}.bin"
    path = path.format(space=server.personal_space())

    uploader = open_tuspy(server, path).uploader(
        file_stream=io.BytesIO(CONTENT),
        chunk_size=CHUNK,
        metadata={"filename": name},
    )
    uploader.upload()

    assert uploader.offset == len(CONTENT)
    assert download(server, found.format(name=name)) == CONTENT


def test_tuspy_without_metadata(server: LiveServer) -> None:
    """It sends an empty Upload-Metadata; the file is called by an id."""
    uploader = open_tuspy(server, "/files").uploader(file_stream=io.BytesIO(b"bytes"))
    uploader.upload()

    with server.api() as api:
        assert uploader.url is not None
        assert api.get(uploader.url).raise_for_status().content == b"bytes"


def test_tuspy_resumes(server: LiveServer) -> None:
    """A second client goes on where the first one stopped."""
    client = open_tuspy(server, "/files")
    first = client.uploader(
        file_stream=io.BytesIO(CONTENT),
        chunk_size=CHUNK,
        metadata={"filename": "resumed.bin"},
    )
    first.upload(stop_at=CHUNK)

    second = client.uploader(
        file_stream=io.BytesIO(CONTENT), chunk_size=CHUNK, url=first.url
    )
    assert second.offset == CHUNK
    second.upload()

    assert download(server, "/dav/files/admin/Uploads/resumed.bin") == CONTENT


def test_tuspy_is_told_that_it_must_log_in(server: LiveServer) -> None:
    """Without credentials no upload begins."""
    client = tuspy.TusClient(f"{server.url}/files")
    uploader = client.uploader(file_stream=io.BytesIO(CONTENT), chunk_size=CHUNK)

    with pytest.raises(TusCommunicationError) as caught:
        uploader.upload()

    assert caught.value.status_code == 401


def test_aiotus_uploads_and_reads_metadata(server: LiveServer, tmp_path: Path) -> None:
    """The asynchronous client uploads, and reads back what it said of the file."""

    async def upload() -> tuple[str, dict[str, bytes | None]]:
        async with aiohttp.ClientSession(headers=credentials(server)) as session:
            with (tmp_path / "f.bin").open("rb") as file:
                location = await aiotus.upload(
                    f"{server.url}/files",
                    file,
                    {"filename": b"aiotus.bin", "note": "grün".encode()},
                    client_session=session,
                    chunksize=CHUNK,
                )
            assert location is not None
            metadata = await aiotus.metadata(location, client_session=session)
            return str(location), dict(metadata or {})

    (tmp_path / "f.bin").write_bytes(CONTENT)
    _, metadata = asyncio.run(upload())

    assert metadata["note"] == "grün".encode()
    assert download(server, "/dav/files/admin/Uploads/aiotus.bin") == CONTENT
