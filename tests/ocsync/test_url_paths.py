"""URL paths: splitting and decoding, and the way back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocsync.wire.malformed import MalformedHeader
from ocsync.wire.url_paths import join_path, raw_request_path, split_path

NAMES = st.text(min_size=1).filter(
    lambda name: (
        name not in {".", ".."}
        and not set(name) & {"/", "\x00"}
        and not any(0xD800 <= ord(character) <= 0xDFFF for character in name)
    )
)


@given(st.lists(NAMES))
def test_paths_round_trip(names: list[str]) -> None:
    """Every path comes back as the names it was made of."""
    assert split_path(join_path(names)) == tuple(names)


@given(st.lists(NAMES))
def test_paths_need_no_xml_escaping(names: list[str]) -> None:
    """An encoded path may stand in XML as it is."""
    assert not set(join_path(names)) & set("<>&\"'") - {"'"}


def test_ids_stay_readable() -> None:
    """The `$` and `!` of ids are not encoded in hrefs, and read either way."""
    assert join_path(["a$b!c"]) == "/a$b!c"
    assert split_path("/a%24b%21c") == split_path("/a$b!c")


@pytest.mark.parametrize(
    "raw",
    [
        "/a%2Fb",
        "/a%2fb",
        "/..",
        "/a/../b",
        "/%2e%2E/b",
        "/./a",
        "/a%00b",
        "/a%",
        "/a%4",
        "/a%zz",
        "/%ff",
        "/a%c3",
    ],
)
def test_refused_paths(raw: str) -> None:
    """What climbs, hides a slash, or is no UTF-8 is refused."""
    with pytest.raises(MalformedHeader):
        split_path(raw)


def test_doubled_slashes_fall_out() -> None:
    """Empty segments mean nothing."""
    assert split_path("//a///b/") == ("a", "b")


def test_raw_utf8_is_read() -> None:
    """Bytes that a client forgot to encode are read as UTF-8."""
    assert split_path("/ü".encode().decode("latin-1")) == ("ü",)


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"REQUEST_URI": "/a%2Fb?x=1", "PATH_INFO": "/a/b"}, "/a%2Fb"),
        ({"RAW_URI": "http://host/a%20b", "PATH_INFO": "/a b"}, "/a%20b"),
        ({"SCRIPT_NAME": "/dav", "PATH_INFO": "/a b"}, "/dav/a%20b"),
        ({"PATH_INFO": "/ü".encode().decode("latin-1")}, "/%C3%BC"),
        ({"PATH_INFO": "/50%"}, "/50%25"),
    ],
)
def test_raw_path(environ: dict[str, str], path: str) -> None:
    """The path as sent where the server tells, else encoded again."""
    assert raw_request_path(environ) == path


def test_fragments_are_refused() -> None:
    """Litmus sends DELETE with a fragment: it must not remove what is before it."""
    with pytest.raises(MalformedHeader):
        raw_request_path({"REQUEST_URI": "/dav/frag/#ment"})
