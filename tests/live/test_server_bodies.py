"""Bodies over real sockets: nothing that came is lost, nothing unread is kept."""

import resource
import threading
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from ocsync.wire.body import (
    BodyInterrupted,
    BodyTimeout,
    BodyTooSlow,
    BoundedBody,
    MalformedBody,
    TruncatedBody,
)
from tests.live.apps import Receiver, echo, hello, refuse
from tests.live.harness import Connect, Serve, until

HUGE = "Content-Length: 10737418240"
CHUNKED = "Transfer-Encoding: chunked"


def test_a_large_body_arrives_whole(serve: Serve, connect: Connect) -> None:
    """Received straight into the caller's buffer, block after block."""
    app = Receiver()
    body = bytes(range(256)) * 20_000

    answer = connect(serve(app)).ask("PUT /", body=body)

    assert answer["Upload-Offset"] == str(len(body))
    assert app.received == body


def test_bodies_can_be_read_like_files(serve: Serve, connect: Connect) -> None:
    """read(n) is exact, readline and iteration keep their place."""
    got: list[object] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"]
        got.extend([body.read(3), body.readline(), body.readline(2)])
        got.extend([body.readlines(1), list(body), body.read(), body.read(5)])
        start_response("200 OK", [])
        return [b""]

    client = connect(serve(app))
    client.request("PUT /", "Content-Length: 21")
    client.send(b"ab")
    client.send(b"cd\nef\ngh\nij\nklmnop")
    client.send(b"q")
    client.read_answer()

    lines = [b"gh\n", b"ij\n", b"klmnopq"]
    assert got == [b"abc", b"d\n", b"ef", [b"\n"], lines, b"", b""]


@pytest.mark.parametrize("is_reset", [False, True])
def test_a_cut_body_keeps_every_byte(
    serve: Serve, connect: Connect, *, is_reset: bool
) -> None:
    """Exactly what arrived before FIN or RST is handed out, then the body is cut."""
    app = Receiver()
    client = connect(serve(app))

    client.request("PATCH /", "Content-Length: 1000000")
    client.send(b"x" * 123_457)
    assert app.has_some.wait(20)
    if is_reset:
        until(lambda: len(app.received) == 123_457)
        client.reset()
    else:
        client.end_sending()

    assert app.has_ended.wait(20)
    assert isinstance(app.error, TruncatedBody)
    assert len(app.received) == 123_457


@pytest.mark.parametrize("is_reset", [False, True])
def test_a_small_body_that_is_cut_keeps_every_byte(
    serve: Serve, connect: Connect, *, is_reset: bool
) -> None:
    """Though no thread waits for small bodies, what came of one is handed out."""
    app = Receiver()
    server = serve(app)
    client = connect(server)

    client.request("PATCH /", "Content-Length: 10")
    client.send(b"abcde")
    until(
        lambda: any(item._is_body_awaited for item in server.server.connections._open)
    )
    if is_reset:
        client.reset()
    else:
        client.end_sending()

    assert app.has_ended.wait(20)
    assert isinstance(app.error, TruncatedBody)
    assert app.received == b"abcde"


def test_a_small_body_may_come_late(serve: Serve, connect: Connect) -> None:
    """At first nobody waits for it, then a thread does; either way it is read."""
    app = Receiver()
    server = serve(app)
    soon, late = connect(server), connect(server)

    for client in (soon, late):
        client.request("PROPFIND /", "Content-Length: 5")
    soon.send(b"abcde")
    assert soon.read_answer().status == 200
    until(lambda: server.server.threads.waiting)
    late.send(b"fghij")

    assert late.read_answer().status == 200
    assert app.received == b"abcdefghij"
    assert soon.ask("GET /").status == late.ask("GET /").status == 200


def test_a_cut_body_can_still_be_answered(serve: Serve, connect: Connect) -> None:
    """A client that only ended its sending reads the answer."""
    client = connect(serve(Receiver()))

    client.request("PATCH /", "Content-Length: 100")
    client.send(b"x" * 40)
    client.end_sending()
    answer = client.read_answer()

    assert (answer.status, answer["Upload-Offset"]) == (503, "40")
    assert answer["Connection"] == "close"
    assert client.is_at_end()


