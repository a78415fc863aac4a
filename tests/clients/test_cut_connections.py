"""tuspy, aiotus and rclone with files of every size, over connections that are cut.

tus-js-client, Uppy and curl have their own, beside their other tests.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import aiotus
import pytest
from tusclient import client as tuspy
from tusclient.exceptions import TusCommunicationError

from tests.clients.uploaded import (
    HUGE,
    MAX_CHUNK,
    SIZES,
    Content,
    basic,
    hash_on_server,
    write_content,
)
from tests.cutting_proxy import CuttingProxy
from tests.live_server import LiveServer
from tests.programs import require_program, run_client

pytestmark = pytest.mark.clients

PLAIN: Final = "/files"
IN_SPACE: Final = "/dav/files/admin"
IN_UPLOADS: Final = "/dav/files/admin/Uploads"
ATTEMPTS: Final = 30

Send = Callable[[LiveServer, str, Content, str], None]


@contextmanager
def cutting(server: LiveServer, size: int) -> Iterator[CuttingProxy]:
    """A way to the server on which connections break, five times at most."""
    with CuttingProxy(
        server.url, cuts=5, least=300, most=size // 4 + 600, seed=size
    ) as proxy:
        yield proxy


def by_tuspy(server: LiveServer, url: str, content: Content, name: str) -> None:
    """In chunks, each with its checksum; a creation that fails is tried again."""
    client = tuspy.TusClient(url, headers={"Authorization": basic(server)})
    with content.path.open("rb") as file:
        uploader = client.uploader(
            file_stream=file,
            chunk_size=MAX_CHUNK // 4,
            metadata={"filename": name},
            upload_checksum=True,
            retries=ATTEMPTS,
            retry_delay=0,
        )
        for _ in range(ATTEMPTS):
            try:
                uploader.upload()
            except TusCommunicationError:
                assert uploader.url is None
            else:
                return
    raise AssertionError("no upload could be created")


def by_aiotus(server: LiveServer, url: str, content: Content, name: str) -> None:
    """In chunks, as the library does it by itself; larger ones it warns of."""

    async def upload() -> None:
        headers = {"Authorization": basic(server)}
        async with aiohttp.ClientSession(headers=headers) as session:
            with content.path.open("rb") as file:
                location = await aiotus.upload(
                    url,
                    file,
                    {"filename": name.encode()},
                    client_session=session,
                    config=aiotus.RetryConfiguration(
                        retry_attempts=ATTEMPTS, max_retry_period_seconds=0.1
                    ),
                    chunksize=1_000_000,
                )
        assert location is not None

    asyncio.run(asyncio.wait_for(upload(), 300))


@pytest.mark.parametrize("path", [PLAIN, None])
@pytest.mark.parametrize("size", [*SIZES, HUGE])
@pytest.mark.parametrize("send", [by_tuspy, by_aiotus])
def test_tus_libraries(
    server: LiveServer, tmp_path: Path, send: Send, size: int, path: str | None
) -> None:
    """They go on after every cut, and the file has each byte once."""
    content = write_content(tmp_path, size)
    name = f"{send.__name__} {size}.bin"
    folder = IN_UPLOADS if path else IN_SPACE
    path = path or f"/dav/spaces/{server.personal_space()}"

    with cutting(server, size) as proxy:
        send(server, proxy.url + path, content, name)

    assert proxy.cut_count >= (1 if size > 1 else 0)
    assert hash_on_server(server, f"{folder}/{name}") == content.sha256


@pytest.mark.parametrize("vendor", ["owncloud", "infinitescale"])
@pytest.mark.parametrize("size", [*SIZES, HUGE])
def test_rclone(server: LiveServer, tmp_path: Path, size: int, vendor: str) -> None:
    """What fails it tries again; as tus, its chunks are larger than announced."""
    rclone = require_program("rclone")
    obscured = run_client([rclone, "obscure", server.password], cwd=tmp_path)
    content = write_content(tmp_path, size)
    name = f"by_rclone {vendor} {size}.bin"

    with cutting(server, size) as proxy:
        space = f"/dav/spaces/{server.personal_space()}"
        (tmp_path / "rclone.conf").write_text(
            f"[ocsync]\ntype = webdav\nvendor = {vendor}\n"
            f"url = {proxy.url}{urlsplit(space).path}\n"
            f"user = {server.user}\npass = {obscured.stdout.strip()}\n"
        )
        done = run_client(
            [
                *(rclone, "copyto", content.path, f"ocsync:{name}"),
                *("--config", tmp_path / "rclone.conf", "--retries", ATTEMPTS),
                *("--retries-sleep", "50ms"),
            ],
            cwd=tmp_path,
        )

    assert done.returncode == 0, done.stderr
    assert proxy.cut_count >= 1
    assert hash_on_server(server, f"{IN_SPACE}/{name}") == content.sha256
