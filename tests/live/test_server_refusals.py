"""Requests that two readers could understand differently are refused whole."""

import pytest

from tests.live.apps import Recorder
from tests.live.harness import Connect, Serve

HOST = b"Host: a\r\n"


def head(*lines: bytes, line: bytes = b"POST / HTTP/1.1", host: bytes = HOST) -> bytes:
    """A head with these fields."""
    return line + b"\r\n" + host + b"".join(item + b"\r\n" for item in lines) + b"\r\n"


MALFORMED = {
    "bare line feeds": b"GET / HTTP/1.1\nHost: a\n\n",
    "one bare line feed": b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
    "a bare carriage return": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
    "a folded line": head(b"X: a", b" b"),
    "a line folded by a tab": head(b"X: a", b"\tb"),
    "a space before the colon": head(b"Content-Length : 5"),
    "a space in a name": head(b"Content Length: 5"),
    "no colon": head(b"Nonsense"),
    "an empty name": head(b": x"),
    "a NUL in a value": head(b"X: a\0b"),
    "a NUL in the target": b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a control character": head(b"X: a\x1bb"),
    "a delete character": head(b"X: a\x7fb"),
    "a byte over 127 in a name": head(b"X\xe9: a"),
    "a byte over 127 in the target": b"GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "an empty host": head(host=b"Host:\r\n"),
    "a host with a path": head(host=b"Host: a/b\r\n"),
    "a host with a user": head(host=b"Host: u@a\r\n"),
    "two hosts": head(b"Host: a"),
    "two spaces in the request line": b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tab in the request line": b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "a strange protocol": b"GET / FTP/1.1\r\nHost: a\r\n\r\n",
    "a version of many digits": b"GET / HTTP/1.10\r\nHost: a\r\n\r\n",
    "a space after the version": b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
    "a malformed method": b"G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a relative target": b"GET a HTTP/1.1\r\nHost: a\r\n\r\n",
    "a star for GET": b"GET * HTTP/1.1\r\nHost: a\r\n\r\n",
    "a fragment": b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
    "two empty lines first": b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a TLS greeting": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "two lengths that differ": head(b"Content-Length: 3", b"Content-Length: 4"),
    "two lengths that agree": head(b"Content-Length: 3", b"Content-Length: 3"),
    "a list of lengths": head(b"Content-Length: 3, 3"),
    "a negative length": head(b"Content-Length: -1"),
    "a signed length": head(b"Content-Length: +5"),
    "a length with an underscore": head(b"Content-Length: 1_0"),
    "a length in hexadecimal": head(b"Content-Length: 0x5"),
    "a length with spaces inside": head(b"Content-Length: 1 0"),
    "a length in words": head(b"Content-Length: five"),
    "an empty length": head(b"Content-Length:"),
    "a fraction": head(b"Content-Length: 5.0"),
    "a length in other digits": head("Content-Length: \u00b2".encode("latin-1")),
    "a huge length": head(b"Content-Length: " + b"9" * 30),
    "a length and chunks": head(b"Content-Length: 3", b"Transfer-Encoding: chunked"),
    "chunks and a length": head(b"Transfer-Encoding: chunked", b"Content-Length: 3"),
    "chunks twice": head(b"Transfer-Encoding: chunked, chunked"),
    "chunks on two lines": head(
        b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"
    ),
    "chunks not last": head(b"Transfer-Encoding: chunked, identity"),
    "an empty coding": head(b"Transfer-Encoding:"),
    "an empty coding in the list": head(b"Transfer-Encoding: chunked,"),
    "a vertical tab at the coding": head(b"Transfer-Encoding: \x0bchunked"),
    "chunks from HTTP/1.0": head(
        b"Transfer-Encoding: chunked", line=b"POST / HTTP/1.0"
    ),
    "two upload offsets": head(b"Upload-Offset: 0", b"Upload-Offset: 5"),
    "two upload lengths": head(b"Upload-Length: 1", b"upload-length: 1"),
    "two versions of tus": head(b"Tus-Resumable: 1.0.0", b"Tus-Resumable: 0.1"),
    "two metadata": head(b"Upload-Metadata: a", b"Upload-Metadata: b"),
    "two content types": head(b"Content-Type: a/b", b"Content-Type: c/d"),
    "two authorizations": head(b"Authorization: Basic a", b"Authorization: Basic b"),
    "two unknown fields": head(b"X-Own: a", b"X-Own: b"),
    "two destinations": head(b"Destination: /a", b"Destination: /b"),
    "two expectations": head(b"Expect: 100-continue", b"Expect: 100-continue"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_ambiguous_requests_are_refused(
    serve: Serve, connect: Connect, name: str
) -> None:
    """400, the connection closes, and nothing after it is taken for a request."""
    app = Recorder()
    client = connect(serve(app))

    client.send(MALFORMED[name], b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
    answer = client.read_answer()

    assert answer.status == 400
    assert answer["Connection"] == "close"
    assert client.is_at_end()
    assert app.seen == []


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        (head(b"Transfer-Encoding: gzip, chunked"), 501),
        (head(b"Transfer-Encoding: xchunked"), 501),
        (head(b"Transfer-Encoding: identity"), 501),
        (head(b"Expect: a-miracle"), 417),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET /" + b"a" * 200_000, 414),
        (head(b"X: " + b"a" * 70_000), 431),
        (head(*[b"X%d: a" % number for number in range(200)]), 431),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000, 431),
    ],
)
def test_unacceptable_requests_say_why(
    serve: Serve, connect: Connect, request_bytes: bytes, status: int
) -> None:
    """Each has its own status, can be read by the client, and closes."""
    app = Recorder()
    client = connect(serve(app))

    client.send(request_bytes)
    answer = client.read_answer()

    assert answer.status == status
    assert answer["Connection"] == "close"
    assert client.is_at_end()
    assert app.seen == []


def test_an_endless_head_is_cut_by_time(serve: Serve, connect: Connect) -> None:
    """A head that does not come to its end in time is answered 408."""
    client = connect(serve(Recorder(), head_seconds=0.3))

    client.send(b"GET / HTTP/1.1\r\nHost: a\r\n")

    assert client.read_answer().status == 408
    assert client.is_at_end()


def test_a_silent_connection_is_closed(serve: Serve, connect: Connect) -> None:
    """Without a word if the client has said nothing, before and between requests."""
    server = serve(Recorder(), head_seconds=0.3, idle_seconds=0.3)
    silent, idle = connect(server), connect(server)

    idle.ask("GET /")

    assert silent.is_at_end()
    assert idle.is_at_end()


def test_values_of_any_latin_1_text_pass(serve: Serve, connect: Connect) -> None:
    """Tabs inside a value and bytes over 127 are allowed (RFC 9110 §5.5)."""
    app = Recorder()

    connect(serve(app)).ask("GET /", "X-One:\t a\tb\xe9 \t")

    assert app.seen[0]["HTTP_X_ONE"] == "a\tb\xe9"