def test_a_stalled_body_keeps_every_byte(serve: Serve, connect: Connect) -> None:
    """After the time for one read the body is cut; its bytes are kept, and told."""
    app = Receiver()
    client = connect(serve(app, read_seconds=0.2))

    client.request("PATCH /", "Content-Length: 1000")
    client.send(b"x" * 400)

    assert client.read_answer()["Upload-Offset"] == "400"
    assert isinstance(app.error, BodyTimeout)
    assert client.is_at_end()


def test_a_dripping_body_is_cut(serve: Serve, connect: Connect) -> None:
    """A byte now and then does not keep a thread for ever."""
    app = Receiver()
    server = serve(app, rate_window_seconds=0.3, minimum_rate=1000)
    client = connect(server)

    client.request("PATCH /", "Content-Length: 1000000")
    while not app.has_ended.wait(0.05):
        client.send(b"x")

    assert isinstance(app.error, BodyTooSlow)
    assert len(app.received) > 2


def test_errors_of_bodies_become_answers(serve: Serve, connect: Connect) -> None:
    """Where the application lets them pass: 408, 400; and the connection closes."""
    server = serve(echo, read_seconds=0.2)
    stalled, malformed = connect(server), connect(server)

    stalled.request("PUT /", "Content-Length: 5")
    malformed.request("PUT /", CHUNKED)
    malformed.send(b"zz\r\n")

    assert stalled.read_answer().status == 408
    assert stalled.is_at_end()
    assert malformed.read_answer().status == 400
    assert malformed.is_at_end()


def test_chunks_are_put_together(serve: Serve, connect: Connect) -> None:
    """Of any size, cut anywhere, with extensions; the next request follows."""
    app = Receiver()
    client = connect(serve(app))
    parts = [b"a", b"bc" * 70_000, b"d" * 5]

    client.request("PUT /", CHUNKED)
    for part in parts:
        client.send(b"%X;name=value\r\n" % len(part), part, b"\r")
        client.send(b"\n")
    client.send(b"0\r\n\r\n")

    assert client.read_answer().status == 200
    assert app.received == b"".join(parts)
    assert client.ask("GET /").body == b"hello"


