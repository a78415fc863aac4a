"""PUT: bodies become files wholly or not at all, and answers say what became."""

import hashlib
import io
import zlib

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Role, Space
from tests.wire.conftest import Person
from tests.wire.dav_client import OC, D, Dav, dav_on, error_of


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space."""
    return dav_on(app, library, admin, home)


def test_a_new_file(dav: Dav) -> None:
    """201 with everything a client would otherwise have to ask for."""
    answer = dav.put("a.txt", b"hello")

    row = dav.row("a.txt", "d:getetag", "oc:id", "d:getlastmodified", "oc:permissions")
    assert answer.status_int == 201
    assert answer.headers["ETag"] == row.text(f"{D}getetag")
    assert answer.headers["OC-ETag"] == answer.headers["ETag"]
    assert answer.headers["OC-FileId"] == row.text(f"{OC}id")
    assert answer.headers["OC-Perm"] == row.text(f"{OC}permissions") == "RDNVWZP"
    assert answer.headers["Last-Modified"] == row.text(f"{D}getlastmodified")
    assert answer.headers["Last-Modified"].endswith(" GMT")
    assert dav.get("a.txt").body == b"hello"


def test_overwriting_keeps_the_id_and_makes_a_version(dav: Dav) -> None:
    """204; same id, another ETag."""
    first = dav.put("a.txt", b"one")
    second = dav.put("a.txt", b"two")

    assert second.status_int == 204
    assert second.headers["OC-FileId"] == first.headers["OC-FileId"]
    assert second.headers["ETag"] != first.headers["ETag"]
    assert dav.get("a.txt").body == b"two"


def test_mtime_is_accepted(dav: Dav) -> None:
    """X-OC-Mtime sets the time, with or without a fraction."""
    answer = dav.put("a.txt", b"x", X_OC_Mtime="1000000000.75")

    assert answer.headers["X-OC-Mtime"] == "accepted"
    assert answer.headers["Last-Modified"] == "Sun, 09 Sep 2001 01:46:40 GMT"


@pytest.mark.parametrize("mtime", ["yesterday", "", "1e5", "99999999999999"])
def test_a_broken_mtime_is_refused(dav: Dav, mtime: str) -> None:
    """A time that is none is not passed over: the client would think it was set."""
    answer = dav.put("a.txt", b"x", X_OC_Mtime=mtime)

    assert answer.status_int == 400
    assert dav.names() == []


@pytest.mark.parametrize(
    "checksum",
    [
        "SHA1:" + hashlib.sha1(b"hello").hexdigest(),
        "sha1:" + hashlib.sha1(b"hello").hexdigest().upper(),
        "MD5:" + hashlib.md5(b"hello").hexdigest(),
        "SHA256:" + hashlib.sha256(b"hello").hexdigest(),
        f"ADLER32:{zlib.adler32(b'hello'):x}",
        "SHA1:{} MD5:{}".format(
            hashlib.sha1(b"hello").hexdigest(), hashlib.md5(b"hello").hexdigest()
        ),
    ],
)
def test_checksums_that_match(dav: Dav, checksum: str) -> None:
    """Every algorithm ownCloud clients may choose is verified."""
    assert dav.put("a.txt", b"hello", OC_Checksum=checksum).status_int == 201


def test_a_wrong_checksum_changes_nothing(dav: Dav) -> None:
    """400 with sabre's body; the file stays as it was."""
    dav.put("a.txt", b"good")
    before = dav.etag("a.txt")

    answer = dav.put("a.txt", b"bad", OC_Checksum="SHA1:" + "0" * 40)

    assert answer.status_int == 400
    refused = error_of(answer)
    assert refused.exception == "BadRequest"
    assert refused.message == (
        "The computed checksum does not match the one received from the client."
    )
    assert dav.etag("a.txt") == before
    assert dav.get("a.txt").body == b"good"


@pytest.mark.parametrize("checksum", ["SHA1", "SHA1:xyz", "CRC64:12", "SHA1:12"])
def test_a_malformed_checksum_is_refused(dav: Dav, checksum: str) -> None:
    """What cannot be verified is not accepted in silence."""
    assert dav.put("a.txt", b"x", OC_Checksum=checksum).status_int == 400


def test_the_total_length_is_informational(dav: Dav) -> None:
    """OwnCloud clients send OC-Total-Length beside Content-Length."""
    assert dav.put("a.txt", b"abc", OC_Total_Length="3").status_int == 201


