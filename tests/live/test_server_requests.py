"""Requests over real sockets: HTTP/1.1, HTTP/1.0 and WSGI as they say."""

import pytest

from tests.live.apps import Recorder, echo, hello
from tests.live.harness import Connect, Serve


def test_a_request_is_answered(serve: Serve, connect: Connect) -> None:
    """A list of one block goes out with its length, a date and our name."""
    answer = connect(serve(hello)).ask("GET /")

    assert (answer.status, answer.reason, answer.body) == (200, "OK", b"hello")
    assert answer["Content-Length"] == "5"
    assert answer["Server"] == "ocsync"
    assert answer["Date"].endswith(" GMT")
    assert "Connection" not in answer


def test_the_environ_follows_the_pep(serve: Serve, connect: Connect) -> None:
    """Path decoded once to latin-1, the raw target kept, wsgi.* as they are."""
    app = Recorder()
    server = serve(app)

    connect(server).ask(
        "POST /a%20b/%C3%A9%2525;x?q=%20&r", "Content-Type: text/plain", "X-One:  two "
    )

    (environ,) = app.seen
    assert environ["REQUEST_METHOD"] == "POST"
    assert environ["SCRIPT_NAME"] == ""
    assert environ["PATH_INFO"] == "/a b/\xc3\xa9%25;x"
    assert environ["REQUEST_URI"] == "/a%20b/%C3%A9%2525;x?q=%20&r"
    assert environ["QUERY_STRING"] == "q=%20&r"
    assert environ["CONTENT_TYPE"] == "text/plain"
    assert environ["HTTP_X_ONE"] == "two"
    assert environ["HTTP_HOST"] == "localhost"
    assert environ["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert environ["SERVER_NAME"] == "127.0.0.1"
    assert environ["SERVER_PORT"] == str(server.port)
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
    assert environ["REMOTE_PORT"].isdigit()
    assert environ["wsgi.version"] == (1, 0)
    assert environ["wsgi.url_scheme"] == "http"
    assert environ["wsgi.input_terminated"] is True
    assert environ["wsgi.multithread"] is True
    assert environ["wsgi.multiprocess"] is False
    assert environ["wsgi.run_once"] is False
    assert "CONTENT_LENGTH" not in environ


def test_lists_are_joined_and_underscores_dropped(
    serve: Serve, connect: Connect
) -> None:
    """Only fields that are lists may repeat; X_Y never poses as X-Y."""
    app = Recorder()

    connect(serve(app)).ask(
        "GET /",
        "If-None-Match: a",
        "If-None-Match: b",
        "Cookie: c=1",
        "Cookie: d=2",
        "X_Forwarded_For: 6.6.6.6",
        "Proxy: evil",
    )

    (environ,) = app.seen
    assert environ["HTTP_IF_NONE_MATCH"] == "a, b"
    assert environ["HTTP_COOKIE"] == "c=1; d=2"
    assert "HTTP_X_FORWARDED_FOR" not in environ
    assert "HTTP_PROXY" not in environ


def test_a_connection_serves_many_requests(serve: Serve, connect: Connect) -> None:
    """Requests follow each other on one connection."""
    client = connect(serve(echo))

    for number in range(200):
        body = b"x" * number
        assert client.ask("PUT /", body=body).body == body


def test_pipelined_requests_are_answered_in_order(
    serve: Serve, connect: Connect
) -> None:
    """Many requests sent at once each get their answer, with bodies in between."""
    client = connect(serve(echo))
    count = 300

    for number in range(count):
        if number % 2:
            client.request("GET /")
        else:
            client.request("PUT /", body=b"%d" % number)

    for number in range(count):
        expected = b"" if number % 2 else b"%d" % number
        assert client.read_answer().body == expected


def test_a_request_may_come_byte_by_byte(serve: Serve, connect: Connect) -> None:
    """However the bytes are cut, the request is the same."""
    client = connect(serve(echo))

    for byte in b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc":
        client.send(bytes([byte]))

    assert client.read_answer().body == b"abc"


def test_one_empty_line_before_a_request_is_ignored(
    serve: Serve, connect: Connect
) -> None:
    """RFC 9112 §2.2: some clients send one after a POST."""
    client = connect(serve(hello))

    client.send(b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")

    assert client.read_answer().status == 200


@pytest.mark.parametrize(
    ("fields", "is_kept"),
    [(b"", False), (b"Connection: keep-alive\r\n", True)],
)
def test_http_1_0_closes_unless_asked(
    serve: Serve, connect: Connect, fields: bytes, *, is_kept: bool
) -> None:
    """An HTTP/1.0 connection ends after its answer, or goes on if the client says."""
    client = connect(serve(hello))

    client.send(b"GET / HTTP/1.0\r\n", fields, b"\r\n")
    answer = client.read_answer()

    assert answer.body == b"hello"
    assert answer["Connection"] == ("keep-alive" if is_kept else "close")
    if is_kept:
        assert client.ask("GET /").status == 200
    else:
        assert client.is_at_end()


def test_the_client_may_ask_to_close(serve: Serve, connect: Connect) -> None:
    """`Connection: close` is honoured and said back."""
    client = connect(serve(hello))

    answer = client.ask("GET /", "Connection: Upgrade, Close")

    assert answer["Connection"] == "close"
    assert client.is_at_end()


def test_an_absolute_target_names_the_host(serve: Serve, connect: Connect) -> None:
    """RFC 9112 §3.2.2: the target's authority wins over Host."""
    app = Recorder()

    connect(serve(app)).ask("GET http://example.org:8080/a?b")

    (environ,) = app.seen
    assert environ["HTTP_HOST"] == "example.org:8080"
    assert (environ["PATH_INFO"], environ["QUERY_STRING"]) == ("/a", "b")


def test_options_may_ask_about_the_server(serve: Serve, connect: Connect) -> None:
    """`OPTIONS *` reaches the application with that path."""
    app = Recorder()

    connect(serve(app)).ask("OPTIONS *")

    assert app.seen[0]["PATH_INFO"] == "*"
