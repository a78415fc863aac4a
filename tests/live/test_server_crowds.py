"""Many clients at once: slow ones, silent ones and greedy ones starve nobody."""

import threading
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from ocsync.server import ServerThread
from tests.live.apps import Gate, Receiver, hello
from tests.live.harness import Connect, Serve, until
from tests.live.raw_http import RawClient


def is_served(server: ServerThread) -> bool:
    """Whether a newcomer gets an answer."""
    with RawClient(server.port) as client:
        return client.ask("GET /").body == b"hello"


def test_slow_uploads_do_not_take_the_threads(serve: Serve, connect: Connect) -> None:
    """With far more stalled bodies than threads, quick requests and bodies get in."""
    app = Receiver()
    server = serve(app, threads=4, most_threads=200)
    uploads = [connect(server) for _ in range(60)]

    for upload in uploads:
        upload.request("PATCH /", "Content-Length: 4")
        upload.send(b"ab")
    until(lambda: server.server.threads.waiting == 60)

    assert is_served(server)
    assert connect(server).ask("PATCH /", body=b"cd").status == 200
    for upload in uploads:
        upload.send(b"ef")
    assert all(upload.read_answer().status == 200 for upload in uploads)
    assert len(app.received) == 2 + 60 * 4


def test_beyond_all_threads_uploads_are_asked_to_come_again(
    serve: Serve, connect: Connect
) -> None:
    """When slow bodies hold what they may, one more is a 503; quick ones get in."""
    server = serve(Receiver(), threads=2, most_threads=10)
    uploads = [connect(server) for _ in range(8)]
    for upload in uploads:
        upload.request("PATCH /", "Content-Length: 4")
    until(lambda: server.server.threads.waiting == 8)

    late = connect(server)
    late.request("PATCH /", "Content-Length: 4")
    answer = late.read_answer()

    assert (answer.status, answer["Retry-After"]) == (503, "1")
    assert answer["Connection"] == "close"
    assert is_served(server)
    assert connect(server).ask("PATCH /", body=b"cd").status == 200
    for upload in uploads:
        upload.send(b"efgh")
    assert all(upload.read_answer().status == 200 for upload in uploads)


def test_slow_heads_need_no_threads(serve: Serve, connect: Connect) -> None:
    """Hundreds of half heads are only watched, and others served (F12)."""
    server = serve(hello, threads=2, most_threads=4)
    slow = [connect(server) for _ in range(300)]

    for client in slow:
        client.send(b"GET / HTTP/1.1\r\n")
    assert is_served(server)
    for client in slow:
        client.send(b"Host: a\r\n\r\n")

    assert all(client.read_answer().body == b"hello" for client in slow)


def test_idle_connections_need_no_threads(serve: Serve, connect: Connect) -> None:
    """Hundreds of kept connections stay open, and each can go on."""
    server = serve(hello, threads=2, most_threads=4)
    idle = [connect(server) for _ in range(400)]

    assert all(client.ask("GET /").status == 200 for client in idle)
    assert is_served(server)

    assert all(client.ask("GET /").status == 200 for client in reversed(idle))
    assert len(server.server.threads._threads) <= 5


def test_slow_readers_do_not_take_the_threads(serve: Serve, connect: Connect) -> None:
    """Downloads nobody takes wait apart from the threads that work."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/":
            return hello(environ, start_response)
        start_response("200 OK", [])
        return iter([b"x" * 1_000_000] * 20)

    server = serve(app, threads=3, most_threads=100)
    readers = [connect(server, receive_buffer=4096) for _ in range(20)]

    for reader in readers:
        reader.request("GET /large")
    until(lambda: server.server.threads.waiting == 20)

    assert is_served(server)
    assert readers[0].read_answer().body == b"x" * 20_000_000


def test_a_request_that_hangs_unawares_holds_up_nobody(
    serve: Serve, connect: Connect
) -> None:
    """The lead passes on, even again and again; all are answered in the end."""
    app = Gate()
    server = serve(app)
    stuck = [connect(server) for _ in range(10)]

    for client in stuck:
        app.has_entered.clear()
        client.request("GET /wait")
        assert app.has_entered.wait(20)
        assert is_served(server)
    app.is_open.set()

    assert all(client.read_answer().body == b"hello" for client in stuck)
    assert all(client.ask("GET /").body == b"hello" for client in stuck)


def test_a_long_answer_holds_up_nobody(serve: Serve, connect: Connect) -> None:
    """A generator that waits between its blocks is not waited for."""
    is_open = threading.Event()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/":
            yield from hello(environ, start_response)
            return
        start_response("200 OK", [])
        yield b"a"
        yield b"b"
        assert is_open.wait(20)
        yield b"c"

    server = serve(app)
    slow = connect(server)
    slow.request("GET /slow")

    assert is_served(server)
    is_open.set()
    assert slow.read_answer().body == b"abc"
    assert slow.ask("GET /").body == b"hello"


def test_too_many_connections_replace_the_idlest(
    serve: Serve, connect: Connect
) -> None:
    """Beyond the bound the longest idle ones make room; newcomers are served."""
    server = serve(hello, connections=20)
    clients = [connect(server) for _ in range(20)]
    for client in clients:
        client.ask("GET /")

    assert is_served(server)
    assert clients[0].is_at_end()
    assert clients[-1].ask("GET /").status == 200


def test_many_clients_get_their_own_answers(serve: Serve) -> None:
    """Sixteen threads mixing quick requests and bodies never see another's answer."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        start_response("200 OK", [])
        return [environ["PATH_INFO"].encode(), body]

    server = serve(app)
    failures: list[object] = []

    def run(number: int) -> None:
        try:
            with RawClient(server.port) as client:
                for turn in range(100):
                    path = f"/{number}/{turn}"
                    body = b"%d" % number * (turn * 50)
                    method = ("GET", "PUT", "PROPFIND", "DELETE")[(turn + number) % 4]
                    sent = b"" if method == "GET" else body
                    answer = client.ask(f"{method} {path}", body=sent)
                    assert answer.body == path.encode() + sent
        except BaseException as error:  # noqa: BLE001 - told by the test's thread
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
