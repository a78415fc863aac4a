"""Uppy's tus plugin in a real browser, on a page of another origin."""

import functools
import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, Request, Response
from playwright.sync_api import TimeoutError as PageTimeout

from tests.clients.browser import chromium
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
from tests.programs import complain

pytestmark = pytest.mark.clients

UPPY: Final = Path(__file__).parent / "node/node_modules/uppy/dist/uppy.min.js"
PLAIN: Final = "/files"
IN_SPACE: Final = "/dav/files/admin"
IN_UPLOADS: Final = "/dav/files/admin/Uploads"
_PATIENCE_MS: Final = 30_000
_UPLOAD_MS: Final = 200_000

HTML: Final = """<!doctype html>
<title>Elsewhere</title>
<input type="file" id="file">
<script src="uppy.min.js"></script>
<script>
window.begin = (name, tus) => {
  window.said = []
  window.outcome = null
  const say = (...words) => window.said.push(words.map(String).join(' '))
  const uppy = new Uppy.Uppy({ logger: { debug: say, warn: say, error: say } })
  window.uppy = uppy
  uppy.use(Uppy.Tus, { storeFingerprintForResuming: true, ...tus })
  uppy.on('upload-progress', (_, { bytesUploaded }) => {
    window.sent = bytesUploaded
  })
  uppy.addFile({ name, data: document.querySelector('#file').files[0] })
  uppy.upload().then(
    ({ successful, failed }) => {
      window.outcome = { done: successful.length === 1 && failed.length === 0 }
    },
    (error) => { window.outcome = { done: false, error: String(error) } },
  )
}
</script>
"""


@dataclass(frozen=True)
class Elsewhere:
    """A page with Uppy, and what it asked the server."""

    page: Page
    url: str
    asked: list[tuple[str, int | None]] = field(default_factory=list)

    def begin(
        self, server: LiveServer, content: Content, name: str, **tus: object
    ) -> None:
        """Choose the file and upload it, without waiting."""
        self.page.goto(self.url)
        self.page.locator("#file").set_input_files(content.path)
        options = {
            "headers": {"Authorization": basic(server)},
            "retryDelays": [50, 100, 200, 500, 1000],
            **tus,
        }
        self.page.evaluate("([name, tus]) => begin(name, tus)", [name, options])

    def finish(self) -> None:
        """Wait until the upload is done.

        Raises:
            AssertionError: it is not, or something else came of it.
        """
        try:
            self.page.wait_for_function("window.outcome", timeout=_UPLOAD_MS)
        except PageTimeout:
            raise AssertionError(self.story()) from None
        outcome: dict[str, Any] = self.page.evaluate("window.outcome")
        assert outcome == {"done": True}, self.story()

    def story(self) -> str:
        """What happened, for who has to find out why."""
        said: list[str] = self.page.evaluate("window.said")
        return "\n".join([*said[-40:], *map(str, self.asked[-40:])])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for all tests here."""
    if not UPPY.exists():
        complain("the packages in tests/clients/node are missing: npm ci there")
    with chromium() as browser:
        yield browser


@pytest.fixture
def elsewhere(browser: Browser, tmp_path: Path) -> Iterator[Elsewhere]:
    """A page of another origin."""
    root = tmp_path / "page"
    root.mkdir()
    (root / "index.html").write_text(HTML)
    (root / "uppy.min.js").write_bytes(UPPY.read_bytes())
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Quiet, directory=root)
    ) as host:
        thread = threading.Thread(target=host.serve_forever)
        thread.start()
        with browser.new_context() as context:
            page = context.new_page()
            page.set_default_timeout(_PATIENCE_MS)
            found = Elsewhere(page, f"http://127.0.0.1:{host.server_address[1]}/")

            def failed(request: Request) -> None:
                found.asked.append((request.method, None))

            def answered(response: Response) -> None:
                if not response.url.startswith(found.url):
                    found.asked.append((response.request.method, response.status))

            page.on("requestfailed", failed)
            page.on("response", answered)
            yield found
        host.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves the page and logs nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def place(server: LiveServer, path: str | None) -> str:
    """The path where uploads begin: the one given, or the personal space's."""
    return path or urlsplit(f"/dav/spaces/{server.personal_space()}").path


@pytest.mark.parametrize("path", [PLAIN, None])
@pytest.mark.parametrize("size", SIZES)
def test_every_size(
    elsewhere: Elsewhere,
    server: LiveServer,
    tmp_path: Path,
    size: int,
    path: str | None,
) -> None:
    """From another origin, with nothing but an Authorization header."""
    content = write_content(tmp_path, size)
    name = f"uppy {size}.bin"

    elsewhere.begin(
        server,
        content,
        name,
        endpoint=server.url + place(server, path),
        **({} if path else {"chunkSize": MAX_CHUNK}),
    )
    elsewhere.finish()

    folder = IN_UPLOADS if path else IN_SPACE
    assert hash_on_server(server, f"{folder}/{name}") == content.sha256


