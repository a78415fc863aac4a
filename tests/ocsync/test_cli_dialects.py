"""Commands that make, list, rotate and revoke credentials of other upload APIs."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from ocsync.auth.upload_tokens import UploadTokens
from ocsync.datadir import read_secrets
from ocsync.dialects.mounts import omegastream_keys, picora_keys
from ocsync.first_start import found
from ocsync.library import open_library
from ocsync.settings import Settings
from tests.commands import fail, succeed


@pytest.fixture(autouse=True)
def founded(
    settings: Settings, data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Path:
    """A data folder after its first start, with the space `project/orbit`."""
    monkeypatch.delenv("OCSYNC_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    with open_library(settings, create=True) as library:
        found(settings, library)
        user = library.accounts.get("admin")
        actor = library.accounts.actor(user.id)
        assert actor is not None
        library.catalog.create_project(actor, "Orbit")
    return data


@pytest.mark.parametrize(
    ("api", "prefix"), [("picora", "sk_live_"), ("omegastream", "ky_")]
)
def test_life_of_a_key(
    capsys: pytest.CaptureFixture[str],
    data: Path,
    settings: Settings,
    api: str,
    prefix: str,
) -> None:
    """Made and shown once, listed without its secret, rotated, revoked."""
    at = ("--data", data)
    made = json.loads(
        succeed(
            capsys, api, "key", "create", "admin", "--space", "project/orbit",
            "--folder", "A/B", "--label", "site", "--json", *at,
        )
    )  # fmt: skip
    listed = succeed(capsys, api, "key", "list", *at)
    rotated = succeed(
        capsys, api, "key", "rotate", made["id"], "--overlap", "1h", *at
    ).strip()
    rows = json.loads(succeed(capsys, api, "key", "list", "--json", *at))

    assert made["key"].startswith(prefix)
    assert made["key"] not in listed
    assert (made["user"], made["folder"], made["label"]) == ("admin", "A/B", "site")
    assert rotated.startswith(prefix)
    assert [row["expires"] is None for row in rows] == [False, True]
    with open_library(settings) as library:
        secrets = read_secrets(settings).url_keys
        keys = (
            picora_keys(library)
            if api == "picora"
            else omegastream_keys(library, secrets)
        )
        assert keys.verify(made["key"]) is not None
        assert keys.verify(rotated) is not None
    for row in rows:
        succeed(capsys, api, "key", "revoke", row["id"], *at)
    assert json.loads(succeed(capsys, api, "key", "list", "--json", *at)) == []
    code, message = fail(capsys, api, "key", "revoke", made["id"], *at)
    assert (code, "token could not be found" in message) == (1, True)


def test_key_of_nobody(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    """A key needs an account, and a space that it may write to."""
    create = ("picora", "key", "create")

    assert fail(capsys, *create, "bob", "--data", data)[0] == 1
    at = ("--space", "project/none", "--data", data)
    assert fail(capsys, *create, "admin", *at)[0] == 1


def test_upload_token(
    capsys: pytest.CaptureFixture[str], data: Path, settings: Settings
) -> None:
    """Token and link, for whoever manages the space."""
    out = succeed(
        capsys, "token", "upload", "--space", "project/orbit", "--folder", "Films",
        "--max-size", "2GB", "--expires", "1h", "--server", "https://files.example/",
        "--data", data,
    )  # fmt: skip
    token, link = out.splitlines()

    query = parse_qs(urlsplit(link).query)
    assert query["token"] == [token]
    assert query["server"] == ["https://files.example"]
    with open_library(settings) as library:
        keys = read_secrets(settings).url_keys
        grant = UploadTokens(keys=keys, clock=library.uploads.now).read(token)
        assert grant.user_id == library.accounts.get("admin").id
    assert (grant.path, grant.max_bytes) == (("Films",), 2_000_000_000)


def test_upload_token_for_a_user(
    capsys: pytest.CaptureFixture[str], data: Path
) -> None:
    """The personal space of the one who is named; as JSON."""
    at = ("--user", "admin", "--json", "--data", data)

    made = json.loads(succeed(capsys, "token", "upload", *at))

    assert (made["space"], made["folder"]) == ("personal/admin", "Pulse Cam")
    assert "server=http%3A%2F%2F127.0.0.1%3A9200&" in made["link"]


def test_upload_token_needs_a_place(
    capsys: pytest.CaptureFixture[str], data: Path
) -> None:
    """Wrong usage without space and user; a plain failure for an unknown space."""
    assert fail(capsys, "token", "upload", "--data", data)[0] == 2
    unknown = ("--space", "project/none", "--data", data)
    assert fail(capsys, "token", "upload", *unknown)[0] == 1
    wrong = ("--user", "admin", "--expires", "soon", "--data", data)
    assert fail(capsys, "token", "upload", *wrong)[0] == 2
