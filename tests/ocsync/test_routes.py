"""The mount table: longest prefix, segment borders, the legacy prefix."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from ocsync.problems import HttpProblem
from ocsync.routes import Mount, Router, Routes


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer with how the path was divided."""
    start_response("200 OK", [])
    return [f"{environ['SCRIPT_NAME']}|{environ['PATH_INFO']}".encode("latin-1")]


def mount(prefix: str, *, legacy: bool = False, exact: bool = False) -> Mount:
    """A mount that echoes."""
    return Mount(prefix=prefix, app=echo, has_legacy_prefix=legacy, is_exact=exact)


ROUTES = Routes(
    [
        mount("/dav", legacy=True),
        mount("/dav/spaces", legacy=True),
        mount("/webdav", legacy=True),
        mount("/data"),
        mount("/status.php", exact=True),
        mount(""),
    ]
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/dav/spaces/x/y", ("/dav/spaces", "/x/y")),
        ("/dav/spaces", ("/dav/spaces", "")),
        ("/dav/spaces/", ("/dav/spaces", "/")),
        ("/dav/spacesuit", ("/dav", "/spacesuit")),
        ("/dav/files/admin", ("/dav", "/files/admin")),
        ("/davs", ("", "/davs")),
        ("/remote.php/dav/files", ("/remote.php/dav", "/files")),
        ("/remote.php/webdav/", ("/remote.php/webdav", "/")),
        ("/data/abc", ("/data", "/abc")),
        ("/status.php", ("/status.php", "")),
        ("/status.php/x", ("", "/status.php/x")),
        ("/", ("", "/")),
        ("//dav", ("", "//dav")),
        ("/dav//x", ("/dav", "//x")),
        ("/dav/\xc3\xa9", ("/dav", "/\xc3\xa9")),
    ],
)
def test_the_longest_prefix_wins(path: str, expected: tuple[str, str]) -> None:
    """A mount is found by whole segments, and the path is divided there."""
    match = ROUTES.find(path)

    assert match is not None
    assert (match.script, match.rest) == expected


@pytest.mark.parametrize("path", ["/remote.php", "/remote.php/", "/remote.php/data/x"])
def test_the_legacy_prefix_is_for_webdav_only(path: str) -> None:
    """`/remote.php` in front of anything else is nothing."""
    assert ROUTES.find(path) is None


def test_script_name_and_path_info_are_the_path() -> None:
    """The two parts together are what was asked, a script before them included."""
    environ = {"SCRIPT_NAME": "/cloud", "PATH_INFO": "/remote.php/dav/files/a"}

    body = Router(ROUTES)(environ, lambda *_: print)

    assert list(body) == [b"/cloud/remote.php/dav|/files/a"]


def test_what_is_not_mounted_is_not_found() -> None:
    """Without a mount for everything else, the rest is 404."""
    router = Router(Routes([mount("/dav")]))

    with pytest.raises(HttpProblem) as caught:
        router({"PATH_INFO": "/other"}, lambda *_: print)

    assert caught.value.problem.status == 404


def test_two_parts_cannot_share_a_prefix() -> None:
    """A clash is noticed when the table is built."""
    with pytest.raises(ValueError, match="/dav"):
        Routes([mount("/dav"), mount("/dav")])
