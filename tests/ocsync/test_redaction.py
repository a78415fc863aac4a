"""What opens a door is not written down, wherever the settings put it."""

import pytest

from ocsync.redaction import Redactor
from ocsync.settings import Settings, load_settings

TOKEN = "oct_" + "x1Y-" * 10 + "abc"


def redactor(**overrides: object) -> Redactor:
    """That of a server with these settings, `group__name`."""
    keys = {key.replace("__", "."): value for key, value in overrides.items()}
    return Redactor.of(load_settings(environ={}, overrides=keys).settings)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/data/eyJhbGciOi.payload.sig", "/data/eyJhbGci…"),
        ("/files/0123456789abcdef", "/files/01234567…"),
        ("/v1/uploads/0123456789abcdef", "/v1/uploads/01234567…"),
        ("/tusupload/0123456789abcdef", "/tusupload/01234567…"),
        ("/remote.php/data/0123456789abcdef", "/remote.php/data/01234567…"),
        ("/dav/spaces/a$b/file.txt", "/dav/spaces/a$b/file.txt"),
        ("/dav/spaces/a$b/data/long-file-name.txt",) * 2,
        ("/data/", "/data/…"),
        ("//files/0123456789abcdef", "//files/01234567…"),
        ("/remote.php//data/0123456789abcdef", "/remote.php//data/01234567…"),
    ],
)
def test_tokens_in_paths_are_cut_short(path: str, shown: str) -> None:
    """A URL that is a credential is not written whole; other URLs are."""
    assert Redactor.of(Settings()).path(path) == shown


def test_prefixes_of_dialects_are_known() -> None:
    """Uploads that were moved by a setting are as secret as before."""
    moved = redactor(pulse__prefix="/cam", picora__prefix="/api/pics")

    assert moved.path("/cam/uploads/0123456789abcdef") == "/cam/uploads/01234567…"
    assert moved.path("/api/pics/uploads/0123456789") == "/api/pics/uploads/01234567…"


def test_the_path_of_the_public_url_comes_before() -> None:
    """What a proxy passes on with its own path in front is cut short too."""
    behind = redactor(server__url="https://example.org/cloud")

    assert behind.path("/cloud/data/0123456789abcdef") == "/cloud/data/01234567…"
    assert behind.path("/data/0123456789abcdef") == "/data/01234567…"


def test_secret_parameters_are_taken_out() -> None:
    """Parameters that grant something are not written."""
    query = "a=1&OC-Signature=abc&code=xyz&id_token_hint=t&b=2"

    shown = Redactor.of(Settings()).query(query)

    assert shown == "a=1&OC-Signature=…&code=…&id_token_hint=…&b=2"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"token {TOKEN} is unknown", "token oct_x1Y-… is unknown"),
        ("Authorization: Basic YWRtaW46c2VjcmV0", "Authorization: Basic …"),
        (
            "GET http://h/data/abcdefghijklmn?x failed",
            "GET http://h/data/abcdefghijklmn?x failed",
        ),
        (
            "PATCH /uploads/0123456789abcdef failed",
            "PATCH /uploads/01234567… failed",
        ),
        ("?access_token=abc&x=1", "?access_token=…&x=1"),
        ("nothing secret in /dav/files/x", "nothing secret in /dav/files/x"),
    ],
)
def test_messages_lose_their_credentials(text: str, shown: str) -> None:
    """Whatever says them: tokens, headers, and paths of our own."""
    assert Redactor.of(Settings()).text(text) == shown
