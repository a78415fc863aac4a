"""Servers that try to write where they must not, and what becomes of it."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from ocsync.client.errors import ClientError
from tests.live.harness import Serve
from tests.live.transfer_site import Transfers, tree_of

ENTRY = (
    "<d:response><d:href>{href}</d:href><d:propstat><d:prop><d:resourcetype>{kind}"
    "</d:resourcetype></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>"
    "</d:response>"
)
FOLDER = "<d:collection/>"


def multistatus(entries: Iterable[tuple[str, str]], above: str = "") -> bytes:
    """A listing with these hrefs, each a file or a folder."""
    inner = "".join(ENTRY.format(href=href, kind=kind) for href, kind in entries)
    text = (
        f'<?xml version="1.0"?>{above}<d:multistatus xmlns:d="DAV:">{inner}'
        "</d:multistatus>"
    )
    return text.encode()


class Hostile:
    """Lists what it likes, and has the same content everywhere."""

    def __init__(self, listing: bytes) -> None:
        self.listing = listing
        self.asked: list[str] = []

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterator[bytes]:
        """Answer."""
        self.asked.append(environ["PATH_INFO"])
        if environ["REQUEST_METHOD"] != "PROPFIND":
            start_response("200 OK", [("Content-Type", "text/plain")])
            yield b"evil"
            return
        start_response("207 Multi-Status", [("Content-Type", "application/xml")])
        if environ["HTTP_DEPTH"] == "0":
            yield multistatus([(environ["PATH_INFO"], FOLDER)])
        else:
            yield self.listing


@pytest.fixture
def site() -> None:
    """No service of ours."""


@pytest.mark.parametrize(
    "href",
    [
        "/share/../../outside",
        "/share/../outside",
        "/share/%2e%2e/outside",
        "/share/%2e%2e",
        "/share/..%2foutside",
        "/share/..%2Foutside",
        "/share/%2e%2e%2f%2e%2e%2foutside",
        "/share/%2Ftmp%2Foutside",
        "/share/a/../../outside",
        "/share//outside",
        "/share/.",
        "/share/..",
        "/share/a%00b",
        "/outside",
        "http://evil.example/share/outside",
        "file:///etc/outside",
        "//evil.example/share/outside",
        "http://[broken/share/outside",
        "javascript:outside",
        "",
    ],
)
@pytest.mark.parametrize("kind", ["", FOLDER])
def test_nothing_is_written_outside(
    serve: Serve, tmp_path: Path, href: str, kind: str
) -> None:
    """Whatever a listing says, files land in the destination or nowhere."""
    here = tmp_path / "a" / "b" / "here"
    here.mkdir(parents=True)
    app = Hostile(multistatus([("/share/good", ""), (href, kind)]))
    transfers = Transfers(f"http://127.0.0.1:{serve(app).port}", tmp_path)

    transfers.fetch("/share/", to=here)

    assert set(tree_of(tmp_path)) == {"a/b/here/good"}
    assert [path.name for path in here.iterdir()] == ["good"]


def test_the_folders_own_name(serve: Serve, tmp_path: Path) -> None:
    """A URL that ends in a way out of the folder is refused."""
    here = tmp_path / "here"
    here.mkdir()
    app = Hostile(multistatus([("/x", "")]))
    transfers = Transfers(f"http://127.0.0.1:{serve(app).port}", tmp_path)

    failures, _ = transfers.fetch("/share/..%2f", "/share/%2e%2e", to=here)

    assert failures == 2
    assert not tree_of(tmp_path)


def test_folders_that_never_end(serve: Serve, tmp_path: Path) -> None:
    """A listing in which each folder has another one comes to its end."""

    class Endless(Hostile):
        def __call__(
            self, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterator[bytes]:
            """Say that there is one more."""
            below = f"{environ['PATH_INFO'].rstrip('/')}/f"
            self.listing = multistatus([(below, FOLDER)])
            return super().__call__(environ, start_response)

    app = Endless(b"")
    transfers = Transfers(f"http://127.0.0.1:{serve(app).port}", tmp_path)

    failures, log = transfers.fetch("/share/", to=tmp_path / "here")

    assert failures == 1
    assert log.reasons() == ["its folders never end"]


@pytest.mark.parametrize(
    "listing",
    [
        b"no XML at all",
        b"<d:multistatus xmlns:d='DAV:'>",
        b"",
        multistatus(
            [("/share/&all;", "")],
            above="<!DOCTYPE x [<!ENTITY all SYSTEM 'file:///etc/passwd'>]>",
        ),
        multistatus(
            [("/share/&b;", "")],
            above="<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]>",
        ),
    ],
    ids=["text", "cut", "empty", "external", "entities"],
)
def test_listings_that_make_no_sense(
    serve: Serve, tmp_path: Path, listing: bytes
) -> None:
    """One line, and nothing is written."""
    transfers = Transfers(f"http://127.0.0.1:{serve(Hostile(listing)).port}", tmp_path)

    failures, log = transfers.fetch("/share/", to=tmp_path / "here")

    assert failures == 1
    assert "answers no XML" in log.reasons()[0]


def test_a_name_that_a_header_tells(serve: Serve, tmp_path: Path) -> None:
    """Of a path in Content-Disposition only the last part counts."""
    here = tmp_path / "a" / "here"
    here.mkdir(parents=True)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """A file with a name of its own; no WebDAV."""
        if environ["REQUEST_METHOD"] == "PROPFIND":
            start_response("405 Method Not Allowed", [("Content-Length", "0")])
            return []
        name = environ["QUERY_STRING"]
        field = ("Content-Disposition", f'attachment; filename="{name}"')
        start_response("200 OK", [field, ("Content-Length", "4")])
        return [b"evil"] if environ["REQUEST_METHOD"] == "GET" else []

    transfers = Transfers(f"http://127.0.0.1:{serve(app).port}", tmp_path)

    transfers.fetch("/x?../../one", "/x?/tmp/two", "/x?..", "/x?a\\b", to=here)

    assert set(tree_of(tmp_path)) == {"a/here/one", "a/here/two", "a/here/ab"}


def test_redirects_in_circles(serve: Serve, tmp_path: Path) -> None:
    """They come to their end."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send on for ever."""
        headers = [("Location", f"{environ['PATH_INFO']}x"), ("Content-Length", "0")]
        start_response("302 Found", headers)
        return []

    transfers = Transfers(f"http://127.0.0.1:{serve(app).port}", tmp_path)

    with pytest.raises(ClientError, match="circles"):
        transfers.send(tmp_path)
    failures, log = transfers.fetch("/share", to=tmp_path)

    assert failures == 1
    assert "circles" in log.reasons()[0]
