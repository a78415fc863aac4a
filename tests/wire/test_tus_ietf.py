"""The IETF draft "Resumable Uploads for HTTP" at `/files`, interop version 8."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from webtest import TestApp, TestResponse

from spaces.library import Library
from spaces.model import Place, Space
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus

MISMATCH = "https://iana.org/assignments/http-problem-types#mismatching-upload-offset"
INCONSISTENT = (
    "https://iana.org/assignments/http-problem-types#inconsistent-upload-length"
)


@dataclass
class Draft:
    """A client of the draft."""

    app: TestApp
    auth: Mapping[str, str]
    environ: dict[str, Any] = field(default_factory=dict)

    def send(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        *,
        status: int,
        **headers: str | None,
    ) -> TestResponse:
        """One request in the draft's words; None leaves a header out."""
        given: dict[str, str | None] = {
            **self.auth,
            "Upload-Draft-Interop-Version": "8",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        sent = {name: value for name, value in given.items() if value is not None}
        request = self.app.RequestClass.blank(url, method=method, headers=sent)
        request.body = body
        request.environ.update(self.environ)
        return self.app.do_request(request, status=status)

    def create(
        self, body: bytes, complete: str, *, status: int = 201, **headers: str | None
    ) -> TestResponse:
        """POST to the collection."""
        given = {"Content_Type": "text/plain", **headers, "Upload_Complete": complete}
        return self.send("POST", "/files", body, status=status, **given)

    def start(self, length: int | None = None, digest: str | None = None) -> str:
        """The path of a new, empty upload."""
        told = None if length is None else str(length)
        return path_of(self.create(b"", "?0", Upload_Length=told, Repr_Digest=digest))

    def patch(
        self,
        path: str,
        offset: int,
        body: bytes,
        complete: str,
        *,
        status: int,
        **headers: str | None,
    ) -> TestResponse:
        """Append bytes."""
        given = {
            "Content_Type": "application/partial-upload",
            "Upload_Offset": str(offset),
            "Upload_Complete": complete,
            **headers,
        }
        return self.send("PATCH", path, body, status=status, **given)


def path_of(response: TestResponse) -> str:
    """The path of the Location."""
    return str(urlsplit(response.headers["Location"]).path)


@pytest.fixture
def draft(app: TestApp, admin: Person, home: Space) -> Draft:
    """A client."""
    return Draft(app, admin.basic)


def test_options_tell_the_limit(draft: Draft) -> None:
    """Upload-Limit is there even when there is none."""
    response = draft.send("OPTIONS", "/files", status=204)

    assert response.headers["Upload-Limit"] == "min-size=0"


def test_careful_creation(
    draft: Draft, library: Library, admin: Person, home: Space
) -> None:
    """Create, append, complete: each answer says where the upload stands."""
    created = draft.create(
        b"", "?0", Content_Disposition='attachment; filename="a.txt"'
    )
    path = path_of(created)
    first = draft.patch(path, 0, b"01234", "?0", status=204)
    head = draft.send("HEAD", path, status=204)
    last = draft.patch(path, 5, b"56789", "?1", status=200)

    assert created.headers["Upload-Complete"] == "?0"
    assert "max-age=" in created.headers["Upload-Limit"]
    assert first.headers["Upload-Offset"] == "5"
    assert head.headers["Upload-Offset"] == "5"
    assert head.headers["Upload-Complete"] == "?0"
    assert "Upload-Length" not in head.headers
    assert head.headers["Cache-Control"] == "no-store"
    assert last.headers["Upload-Complete"] == "?1"
    assert last.headers["Upload-Offset"] == "10"
    assert last.headers["ETag"]
    node = library.tree.get(admin.actor, Place(home.id, ("Uploads", "a.txt"))).node
    assert node.size == 10


def test_whole_upload_in_one_request(draft: Draft) -> None:
    """A creation may bring everything."""
    response = draft.create(b"hello", "?1")

    assert response.headers["Upload-Complete"] == "?1"
    digest = base64.b64encode(hashlib.sha256(b"hello").digest()).decode()
    assert f"sha-256=:{digest}:" in response.headers["Repr-Digest"]
    fetched = draft.send("GET", path_of(response), status=200)
    assert fetched.body == b"hello"
    assert fetched.headers["Content-Type"].startswith("text/plain")


def test_empty_upload(draft: Draft) -> None:
    """Nothing at all is an upload too."""
    assert draft.create(b"", "?1").headers["Upload-Complete"] == "?1"


def test_length_alone_does_not_complete(draft: Draft) -> None:
    """Only Upload-Complete ends an upload, not its length."""
    path = draft.start(5)
    draft.patch(path, 0, b"12345", "?0", status=204)
    before = draft.send("HEAD", path, status=204)

    draft.patch(path, 5, b"", "?1", status=200)

    after = draft.send("HEAD", path, status=204)
    assert before.headers["Upload-Complete"] == "?0"
    assert before.headers["Upload-Length"] == "5"
    assert after.headers["Upload-Complete"] == "?1"


def test_upload_found_without_a_word_of_the_draft(draft: Draft) -> None:
    """HEAD and DELETE need no header that names the protocol; tus sees nothing."""
    path = draft.start()

    head = draft.send("HEAD", path, status=204, Upload_Draft_Interop_Version=None)
    Tus(draft.app, "/files", draft.auth).head(path, status=404)
    draft.send("DELETE", path, status=204, Upload_Draft_Interop_Version=None)

    assert head.headers["Upload-Complete"] == "?0"
    draft.send("HEAD", path, status=410)


def test_mismatching_offset(draft: Draft) -> None:
    """409 with a problem that says where to go on."""
    path = draft.start()
    draft.patch(path, 0, b"123", "?0", status=204)

    response = draft.patch(path, 7, b"x", "?0", status=409)

    assert response.headers["Upload-Offset"] == "3"
    assert response.headers["Upload-Complete"] == "?0"
    assert response.content_type == "application/problem+json"
    problem = json.loads(response.body)
    assert problem["type"] == MISMATCH
    assert problem["expected-offset"] == 3
    assert problem["provided-offset"] == 7


def test_parameters_of_fields_are_passed_over(draft: Draft) -> None:
    """Structured fields may have parameters that nobody knows (RFC 9651)."""
    path = path_of(draft.create(b"abc", "?0;x=1", Upload_Length='6;y="z"'))

    wrong = draft.patch(path, 2, b"def", "?1", status=409, Upload_Offset="2;x")
    draft.patch(path, 3, b"def", "?1;x", status=200, Upload_Offset="3;x")

    assert wrong.json["provided-offset"] == 2
    assert draft.send("GET", path, status=200).body == b"abcdef"


def test_coded_bytes_are_refused(draft: Draft) -> None:
    """What is compressed is not what the file shall hold."""
    draft.create(b"abc", "?1", status=415, Content_Encoding="gzip")


def test_inconsistent_lengths(draft: Draft) -> None:
    """Lengths that contradict each other are refused, nothing is moved."""
    path = draft.start(10)
    answers = [
        draft.patch(path, 0, b"123", "?1", status=400),
        draft.patch(path, 0, b"1", "?0", status=400, Upload_Length="9"),
        draft.create(b"123", "?1", status=400, Upload_Length="5"),
    ]
    draft.patch(path, 0, b"x" * 11, "?1", status=413)

    assert {json.loads(answer.body)["type"] for answer in answers} == {INCONSISTENT}
    head = draft.send("HEAD", path, status=204)
    assert head.headers["Upload-Offset"] == "0"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload_Complete": None}, 400),
        ({"Upload_Complete": "1"}, 400),
        ({"Upload_Complete": "?2"}, 400),
        ({"Upload_Offset": None}, 400),
        ({"Upload_Offset": "x"}, 400),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Digest": "nonsense"}, 400),
    ],
)
def test_malformed_appends(
    draft: Draft, headers: dict[str, str | None], status: int
) -> None:
    """What cannot be read is refused."""
    path = draft.start()
    good: dict[str, str | None] = {
        "Upload_Complete": "?0",
        "Upload_Offset": "0",
        "Content_Type": "application/partial-upload",
    }

    draft.send("PATCH", path, b"x", status=status, **(good | headers))


