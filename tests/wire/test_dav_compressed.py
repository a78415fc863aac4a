"""Listings in gzip, for those who ask; nothing else ever is."""

import gzip
from collections.abc import Mapping
from wsgiref.types import WSGIApplication

import pytest
from webtest import TestApp, TestRequest
from werkzeug.datastructures import Headers

from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.dav_client import Dav, dav_on, prop, xml

GZIP = {"Accept-Encoding": "gzip, deflate"}
LISTING = xml("propfind", prop("d:getetag", "d:getlastmodified", "oc:fileid"))
CHANGES = xml(
    "sync-collection",
    "<d:sync-token/><d:sync-level>1</d:sync-level>" + prop("d:getetag", "oc:fileid"),
)
Question = tuple[str, bytes, str]
QUESTIONS: list[Question] = [("PROPFIND", LISTING, "1"), ("REPORT", CHANGES, "0")]

Sent = tuple[Headers, bytes]
"""What goes over the wire; webtest's own answers are unpacked already."""


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space with a long folder and a short one."""
    connection = dav_on(app, library, admin, home)
    connection.mkcol("long")
    for number in range(150):
        connection.put(f"long/{number}.txt")
    connection.mkcol("short")
    return connection


@pytest.mark.parametrize("question", QUESTIONS)
def test_long_answers_are_compressed(
    wsgi_app: WSGIApplication, dav: Dav, question: Question
) -> None:
    """They say the same in far fewer bytes, and caches are told why."""
    method, body, depth = question
    headers = {**dav.person.basic, "Depth": depth}
    long = dav.url("long")

    plain_head, plain = ask(wsgi_app, method, long, headers, body)
    packed_head, packed = ask(wsgi_app, method, long, {**headers, **GZIP}, body)

    assert plain.count(b"<d:response>") >= 150
    assert packed_head["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed) == plain
    assert len(packed) * 4 < len(plain)
    for head in (plain_head, packed_head):
        assert "Accept-Encoding" in head.getlist("Vary")
        assert "Content-Length" not in head


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("accepted", [None, "", "identity", "br", "gzip;q=0, *"])
def test_who_does_not_ask_gets_text(
    wsgi_app: WSGIApplication,
    dav: Dav,
    question: Question,
    accepted: str | None,
) -> None:
    """Nobody has to unpack what they cannot."""
    method, body, depth = question
    headers = {**dav.person.basic, "Depth": depth}
    if accepted is not None:
        headers["Accept-Encoding"] = accepted

    head, sent = ask(wsgi_app, method, dav.url("long"), headers, body)

    assert "Content-Encoding" not in head
    assert sent.count(b"<d:response>") >= 150


@pytest.mark.parametrize("question", QUESTIONS)
def test_short_answers_go_as_they_are(
    wsgi_app: WSGIApplication, dav: Dav, question: Question
) -> None:
    """What fits in one piece has a length, and is not worth it."""
    method, body, depth = question
    headers = {**dav.person.basic, **GZIP, "Depth": depth}

    head, sent = ask(wsgi_app, method, dav.url("short"), headers, body)

    assert "Content-Encoding" not in head
    assert int(head["Content-Length"]) == len(sent)


def test_content_is_what_was_stored(wsgi_app: WSGIApplication, dav: Dav) -> None:
    """Text that would shrink is sent byte by byte, with its length."""
    text = b"all the same\n" * 10_000
    dav.put("same.txt", text)

    head, sent = ask(wsgi_app, "GET", dav.url("same.txt"), {**dav.person.basic, **GZIP})

    assert "Content-Encoding" not in head
    assert sent == text
    assert int(head["Content-Length"]) == len(text)


@pytest.mark.parametrize(
    "path",
    [
        "/graph/v1.0/me/drives",
        "/graph/v1.0/me",
        "/ocs/v1.php/cloud/user?format=json",
        "/ocs/v1.php/cloud/capabilities?format=json",
        "/.well-known/openid-configuration",
    ],
)
def test_nothing_that_could_hold_a_secret_is_compressed(
    wsgi_app: WSGIApplication, admin: Person, path: str
) -> None:
    """The length of such an answer tells nobody anything."""
    head, sent = ask(wsgi_app, "GET", path, {**admin.basic, **GZIP})

    assert "Content-Encoding" not in head
    assert sent.startswith(b"{")


def ask(
    wsgi_app: WSGIApplication,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes = b"",
) -> Sent:
    """One request; head and body as they are sent."""
    request = TestRequest.blank(path, method=method, headers=headers, body=body)
    status, head, chunks = request.call_application(wsgi_app)
    assert status.startswith("2")
    return Headers(head), b"".join(chunks)
