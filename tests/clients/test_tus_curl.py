"""curl with the requests that oCIS documents and those of the desktop, and cut off."""

import hashlib
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import pytest

from tests.clients.uploaded import (
    HUGE,
    SIZES,
    Content,
    basic,
    encode_metadata,
    hash_on_server,
    write_content,
)
from tests.cutting_proxy import CuttingProxy
from tests.live_server import LiveServer
from tests.programs import require_program, run_client

pytestmark = pytest.mark.clients

TUS: Final = ("-H", "Tus-Resumable: 1.0.0")
BYTES: Final = ("-H", "Content-Type: application/offset+octet-stream")


def space_url(server: LiveServer) -> str:
    """The space as the documentation writes it, with the `$` of its id."""
    return f"{server.url}/remote.php/dav/spaces/{server.personal_space()}"


def curl(
    server: LiveServer, folder: Path, *arguments: object, login: str | None = None
) -> httpx.Response:
    """Run curl; the answer it got."""
    program = require_program("curl")
    done = run_client(
        [
            *(program, "-ks", "-D", folder / "head", "-o", folder / "body"),
            *("-H", f"Authorization: {login or basic(server)}", *arguments),
        ],
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    last = (folder / "head").read_text().strip().split("\n\n")[-1].splitlines()
    headers = [tuple(line.split(": ", 1)) for line in last[1:]]
    return httpx.Response(
        int(last[0].split()[1]),
        headers=[(name, value) for name, value in headers],
    )


def test_the_documented_requests(server: LiveServer, tmp_path: Path) -> None:
    """A URL is created, two chunks are sent; every documented header is there."""
    made = curl(
        server, tmp_path, "-XPOST", space_url(server), *TUS,
        "-H", "Upload-Length: 10",
        "-H", "Upload-Metadata: filename dHVzdGVzdC50eHQ=",
    )  # fmt: skip
    url = made.headers["Location"]
    first = curl(
        server, tmp_path, "-XPATCH", url, *TUS, "-H", "Upload-Offset: 0", *BYTES,
        "-d", "01234",
    )  # fmt: skip
    second = curl(
        server, tmp_path, "-XPATCH", url, *TUS, "-H", "Upload-Offset: 5", *BYTES,
        "-d", "56789",
    )  # fmt: skip

    assert [made.status_code, first.status_code, second.status_code] == [201, 204, 204]
    assert url.startswith(f"{server.url}/data/eyJ")
    assert made.headers["Tus-Extension"] == (
        "creation,creation-with-upload,checksum,expiration"
    )
    assert made.headers["Access-Control-Allow-Origin"] == "*"
    assert made.headers["Content-Length"] == "0"
    assert made.headers["X-Content-Type-Options"] == "nosniff"
    assert [first.headers["Upload-Offset"], second.headers["Upload-Offset"]] == [
        "5",
        "10",
    ]
    assert second.headers["Upload-Expires"]
    assert second.headers["OC-FileId"]
    assert hash_on_server(server, "/dav/files/admin/tustest.txt") == (
        hashlib.sha256(b"0123456789").hexdigest()
    )


def test_the_documented_creation_with_upload(
    server: LiveServer, tmp_path: Path
) -> None:
    """The file is there with the one answer, which says all about it."""
    made = curl(
        server, tmp_path, "-XPOST", space_url(server), *TUS,
        "-H", "Upload-Length: 14", *BYTES,
        "-H", "Upload-Metadata: filename dGVzdC50eHQ=",
        "-H", "Tus-Extension: creation-with-upload",
        "-d", "upload content",
    )  # fmt: skip

    assert made.status_code == 201
    assert made.headers["Upload-Offset"] == "14"
    assert made.headers["ETag"] == made.headers["OC-ETag"]
    assert made.headers["OC-Perm"]
    assert made.headers["OC-FileId"]
    assert made.headers["Last-Modified"]
    assert hash_on_server(server, "/dav/files/admin/test.txt") == (
        hashlib.sha256(b"upload content").hexdigest()
    )


@pytest.mark.parametrize("size", [*SIZES, HUGE])
def test_sizes_in_two_requests(server: LiveServer, tmp_path: Path, size: int) -> None:
    """A creation, and for all the bytes one PATCH."""
    content = write_content(tmp_path, size)
    name = f"curl {size}.bin"
    made = curl(
        server, tmp_path, "-XPOST", space_url(server), *TUS,
        "-H", f"Upload-Length: {size}",
        "-H", f"Upload-Metadata: {encode_metadata(filename=name)}",
    )  # fmt: skip
    if size > 0:
        sent = curl(
            server, tmp_path, "-XPATCH", made.headers["Location"], *TUS,
            "-H", "Upload-Offset: 0", *BYTES, "-T", content.path,
        )  # fmt: skip
        assert sent.status_code == 204

    assert made.status_code == 201
    assert hash_on_server(server, f"/dav/files/admin/{name}") == content.sha256


def test_cut_off_and_continued(server: LiveServer, tmp_path: Path) -> None:
    """HEAD says how far a PATCH came that was broken off; the rest is sent."""
    content = write_content(tmp_path, 10_000_001)
    made = curl(
        server, tmp_path, "-XPOST", space_url(server), *TUS,
        "-H", f"Upload-Length: {content.size}",
        "-H", f"Upload-Metadata: {encode_metadata(filename='curl cut.bin')}",
    )  # fmt: skip
    url = made.headers["Location"]
    cut = run_client(
        [
            *("curl", "-ks", "-H", f"Authorization: {basic(server)}", *TUS, *BYTES),
            *("-XPATCH", url, "-H", "Upload-Offset: 0", "-T", content.path),
            *("--limit-rate", "8M", "--max-time", "0.6"),
        ],
        cwd=tmp_path,
    )

    head = curl(server, tmp_path, "-I", url, *TUS)
    offset = int(head.headers["Upload-Offset"])
    rest = tmp_path / "rest"
    rest.write_bytes(content.path.read_bytes()[offset:])
    sent = curl(
        server, tmp_path, "-XPATCH", url, *TUS, "-H", f"Upload-Offset: {offset}",
        *BYTES, "-T", rest,
    )  # fmt: skip

    assert cut.returncode == 28
    assert head.headers["Upload-Length"] == str(content.size)
    assert 0 < offset < content.size
    assert sent.status_code == 204
    assert hash_on_server(server, "/dav/files/admin/curl cut.bin") == content.sha256


@pytest.mark.parametrize("path", ["/files", None])
@pytest.mark.parametrize("size", [*SIZES, HUGE])
def test_with_cut_connections(
    server: LiveServer, tmp_path: Path, size: int, path: str | None
) -> None:
    """A few lines of shell: ask how far it is, send the rest, until all is there."""
    content = write_content(tmp_path, size)
    name = f"curl cut {size}.bin"
    folder = "/dav/files/admin/Uploads" if path else "/dav/files/admin"
    url = path or urlsplit(space_url(server)).path

    with CuttingProxy(
        server.url, cuts=5, least=300, most=size // 4 + 600, seed=size
    ) as proxy:
        found = send_by_shell(server, proxy.url + url, content, name)

    assert found == 0
    assert proxy.cut_count >= (1 if size > 1 else 0)
    assert hash_on_server(server, f"{folder}/{name}") == content.sha256


SHELL: Final = """
until url=$(curl -sSf -D - -o /dev/null -XPOST "$URL" -H "$LOGIN" -H "$TUS" \\
    -H "Upload-Length: $SIZE" -H "Upload-Metadata: $METADATA" |
    tr -d '\\r' | sed -n 's/^Location: //p') && [ -n "$url" ]; do :; done
for attempt in $(seq 50); do
    offset=$(curl -sS -I "$url" -H "$LOGIN" -H "$TUS" |
        tr -d '\\r' | sed -n 's/^Upload-Offset: //p')
    [ "$offset" = "$SIZE" ] && exit 0
    [ -z "$offset" ] || tail -c "+$((offset + 1))" "$FILE" | curl -sS -XPATCH "$url" \\
        -H "$LOGIN" -H "$TUS" -H "$TYPE" -H "Upload-Offset: $offset" -T -
done
exit 1
"""


def send_by_shell(server: LiveServer, url: str, content: Content, name: str) -> int:
    """Create an upload and go on with it until it is whole; 0 if it is."""
    require_program("curl")
    done = run_client(
        ["sh", "-c", SHELL],
        cwd=content.path.parent,
        environ={
            "URL": url,
            "LOGIN": f"Authorization: {basic(server)}",
            "TUS": TUS[1],
            "TYPE": BYTES[1],
            "SIZE": str(content.size),
            "FILE": str(content.path),
            "METADATA": encode_metadata(filename=name),
        },
    )
    return done.returncode


def create_as_desktop(
    server: LiveServer, folder: Path, content: Content, path: str, sent: bytes
) -> httpx.Response:
    """The desktop's creation: the path from the space's root, its SHA1, first bytes."""
    (folder / "first").write_bytes(sent)
    sha1 = hashlib.sha1(content.path.read_bytes()).hexdigest()
    metadata = encode_metadata(
        filename=path, mtime="1701708712", checksum=f"SHA1 {sha1}"
    )
    return curl(
        server, folder, "-XPOST", space_url(server), *TUS, *BYTES,
        "-H", "Upload-Offset: 0",
        "-H", f"Upload-Length: {content.size}",
        "-H", f"Upload-Metadata: {metadata}",
        "--data-binary", f"@{folder / 'first'}",
    )  # fmt: skip


def test_the_desktop_uploads_by_content(server: LiveServer, tmp_path: Path) -> None:
    """What the space has is whole after the creation; what it has not takes a PATCH."""
    content = write_content(tmp_path, 10_000_001, seed=5)
    data = content.path.read_bytes()
    with server.api() as api:
        api.request("MKCOL", "/dav/files/admin/Desktop").raise_for_status()
    (tmp_path / "rest").write_bytes(data[10_000_000:])

    new = create_as_desktop(
        server, tmp_path, content, "/Desktop/new.bin", data[:10_000_000]
    )
    last = curl(
        server, tmp_path, "-XPATCH", new.headers["Location"], *TUS, *BYTES,
        "-H", "Upload-Offset: 10000000", "--data-binary", f"@{tmp_path / 'rest'}",
    )  # fmt: skip
    known = create_as_desktop(
        server, tmp_path, content, "/Desktop/known.bin", data[:1000]
    )

    assert (new.status_code, new.headers["Upload-Offset"]) == (201, "10000000")
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, "10000001")
    assert (known.status_code, known.headers["Upload-Offset"]) == (201, "10000001")
    for answer in (last, known):
        assert answer.headers["ETag"]
        assert answer.headers["OC-FileId"]
        assert answer.headers["OC-Perm"]
        assert answer.headers["Last-Modified"] == "Mon, 04 Dec 2023 16:51:52 GMT"
    for name in ("new.bin", "known.bin"):
        found = hash_on_server(server, f"/dav/files/admin/Desktop/{name}")
        assert found == content.sha256
