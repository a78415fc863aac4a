"""HEAD, DELETE and expiry of uploads, and the tokens in their URLs.

Tests are named by the rows of the oCIS case table (`docs/tus.md`).
"""

import base64
import json

import jwt
import pytest
from webtest import TestApp

from ocsync.data_urls import DataUrls
from ocsync.datadir import read_secrets
from ocsync.settings import Settings
from spaces.clock import HOUR, SECOND, Instant
from spaces.ids import UploadId
from spaces.library import Library
from spaces.model import Place, Space
from spaces.upload_model import UploadState
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus, path_of
from tests.wire.tus_spaces.calls import claims_of


def test_case_75_head(tus: Tus) -> None:
    """HEAD tells all there is to know."""
    path = path_of(tus.create(10, pairs={"mtime": "1701708712"}))
    tus.patch(path, 0, b"0123")

    response = tus.head(path)

    headers = response.headers
    assert headers["Upload-Offset"] == "4"
    assert headers["Upload-Length"] == "10"
    assert headers["Upload-Metadata"] == (
        "filename ZmlsZS5iaW4=,mtime MTcwMTcwODcxMg=="
    )
    assert headers["Cache-Control"] == "no-store"
    assert headers["Tus-Resumable"] == "1.0.0"
    assert headers["Content-Length"] == "0"
    assert response.body == b""


def test_case_76_head_without_version(tus: Tus) -> None:
    """The desktop client resumes without Tus-Resumable; another version is 412."""
    path = tus.start(10)

    assert tus.head(path, Tus_Resumable=None).headers["Upload-Offset"] == "0"
    refused = tus.head(path, Tus_Resumable="0.2.2", status=412)
    assert refused.headers["Tus-Version"] == "1.0.0"


def test_case_77_head_of_ended_uploads(tus: Tus, library: Library) -> None:
    """A terminated upload is 410; a finished one still tells its result."""
    terminated, finished = tus.start(5, "one"), tus.start(5, "two")
    tus.delete(terminated)
    tus.patch(finished, 0, b"12345")

    gone = tus.head(terminated, status=410)
    assert "Upload-Offset" not in gone.headers
    assert gone.headers["Cache-Control"] == "no-store"
    assert tus.head(finished).headers["Upload-Offset"] == "5"


def test_case_78_delete(
    app: TestApp, tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """A terminated upload frees what it held and leaves the target alone."""
    tus.create(3, body=b"old")
    path = tus.start(10)
    tus.patch(path, 0, b"01234")
    upload = library.uploads.get(UploadId(str(claims_of(path)["target"])))

    tus.delete(path)

    tus.head(path, status=410)
    tus.patch(path, 5, b"56789", status=410)
    tus.delete(path, status=410)
    assert library.catalog.get(admin.actor, home.id).quota.reserved == 0
    assert upload.blob_id not in set(library.blobs.staged_ids())
    assert app.get(f"{tus.url}/file.bin", headers=admin.basic).body == b"old"


def test_delete_of_a_finished_upload_keeps_the_file(app: TestApp, tus: Tus) -> None:
    """T02: what ends is the record; the file is the user's."""
    path = tus.start(5)
    tus.patch(path, 0, b"12345")

    tus.delete(path)

    tus.head(path, status=410)
    assert app.get(f"{tus.url}/file.bin", headers=dict(tus.auth)).body == b"12345"


def foreign_tokens(path: str) -> list[str]:
    """Tokens like that of the path, each wrong in another way."""
    token = path.rsplit("/", maxsplit=1)[-1]
    claims = claims_of(path)
    head, body, signature = token.split(".")
    key = "k" * 32
    other = base64.urlsafe_b64encode(
        json.dumps({**claims, "target": "x"}).encode()
    ).decode()
    return [
        "",
        "nonsense",
        "a.b.c",
        f"{head}.{other.rstrip('=')}.{signature}",
        f"{head}.{body}.{'A' * len(signature)}",
        f"{head}.{body}.",
        jwt.encode(claims, key, algorithm="HS256"),
        jwt.encode(claims, key * 2, algorithm="HS512"),
        jwt.encode(claims, "", algorithm="none"),
        token + "x" * 5000,
    ]


def test_case_79_tokens_that_are_not_ours(app: TestApp, tus: Tus) -> None:
    """A token that was not signed by us, and in our way, is 403 with an empty body."""
    path = tus.start(5)
    for token in foreign_tokens(path):
        for method in ("HEAD", "PATCH", "DELETE", "GET"):
            response = app.request(
                f"/data/{token}",
                method=method,
                headers={"Tus-Resumable": "1.0.0"},
                status=403,
            )
            assert response.body == b""
            assert response.headers["Tus-Resumable"] == "1.0.0"
    assert tus.offset(path) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "other"},
        {"aud": None},
        {"exp": 1},
        {"exp": "soon"},
        {"exp": None},
        {"iat": 2**39},
        {"iat": None},
        {"target": None},
        {"target": 5},
        {"target": ""},
        {"target": "x" * 300},
    ],
)
def test_case_80_claims_that_are_not_valid(
    app: TestApp, tus: Tus, settings: Settings, change: dict[str, object]
) -> None:
    """Our own signature under expired or wrong claims is 403 as well."""
    key = read_secrets(settings).transfer_key
    claims = {**claims_of(tus.start(5)), **change}
    kept = {name: value for name, value in claims.items() if value is not None}

    response = app.head(f"/data/{jwt.encode(kept, key)}", status=403)

    assert response.body == b""


