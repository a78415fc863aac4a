"""GET, HEAD and OPTIONS: content, ranges, conditions, and what is never done."""

import hashlib

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.dav_client import Dav, dav_on, error_of

BODY = bytes(range(200))


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space with a file in it."""
    connection = dav_on(app, library, admin, home)
    connection.put("a.bin", BODY, X_OC_Mtime="1000000000")
    return connection


def test_content(dav: Dav) -> None:
    """The bytes, and all that clients compare them with."""
    answer = dav.get("a.bin")

    assert answer.status_int == 200
    assert answer.body == BODY
    assert answer.headers["Content-Length"] == "200"
    assert answer.headers["ETag"] == dav.etag("a.bin")
    assert answer.headers["OC-ETag"] == answer.headers["ETag"]
    assert answer.headers["OC-FileId"].count("!") == 1
    assert answer.headers["OC-Checksum"].startswith("SHA1:")
    assert answer.headers["Last-Modified"] == "Sun, 09 Sep 2001 01:46:40 GMT"
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_head(dav: Dav) -> None:
    """The same headers, no body."""
    got, head = dav.get("a.bin"), dav.send("HEAD", "a.bin")

    assert head.status_int == 200
    assert head.body == b""
    for name in ("Content-Length", "Content-Type", "ETag", "OC-Checksum"):
        assert head.headers[name] == got.headers[name]


@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.xml", "a", "a.js"])
def test_content_never_runs_in_our_origin(dav: Dav, name: str) -> None:
    """Whatever it is: an attachment, not sniffed, in a sandbox."""
    dav.put(name, b"<script>alert(1)</script>", Content_Type="text/html")

    headers = dav.get(name).headers

    assert headers["Content-Disposition"].startswith("attachment; ")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "name", ['"', "a;b", "ü.txt", "a\\b"[:1], "%41.txt", "x'y", "\u202egpj.exe", "😀"]
)
def test_disposition_for_every_name(dav: Dav, name: str) -> None:
    """The header is one well-formed ASCII line."""
    dav.put(name, b"x")

    disposition = dav.get(name).headers["Content-Disposition"]

    assert disposition.isascii()
    assert disposition.count('"') == 2


@pytest.mark.parametrize(
    ("name", "stated", "expected"),
    [
        ("a.txt", "image/png", "text/plain; charset=UTF-8"),
        ("a.png", "text/html", "image/png"),
        ("noext", "image/png", "image/png"),
        ("noext", "application/octet-stream", "application/octet-stream"),
        ("noext", "no type", "application/octet-stream"),
        ("a.unheard", "", "application/octet-stream"),
        ("a.md", "", "text/markdown; charset=UTF-8"),
    ],
)
def test_media_types(dav: Dav, name: str, stated: str, expected: str) -> None:
    """By the name, else as the client said, else unknown."""
    dav.put(name, b"x", Content_Type=stated)

    assert dav.get(name).headers["Content-Type"] == expected


def test_a_folder_has_no_content(dav: Dav) -> None:
    """200 with an empty body, as oCIS."""
    dav.mkcol("folder")

    answer = dav.get("folder")

    assert answer.status_int == 200
    assert answer.body == b""
    assert answer.headers["ETag"] == dav.etag("folder")


def test_nothing_there(dav: Dav) -> None:
    """404 with sabre's body, without one for HEAD."""
    answer = dav.get("nothing")

    assert answer.status_int == 404
    assert error_of(answer).exception == "NotFound"
    assert dav.send("HEAD", "nothing").body == b""


def test_no_previews(dav: Dav) -> None:
    """404, or ownCloud Web would load the whole file for a thumbnail."""
    url = f"{dav.url('a.bin')}?preview=1&x=36&y=36&scalingup=0"

    assert dav.send("GET", raw=url).status_int == 404
    assert dav.send("GET", raw=dav.url("a.bin") + "?preview=0").status_int == 200


class TestRanges:
    """RFC 9110 §14."""

    def test_single(self, dav: Dav) -> None:
        """206 with its place."""
        answer = dav.get("a.bin", Range="bytes=10-19")

        assert answer.status_int == 206
        assert answer.body == BODY[10:20]
        assert answer.headers["Content-Range"] == "bytes 10-19/200"
        assert answer.headers["Content-Length"] == "10"

    @pytest.mark.parametrize(
        ("text", "part"),
        [("bytes=190-", BODY[190:]), ("bytes=-5", BODY[-5:]), ("bytes=0-999", BODY)],
    )
    def test_open_ends(self, dav: Dav, text: str, part: bytes) -> None:
        """Resuming a download asks for the rest."""
        assert dav.get("a.bin", Range=text).body == part

    def test_several(self, dav: Dav) -> None:
        """multipart/byteranges with exactly the announced length."""
        answer = dav.get("a.bin", Range="bytes=0-4,100-109")

        assert answer.status_int == 206
        kind, _, boundary = answer.headers["Content-Type"].partition("; boundary=")
        assert kind == "multipart/byteranges"
        parts = answer.body.split(f"--{boundary}".encode())
        assert BODY[0:5] in parts[1]
        assert b"Content-Range: bytes 100-109/200" in parts[2]
        assert BODY[100:110] in parts[2]

    def test_unsatisfiable(self, dav: Dav) -> None:
        """416 says how long the content is."""
        answer = dav.get("a.bin", Range="bytes=200-")

        assert answer.status_int == 416
        assert answer.headers["Content-Range"] == "bytes */200"
        assert error_of(answer).exception == "RequestedRangeNotSatisfiable"

    @pytest.mark.parametrize("text", ["lines=1-2", "bytes=x", "bytes=5-1"])
    def test_what_cannot_be_read_is_ignored(self, dav: Dav, text: str) -> None:
        """The whole content then."""
        assert dav.get("a.bin", Range=text).status_int == 200

    def test_if_range(self, dav: Dav) -> None:
        """The part only if the client's beginning is of this state."""
        etag = dav.etag("a.bin")

        assert dav.get("a.bin", Range="bytes=0-0", If_Range=etag).status_int == 206
        assert dav.get("a.bin", Range="bytes=0-0", If_Range='"x"').status_int == 200

    def test_empty_file(self, dav: Dav) -> None:
        """No range lies in nothing."""
        dav.put("empty")

        assert dav.get("empty", Range="bytes=0-0").status_int == 416
        assert dav.get("empty").body == b""


