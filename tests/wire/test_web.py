"""The web page's files: how they are served, and that nothing inline is in them."""

import gzip
import posixpath
import re
from wsgiref.types import WSGIApplication

import pytest
from webtest import TestApp
from werkzeug.test import Client

from ocsync.web.assets import read_assets
from spaces.library import Library
from spaces.model import Space


def folder_of(app: TestApp) -> str:
    """The folder that the page's files are in."""
    found = re.search(r'src="(/web/[0-9a-f]{16})/main\.js"', app.get("/").text)
    assert found is not None
    return found[1]


def policy(app: TestApp) -> dict[str, str]:
    """The directives of the page's Content-Security-Policy."""
    header = app.get("/").headers["Content-Security-Policy"]
    pairs = (each.strip().partition(" ") for each in header.split(";"))
    return {name: value for name, _, value in pairs}


def test_the_page_is_for_everybody(app: TestApp) -> None:
    """HTML, never sniffed or framed, asked for again each time."""
    answer = app.get("/")

    assert answer.content_type == "text/html"
    assert answer.charset == "utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "Set-Cookie" not in answer.headers


def test_only_its_own_files_run(app: TestApp) -> None:
    """Nothing inline, nothing from elsewhere, in no frame."""
    assert policy(app) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "media-src": "'self'",
        "frame-src": "blob:",
        "connect-src": "'self'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }


def test_nothing_inline_and_no_markup_from_text() -> None:
    """The page has no inline script or style, and its scripts make no markup."""
    assets = read_assets()
    scripts = {
        path: asset.content.decode()
        for path, asset in assets.files.items()
        if path.endswith(".js")
    }
    markup = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    )

    assert (
        re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", assets.page)
        == []
    )
    assert [path for path, text in scripts.items() if markup.search(text)] == []
    assert [
        path
        for path, text in scripts.items()
        if re.search(r"(?:from|import\()\s*\"(?!\./|\.\./)", text)
    ] == []


def test_files_are_kept_for_good(app: TestApp) -> None:
    """Their folder's name changes with their content."""
    folder = folder_of(app)
    types = {
        "main.js": "text/javascript",
        "view/trash.js": "text/javascript",
        "page.css": "text/css",
        "icon.svg": "image/svg+xml",
    }

    for path, media_type in types.items():
        answer = app.get(f"{folder}/{path}")
        assert answer.content_type == media_type
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_every_module_that_is_imported_is_served(app: TestApp) -> None:
    """From `main.js` on, along all imports; and no module lies there unused."""
    folder = folder_of(app)
    seen: set[str] = set()
    waiting = ["main.js"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        text = app.get(f"{folder}/{path}").text
        base = path.rpartition("/")[0]
        found = re.findall(r'(?:from |import\()"(\.[^"]+\.js)"', text)
        waiting += (posixpath.normpath(posixpath.join(base, each)) for each in found)

    # A worker is no module of the page: it is started by its URL.
    worker = {"wire/hash_worker.js", "wire/sha1.js"}
    assert seen | worker == {path for path in read_assets().files if path[-3:] == ".js"}


def test_modules_that_are_always_needed_come_as_one(app: TestApp) -> None:
    """One request for them all; what may come later, or runs apart, comes by itself."""
    folder = folder_of(app)
    text = app.get(f"{folder}/main.js").text

    joined = set(re.findall(r"^// (\S+\.js)$", text, re.MULTILINE))

    assert {"main.js", "view/folder.js", "wire/multistatus.js"} <= joined
    assert not {"view/preview.js", "texts/de.js", "wire/hash_worker.js"} & joined
    for path in joined - {"main.js"}:
        app.get(f"{folder}/{path}", status=404)
    assert "main.js" not in app.get(f"{folder}/wire/hash_worker.js").text


def test_files_travel_compressed(app: TestApp, wsgi_app: WSGIApplication) -> None:
    """For those who take gzip."""
    url = f"{folder_of(app)}/page.css"
    plain = app.get(url)

    # webtest would decompress it.
    answer = Client(wsgi_app).get(url, headers={"Accept-Encoding": "gzip, br"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers.getlist("Vary")
    assert gzip.decompress(answer.data) == plain.body
    assert answer.headers["ETag"] != plain.headers["ETag"]


@pytest.mark.parametrize("path", ["/", "page.css"])
def test_what_is_known_is_not_sent_again(app: TestApp, path: str) -> None:
    """304 for who has it."""
    url = path if path == "/" else f"{folder_of(app)}/{path}"
    etag = app.get(url).headers["ETag"]

    answer = app.get(url, headers={"If-None-Match": etag}, status=304)

    assert answer.body == b""
    assert answer.headers["ETag"] == etag


@pytest.mark.parametrize(
    "path",
    [
        "/index.html",
        "/nothing",
        "/remote.php",
        "/web",
        "/web/",
        "/web/main.js",
        "/web/0123456789abcdef/main.js",
        "{folder}",
        "{folder}/",
        "{folder}/index.html",
        "{folder}/wire",
        "{folder}/../edge.py",
        "{folder}/%2e%2e/edge.py",
        "{folder}/nothing.js",
    ],
)
def test_other_urls_are_not_there(app: TestApp, path: str) -> None:
    """404, for old revisions and whatever is no file of the page."""
    answer = app.get(path.replace("{folder}", folder_of(app)), status=404)

    assert answer.headers["Content-Security-Policy"] == "default-src 'none';"


def test_only_reading(app: TestApp) -> None:
    """Other methods are refused with what would be allowed."""
    assert app.head("/").body == b""
    assert app.post("/", status=405).headers["Allow"] == "GET, HEAD, OPTIONS"


def test_links_lead_to_the_page(app: TestApp, library: Library, home: Space) -> None:
    """A private link ends at the page, which shows what it names."""
    resource = f"{library.storage_id}${home.id}!{home.root_id}"
    location = str(app.get(f"/f/{resource}", status=302).headers["Location"])

    assert location == f"http://localhost/#/f/{resource}"
    app.get("/", status=200)


def test_app_passwords_are_made_on_the_page(app: TestApp) -> None:
    """The desktop client's login window leads to its list of app tokens."""
    url = "/index.php/settings/personal?sectionid=security"

    assert app.get(url, status=302).headers["Location"] == "http://localhost/#/tokens"


class TestExternalIssuer:
    """Logging in elsewhere."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """An issuer on another host."""
        return {
            "auth.oidc_issuer": "https://login.example.org/realm",
            "auth.oidc_audience": "files",
        }

    def test_the_page_may_ask_it(self, app: TestApp) -> None:
        """The issuer's origin, and no other."""
        assert policy(app)["connect-src"] == "'self' https://login.example.org"


class TestBelowAPath:
    """A public URL with a path."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """The server's URL, as clients type it."""
        return {"server.url": "https://example.org/cloud"}

    def test_files_are_named_below_it(self, app: TestApp) -> None:
        """The page finds its files below the prefix."""
        text = app.get("/", headers={"Host": "example.org"}).text

        assert 'src="/cloud/web/' in text
