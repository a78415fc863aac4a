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
    TruncatedBody,
)
from tests.live.apps import Receiver, echo, hello
from tests.live.harness import Connect, Serve, until
from tests.live.raw_http import CHUNKED, HUGE


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
