"""tus-js-client on a space and on the plain tus URL, whole and with cut connections."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest

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
from tests.programs import complain, require_program, run_client

pytestmark = pytest.mark.clients

NODE: Final = Path(__file__).parent / "node"
IN_SPACE: Final = "/dav/files/admin"
IN_UPLOADS: Final = "/dav/files/admin/Uploads"


def space_url(server: LiveServer) -> str:
    """Where files of the personal space are created."""
    return f"{server.url}/dav/spaces/{server.personal_space()}"


def upload(
    server: LiveServer,
    content: Content,
    name: str,
    *,
    endpoint: str | None = None,
    metadata: dict[str, str] | None = None,
    **options: object,
) -> dict[str, Any]:
    """Run the client once; what it saw."""
    node = require_program("node")
    if not (NODE / "node_modules" / "tus-js-client").exists():
        complain("the packages in tests/clients/node are missing: npm ci there")
    arguments = {
        "endpoint": endpoint or space_url(server),
        "headers": {"Authorization": basic(server)},
        "file": str(content.path),
        "metadata": {"filename": name, **(metadata or {})},
        **options,
    }
    done = run_client(
        [node, NODE / "tus-upload.mjs", json.dumps(arguments)], cwd=content.path.parent
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("options", [{}, {"uploadDataDuringCreation": True}])
@pytest.mark.parametrize("size", SIZES)
def test_into_a_space(
    server: LiveServer, tmp_path: Path, size: int, options: dict[str, Any]
) -> None:
    """Chunks of the announced size; the last answer says what became of the file."""
    content = write_content(tmp_path, size)
    name = f"space {size} {len(options)}.bin"

    seen = upload(server, content, name, chunkSize=MAX_CHUNK, **options)

    assert seen["done"]
    assert seen["etag"]
    assert seen["fileId"]
    assert hash_on_server(server, f"{IN_SPACE}/{name}") == content.sha256


@pytest.mark.parametrize(
    ("size", "options"),
    [
        *((size, {}) for size in SIZES),
        *((size, {"uploadDataDuringCreation": True}) for size in SIZES),
        # The client does nothing at all with a stream that ends without a byte.
        *((size, {"uploadLengthDeferred": True, "stream": True}) for size in SIZES[1:]),
    ],
)
def test_by_plain_tus(
    server: LiveServer, tmp_path: Path, size: int, options: dict[str, Any]
) -> None:
    """With the length said first, said last, and bytes in the first request."""
    content = write_content(tmp_path, size)
    name = f"plain {size} {'-'.join(options)}.bin"

    seen = upload(
        server,
        content,
        name,
        endpoint=f"{server.url}/files",
        chunkSize=3_000_000,
        **options,
    )

    assert seen["done"]
    assert hash_on_server(server, f"{IN_UPLOADS}/{name}") == content.sha256


@pytest.mark.parametrize(
    ("size", "options"),
    [
        (2, {}),
        (10_000_001, {}),
        # Empty parts: of a file the client cannot read them, of a buffer it can.
        (0, {"buffer": True}),
        (1, {"buffer": True}),
        (2, {"buffer": True, "parallelUploads": 3}),
    ],
)
def test_in_parallel_parts(
    server: LiveServer, tmp_path: Path, size: int, options: dict[str, Any]
) -> None:
    """Partial uploads at once, some perhaps empty, then one that joins them."""
    content = write_content(tmp_path, size)
    name = f"parallel {size} {len(options)}.bin"
    options = {"parallelUploads": 2, **options}

    seen = upload(server, content, name, endpoint=f"{server.url}/files", **options)

    assert seen["done"]
    assert hash_on_server(server, f"{IN_UPLOADS}/{name}") == content.sha256


@pytest.mark.parametrize("endpoint", ["/files", None])
def test_terminated(server: LiveServer, tmp_path: Path, endpoint: str | None) -> None:
    """An upload that its user gives up is gone, and no file appears."""
    content = write_content(tmp_path, 2_000_000)

    seen = upload(
        server,
        content,
        "given up.bin",
        endpoint=endpoint and server.url + endpoint,
        chunkSize=500_000,
        stopAt=1_000_000,
        terminate=True,
    )

    assert seen["answers"][-1] == ["DELETE", 204]
    headers = {"Tus-Resumable": "1.0.0", "Authorization": basic(server)}
    assert httpx.head(seen["url"], headers=headers).status_code in {404, 410}
    with server.api() as api:
        assert api.get(f"{IN_SPACE}/given up.bin").status_code == 404
        assert api.get(f"{IN_UPLOADS}/given up.bin").status_code == 404


@pytest.mark.parametrize("endpoint", ["/files", None])
def test_resumed_from_a_stored_url(
    server: LiveServer, tmp_path: Path, endpoint: str | None
) -> None:
    """Another run of the program asks for the offset and sends only the rest."""
    content = write_content(tmp_path, 10_000_001)
    where = endpoint and server.url + endpoint
    name = "stored url.bin"

    first = upload(
        server, content, name, endpoint=where, chunkSize=3_000_000, stopAt=6_000_000
    )
    second = upload(server, content, name, endpoint=where, uploadUrl=first["url"])

    assert not first["done"]
    assert [method for method, _ in second["answers"]] == ["HEAD", "PATCH"]
    folder = IN_UPLOADS if endpoint else IN_SPACE
    assert hash_on_server(server, f"{folder}/{name}") == content.sha256


@pytest.mark.parametrize(
    ("endpoint", "options"),
    [
        (None, {}),
        (None, {"chunkSize": MAX_CHUNK}),
        (None, {"chunkSize": 1_000_000, "uploadDataDuringCreation": True}),
        ("/files", {"parallelUploads": 3}),
        (
            "/files",
            {"chunkSize": 1_000_000, "uploadLengthDeferred": True, "stream": True},
        ),
    ],
)
@pytest.mark.parametrize("size", SIZES[1:])
def test_with_cut_connections(
    server: LiveServer,
    tmp_path: Path,
    size: int,
    endpoint: str | None,
    options: dict[str, Any],
) -> None:
    """It goes on after every cut, and the file has each byte once."""
    content = write_content(tmp_path, size)
    name = f"cut {size} {len(options)} {'-'.join(options)}.bin"
    if size == 1 and "parallelUploads" in options:
        options = options | {"parallelUploads": 1}

    with CuttingProxy(
        server.url, cuts=5, least=100, most=size // 4 + 400, seed=size
    ) as proxy:
        seen = upload(
            server,
            content,
            name,
            endpoint=proxy.url + (endpoint or urlsplit(space_url(server)).path),
            **options,
        )

    assert seen["done"]
    assert proxy.cut_count >= 1
    folder = IN_UPLOADS if endpoint else IN_SPACE
    assert hash_on_server(server, f"{folder}/{name}") == content.sha256


@pytest.mark.parametrize("options", [{"chunkSize": MAX_CHUNK}, {"parallelUploads": 4}])
def test_a_huge_file_with_cut_connections(
    server: LiveServer, tmp_path: Path, options: dict[str, Any]
) -> None:
    """200 MB in announced chunks to a space, and in parallel parts to plain tus."""
    content = write_content(tmp_path, HUGE)
    name = f"huge {'-'.join(options)}.bin"
    is_plain = "parallelUploads" in options

    with CuttingProxy(
        server.url, cuts=6, least=1_000_000, most=50_000_000, seed=4
    ) as proxy:
        path = "/files" if is_plain else urlsplit(space_url(server)).path
        seen = upload(server, content, name, endpoint=proxy.url + path, **options)

    assert seen["done"]
    assert proxy.cut_count >= 3
    folder = IN_UPLOADS if is_plain else IN_SPACE
    assert hash_on_server(server, f"{folder}/{name}") == content.sha256


def test_content_that_the_space_has_is_not_sent(
    server: LiveServer, tmp_path: Path
) -> None:
    """The creation's answer is the last one; the file is there by its second name."""
    content = write_content(tmp_path, 10_000_000, seed=77)
    upload(server, content, "known.bin", chunkSize=MAX_CHUNK)
    sha1 = hashlib.sha1(content.path.read_bytes()).hexdigest()

    for number, checksum in enumerate((f"SHA256 {content.sha256}", f"SHA1 {sha1}")):
        name = f"known again {number}.bin"
        seen = upload(
            server,
            content,
            name,
            metadata={"checksum": checksum},
            uploadDataDuringCreation=True,
            chunkSize=1000,
        )

        assert seen["done"]
        assert seen["answers"] == [["POST", 201]]
        assert seen["offset"] == str(content.size)
        assert hash_on_server(server, f"{IN_SPACE}/{name}") == content.sha256
