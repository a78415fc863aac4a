"""POST on WebDAV URLs: beginning uploads on spaces.

Tests are named by the rows of the oCIS case table (`docs/tus.md`).
"""

import re

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Place, Space
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus
from tests.wire.tus_spaces.calls import exists

FAMILIES = ("spaces", "files", "webdav")


@pytest.fixture(params=[f"{legacy}{name}" for legacy in ("", "/") for name in FAMILIES])
def family(
    request: pytest.FixtureRequest,
    app: TestApp,
    library: Library,
    admin: Person,
    home: Space,
) -> Tus:
    """A client on the same space by each kind of URL."""
    legacy, _, name = str(request.param).rpartition("/")
    urls = {
        "spaces": f"/dav/spaces/{library.storage_id}${home.id}",
        "files": "/dav/files/admin",
        "webdav": "/webdav",
    }
    prefix = "/remote.php" if str(request.param).startswith("/") else ""
    del legacy
    return Tus(app, prefix + urls[name], admin.basic)


def test_case_08_creation_answers_as_the_seed_does(family: Tus) -> None:
    """A creation is answered with a data URL and oCIS's headers, on every URL."""
    response = family.create(100, "world")

    headers = response.headers
    assert re.fullmatch(
        r"http://localhost/data/[\w-]+\.[\w-]+\.[\w-]+", headers["Location"]
    )
    assert headers["Tus-Resumable"] == "1.0.0"
    assert (
        headers["Tus-Extension"] == "creation,creation-with-upload,checksum,expiration"
    )
    assert (
        headers["Access-Control-Allow-Headers"]
        == "Tus-Resumable, Upload-Length, Upload-Metadata, If-Match"
    )
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert (
        headers["Access-Control-Expose-Headers"]
        == "Tus-Resumable, Upload-Offset, Location"
    )
    assert headers["Vary"] == "Origin"
    assert headers["Content-Length"] == "0"
    assert headers["Content-Security-Policy"] == "default-src 'none';"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Download-Options"] == "noopen"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["X-Permitted-Cross-Domain-Policies"] == "none"
    assert headers["X-Robots-Tag"] == "none"
    assert headers["X-Request-Id"]
    assert response.body == b""


def test_case_07_no_largest_size_is_announced(app: TestApp, tus: Tus) -> None:
    """What a client sees of limits is the size of one request, in the capabilities."""
    capabilities = "/ocs/v1.php/cloud/capabilities?format=json"
    told = app.get(capabilities, headers=dict(tus.auth)).json
    support = told["ocs"]["data"]["capabilities"]["files"]["tus_support"]

    responses = [
        app.options(tus.url, headers=dict(tus.auth)),
        tus.create(5),
        app.options(tus.start(5)),
    ]

    assert support["max_chunk_size"] == 10_000_000
    assert all("Tus-Max-Size" not in response.headers for response in responses)


class TestLargestSize:
    """With a largest size in the settings."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Ten bytes."""
        return {"uploads.max_size": "10B"}

    def test_case_07_a_largest_size_is_said_where_there_is_one(
        self, app: TestApp, tus: Tus
    ) -> None:
        """OPTIONS tells it, as tus 1.0 wants, and a client is spared the 413."""
        for response in (
            app.options(tus.url, headers=dict(tus.auth)),
            app.options(tus.start(5)),
            app.options("/files"),
        ):
            assert response.headers["Tus-Max-Size"] == "10"
        tus.create(11, status=413)


@pytest.mark.parametrize(("method", "status"), [("DELETE", 405), ("PUT", 400)])
def test_overrides_are_for_uploads(
    tus: Tus, library: Library, method: str, status: int
) -> None:
    """Who means another method with a folder does not begin an upload there."""
    tus.create(5, status=status, X_HTTP_Method_Override=method)

    assert library.uploads.list_open() == []


def test_case_09_nothing_is_visible_before_the_last_byte(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """An upload that is not finished is no file."""
    path = tus.start(5)
    tus.patch(path, 0, b"1234")

    assert not exists(library, admin, home, "file.bin")


def test_case_10_no_length(tus: Tus) -> None:
    """A creation without a length is 412, without a Location."""
    assert "Location" not in tus.create(None, status=412).headers


@pytest.mark.parametrize("version", [None, "0.2.2", "2.0.0", "1.0.0, 1.0.0"])
def test_case_11_wrong_version(tus: Tus, version: str | None) -> None:
    """Another version of tus, or none, is 412 and says which one is spoken."""
    response = tus.create(5, Tus_Resumable=version, status=412)

    assert response.headers["Tus-Version"] == "1.0.0"
    assert response.headers["Tus-Resumable"] == "1.0.0"


def test_case_12_no_deferred_length(tus: Tus) -> None:
    """A length cannot be told later here."""
    tus.create(None, Upload_Defer_Length="1", status=412)


@pytest.mark.parametrize("length", ["abc", "-1", "1e3", "+5", "1.5", "9" * 30, "10,10"])
def test_case_13_14_length_is_no_number(tus: Tus, length: str) -> None:
    """A length that is no non-negative integer is 400."""
    assert "Location" not in tus.create(length, status=400).headers


def test_case_37_urls_by_id(
    app: TestApp, library: Library, admin: Person, home: Space
) -> None:
    """A folder can be named by its id; a file can hold nothing."""
    folder = library.tree.make_folder(admin.actor, Place(home.id, ("FOLDER",)))
    by_id = Tus(
        app, f"/dav/spaces/{library.storage_id}${home.id}!{folder.id}", admin.basic
    )
    file_id = by_id.create(0, "file").headers["OC-FileId"]

    Tus(app, f"/dav/spaces/{file_id}", admin.basic).create(0, "", status=412)

    assert exists(library, admin, home, "FOLDER", "file")


def test_case_38_login_is_needed(app: TestApp, tus: Tus) -> None:
    """Nobody creates an upload without credentials."""
    response = Tus(app, tus.url).create(5, status=401)

    challenges = response.headers.getall("WWW-Authenticate")
    assert any(challenge.startswith("Basic realm=") for challenge in challenges)


def test_post_outside_of_a_space_is_refused(app: TestApp, admin: Person) -> None:
    """Uploads begin in folders of spaces only."""
    for url in ("/dav/spaces", "/dav/files", "/dav"):
        Tus(app, url, admin.basic).create(0, status=405)


def test_errors_are_phrased_by_webdav(tus: Tus) -> None:
    """A refused creation has a DAV error body and tus's headers."""
    response = tus.create(None, status=412)

    assert b"<s:exception>Sabre\\DAV\\Exception\\PreconditionFailed" in response.body
    assert response.headers["Tus-Resumable"] == "1.0.0"


def test_concatenation_is_refused(tus: Tus) -> None:
    """Extensions that are not announced do not work on spaces."""
    tus.create(5, Upload_Concat="partial", status=400)
