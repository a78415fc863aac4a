"""The client programs of other upload APIs: tus-js-client, curl, and phones' ways."""

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self

import httpx
import pytest

from tests.live_server import LiveServer, serving
from tests.programs import complain, require_program, run_client

pytestmark = pytest.mark.clients

NODE: Final = Path(__file__).parent / "node"
CONTENT: Final = hashlib.shake_128(b"upload").digest(12 * 1024 * 1024 + 77)
MIB: Final = 1024 * 1024
CHUNK: Final = 5 * MIB


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with a pool, without which Pulse Cam cannot begin."""
    folder = tmp_path_factory.mktemp("server")
    with serving(folder, "--set", "pulse.pool_size=100MB") as running:
        yield running


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """What is uploaded."""
    path = tmp_path / "file.bin"
    path.write_bytes(CONTENT)
    return path


def ocsync(server: LiveServer, *arguments: str) -> dict[str, Any]:
    """What a command prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "ocsync", *arguments, "--json", "--data", server.data],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def picora_key(server: LiveServer, folder: str) -> str:
    """A fresh key that lands in the folder."""
    made = ocsync(server, "picora", "key", "create", "admin", "--folder", folder)
    return str(made["key"])


def upload_token(server: LiveServer) -> str:
    """A token for the folder `Films`."""
    made = ocsync(server, "token", "upload", "--user", "admin", "--folder", "Films")
    return str(made["token"])


def run_node(tmp_path: Path, *arguments: object) -> list[dict[str, Any]]:
    """The lines that the script prints."""
    node = require_program("node")
    if not (NODE / "node_modules" / "tus-js-client").exists():
        complain("the packages in tests/clients/node are missing: npm ci there")
    done = run_client([node, NODE / "upload-apis.mjs", *arguments], cwd=tmp_path)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def download(server: LiveServer, path: str) -> bytes:
    """A file by WebDAV."""
    with server.api() as api:
        return api.get(f"/dav/files/admin/{path}").raise_for_status().content


def test_omegastream_with_tus_js_client(
    server: LiveServer, file: Path, tmp_path: Path
) -> None:
    """The document's program: one PATCH, cut off, resumed by another signature."""
    key = str(ocsync(server, "omegastream", "key", "create", "admin")["key"])
    headers = {"Authorization": f"Bearer {key}"}
    made = httpx.post(f"{server.url}/video", headers=headers, json={"title": "A"})
    video_id = str(made.json()["videoId"])

    first, second = run_node(tmp_path, "omegastream", server.url, file, key, video_id)

    assert first["done"] is False
    assert second["done"] is True
    assert second["url"] == first["url"]
    assert second["methods"] == ["HEAD", "PATCH"]
    assert download(server, "Omegastream/video.mp4") == CONTENT
    state = httpx.get(f"{server.url}/video/{video_id}", headers=headers).json()
    assert (state["status"], state["size"]) == ("complete", len(CONTENT))


def test_picora_with_tus_js_client(
    server: LiveServer, file: Path, tmp_path: Path
) -> None:
    """The document's program: parts of 5 MiB, resumed from its own storage."""
    key, store = picora_key(server, "Web"), tmp_path / "urls.json"

    first, second, third = run_node(tmp_path, "picora", server.url, file, key, store)

    assert first["done"] is False
    assert (second["done"], second["status"]) == (True, 204)
    assert second["url"] == first["url"]
    assert second["methods"][0] == "HEAD"
    assert third == {"resource": second["resource"], "duplicate": "true"}
    assert download(server, "Web/Images/photo.jpg") == CONTENT


def test_pulse_from_node(server: LiveServer, file: Path, tmp_path: Path) -> None:
    """The app's requests, with the answer to one piece lost."""
    name = "draft-f47ac10b-58cc-4372-a567-0e02b2c3d479.mp4"

    summary, answer = run_node(
        tmp_path, "pulse", server.url, file, upload_token(server), name
    )

    assert summary == {"created": 201, "pieces": 13, "status": 200}
    digest = hashlib.sha256(CONTENT).hexdigest()
    assert (answer["status"], answer["size"]) == ("complete", len(CONTENT))
    assert answer["checksum"] == f"sha256:{digest}"
    assert download(server, f"Films/{name}") == CONTENT


