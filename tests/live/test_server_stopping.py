"""Stopping one worker: idle ends at once, running ends in time, stuck ends hard."""

import threading
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from ocsync.server import ServerOptions, ServerThread
from ocsync.wire.body import BodyInterrupted
from tests.live.apps import Gate, Receiver, hello, refuse
from tests.live.harness import Connect, Serve, until


def stop_apart(server: ServerThread) -> threading.Thread:
    """Stop a server without waiting for it."""
    thread = threading.Thread(target=server.stop)
    thread.start()
    return thread


def test_idle_connections_end_at_once(serve: Serve, connect: Connect) -> None:
    """With nothing running there is nothing to wait for."""
    server = serve(hello, grace_seconds=60)
    clients = [connect(server) for _ in range(10)]
    clients[0].ask("GET /")

    server.stop()

    assert all(client.is_at_end() for client in clients)
    with pytest.raises(ConnectionRefusedError):
        connect(server)


def test_a_running_request_is_waited_for(serve: Serve, connect: Connect) -> None:
    """Its answer says that the connection closes."""
    app = Gate()
    server = serve(app, grace_seconds=60)
    client = connect(server)
    client.request("GET /wait")
    assert app.has_entered.wait(20)

    stopping = stop_apart(server)
    app.is_open.set()
    answer = client.read_answer()
    stopping.join()

    assert (answer.status, answer["Connection"]) == (200, "close")
    assert client.is_at_end()


def test_a_half_sent_head_is_no_reason_to_wait(serve: Serve, connect: Connect) -> None:
    """It can still become a request within the grace, and no longer."""
    server = serve(hello, grace_seconds=0.2)
    client = connect(server)
    client.send(b"GET / HTTP/1.1\r\n")
    until(lambda: any(not item.is_idle for item in server.server.connections._open))

    server.stop()

    assert client.is_at_end()


def test_a_body_is_cut_at_half_the_grace(serve: Serve, connect: Connect) -> None:
    """Its receiver keeps the bytes, and has time to say so."""
    app = Receiver()
    server = serve(app, grace_seconds=0.4)
    client = connect(server)
    client.request("PATCH /", "Content-Length: 100")
    client.send(b"x" * 60)
    assert app.has_some.wait(20)

    server.stop()

    answer = client.read_answer()
    assert (answer.status, answer["Upload-Offset"]) == (503, "60")
    assert isinstance(app.error, BodyInterrupted)
    assert client.is_at_end()


def test_a_body_that_can_go_on_later_is_cut_at_once(
    serve: Serve, connect: Connect
) -> None:
    """Nobody waits for it, for nothing of it is lost; other bodies have their time."""
    app = Receiver()
    server = serve(app, grace_seconds=3600)
    client = connect(server)
    client.request("PATCH /resumable", "Content-Length: 100")
    client.send(b"x" * 60)
    assert app.has_some.wait(20)

    server.stop()

    answer = client.read_answer()
    assert (answer.status, answer["Upload-Offset"]) == (503, "60")
    assert isinstance(app.error, BodyInterrupted)


def test_a_client_that_goes_on_sending_is_not_waited_for_long(
    serve: Serve, connect: Connect
) -> None:
    """It has been answered; whether it reads that is its own affair."""
    app = Receiver()
    server = serve(
        app, grace_seconds=3600, linger_seconds=3600, last_linger_seconds=0.1
    )
    client = connect(server)
    client.request("PATCH /resumable", "Content-Length: 100")
    client.send(b"x" * 60)
    assert app.has_some.wait(20)

    server.stop()

    assert client.read_answer().status == 503
    assert client.is_at_end()


def test_clients_that_were_refused_before_are_not_waited_for_long(
    serve: Serve, connect: Connect
) -> None:
    """Nor is one that was still sending when the server was told to stop."""
    server = serve(
        refuse, grace_seconds=3600, linger_seconds=3600, last_linger_seconds=0.1
    )
    client = connect(server)
    client.request("PATCH /", "Content-Length: 100000000")
    assert client.read_answer().status == 409
    until(lambda: any(item.is_lingering for item in server.server.connections._open))

    server.stop()

    assert client.is_at_end()


def test_the_mark_ends_with_its_request(serve: Serve, connect: Connect) -> None:
    """A later body on the same connection is not cut at once."""
    app = Receiver()
    server = serve(app, grace_seconds=3600)
    client = connect(server)
    assert client.ask("PATCH /resumable", body=b"1").status == 200
    app.has_some.clear()
    client.request("PATCH /", "Content-Length: 2")
    client.send(b"2")
    assert app.has_some.wait(20)

    stopping = stop_apart(server)
    until(server.server.is_stopping)
    client.send(b"3")
    assert client.read_answer().status == 200
    stopping.join()

    assert bytes(app.received) == b"123"


def test_what_takes_too_long_is_cut(serve: Serve, connect: Connect) -> None:
    """A download nobody takes does not keep the server from stopping."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return iter([b"x" * 1_000_000] * 50)

    server = serve(app, grace_seconds=0.2)
    client = connect(server, receive_buffer=4096)
    client.request("GET /")
    until(lambda: server.server.threads.waiting)

    server.stop()

    with pytest.raises((EOFError, ConnectionResetError)):
        client.read_answer()


def test_two_servers_live_side_by_side() -> None:
    """Nothing of the server is global to the process."""
    with ServerThread(hello, options=ServerOptions(port=0)) as first:
        with ServerThread(hello, options=ServerOptions(port=0)) as second:
            assert first.port != second.port
        assert not first.server.is_stopping()