class TestRotatedKey:
    """With a new secret, and the one before it."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Two secrets."""
        return {
            "auth.jwt_secret": "n" * 32,
            "auth.former_jwt_secrets": "o" * 32,
        }

    def test_former_keys_are_still_accepted(self, app: TestApp, tus: Tus) -> None:
        """URLs signed before a change of the secret stay good."""
        claims = claims_of(tus.start(5))

        for secret, status in (("n", 200), ("o", 200), ("x", 403)):
            token = jwt.encode(claims, secret * 32, algorithm="HS256")
            app.head(f"/data/{token}", status=status)


def test_audience_may_be_a_list(app: TestApp, tus: Tus, settings: Settings) -> None:
    """Newer oCIS writes the audience as a list."""
    key = read_secrets(settings).transfer_key
    claims = {**claims_of(tus.start(5)), "aud": ["reva"]}

    app.head(f"/data/{jwt.encode(claims, key)}", status=200)


def test_token_says_what_the_seed_says(tus: Tus, library: Library) -> None:
    """The claims are oCIS's; the target is opaque; both expiries are one."""
    response = tus.patch(path := tus.start(5), 0, b"1")

    claims = claims_of(path)
    assert jwt.get_unverified_header(path.split("/")[-1])["alg"] == "HS256"
    assert claims["aud"] == "reva"
    assert int(str(claims["exp"])) - int(str(claims["iat"])) == 86_400
    assert response.headers["Upload-Expires"] == str(claims["exp"])
    assert "/" not in str(claims["target"])


def test_target_that_is_no_upload(
    app: TestApp, library: Library, settings: Settings
) -> None:
    """A valid token for nothing is 404."""
    now = library.uploads.now()
    urls = DataUrls(
        keys=(read_secrets(settings).transfer_key,), clock=library.uploads.now
    )
    token = urls.sign("nothing", issued_at=now, expires_at=Instant(now + HOUR))

    app.head(f"/data/{token}", status=404)


def test_case_81_token_is_the_credential(app: TestApp, tus: Tus) -> None:
    """No login is needed, and a wrong one does not matter."""
    path = tus.start(5)
    wrong = {"Authorization": "Bearer nonsense"}

    Tus(app, "", {}).patch(path, 0, b"12")
    Tus(app, "", wrong).patch(path, 2, b"345")

    assert tus.offset(path) == 5


def test_case_82_get(app: TestApp, tus: Tus) -> None:
    """Partial data is not served."""
    path = tus.start(5)

    response = app.get(path, status=405)

    assert "PATCH" in response.headers["Allow"]
    app.put(path, b"12345", status=405)


def test_case_83_expiry_is_absolute(tus: Tus) -> None:
    """Every answer tells the same expiry, whatever happens."""
    path = tus.start(3)
    told = {tus.patch(path, at, b"x").headers["Upload-Expires"] for at in range(3)}

    assert len(told) == 1


class TestExpiry:
    """With uploads that are kept for no time at all."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Expire at once."""
        return {"uploads.expiry": "0s"}

    def test_case_80_expired(
        self, tus: Tus, library: Library, admin: Person, home: Space
    ) -> None:
        """An expired upload is 403, empty, and sweeping frees what it held."""
        path = tus.start(5)

        response = tus.head(path, status=403)
        tus.patch(path, 0, b"12345", status=403)
        swept = library.uploads.sweep(HOUR)

        assert response.body == b""
        assert swept == 1
        assert library.catalog.get(admin.actor, home.id).quota.reserved == 0
        upload = library.uploads.get(UploadId(str(claims_of(path)["target"])))
        assert upload.state is UploadState.EXPIRED
        library.uploads.sweep(-SECOND)
        assert library.uploads.list_open() == []

    def test_e07_finished_files_stay(
        self, app: TestApp, tus: Tus, library: Library, admin: Person, home: Space
    ) -> None:
        """Expiry ends uploads, not files."""
        tus.create(5, body=b"12345")

        library.uploads.sweep(-SECOND)

        entry = library.tree.get(admin.actor, Place(home.id, ("file.bin",)))
        assert entry.node.size == 5


def test_k11_post_on_the_upload(app: TestApp, tus: Tus) -> None:
    """POST without an override is not allowed there."""
    response = app.post(
        tus.start(5), b"", headers={"Tus-Resumable": "1.0.0"}, status=405
    )

    assert response.headers["Tus-Resumable"] == "1.0.0"
