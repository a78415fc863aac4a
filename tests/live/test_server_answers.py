"""Answers over real sockets: lengths, chunks, errors, and who closes."""

import io
from collections.abc import Iterable, Iterator
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from ocsync.wire.filebody import FileBody
from tests.live.apps import Closing
from tests.live.harness import Connect, Serve


def answer_with(
    blocks: Iterable[bytes], *headers: tuple[str, str], status: str = "200 OK"
) -> WSGIApplication:
    """An application that always gives the same answer."""

    def app(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, list(headers))
        return blocks

    return app


class MemoryReader(io.BytesIO):
    """A blob reader over bytes."""

    @property
    def size(self) -> int:
        """All of it."""
        return len(self.getvalue())


def test_an_answer_of_unknown_length_is_chunked(serve: Serve, connect: Connect) -> None:
    """Blocks of a generator go out as chunks, empty ones not at all."""
    client = connect(serve(answer_with([b"a", b"", b"bc"] * 2000)))
    blocks = connect(serve(answer_with(iter([b"a", b"", b"b" * 200_000]))))

    assert client.ask("GET /").body == b"abc" * 2000
    answer = blocks.ask("GET /")
    assert answer["Transfer-Encoding"] == "chunked"
    assert answer.body == b"a" + b"b" * 200_000
    assert blocks.ask("GET /").status == 200


def test_http_1_0_gets_no_chunks(serve: Serve, connect: Connect) -> None:
    """There the end of the connection is the end of the body."""
    client = connect(serve(answer_with(iter([b"a", b"b"]))))

    client.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    answer = client.read_answer()

    assert answer.body == b"ab"
    assert answer["Connection"] == "close"


def test_a_head_has_no_body(serve: Serve, connect: Connect) -> None:
    """HEAD keeps the length the application says, and the connection stays in step."""
    client = connect(serve(answer_with([b"abc"], ("Content-Length", "3"))))

    assert client.ask("HEAD /")["Content-Length"] == "3"
    assert client.ask("GET /").body == b"abc"


def test_a_head_of_unknown_length_keeps_the_connection(
    serve: Serve, connect: Connect
) -> None:
    """Without Content-Length nothing is guessed, and nothing follows."""
    client = connect(serve(answer_with([])))

    answer = client.ask("HEAD /")

    assert "Content-Length" not in answer
    assert "Connection" not in answer
    assert client.ask("HEAD /").status == 200


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_some_statuses_have_no_body(
    serve: Serve, connect: Connect, status: str
) -> None:
    """What the application sends with 204 or 304 never reaches the wire."""
    client = connect(serve(answer_with([b"oops"], status=status)))

    for _ in range(2):
        answer = client.ask("GET /")
        assert answer.status == int(status[:3])
        assert "Content-Length" not in answer
        assert "Transfer-Encoding" not in answer
    assert client.is_silent()


def test_an_odd_status_passes(serve: Serve, connect: Connect) -> None:
    """Any three digits and text are legal."""
    app = answer_with([b""], status="460 Checksum Mismatch")

    answer = connect(serve(app)).ask("GET /")

    assert (answer.status, answer.reason) == (460, "Checksum Mismatch")