class TestConditions:
    """If-Match and If-None-Match, before the body and again at the commit."""

    def test_if_match(self, dav: Dav) -> None:
        """Only the state that the client knows is overwritten."""
        dav.put("a.txt", b"one")
        etag = dav.etag("a.txt")

        assert dav.put("a.txt", b"two", If_Match=etag).status_int == 204
        answer = dav.put("a.txt", b"three", If_Match=etag)

        assert answer.status_int == 412
        assert error_of(answer).exception == "PreconditionFailed"
        assert dav.get("a.txt").body == b"two"

    def test_if_match_on_nothing(self, dav: Dav) -> None:
        """`*` wants that there is something."""
        assert dav.put("a.txt", b"x", If_Match="*").status_int == 412
        assert dav.put("a.txt", b"x", If_Match='"x"').status_int == 412
        assert dav.names() == []

    def test_if_none_match(self, dav: Dav) -> None:
        """`*` creates, and never overwrites."""
        assert dav.put("a.txt", b"one", If_None_Match="*").status_int == 201
        assert dav.put("a.txt", b"two", If_None_Match="*").status_int == 412
        assert dav.get("a.txt").body == b"one"

    def test_a_change_while_the_body_comes(self, dav: Dav) -> None:
        """The condition is judged again when the body is in."""
        dav.put("a.txt", b"one")
        etag = dav.etag("a.txt")

        class Interrupted(io.BytesIO):
            """A body in the middle of which somebody else writes the file."""

            def read(self, size: int | None = -1, /) -> bytes:
                data = super().read(size)
                if data:
                    dav.put("a.txt", b"theirs")
                return data

        answer = dav.send(
            "PUT",
            "a.txt",
            headers={"If-Match": etag, "Content-Length": "4"},
            environ={"wsgi.input": Interrupted(b"mine"), "CONTENT_LENGTH": "4"},
        )

        assert answer.status_int == 412
        assert dav.get("a.txt").body == b"theirs"

    @pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
    def test_malformed_lists(self, dav: Dav, header: str) -> None:
        """A list that cannot be read must not be taken for no condition."""
        answer = dav.send("PUT", "a.txt", b"x", headers={header: '"a" "b'})

        assert answer.status_int == 400
        assert dav.names() == []


class TestBodies:
    """However the body comes, a file is what the client meant or is not there."""

    def test_empty(self, dav: Dav) -> None:
        """Empty files are files."""
        assert dav.put("a.txt").status_int == 201
        assert dav.row("a.txt", "oc:size").text(f"{OC}size") == "0"

    def test_chunked(self, dav: Dav) -> None:
        """A body of unknown length ends where the server says."""
        answer = dav.send(
            "PUT",
            "a.txt",
            environ={
                "wsgi.input": io.BytesIO(b"chunks"),
                "wsgi.input_terminated": True,
                "CONTENT_LENGTH": "",
            },
        )

        assert answer.status_int == 201
        assert dav.get("a.txt").body == b"chunks"

    def test_cut_short(self, dav: Dav) -> None:
        """A body that ends early never becomes a file."""
        answer = dav.send(
            "PUT",
            "a.txt",
            environ={"wsgi.input": io.BytesIO(b"half"), "CONTENT_LENGTH": "100"},
        )

        assert answer.status_int == 400
        assert dav.names() == []

    def test_cut_short_over_an_old_one(self, dav: Dav) -> None:
        """Nor does it take an old one away."""
        dav.put("a.txt", b"old")
        before = dav.etag()

        dav.send(
            "PUT",
            "a.txt",
            environ={"wsgi.input": io.BytesIO(b"ne"), "CONTENT_LENGTH": "3"},
        )

        assert dav.get("a.txt").body == b"old"
        assert dav.etag() == before

    def test_large(self, dav: Dav) -> None:
        """More than a few buffers, hashed on another thread."""
        body = bytes(range(256)) * 40_000
        digest = hashlib.sha1(body).hexdigest()

        answer = dav.put("a.bin", body, OC_Checksum=f"SHA1:{digest}")

        assert answer.status_int == 201
        assert dav.get("a.bin").body == body

    def test_content_range_is_refused(self, dav: Dav) -> None:
        """RFC 9110 §14.5: a part must not be taken for the whole."""
        answer = dav.put("a.txt", b"x", Content_Range="bytes 0-0/2")

        assert answer.status_int == 400
        assert dav.names() == []

    def test_content_encoding_is_refused(self, dav: Dav) -> None:
        """What is stored is what was sent; compressed bodies are not unpacked."""
        assert dav.put("a", b"x", Content_Encoding="gzip").status_int == 415
        assert dav.put("a", b"x", Content_Encoding="identity").status_int == 201


