"""What is announced, and to whom.

Tests are named by the rows of the oCIS case table (`docs/tus.md`).
"""

import base64

import pytest
from webtest import TestApp, TestResponse

from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus

EXTENSIONS = "creation,creation-with-upload,checksum,expiration"
ALGORITHMS = "md5,sha1,sha256,sha512,crc32,adler32"


def require_announced(response: TestResponse) -> None:
    """Fail unless the answer announces tus."""
    assert response.headers["Tus-Resumable"] == "1.0.0"
    assert response.headers["Tus-Version"] == "1.0.0"
    assert response.headers["Tus-Extension"] == EXTENSIONS
    assert response.headers["Tus-Checksum-Algorithm"] == ALGORITHMS
    assert "Tus-Max-Size" not in response.headers  # case 7
    exposed = response.headers["Access-Control-Expose-Headers"]
    assert "Tus-Extension" in exposed


@pytest.mark.parametrize("prefix", ["", "/remote.php"])
def test_case_01_options_announce(
    app: TestApp, library: Library, admin: Person, home: Space, prefix: str
) -> None:
    """OPTIONS on every kind of WebDAV URL tells what uploads can do."""
    space = f"{library.storage_id}${home.id}"
    for url in ("/webdav/", "/dav/files/admin/", f"/dav/spaces/{space}/"):
        response = app.options(prefix + url, headers=admin.basic)
        assert response.status_int in {200, 204}
        require_announced(response)


def test_case_02_options_without_login(app: TestApp, tus: Tus) -> None:
    """Nobody needs credentials for that."""
    require_announced(app.options("/remote.php/webdav/"))
    require_announced(app.options(tus.url))


def test_case_03_options_with_wrong_password(app: TestApp, admin: Person) -> None:
    """Wrong credentials make no difference."""
    wrong = base64.b64encode(b"admin:wrong").decode()

    response = app.options("/dav/", headers={"Authorization": f"Basic {wrong}"})

    require_announced(response)


def test_case_04_options_names_what_webdav_can_do(app: TestApp, tus: Tus) -> None:
    """OPTIONS still is WebDAV's."""
    response = app.options(tus.url)

    assert {"PROPFIND", "POST", "PUT", "LOCK"} <= {
        name.strip() for name in response.headers["Allow"].split(",")
    }
    assert response.headers["DAV"].startswith("1, 2")
    assert response.headers["MS-Author-Via"] == "DAV"


def test_case_06_propfind_announces(app: TestApp, tus: Tus) -> None:
    """OwnCloud Web reads what uploads can do from the listing of the folder."""
    response = app.request(
        tus.url, method="PROPFIND", headers={**tus.auth, "Depth": "0"}
    )

    assert response.status_int == 207
    require_announced(response)


def test_case_94_pages_of_any_origin_may_upload(app: TestApp, tus: Tus) -> None:
    """Data URLs answer preflights of every origin, without credentials."""
    path = tus.start(5)
    origin = {"Origin": "https://example.org"}

    preflight = app.options(
        path,
        headers={**origin, "Access-Control-Request-Method": "PATCH"},
        status=204,
    )
    head = tus.head(path, Origin="https://example.org")

    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "PATCH" in preflight.headers["Access-Control-Allow-Methods"]
    assert "Upload-Offset" in preflight.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in preflight.headers
    assert head.headers["Access-Control-Allow-Origin"] == "*"
    exposed = head.headers["Access-Control-Expose-Headers"]
    for name in ("Upload-Offset", "Upload-Length", "ETag", "OC-ETag", "OC-FileId"):
        assert name in exposed


def test_case_94_pages_of_any_origin_may_begin_an_upload(
    app: TestApp, tus: Tus
) -> None:
    """POST on a folder is open to every page; other methods are not."""
    origin = "https://example.org"

    def ask(method: str) -> TestResponse:
        headers = {"Origin": origin, "Access-Control-Request-Method": method}
        return app.options(tus.url, headers=headers, status=204)

    created = tus.create(5, Origin=origin)
    refused = tus.create(None, Origin=origin, status=412)

    assert ask("POST").headers["Access-Control-Allow-Origin"] == "*"
    assert "Upload-Length" in ask("POST").headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Origin" not in ask("PUT").headers
    for response in (created, refused):
        assert response.headers.getall("Access-Control-Allow-Origin") == ["*"]
        assert "Location" in response.headers["Access-Control-Expose-Headers"]


def test_c25_options_on_the_upload(app: TestApp, tus: Tus) -> None:
    """OPTIONS announces tus there too, whatever version is asked for."""
    response = app.options(tus.start(5), headers={"Tus-Resumable": "9.9.9"})

    assert response.headers["Tus-Version"] == "1.0.0"
    assert response.headers["Tus-Extension"] == EXTENSIONS
