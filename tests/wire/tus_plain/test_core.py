"""tus 1.0.0 at `/files`: core, termination and download.

Tests are named by the rows of the tus checklist (`docs/tus.md`).
"""

import pytest
from webtest import TestApp

from spaces.ids import UploadId
from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus, encode, path_of
from tests.wire.tus_plain.calls import landed

EXTENSIONS = {
    "creation",
    "creation-with-upload",
    "creation-defer-length",
    "termination",
    "concatenation",
    "concatenation-unfinished",
    "checksum",
    "checksum-trailer",
    "expiration",
}


@pytest.mark.parametrize(
    "offset", ["-1", "abc", "1.5", "+0", "0x0", "", "9" * 30, "0, 0"]
)
def test_c01_offset_is_no_number(tus: Tus, offset: str) -> None:
    """A malformed offset is 400 and moves nothing."""
    path = tus.start(10)

    tus.patch(path, offset, b"x", status=400)

    assert tus.offset(path) == 0


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "10,10", "", "9" * 30])
def test_c02_length_is_no_number(tus: Tus, library: Library, length: str) -> None:
    """A malformed length is 400, and nothing is stored."""
    response = tus.create(length, status=400)

    assert "Location" not in response.headers
    assert library.uploads.list_open() == []


def test_c03_c09_c25_options(app: TestApp, tus: Tus) -> None:
    """OPTIONS announces version and extensions, with and without login."""
    for url in ("/files", "/files/", tus.start(1)):
        for headers in ({}, dict(tus.auth)):
            response = app.options(url, headers=headers)
            assert response.headers["Tus-Version"] == "1.0.0"
            assert set(response.headers["Tus-Extension"].split(",")) == EXTENSIONS
            assert "Tus-Max-Size" not in response.headers


def test_c04_every_answer_names_the_version(app: TestApp, tus: Tus) -> None:
    """Successes and refusals carry Tus-Resumable."""
    path, wrong = tus.start(5), encode(b"x" * 20)
    responses = [
        tus.create(5),
        tus.create(None, status=400),
        tus.create(5, Tus_Resumable=None, status=412),
        tus.patch(path, 3, b"x", status=409),
        tus.patch(path, 0, b"xxxxxx", status=413),
        tus.patch(path, 0, b"x", Content_Type="a/b", status=415),
        tus.patch(path, 0, b"x", Upload_Checksum=f"sha1 {wrong}", status=460),
        tus.head(path),
        tus.head("/files/unknown", status=404),
        tus.delete(path),
        tus.head(path, status=410),
        app.get("/files", headers=dict(tus.auth), status=405),
    ]

    assert {response.headers.get("Tus-Resumable") for response in responses} == {
        "1.0.0"
    }


@pytest.mark.parametrize("version", [None, "0.2.2", "1.0.1", "1.0.0, 1.0.0"])
def test_c05_c06_c07_wrong_version(
    tus: Tus, library: Library, version: str | None
) -> None:
    """Another version, or none, is 412 on every method, and nothing happens."""
    path = tus.start(5)
    other = Tus(tus.app, tus.url, tus.auth, version)

    responses = [
        other.create(5, status=412),
        other.patch(path, 0, b"12345", status=412),
        other.delete(path, status=412),
        other.head(path, status=412),
    ]

    assert {response.headers["Tus-Version"] for response in responses} == {"1.0.0"}
    assert tus.offset(path) == 0
    assert len(library.uploads.list_open()) == 1