def test_pulse_with_curl(server: LiveServer, tmp_path: Path) -> None:
    """Create, two pieces, HEAD, finalize."""
    curl, token = require_program("curl"), upload_token(server)
    tus = ("-H", "Tus-Resumable: 1.0.0")

    def call(*arguments: str) -> str:
        done = run_client([curl, "-sS", "-i", *arguments], cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    uploads = f"{server.url}/uploads"
    created = call("-X", "POST", *tus, "-H", f"Upload-Length: {2 * MIB}", uploads)
    location = header_of(created, "Location")
    (tmp_path / "piece").write_bytes(CONTENT[:MIB])
    for offset in (0, MIB):
        sent = call(
            "-X", "PATCH", *tus, "-H", f"Upload-Offset: {offset}",
            "-H", "Content-Type: application/offset+octet-stream",
            "--data-binary", "@piece", location,
        )  # fmt: skip
        assert header_of(sent, "Upload-Offset") == str(offset + MIB)
    assert header_of(call("-I", *tus, location), "Upload-Length") == str(2 * MIB)
    body = {"uploadId": location.rpartition("/")[2], "filename": "curl.mp4"}
    done = call(
        "-H", "Content-Type: application/json", "-H", f"X-Upload-Token: {token}",
        "-d", json.dumps(body), f"{uploads}/finalize",
    )  # fmt: skip

    assert json.loads(done.splitlines()[-1])["status"] == "complete"
    assert download(server, "Films/curl.mp4") == CONTENT[:MIB] * 2
    health = call(f"{server.url}/health").splitlines()[-1]
    assert json.loads(health) == {"status": "OK"}


def header_of(answer: str, name: str) -> str:
    """A header in what curl prints."""
    wanted = f"{name.lower()}:"
    for line in answer.splitlines():
        if line.lower().startswith(wanted):
            return line[len(wanted) :].strip()
    raise AssertionError(f"no {name} in {answer!r}")


class Phone:
    """A tus client that sends what the libraries for phones send, and no more."""

    def __init__(self, server: LiveServer, headers: Mapping[str, str]) -> None:
        self._url = f"{server.url}/v1/uploads"
        self._client = httpx.Client(
            headers={**headers, "Tus-Resumable": "1.0.0"}, timeout=60
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def create(self, metadata: Mapping[str, str], length: int) -> str:
        """POST with an empty body; the URL of the upload."""
        pairs = ",".join(
            f"{key} {base64.b64encode(value.encode()).decode()}"
            for key, value in metadata.items()
        )
        headers = {
            "Upload-Length": str(length),
            "Upload-Metadata": pairs,
            "Upload-Extension": "creation",
            "Content-Length": "0",
        }
        answer = self._client.post(self._url, headers=headers)
        assert answer.status_code == 201
        return str(httpx.URL(self._url).join(answer.headers["Location"]))

    def offset(self, url: str) -> int:
        """HEAD, as before every resumption."""
        answer = self._client.head(url)
        assert answer.status_code == 200
        return int(answer.headers["Upload-Offset"])

    def send(
        self, url: str, offset: int, part: bytes, *, as_post: bool = False
    ) -> httpx.Response:
        """One part; by POST with an override where PATCH cannot be sent."""
        headers = {
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }
        if as_post:
            headers["X-HTTP-Method-Override"] = "PATCH"
        method = "POST" if as_post else "PATCH"
        answer = self._client.request(method, url, headers=headers, content=part)
        assert answer.status_code == 204
        assert int(answer.headers["Upload-Offset"]) == offset + len(part)
        return answer


def test_picora_as_tuskit_does_it(server: LiveServer) -> None:
    """TUSKit: create, status before the first part and after each pause, parts."""
    key, content = picora_key(server, "iOS"), b"iOS" + CONTENT
    headers = {"Authorization": f"Bearer {key}", "X-Picora-Client": "ios-tus"}
    with Phone(server, headers) as phone:
        metadata = {"filename": "IMG_0001.HEIC", "resourceType": "image"}
        url = phone.create(metadata, len(content))
        assert phone.offset(url) == 0
        phone.send(url, 0, content[:CHUNK])
    # The app is closed; what is left to do is on its disk.
    with Phone(server, headers) as phone:
        offset = phone.offset(url)
        phone.send(url, offset, content[offset : offset + CHUNK])
        offset = phone.offset(url)
        last = phone.send(url, offset, content[offset:])

    assert last.headers["X-Picora-Resource-Id"]
    assert download(server, "iOS/Images/IMG_0001.HEIC") == content


def test_picora_as_tus_android_does_it(server: LiveServer) -> None:
    """tus-android-client: resume or create, parts, the override for old systems."""
    key, content = picora_key(server, "Android"), b"Android" + CONTENT
    headers = {"Authorization": f"Bearer {key}", "X-Picora-Client": "android-tus"}
    metadata = {"filename": "clip.mp4", "resourceType": "video"}
    with Phone(server, headers) as phone:
        url = phone.create(metadata, len(content))
        phone.send(url, 0, content[:CHUNK], as_post=True)
        # makeAttempt() again: the stored URL is asked for its offset.
        offset = phone.offset(url)
        while offset < len(content):
            part = content[offset : offset + CHUNK]
            phone.send(url, offset, part, as_post=True)
            offset += len(part)
        assert phone.offset(url) == len(content)

    assert download(server, "Android/Videos/clip.mp4") == content