def test_more_parts_than_bytes(
    elsewhere: Elsewhere, server: LiveServer, tmp_path: Path
) -> None:
    """Some of the parts that Uppy sends at once are empty."""
    content = write_content(tmp_path, 2)

    elsewhere.begin(
        server,
        content,
        "uppy parts.bin",
        endpoint=f"{server.url}{PLAIN}",
        parallelUploads=4,
    )
    elsewhere.finish()

    found = hash_on_server(server, f"{IN_UPLOADS}/uppy parts.bin")
    assert found == content.sha256


@pytest.mark.parametrize(
    "way",
    [
        (None, {"chunkSize": MAX_CHUNK}),
        (None, {"chunkSize": 1_000_000, "uploadDataDuringCreation": True}),
        (PLAIN, {}),
        (PLAIN, {"parallelUploads": 3}),
        (PLAIN, {"chunkSize": 1_000_000, "uploadLengthDeferred": True}),
    ],
)
@pytest.mark.parametrize("size", [10_000_000, 10_000_001])
def test_with_cut_connections(
    elsewhere: Elsewhere,
    server: LiveServer,
    tmp_path: Path,
    size: int,
    way: tuple[str | None, dict[str, Any]],
) -> None:
    """It goes on after every cut, and the file has each byte once."""
    path, options = way
    content = write_content(tmp_path, size)
    name = f"uppy cut {size} {'-'.join(options)}.bin"

    with CuttingProxy(
        server.url, cuts=5, least=100, most=size // 4, seed=size
    ) as proxy:
        elsewhere.begin(
            server, content, name, endpoint=proxy.url + place(server, path), **options
        )
        elsewhere.finish()

    assert proxy.cut_count >= 1
    folder = IN_UPLOADS if path else IN_SPACE
    assert hash_on_server(server, f"{folder}/{name}") == content.sha256


@pytest.mark.parametrize("path", [PLAIN, None])
def test_a_huge_file_with_cut_connections(
    elsewhere: Elsewhere, server: LiveServer, tmp_path: Path, path: str | None
) -> None:
    """200 MB, in announced chunks to a space and in one go to plain tus."""
    content = write_content(tmp_path, HUGE)
    name = "uppy huge.bin"

    with CuttingProxy(
        server.url, cuts=6, least=1_000_000, most=50_000_000, seed=5
    ) as proxy:
        elsewhere.begin(
            server,
            content,
            name,
            endpoint=proxy.url + place(server, path),
            **({} if path else {"chunkSize": MAX_CHUNK}),
        )
        elsewhere.finish()

    assert proxy.cut_count >= 1
    folder = IN_UPLOADS if path else IN_SPACE
    assert hash_on_server(server, f"{folder}/{name}") == content.sha256


@pytest.mark.parametrize("path", [PLAIN, None])
def test_goes_on_after_the_page_was_closed(
    elsewhere: Elsewhere, server: LiveServer, tmp_path: Path, path: str | None
) -> None:
    """Uppy finds the upload's URL in the browser's storage and sends the rest."""
    content = write_content(tmp_path, 10_000_001)
    name = "uppy stored.bin"
    options = {
        "endpoint": server.url + place(server, path),
        "chunkSize": 1_000_000,
    }

    elsewhere.begin(server, content, name, **options)
    elsewhere.page.wait_for_function("window.sent >= 3_000_000")
    elsewhere.page.goto("about:blank")
    elsewhere.asked.clear()
    elsewhere.begin(server, content, name, **options)
    elsewhere.finish()

    assert ("HEAD", 200) in elsewhere.asked
    assert all(method != "POST" for method, _ in elsewhere.asked)
    folder = IN_UPLOADS if path else IN_SPACE
    assert hash_on_server(server, f"{folder}/{name}") == content.sha256


@pytest.mark.parametrize("path", [PLAIN, None])
def test_cancelled(
    elsewhere: Elsewhere, server: LiveServer, tmp_path: Path, path: str | None
) -> None:
    """Uppy ends the upload on the server; no file appears."""
    content = write_content(tmp_path, 10_000_001)
    name = "uppy given up.bin"

    elsewhere.begin(
        server,
        content,
        name,
        endpoint=server.url + place(server, path),
        chunkSize=500_000,
    )
    elsewhere.page.wait_for_function("window.sent >= 1_000_000")
    with elsewhere.page.expect_response(
        lambda response: response.request.method == "DELETE"
    ) as ending:
        elsewhere.page.evaluate("uppy.cancelAll()")

    assert ending.value.status == 204
    headers = {"Tus-Resumable": "1.0.0", "Authorization": basic(server)}
    gone = httpx.head(ending.value.url, headers=headers)
    assert gone.status_code in {404, 410}
    folder = IN_UPLOADS if path else IN_SPACE
    with server.api() as api:
        assert api.get(f"{folder}/{name}").status_code == 404