def test_pages_of_any_origin_may_upload(app: TestApp, tus: Tus) -> None:
    """Every method answers every origin, refusals too, without credentials."""
    page, path = "https://example.org", tus.start(5)
    origin = {"Origin": page}
    headers = {**origin, "Access-Control-Request-Headers": "authorization"}
    preflights = [
        app.options(
            url,
            headers={**headers, "Access-Control-Request-Method": method},
            status=204,
        )
        for url, method in [
            ("/files", "POST"),
            ("/files/", "POST"),
            (path, "PATCH"),
            (path, "HEAD"),
            (path, "DELETE"),
            (path, "GET"),
        ]
    ]
    answers = [
        app.options("/files", headers=origin),
        app.post("/files", headers=origin, status=401),
        tus.create(5, Origin=page),
        tus.create(None, status=400, Origin=page),
        tus.patch(path, 1, b"x", status=409, Origin=page),
        tus.head(path, Origin=page),
        tus.patch(path, 0, b"12345", Origin=page),
        app.get(path, headers={**tus.auth, **origin}),
        tus.delete(path, Origin=page),
        app.post("/files", headers={**tus.auth, **origin, "Upload-Complete": "?0"}),
    ]

    for preflight in preflights:
        asked = preflight.request.headers["Access-Control-Request-Method"]
        assert asked in preflight.headers["Access-Control-Allow-Methods"]
        allowed = preflight.headers["Access-Control-Allow-Headers"].lower().split(", ")
        assert {"authorization", "tus-resumable", "upload-metadata"} <= set(allowed)
        assert {"upload-offset", "upload-concat", "upload-checksum"} <= set(allowed)
    for answer in (*preflights, *answers):
        assert answer.headers.getall("Access-Control-Allow-Origin") == ["*"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert answer.headers.getall("Vary") == ["Origin"]
    for answer in answers:
        exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
        assert {"Location", "Upload-Offset", "Upload-Expires", "Tus-Version"} <= set(
            exposed
        )
        tus_names = {
            name
            for name in answer.headers
            if name.startswith(("Tus-", "Upload-", "Location", "Repr-"))
        }
        assert tus_names <= set(exposed)
    assert "Access-Control-Allow-Origin" not in tus.head(tus.start(1)).headers


@pytest.mark.parametrize("coding", ["gzip", "br, identity"])
def test_coded_bytes_are_refused(tus: Tus, library: Library, coding: str) -> None:
    """What is compressed is not what the file shall hold."""
    path = tus.start(5)

    tus.patch(path, 0, b"12345", status=415, Content_Encoding=coding)
    tus.create(5, body=b"12345", status=415, Content_Encoding=coding)

    tus.patch(path, 0, b"12345", Content_Encoding="identity")
    assert library.uploads.list_open() == []


def test_empty_parts_change_nothing(tus: Tus, library: Library) -> None:
    """However many come, they are answered with the offset and leave no trace."""
    path = tus.start(5)
    tus.patch(path, 0, b"123")
    upload_id = UploadId(path.rpartition("/")[2])
    before = library.uploads.get(upload_id)

    for _ in range(3):
        assert tus.patch(path, 3, b"").headers["Upload-Offset"] == "3"
    tus.patch(path, 2, b"", status=409)

    assert library.uploads.get(upload_id) == before


def test_c08_options_ignores_the_version(app: TestApp) -> None:
    """OPTIONS is how a client learns which version to speak."""
    app.options("/files", headers={"Tus-Resumable": "9.9.9"}, status=204)


class TestLimit:
    """With a largest size."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Ten bytes at most."""
        return {"uploads.max_size": "10B"}

    def test_c10_c26_k05_largest_size(self, app: TestApp, tus: Tus) -> None:
        """What is announced is what is enforced."""
        assert app.options("/files").headers["Tus-Max-Size"] == "10"

        tus.create(10)
        tus.create(11, status=413)

    def test_d07_deferred_length_is_bounded(self, tus: Tus) -> None:
        """A length that nobody told cannot be exceeded either."""
        path = path_of(tus.create(None, Upload_Defer_Length="1"))

        tus.patch(path, 0, b"x" * 11, status=413)
        tus.patch(path, 0, b"x", Upload_Length="11", status=413)

        assert tus.offset(path) == 0


@pytest.mark.parametrize("method", ["PATCH", "HEAD", "DELETE"])
def test_c11_method_override(app: TestApp, tus: Tus, method: str) -> None:
    """POST can stand for what some networks do not let pass."""
    path = tus.start(5)
    headers = tus.headers(
        {
            "X-HTTP-Method-Override": method,
            "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream",
        }
    )

    response = app.post(path, b"12345", headers=headers)

    assert response.status_int == {"PATCH": 204, "HEAD": 200, "DELETE": 204}[method]


def test_c12_c13_c15_c16_head(tus: Tus) -> None:
    """HEAD tells offset and length at every stage, and is not to be stored."""
    path = tus.start(4)
    for offset in (0, 2, 4):
        response = tus.head(path)
        assert response.headers["Upload-Offset"] == str(offset)
        assert response.headers["Upload-Length"] == "4"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Content-Length"] == "0"
        assert response.body == b""
        if offset < 4:
            tus.patch(path, offset, b"xx")


def test_c14_head_of_nothing(app: TestApp, tus: Tus, alice: Person) -> None:
    """Unknown, malformed, deleted and others' uploads tell no offset."""
    mine, gone = tus.start(5), tus.start(5)
    tus.delete(gone)
    unknown = f"/files/{'0' * 8}-0000-4000-8000-{'0' * 12}"

    refusals = [
        tus.head(unknown, status=404),
        tus.head("/files/../etc", status=404),
        tus.head(gone, status=410),
        Tus(app, "/files", alice.basic).head(mine, status=404),
    ]

    assert not any("Upload-Offset" in refusal.headers for refusal in refusals)


def test_c17_parts_make_a_whole(
    app: TestApp, tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """Three parts are one file."""
    path = tus.start(10, "whole.txt")
    tus.patch(path, 0, b"0123")
    tus.patch(path, 4, b"4567")
    tus.patch(path, 8, b"89")

    assert landed(library, admin, home) == {"whole.txt": 10}
    content = app.get(path, headers=admin.basic)
    assert content.body == b"0123456789"


@pytest.mark.parametrize("media_type", ["", "application/octet-stream", "text/plain"])
def test_c18_type_of_parts(tus: Tus, media_type: str) -> None:
    """Other types are 415."""
    path = tus.start(5)

    tus.patch(path, 0, b"12345", Content_Type=media_type, status=415)


def test_c19_wrong_offsets(tus: Tus) -> None:
    """Lower, higher and past the end: 409, with the right one, nothing touched."""
    path = tus.start(5)
    tus.patch(path, 0, b"123")

    for offset in (0, 2, 4, 99):
        refused = tus.patch(path, offset, b"x", status=409)
        assert refused.headers["Upload-Offset"] == "3"
    tus.patch(path, 3, b"45")
    for offset in (0, 5, 6):
        refused = tus.patch(path, offset, b"x", status=409)
        assert refused.headers["Upload-Offset"] == "5"

    assert tus.offset(path) == 5


def test_c20_empty_part(tus: Tus) -> None:
    """No bytes at the right offset are a success that moves nothing."""
    path = tus.start(5)
    tus.patch(path, 0, b"12")

    assert tus.patch(path, 2, b"").headers["Upload-Offset"] == "2"


def test_c21_part_of_nothing(tus: Tus) -> None:
    """A PATCH of an unknown upload is 404."""
    tus.patch("/files/unknown", 0, b"x", status=404)


def test_c22_body_beyond_the_length(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """Nothing of it is stored, nothing published."""
    path = tus.start(5)

    tus.patch(path, 0, b"123456", status=413)

    assert tus.offset(path) == 0
    assert landed(library, admin, home) == {}


def test_c27_login(app: TestApp, tus: Tus) -> None:
    """Without credentials every method but OPTIONS is 401."""
    path = tus.start(5)
    nobody = Tus(app, "/files")

    refused = nobody.create(5, status=401)
    assert refused.headers["Tus-Resumable"] == "1.0.0"
    nobody.patch(path, 0, b"x", status=401)
    head = nobody.head(path, status=401)
    assert head.headers["Cache-Control"] == "no-store"
    nobody.delete(path, status=401)


def test_c28_chunked_body(app: TestApp, tus: Tus) -> None:
    """A body whose length only its end tells is taken."""
    path = tus.start(5)
    headers = tus.headers(
        {
            "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream",
            "Transfer-Encoding": "chunked",
        }
    )
    request = app.RequestClass.blank(path, method="PATCH", headers=headers)
    request.body_file_raw = __import__("io").BytesIO(b"12345")
    request.environ["wsgi.input_terminated"] = True
    request.environ.pop("CONTENT_LENGTH", None)

    response = app.do_request(request, status=204)

    assert response.headers["Upload-Offset"] == "5"


def test_t02_t03_t04_termination(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """An upload given up frees what it held, at any stage; a file made stays."""
    for count in (0, 3, 5):
        path = tus.start(5, "kept")
        if count:
            tus.patch(path, 0, b"12345"[:count])
        tus.delete(path)
        tus.head(path, status=410)
        tus.patch(path, count, b"x", status=410)
        tus.delete(path, status=410)

    assert landed(library, admin, home).keys() == {"kept"}
    assert list(library.blobs.staged_ids()) == []
    quota = library.catalog.get(admin.actor, home.id).quota
    assert (quota.used, quota.reserved) == (5, 0)


def test_get(app: TestApp, tus: Tus, alice: Person) -> None:
    """A finished upload can be fetched by its owner, whole or in part."""
    path = tus.start(5, "a.html")
    app.get(path, headers=dict(tus.auth), status=409)
    tus.patch(path, 0, b"12345")

    whole = app.get(path, headers=dict(tus.auth))
    some = app.get(path, headers={**tus.auth, "Range": "bytes=1-3"}, status=206)

    assert whole.body == b"12345"
    assert whole.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in whole.headers["Content-Security-Policy"]
    assert some.body == b"234"
    assert some.headers["Content-Range"] == "bytes 1-3/5"
    app.get(path, headers={**tus.auth, "Range": "bytes=9-"}, status=416)
    app.get(path, headers=alice.basic, status=404)
    app.get("/files/unknown", headers=dict(tus.auth), status=404)
    tus.delete(path)
    app.get(path, headers=dict(tus.auth), status=410)
