"""Broken and hostile requests: each the right 4xx, none a 5xx, nothing changed."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webtest import TestApp

from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.dav_client import Dav, dav_on, error_of, xml

BILLION_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(
        f'<!ENTITY {chr(98 + level)} "{"&" + chr(97 + level) + ";" * 1}'.encode()
        + f"&{chr(97 + level)};".encode() * 9
        + b'">'
        for level in range(9)
    )
    + b']><d:propfind xmlns:d="DAV:"><d:prop><x>&j;</x></d:prop></d:propfind>'
)
EXTERNAL_ENTITY = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b'<d:propfind xmlns:d="DAV:"><d:prop><x>&x;</x></d:prop></d:propfind>'
)
DEEP = b"<a>" * 5000 + b"</a>" * 5000
BROKEN = {
    "truncated": xml("propfind", "<d:prop><d:getetag/>")[:-10],
    "no xml": b"hello",
    "binary": bytes(range(256)),
    "nul": b'<d:propfind xmlns:d="DAV:">\x00</d:propfind>',
    "undeclared prefix": b"<d:propfind/>",
    "two roots": xml("propfind", "<d:allprop/>") * 2,
    "billion laughs": BILLION_LAUGHS,
    "external entity": EXTERNAL_ENTITY,
    "document type": b'<!DOCTYPE d:propfind><d:propfind xmlns:d="DAV:"/>',
    "deep": DEEP,
    "deep and right": xml(
        "propfind", "<d:prop>" + "<a>" * 99 + "</a>" * 99 + "</d:prop>"
    ),
    "wide": xml("propfind", "<d:prop>" + "<d:x/>" * 20_000 + "</d:prop>"),
    "bad encoding name": b'<?xml version="1.0" encoding="none"?><x/>',
    "utf-16 lie": b'<?xml version="1.0" encoding="utf-16"?><x/>',
    "bad utf-8": b'<d:propfind xmlns:d="DAV:">\xff\xfe</d:propfind>',
    "bad reference": b'<d:propfind xmlns:d="DAV:">&nothing;</d:propfind>',
    "character reference": b'<d:propfind xmlns:d="DAV:">&#0;</d:propfind>',
}


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space with a file."""
    connection = dav_on(app, library, admin, home)
    connection.put("a.txt", b"hello")
    return connection


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("method", ["PROPFIND", "PROPPATCH", "REPORT", "LOCK"])
def test_bodies(dav: Dav, method: str, what: str) -> None:
    """400 for what is not XML, or XML that no client means."""
    answer = dav.send(method, "a.txt", BROKEN[what])

    assert answer.status_int == 400
    assert error_of(answer).exception == "BadRequest"
    assert "root:" not in answer.text
    assert dav.names() == ["a.txt"]


@pytest.mark.parametrize("method", ["PROPFIND", "PROPPATCH", "REPORT", "LOCK"])
def test_ten_megabytes_of_properties(dav: Dav, method: str) -> None:
    """413 before anything of it is parsed."""
    body = xml("propfind", "<d:prop>" + "<d:x/>" * 1_700_000 + "</d:prop>")

    answer = dav.send(method, "a.txt", body)

    assert answer.status_int == 413


@pytest.mark.parametrize(
    "root", ["propertyupdate", "lockinfo", "multistatus", "propfind-"]
)
def test_the_wrong_root(dav: Dav, root: str) -> None:
    """400."""
    assert dav.send("PROPFIND", "", xml(root, "")).status_int == 400


@pytest.mark.parametrize(
    "inside", ["", "<d:allprop/><d:propname/>", "<d:prop/><d:allprop/>", "<d:x/>"]
)
def test_propfind_without_one_question(dav: Dav, inside: str) -> None:
    """RFC 4918 §14.20: exactly one of prop, allprop and propname."""
    assert dav.send("PROPFIND", "", xml("propfind", inside)).status_int == 400


BAD_IF = [
    "",
    " ",
    "()",
    "(",
    "(<a>",
    "(a)",
    "([a])",
    '(["a])',
    "Not",
    "(Not)",
    "(Not Not <a>)",
    "((<a>))",
    "<a>",
    "<a> <b> (<c>)",
    "(<a>) <b> (<c>)",
    "(<a>) trailing",
    "leading (<a>)",
    "(<a>),(<b>)",
    "(<a b>)",
    "\x7f",
    "(<a>)" * 5000,
]


@pytest.mark.parametrize("text", BAD_IF, ids=range(len(BAD_IF)))
@pytest.mark.parametrize("method", ["PUT", "DELETE", "MKCOL", "PROPFIND", "GET"])
def test_broken_if_headers(dav: Dav, method: str, text: str) -> None:
    """400: a condition that cannot be read must not be taken for none."""
    path = "new" if method == "MKCOL" else "a.txt"

    answer = dav.send(method, path, headers={"If": text})

    assert answer.status_int == 400
    assert dav.get("a.txt").body == b"hello"


HEADERS = [
    "Depth",
    "Destination",
    "If",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Lock-Token",
    "OC-Checksum",
    "OC-Total-Length",
    "Overwrite",
    "Prefer",
    "Range",
    "Timeout",
    "X-OC-Mtime",
]
METHODS = [
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LOCK",
    "MKCOL",
    "MOVE",
    "OPTIONS",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PUT",
    "REPORT",
    "UNLOCK",
]
TOKENS = st.sampled_from(
    [
        "0", "1", "infinity", "T", "F", "*", '"x"', "W/", "<", ">", "(", ")", "[", "]",
        "Not", ",", ";", "=", "bytes", "-", " ", "/dav/spaces/", "/webdav/", "..",
        "%2F", "%", "http://localhost", "urn:uuid:1", "Second-", "Infinite", "SHA1:",
        "9" * 30, "\u00e9", "return=minimal",
    ]
)  # fmt: skip
VALUES = st.lists(TOKENS, max_size=6).map("".join) | st.text(
    st.characters(min_codepoint=32, max_codepoint=255), max_size=40
)
SEGMENTS = st.sampled_from(
    [
        "", "dav", "webdav", "spaces", "files", "admin", "meta", "v", "trash-bin",
        "a.txt", "new", "%2e%2e", "%2F", "%00", "%", "x" * 300, "remote.php", "$", "!",
    ]
)  # fmt: skip
BODIES = st.sampled_from([b"", b"x", *BROKEN.values(), xml("propfind", "<d:allprop/>")])


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    method=st.sampled_from(METHODS),
    headers=st.dictionaries(st.sampled_from(HEADERS), VALUES, max_size=3),
    url=st.tuples(st.booleans(), st.lists(SEGMENTS, max_size=4).map("/".join)),
    body=BODIES,
)
def test_no_request_is_an_internal_error(
    dav: Dav,
    method: str,
    headers: dict[str, str],
    url: tuple[bool, str],
    body: bytes,
) -> None:
    """Whatever is sent, the answer is one of the protocol's, and never a 5xx."""
    is_below, path = url
    raw = f"{dav.base}{path}" if is_below else f"/dav/{path}"

    answer = dav.send(
        method,
        raw=raw.replace("%", "%25"),
        body=body,
        headers=headers,
        environ={"REQUEST_URI": raw},
    )

    assert answer.status_int < 500
    if answer.status_int >= 400 and method != "HEAD":
        error_of(answer)


def test_the_server_is_alive_after_all_that(dav: Dav) -> None:
    """The corpus leaves the files alone."""
    for body in BROKEN.values():
        dav.send("PROPFIND", "", body)

    assert dav.get("a.txt").body == b"hello"