def test_chunks_of_one_byte_in_one_packet(serve: Serve, connect: Connect) -> None:
    """Thousands of tiny chunks and the next request, all sent at once."""
    client = connect(serve(echo))

    client.send(
        b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"1\r\nx\r\n" * 5000,
        b"0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    )

    assert client.read_answer().body == b"x" * 5000
    assert client.read_answer().status == 200


def test_trailers_can_be_read(serve: Serve, connect: Connect) -> None:
    """After the end of the body; fields that cannot come late are left out."""
    app = Receiver()
    client = connect(serve(app))

    client.request("PATCH /", CHUNKED, "Trailer: Upload-Checksum")
    client.send(b"3\r\nabc\r\n0\r\nUpload-Checksum: sha1 abc= \r\nHost: evil\r\n\r\n")

    assert client.read_answer().status == 200
    assert app.trailers == {"upload-checksum": "sha1 abc="}
    assert client.ask("GET /").status == 200


@pytest.mark.parametrize(
    "chunks",
    [
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b"+3\r\nabc\r\n0\r\n\r\n",
        b"-3\r\nabc\r\n0\r\n\r\n",
        b"1_0\r\n" + b"a" * 16 + b"\r\n0\r\n\r\n",
        b" 3\r\nabc\r\n0\r\n\r\n",
        b"3 \r\nabc\r\n0\r\n\r\n",
        b"\r\nabc\r\n0\r\n\r\n",
        b"three\r\nabc\r\n0\r\n\r\n",
        b"3\nabc\r\n0\r\n\r\n",
        b"3\r\nabc\n0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"3\r\nabc0\r\n\r\n",
        b"ffffffffffffffff1\r\nabc",
        b"3;" + b"x" * 5000 + b"\r\nabc\r\n0\r\n\r\n",
        b"3;\x00\r\nabc\r\n0\r\n\r\n",
        b"1;%b\r\nx\r\n" % (b"e" * 4000) * 10 + b"0\r\n\r\n",
        b"0\r\nno trailer\r\n\r\n",
        b"0\r\n : a\r\n\r\n",
        b"0\r\nA: a\r\nA: b\r\n\r\n",
        b"0\r\nA: a\r\n b\r\n\r\n",
        b"0\r\n" + b"".join(b"A%d: a\r\n" % number for number in range(40)) + b"\r\n",
        b"0\r\nA: " + b"a" * 5000 + b"\r\n\r\n",
    ],
)
def test_malformed_chunks_are_refused(
    serve: Serve, connect: Connect, chunks: bytes
) -> None:
    """The body ends in an error, and nothing after it is taken for a request."""
    app = Receiver()
    client = connect(serve(app))

    client.request("PUT /", CHUNKED)
    client.send(chunks, b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
    answer = client.read_answer()

    assert isinstance(app.error, MalformedBody)
    assert answer["Connection"] == "close"
    assert client.is_at_end()


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


def test_an_unread_chunked_body_closes(serve: Serve, connect: Connect) -> None:
    """Nobody knows how long it is; the answer can be read all the same."""
    client = connect(serve(refuse))

    client.request("PATCH /", CHUNKED)
    client.send(b"5\r\nhello\r\n" * 1000)
    answer = client.read_answer()

    assert (answer.status, answer["Connection"]) == (409, "close")
    client.send(b"5\r\nhello\r\n" * 1000)
    assert client.is_at_end()


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


def test_a_body_can_be_shut_by_another_thread(serve: Serve, connect: Connect) -> None:
    """Its reader ends at once with what it has; the answer reaches a busy sender."""
    app = Receiver()
    client = connect(serve(app))

    client.request("PATCH /", HUGE)
    client.send(b"x" * 10)
    assert app.has_some.wait(20)
    app.connection.shut_reading()
    app.connection.shut_reading()

    assert app.has_ended.wait(20)
    assert isinstance(app.error, BodyInterrupted)
    client.send(b"x" * 1_000_000)
    answer = client.read_answer()
    assert (answer.status, answer["Upload-Offset"]) == (503, "10")
    assert client.is_at_end()


def test_shutting_a_finished_body_harms_nobody(serve: Serve, connect: Connect) -> None:
    """The next request on the same connection is not touched."""
    app = Receiver()
    client = connect(serve(app))

    client.ask("PATCH /", body=b"abc")
    former = app.connection
    former.shut_reading()

    assert client.ask("PATCH /", body=b"def").status == 200
    assert app.received == b"abcdef"


def test_a_gone_client_is_noticed(serve: Serve, connect: Connect) -> None:
    """`is_gone` tells whether the client still holds its end, data unread or not."""
    app = Receiver()
    is_over = threading.Event()
    answers: list[bool] = []

    def hold(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        app.connection = environ["ocsync.connection"]
        app.has_begun.set()
        assert is_over.wait(20)
        return list(hello(environ, start_response))

    client = connect(serve(hold))
    client.request("PATCH /", HUGE)
    client.send(b"some that nobody reads")
    assert app.has_begun.wait(20)
    answers.append(app.connection.is_gone())
    client.close()
    until(app.connection.is_gone)
    is_over.set()

    assert answers == [False]


def test_a_body_keeps_its_buffer_small(serve: Serve, connect: Connect) -> None:
    """A chunk as large as a disk does not need memory of its size."""
    app = Receiver()
    client = connect(serve(app))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    client.request("PUT /", CHUNKED)
    client.send(b"fffffffffff\r\n")
    for _ in range(16):
        client.send(b"x" * 65_536)
    client.end_sending()

    assert app.has_ended.wait(20)
    assert len(app.received) == 1 << 20
    assert isinstance(app.error, TruncatedBody)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 16 * 1024


def test_bounded_bodies_read_from_the_server(serve: Serve, connect: Connect) -> None:
    """`BoundedBody` and the server's body agree on lengths, trailers and ends."""
    seen: list[tuple[int | None, bytes, dict[str, str]]] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = BoundedBody(environ, limit=100)
        seen.append((body.length, body.read(), dict(body.trailers)))
        start_response("204 No Content", [])
        return []

    client = connect(serve(app))
    client.ask("PUT /", body=b"abc")
    client.request("PUT /", CHUNKED)
    client.send(b"3\r\nabc\r\n0\r\nA: b\r\n\r\n")
    client.read_answer()
    client.ask("PUT /")

    assert seen == [(3, b"abc", {}), (None, b"abc", {"a": "b"}), (0, b"", {})]


def test_too_long_a_body_is_refused_unread(serve: Serve, connect: Connect) -> None:
    """A limit below the announced length is a 413 without a byte being read."""

    def app(environ: WSGIEnvironment, _: StartResponse) -> Iterable[bytes]:
        BoundedBody(environ, limit=10)
        raise AssertionError

    client = connect(serve(app))

    client.request("PUT /", HUGE)

    assert client.read_answer().status == 413