@pytest.mark.parametrize("size", [0, 1, 70_000, 1_000_000])
def test_stored_content_is_sent_from_its_reader(
    serve: Serve, connect: Connect, size: int
) -> None:
    """A FileBody arrives whole, with its length, and its reader is closed."""
    content = bytes(range(256)) * (size // 256) + b"e" * (size % 256)
    readers: list[MemoryReader] = []

    def app(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        readers.append(MemoryReader(content))
        start_response("200 OK", [])
        return FileBody(readers[-1])

    client = connect(serve(app))

    assert client.ask("GET /").body == content
    assert client.ask("HEAD /")["Content-Length"] == str(size)
    assert client.ask("GET /")["Content-Length"] == str(size)
    assert all(reader.closed for reader in readers[:-1])


def test_content_that_ends_early_never_looks_whole(
    serve: Serve, connect: Connect
) -> None:
    """A reader with less than it promised ends in a cut connection."""

    def app(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return FileBody(MemoryReader(b"abc"), 5)

    client = connect(serve(app))

    with pytest.raises(EOFError):
        client.ask("GET /")


def test_any_file_can_be_wrapped(serve: Serve, connect: Connect) -> None:
    """`wsgi.file_wrapper` sends a file-like object and closes it."""
    files: list[io.BytesIO] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        files.append(io.BytesIO(b"z" * 100_000))
        start_response("200 OK", [("Content-Length", "100000")])
        wrapped: Iterable[bytes] = environ["wsgi.file_wrapper"](files[-1], 8192)
        return wrapped

    client = connect(serve(app))

    assert client.ask("GET /").body == b"z" * 100_000
    assert client.ask("GET /").status == 200
    assert files[0].closed


def test_the_write_callable_works(serve: Serve, connect: Connect) -> None:
    """PEP 3333's old way of sending."""

    def app(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("200 OK", [])
        write(b"a")
        write(b"b")
        return [b"c"]

    client = connect(serve(app))

    assert client.ask("GET /").body == b"abc"
    assert client.ask("GET /").body == b"abc"


def test_a_generator_may_start_late(serve: Serve, connect: Connect) -> None:
    """start_response may be called when the first block is asked for."""

    def app(_: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("201 Created", [])
        yield b"x"

    assert connect(serve(app)).ask("GET /").status == 201


def test_iterables_are_always_closed(serve: Serve, connect: Connect) -> None:
    """After a good answer, after a bad one, and when the client has gone."""

    def failing() -> Iterator[bytes]:
        yield b"a"
        raise ZeroDivisionError

    good, bad = Closing([b"a"]), Closing(failing())
    endless = Closing(iter(lambda: b"x" * 100_000, b""))

    connect(serve(answer_with(good))).ask("GET /")
    with pytest.raises(EOFError):
        connect(serve(answer_with(bad))).ask("GET /")
    leaver = connect(serve(answer_with(endless)))
    leaver.request("GET /")
    leaver.socket.recv(1)
    leaver.reset()

    assert good.is_closed.wait(20)
    assert bad.is_closed.wait(20)
    assert endless.is_closed.wait(20)


def test_an_error_before_the_answer_is_a_500(serve: Serve, connect: Connect) -> None:
    """Nothing of the error is told, and the connection goes on."""

    def app(environ: WSGIEnvironment, _: StartResponse) -> Iterable[bytes]:
        raise RuntimeError("secret")

    client = connect(serve(app))

    for _ in range(2):
        answer = client.ask("GET /")
        assert answer.status == 500
        assert b"secret" not in answer.body


def test_an_error_amid_an_answer_cuts_it(serve: Serve, connect: Connect) -> None:
    """Chunks stop without the last one; a body ended by closing is reset."""

    def failing() -> Iterator[bytes]:
        yield b"a"
        raise ZeroDivisionError

    server = serve(lambda _, start: (start("200 OK", []), failing())[1])

    with pytest.raises(EOFError):
        connect(server).ask("GET /")
    old = connect(server)
    old.send(b"GET / HTTP/1.0\r\n\r\n")
    with pytest.raises(ConnectionResetError):
        old.read_answer()


def test_exc_info_replaces_an_answer_not_yet_sent(
    serve: Serve, connect: Connect
) -> None:
    """PEP 3333: until the head is sent the application may change its mind."""

    def app(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        error = ValueError()
        start_response(
            "400 Bad Request",
            [("X-Late", "1")],
            (ValueError, error, None),  # type: ignore[arg-type]
        )
        return [b"sorry"]

    answer = connect(serve(app)).ask("GET /")

    assert (answer.status, answer["X-Late"]) == (400, "1")


@pytest.mark.parametrize(
    "headers",
    [
        [("X-A", "a\r\nX-Evil: 1")],
        [("X-A", "a\nb")],
        [("X-A\r\nB", "a")],
        [("X-A", "\0")],
        [("X-A", "€")],
        [("Content-Length", "-1")],
        [("Content-Length", "five")],
    ],
)
def test_headers_cannot_break_out(
    serve: Serve, connect: Connect, headers: list[tuple[str, str]]
) -> None:
    """A header that would change the message is an error of the application."""
    answer = connect(serve(answer_with([b""], *headers))).ask("GET /")

    assert answer.status == 500
    assert "X-Evil" not in answer


def test_too_long_a_body_is_cut(serve: Serve, connect: Connect) -> None:
    """More than Content-Length promised never follows it on the wire."""
    client = connect(serve(answer_with([b"abcdef"], ("Content-Length", "3"))))

    assert client.ask("GET /").body == b"abc"
    assert client.is_at_end()


def test_too_short_a_body_closes(serve: Serve, connect: Connect) -> None:
    """Less than promised ends the connection, so that the client knows."""
    client = connect(serve(answer_with([b"abc"], ("Content-Length", "6"))))

    with pytest.raises(EOFError):
        client.ask("GET /")


def test_the_application_may_close(serve: Serve, connect: Connect) -> None:
    """Its `Connection: close` counts; its framing fields do not."""
    headers = [("Connection", "close"), ("Transfer-Encoding", "gzip")]
    client = connect(serve(answer_with([b"a"], *headers)))

    answer = client.ask("GET /")

    assert answer["Connection"] == "close"
    assert "Transfer-Encoding" not in answer
    assert client.is_at_end()


def test_interim_answers_come_first(serve: Serve, connect: Connect) -> None:
    """`ocsync.send_interim` says 1xx to HTTP/1.1 clients and nothing to older ones."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["ocsync.send_interim"](104, [("Upload-Offset", "7")])
        start_response("200 OK", [])
        return [b"x"]

    server = serve(app)
    client, old = connect(server), connect(server)

    interim = client.ask("GET /")
    assert (interim.status, interim.reason) == (104, "Upload Resumption Supported")
    assert interim["Upload-Offset"] == "7"
    assert client.read_answer().status == 200
    old.send(b"GET / HTTP/1.0\r\n\r\n")
    assert old.read_answer().status == 200
