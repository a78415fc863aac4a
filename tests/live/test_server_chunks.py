"""Bodies in chunked coding over real sockets, with trailers and without."""

import pytest

from ocsync.wire.body import MalformedBody
from tests.live.apps import Receiver, echo, refuse
from tests.live.harness import Connect, Serve
from tests.live.raw_http import CHUNKED


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


def test_an_unread_chunked_body_closes(serve: Serve, connect: Connect) -> None:
    """Nobody knows how long it is; the answer can be read all the same."""
    client = connect(serve(refuse))

    client.request("PATCH /", CHUNKED)
    client.send(b"5\r\nhello\r\n" * 1000)
    answer = client.read_answer()

    assert (answer.status, answer["Connection"]) == (409, "close")
    client.send(b"5\r\nhello\r\n" * 1000)
    assert client.is_at_end()