class TestPlaces:
    """Where a file can be, and where not."""

    def test_missing_parent(self, dav: Dav) -> None:
        """409: the client makes the folder first."""
        answer = dav.put("no/a.txt", b"x")

        assert answer.status_int == 409
        assert error_of(answer).exception == "Conflict"

    def test_below_a_file(self, dav: Dav) -> None:
        """A file holds nothing."""
        dav.put("a.txt", b"x")

        assert dav.put("a.txt/b.txt", b"x").status_int == 409

    def test_on_a_folder(self, dav: Dav) -> None:
        """A folder is not overwritten with content."""
        dav.mkcol("folder")

        assert dav.put("folder", b"x").status_int == 409
        assert dav.put("", b"x").status_int == 409
        assert dav.names() == ["folder"]

    @pytest.mark.parametrize(
        "raw",
        [
            "%20",
            "a%0Ab",
            "a%0Db",
            "a%5Cb",
            "a%00b",
            "..",
            "%2e%2e",
            "x/..",
            "a%2Fb",
            "x" * 256,
            "%C3%BC" * 128,
            "%FF",
            "%",
        ],
    )
    def test_forbidden_names(self, dav: Dav, raw: str) -> None:
        """400 for what nothing may be called, and for paths that climb."""
        url = dav.base + raw
        answer = dav.send("PUT", raw=url, body=b"x", environ={"REQUEST_URI": url})

        assert answer.status_int == 400
        assert error_of(answer).exception == "BadRequest"
        assert dav.names() == []

    @pytest.mark.parametrize(
        "name",
        ["a b", "ü", "u\u0308", "100%", "#?&+'\"", "x" * 255, "ü" * 127, ".a", "😀"],
    )
    def test_odd_names(self, dav: Dav, name: str) -> None:
        """Everything else is stored exactly as given."""
        assert dav.put(name, b"x").status_int == 201
        assert dav.names() == [name]
        assert dav.get(name).body == b"x"

    def test_names_are_unique_by_their_nfc_form(self, dav: Dav) -> None:
        """A name typed on macOS and on Linux is the same file."""
        dav.put("\u00fc", b"linux")

        assert dav.put("u\u0308", b"macos").status_int == 204
        assert dav.names() == ["\u00fc"]

    def test_hrefs_echo_the_path_that_was_asked(self, dav: Dav) -> None:
        """Asked by the other form, the answer has that form."""
        dav.put("\u00fc", b"x")

        assert dav.row("u\u0308", "oc:name").path.endswith("/u\u0308")


def test_a_viewer_may_not_write(
    app: TestApp, library: Library, admin: Person, alice: Person
) -> None:
    """403 for who may see, 404 for who may not."""
    space = library.catalog.create_project(admin.actor, "Orbit")
    theirs = dav_on(app, library, alice, space)
    dav_on(app, library, admin, space).put("a.txt", b"x")

    assert theirs.put("b.txt", b"x").status_int == 404
    library.catalog.set_member(admin.actor, space.id, alice.actor.user_id, Role.VIEWER)

    answer = theirs.put("b.txt", b"x")
    assert answer.status_int == 403
    assert error_of(answer).exception == "Forbidden"
    assert theirs.get("a.txt").status_int == 200


def test_quota_is_507(app: TestApp, library: Library, admin: Person) -> None:
    """RFC 4331 §6: insufficient storage, with the condition that says why."""
    space = library.catalog.create_project(admin.actor, "Small", quota=10)
    dav = dav_on(app, library, admin, space)

    assert dav.put("a", b"12345678").status_int == 201
    answer = dav.put("b", b"123")

    assert answer.status_int == 507
    refused = error_of(answer)
    assert refused.exception == "InsufficientStorage"
    assert refused.conditions == (f"{D}quota-not-exceeded",)
    assert dav.put("a", b"1234567890").status_int == 204


def test_quota_stops_an_endless_body(
    app: TestApp, library: Library, admin: Person
) -> None:
    """A body of unknown length is cut off where the quota ends."""
    space = library.catalog.create_project(admin.actor, "Small", quota=1000)
    dav = dav_on(app, library, admin, space)

    class Endless(io.RawIOBase):
        """Bytes without end."""

        taken = 0

        def read(self, size: int = -1, /) -> bytes:
            self.taken += size
            return b"x" * size

    endless = Endless()
    answer = dav.send(
        "PUT",
        "a",
        environ={
            "wsgi.input": endless,
            "webob.is_body_seekable": False,
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": "",
        },
    )

    assert answer.status_int == 507
    assert endless.taken < 1_000_000
    assert dav.names() == []


def test_more_than_the_disk_holds_is_507_before_a_byte(dav: Dav) -> None:
    """What has been announced counts as if it had come; none of it is asked for."""
    answer = dav.send(
        "PUT",
        "a",
        environ={
            "wsgi.input": _Unread(),
            "webob.is_body_seekable": False,
            "CONTENT_LENGTH": str(10**17),
        },
    )

    assert answer.status_int == 507
    assert dav.names() == []


class _Unread(io.RawIOBase):
    """A body that must not be read."""

    def read(self, size: int = -1, /) -> bytes:
        raise AssertionError(f"{size} bytes were asked for")