def test_older_clients_send_parts_without_a_type(draft: Draft) -> None:
    """Until draft -03 parts had no media type of their own."""
    path = draft.start()

    draft.patch(
        path,
        0,
        b"x",
        "?1",
        status=200,
        Content_Type="application/octet-stream",
        Upload_Draft_Interop_Version="5",
    )


def test_digests(draft: Draft) -> None:
    """Content-Digest is of the request, Repr-Digest of the whole (RFC 9530)."""
    right = base64.b64encode(hashlib.sha256(b"12345").digest()).decode()
    wrong = base64.b64encode(hashlib.sha256(b"x").digest()).decode()
    path = draft.start(digest=f"sha-256=:{right}:, unknown=:AAAA:")

    draft.patch(
        path, 0, b"12345", "?1", status=400, Content_Digest=f"sha-256=:{wrong}:"
    )
    draft.patch(
        path, 0, b"12345", "?1", status=200, Content_Digest=f"sha-256=:{right}:"
    )

    bad = draft.start(digest=f"sha-256=:{wrong}:")
    draft.patch(bad, 0, b"12345", "?1", status=400)
    draft.send("HEAD", bad, status=410)


def test_interim_answer_tells_the_url(draft: Draft) -> None:
    """Where the server can, the URL is told before the first byte is read."""
    told: list[tuple[int, dict[str, str]]] = []
    draft.environ["ocsync.send_interim"] = lambda status, headers: told.append(
        (status, dict(headers))
    )

    response = draft.create(b"hello", "?1")

    ((status, headers),) = told
    assert status == 104
    assert headers["Location"] == response.headers["Location"]
    assert headers["Upload-Draft-Interop-Version"] == "8"
    assert "max-age" in headers["Upload-Limit"]
    draft.create(b"hello", "?1", Upload_Draft_Interop_Version="6")
    assert len(told) == 1


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="a b.txt"', "a b.txt"),
        ("attachment; filename=a.txt", "a.txt"),
        ("attachment; filename*=UTF-8''%e2%82%ac.txt; filename=\"x\"", "€.txt"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
    ],
)
def test_names(  # noqa: PLR0917
    draft: Draft,
    library: Library,
    admin: Person,
    home: Space,
    disposition: str,
    name: str,
) -> None:
    """The name comes from Content-Disposition, and stays in the folder."""
    draft.create(b"x", "?1", Content_Disposition=disposition)

    library.tree.get(admin.actor, Place(home.id, ("Uploads", name)))


def test_login_and_ownership(draft: Draft, alice: Person) -> None:
    """Uploads are for their owners."""
    path = draft.start()

    Draft(draft.app, {}).create(b"", "?0", status=401)
    Draft(draft.app, alice.basic).send("HEAD", path, status=404)
    draft.send("PUT", path, status=405)
