"""The small headers of RFC 4918, and Prefer."""

import pytest

from ocsync.wire.dav_headers import (
    Depth,
    parse_depth,
    parse_destination,
    parse_lock_token,
    parse_overwrite,
    parse_timeout,
    prefers_minimal,
)
from ocsync.wire.malformed import MalformedHeader

HOSTS = frozenset({"files.example.org", "127.0.0.1:9200"})


def test_depth() -> None:
    """Depth is 0, 1 or infinity in any case, else malformed."""
    assert parse_depth(None, default=Depth.ONE) is Depth.ONE
    assert parse_depth("Infinity", default=Depth.ONE) is Depth.INFINITY
    assert parse_depth(" 0 ", default=Depth.ONE) is Depth.ZERO
    for text in ("", "2", "abc", "1,noroot", "-1"):
        with pytest.raises(MalformedHeader):
            parse_depth(text, default=Depth.ONE)


def test_overwrite() -> None:
    """Overwrite is T unless it says F."""
    assert parse_overwrite(None)
    assert parse_overwrite("t")
    assert not parse_overwrite("F")
    with pytest.raises(MalformedHeader):
        parse_overwrite("maybe")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("Second-3600", 3600),
        ("Infinite, Second-4100000000", None),
        ("Second-60, Infinite", 60),
        ("second-99999999999", 4294967295),
        ("Minute-5, Second-5", 5),
        ("nonsense", None),
    ],
)
def test_timeout(text: str | None, seconds: int | None) -> None:
    """Timeout is a wish: the first that can be read, else as long as allowed."""
    assert parse_timeout(text) == seconds


@pytest.mark.parametrize("text", ["<urn:uuid:1>", "urn:uuid:1", " <urn:uuid:1> "])
def test_lock_token(text: str) -> None:
    """Lock-Token is one URL in angle brackets, which not every client sends."""
    assert parse_lock_token(text) == "urn:uuid:1"


@pytest.mark.parametrize(
    "text", [None, "", "<>", "<a> <b>", "<a b>", "<a", "a>", "a b"]
)
def test_malformed_lock_tokens(text: str | None) -> None:
    """Nothing else is taken for a token."""
    with pytest.raises(MalformedHeader):
        parse_lock_token(text)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/dav/spaces/x/a%20b", "/dav/spaces/x/a%20b"),
        ("http://files.example.org/dav/x", "/dav/x"),
        ("https://FILES.example.org:443/dav/x", "/dav/x"),
        ("http://127.0.0.1:9200/dav/x?y", "/dav/x"),
        ("http://user@files.example.org:80/dav/x", "/dav/x"),
    ],
)
def test_destination(text: str, path: str) -> None:
    """A Destination is a path, as the desktop client sends it, or a URL."""
    assert parse_destination(text, hosts=HOSTS) == path


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "dav/x",
        "//files.example.org/dav/x",
        "ftp://files.example.org/dav/x",
        "http://elsewhere.example.org/dav/x",
        "http://127.0.0.1:9201/dav/x",
        "http://files.example.org",
        "http:///dav/x",
        "http://[::1/dav/x",
        "/dav/a b",
        "/dav/x#part",
        "/dav/x\r\nX: y",
    ],
)
def test_bad_destinations(text: str | None) -> None:
    """Anything unreadable, or on another server, is refused."""
    with pytest.raises(MalformedHeader):
        parse_destination(text, hosts=HOSTS)


@pytest.mark.parametrize(
    ("text", "is_minimal"),
    [
        (None, False),
        ("return=minimal", True),
        ("respond-async, Return = Minimal; x=y", True),
        ('return="minimal"', True),
        ("return=representation", False),
        ("depth-noroot", False),
    ],
)
def test_prefer(text: str | None, is_minimal: bool) -> None:
    """RFC 7240: preferences are a list, names in any case, values maybe quoted."""
    assert prefers_minimal(text) is is_minimal
