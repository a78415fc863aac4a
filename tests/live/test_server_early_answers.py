"""Answers that come before the body was read, and 100 Continue."""

import resource
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from ocsync.wire.body import BoundedBody
from tests.live.apps import echo, refuse
from tests.live.harness import Connect, Serve, until
from tests.live.raw_http import HUGE


def test_continue_is_said_at_the_first_read(serve: Serve, connect: Connect) -> None:
    """A waiting client is asked to go on exactly once, when its body is wanted."""
    client = connect(serve(echo))

    client.request("PUT /", "Expect: 100-continue", "Content-Length: 4")
    assert client.read_answer().status == 100
    client.send(b"ab")
    assert client.is_silent()
    client.send(b"cd")

    assert client.read_answer().body == b"abcd"
    assert client.ask("GET /").status == 200


def test_continue_is_not_said_to_who_has_begun(serve: Serve, connect: Connect) -> None:
    """A client that sends the body at once needs no word (RFC 9110 §10.1.1)."""
    client = connect(serve(echo))

    client.request("PUT /", "Expect: 100-Continue", body=b"abcd")

    assert client.read_answer().body == b"abcd"


def test_a_refusal_comes_without_continue(serve: Serve, connect: Connect) -> None:
    """Nobody asks for a body that is not wanted; the connection closes (C29)."""
    client = connect(serve(refuse))

    client.request("PATCH /", "Expect: 100-continue", HUGE)
    answer = client.read_answer()

    assert (answer.status, answer["Connection"]) == (409, "close")
    assert client.is_at_end()


def test_continue_is_nothing_to_http_1_0(serve: Serve, connect: Connect) -> None:
    """There are no interim answers there."""
    client = connect(serve(echo))

    client.send(b"PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    client.send(b"ab")

    assert client.read_answer().body == b"ab"


@pytest.mark.parametrize("size", [1, 1000, 100_000, 1_000_000])
def test_after_a_refusal_the_connection_is_in_step(
    serve: Serve, connect: Connect, size: int
) -> None:
    """A small unread body is thrown away, and the next request is found after it."""
    client = connect(serve(refuse))
    body = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n" * (size // 36 + 1)

    client.request("PATCH /", body=body[:size])
    client.request("GET /")

    for _ in range(2):
        answer = client.read_answer()
        assert (answer.status, answer.body) == (409, b"no")
        assert "Connection" not in answer
    assert client.is_silent()


def test_an_early_answer_is_readable_amid_a_huge_body(
    serve: Serve, connect: Connect
) -> None:
    """The client sends on, reads the answer, and memory stays as it was (C30)."""
    client = connect(serve(refuse))
    block = b"x" * 1_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    client.request("PATCH /", HUGE)
    for _ in range(64):
        client.send(block)
    answer = client.read_answer()

    assert (answer.status, answer["Connection"]) == (409, "close")
    assert client.is_at_end()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 16 * 1024


def test_who_sends_on_for_ever_is_cut(serve: Serve, connect: Connect) -> None:
    """What is thrown away after an early answer is bounded."""
    client = connect(serve(refuse, linger_bytes=3_000_000))

    client.request("PATCH /", HUGE)
    blocks = iter(lambda: client.send(b"x" * 1_000_000), "never")

    # Which of the two it is depends on where the reset meets the sender.
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        any(blocks)


def test_who_stays_silent_after_an_early_answer_is_cut(
    serve: Serve, connect: Connect
) -> None:
    """The wait for the rest of the body is bounded too."""
    server = serve(refuse, linger_seconds=0.2)
    client = connect(server)

    client.request("PATCH /", HUGE)
    client.read_answer()
    assert client.is_at_end()

    until(lambda: not len(server.server.connections))


def test_too_long_a_body_is_refused_unread(serve: Serve, connect: Connect) -> None:
    """A limit below the announced length is a 413 without a byte being read."""

    def app(environ: WSGIEnvironment, _: StartResponse) -> Iterable[bytes]:
        BoundedBody(environ, limit=10)
        raise AssertionError

    client = connect(serve(app))

    client.request("PUT /", HUGE)

    assert client.read_answer().status == 413