class TestConditions:
    """RFC 9110 §13."""

    def test_not_modified(self, dav: Dav) -> None:
        """304 with the ETag and no body."""
        etag = dav.etag("a.bin")

        answer = dav.get("a.bin", If_None_Match=f'"other", {etag}')

        assert answer.status_int == 304
        assert answer.headers["ETag"] == etag
        assert answer.body == b""

    def test_weak_comparison(self, dav: Dav) -> None:
        """A proxy that compresses makes tags weak, or adds -gzip."""
        etag = dav.etag("a.bin")

        for text in (f"W/{etag}", f'{etag[:-1]}-gzip"', "*"):
            assert dav.get("a.bin", If_None_Match=text).status_int == 304

    def test_modified_since(self, dav: Dav) -> None:
        """By date, where there is no tag."""
        at = "Sun, 09 Sep 2001 01:46:40 GMT"

        assert dav.get("a.bin", If_Modified_Since=at).status_int == 304
        assert dav.get("a.bin", If_Unmodified_Since=at).status_int == 200
        assert (
            dav.get(
                "a.bin", If_Unmodified_Since="Sat, 08 Sep 2001 01:46:40 GMT"
            ).status_int
            == 412
        )

    def test_if_match(self, dav: Dav) -> None:
        """412 for another state."""
        assert dav.get("a.bin", If_Match='"x"').status_int == 412
        assert dav.get("a.bin", If_Match=dav.etag("a.bin")).status_int == 200


class TestOptions:
    """What is spoken here, told to anyone."""

    @pytest.mark.parametrize(
        "path",
        ["/dav/spaces/", "/webdav", "/remote.php/dav/files/admin/x", "/dav/spaces/bad"],
    )
    def test_needs_no_credentials(self, app: TestApp, path: str) -> None:
        """It tells of no file, so it asks for no password."""
        answer = app.request(path, method="OPTIONS")

        assert answer.status_int == 204
        assert answer.headers["DAV"] == "1, 2, 3"
        assert answer.headers["MS-Author-Via"] == "DAV"

    def test_allow_lists_what_answers(self, dav: Dav) -> None:
        """Every method named answers, and SEARCH, which does not, is not named."""
        allowed = dav.send("OPTIONS").headers["Allow"].split(", ")

        assert "SEARCH" not in allowed
        assert {"PROPFIND", "PROPPATCH", "REPORT", "LOCK", "UNLOCK"} <= set(allowed)
        for method in allowed:
            assert dav.send(method, "nothing").status_int not in {405, 501}

    @pytest.mark.parametrize("method", ["SEARCH", "TRACE", "MKCALENDAR", "X"])
    def test_other_methods(self, dav: Dav, method: str) -> None:
        """405 with what would answer."""
        answer = dav.send(method, "a.bin")

        assert answer.status_int == 405
        assert "PROPFIND" in answer.headers["Allow"]
        assert error_of(answer).exception == "MethodNotAllowed"


class TestPatch:
    """Nextcloud's way to ask for a checksum, as rclone does after it set a time."""

    @pytest.mark.parametrize("algorithm", ["sha1", "MD5", "SHA-256"])
    def test_tells_a_checksum(self, dav: Dav, algorithm: str) -> None:
        """By whatever algorithm is kept; nothing is changed."""
        dav.put("c.txt", b"content")
        name = algorithm.replace("-", "")
        before = dav.etag("c.txt")

        answer = dav.send("PATCH", "c.txt", headers={"X-Recalculate-Hash": algorithm})

        digest = hashlib.new(name.lower(), b"content").hexdigest()
        assert answer.status_int == 204
        assert answer.headers["OC-Checksum"] == f"{name.upper()}:{digest}"
        assert dav.etag("c.txt") == before

    @pytest.mark.parametrize(
        ("path", "headers", "status"),
        [
            ("c.txt", {}, 415),
            ("c.txt", {"X-Recalculate-Hash": "whirlpool"}, 400),
            ("c.txt", {"X-Recalculate-Hash": ""}, 400),
            ("", {"X-Recalculate-Hash": "sha1"}, 405),
            ("nothing", {"X-Recalculate-Hash": "sha1"}, 404),
        ],
    )
    def test_patches_nothing(
        self, dav: Dav, path: str, headers: dict[str, str], status: int
    ) -> None:
        """Whatever else it is meant to be."""
        dav.put("c.txt", b"content")

        answer = dav.send("PATCH", path, headers=headers)

        assert answer.status_int == status
        assert dav.get("c.txt").body == b"content"


def test_credentials_are_needed_for_everything_else(app: TestApp) -> None:
    """401 in sabre's form, and Basic first: duplicity reads no further."""
    answer = app.request("/remote.php/webdav/", method="PROPFIND", expect_errors=True)

    challenges = answer.headers.getall("WWW-Authenticate")
    assert [challenge.split()[0] for challenge in challenges] == ["Basic", "Bearer"]
    assert answer.status_int == 401
    assert error_of(answer).exception == "NotAuthenticated"
