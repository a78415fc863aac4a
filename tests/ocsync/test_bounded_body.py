"""`BoundedBody` over a plain `wsgi.input`, as other servers and tests give it."""

import io
from typing import Any

import pytest

from ocsync.wire.body import (
    BodyTooLarge,
    BoundedBody,
    MalformedBody,
    TruncatedBody,
)


def body_of(data: bytes, **environ: Any) -> dict[str, Any]:
    """An environ with a body."""
    return {"wsgi.input": io.BytesIO(data), **environ}


class Broken(io.BytesIO):
    """A stream that fails after its bytes."""

    def read(self, size: int | None = -1, /) -> bytes:
        """What is there, then the error."""
        data = super().read(size)
        if not data:
            raise ConnectionResetError("gone")
        return data


def test_a_body_is_read_up_to_its_length() -> None:
    """What lies behind it belongs to the next request."""
    body = BoundedBody(body_of(b"abcdef", CONTENT_LENGTH="4"))

    assert body.length == 4
    assert body.read() == b"abcd"
    assert body.read() == b""
    assert body.received == 4


def test_a_body_without_length_is_empty() -> None:
    """Unless the server says that its end will show."""
    assert BoundedBody(body_of(b"abc")).read() == b""
    assert BoundedBody(body_of(b"abc", CONTENT_LENGTH="")).read() == b""
    terminated = BoundedBody(body_of(b"abc", **{"wsgi.input_terminated": True}))
    assert terminated.length is None
    assert terminated.read() == b"abc"
    assert BoundedBody({}).read() == b""


@pytest.mark.parametrize("stream", [io.BytesIO(b"abc"), Broken(b"abc")])
def test_a_short_body_is_an_error(stream: io.BytesIO) -> None:
    """After every byte that came was handed out."""
    body = BoundedBody({"wsgi.input": stream, "CONTENT_LENGTH": "5"})
    buffer = bytearray(10)

    assert body.readinto(buffer) == 3
    assert buffer[:3] == b"abc"
    with pytest.raises(TruncatedBody):
        body.readinto(buffer)
    assert body.received == 3


def test_an_announced_excess_is_refused_at_once() -> None:
    """Before a byte is read."""
    environ = body_of(b"abcdef", CONTENT_LENGTH="6")

    with pytest.raises(BodyTooLarge):
        BoundedBody(environ, limit=5)
    assert environ["wsgi.input"].tell() == 0
    assert BoundedBody(environ, limit=6).read() == b"abcdef"


@pytest.mark.parametrize(("data", "is_refused"), [(b"abc", False), (b"abcd", True)])
def test_an_unannounced_excess_is_never_handed_out(
    data: bytes, *, is_refused: bool
) -> None:
    """The limit itself is all right."""
    environ = body_of(data, **{"wsgi.input_terminated": True})
    body = BoundedBody(environ, limit=3)
    buffer = bytearray(10)

    assert body.readinto(buffer) == 3
    if is_refused:
        with pytest.raises(BodyTooLarge):
            body.readinto(buffer)
    else:
        assert body.readinto(buffer) == 0
    assert body.received == 3


@pytest.mark.parametrize("length", ["-1", "+1", "1_0", "a", "\u00b2"])
def test_a_strange_length_is_malformed(length: str) -> None:
    """Servers that let it pass are not trusted."""
    with pytest.raises(MalformedBody):
        BoundedBody(body_of(b"abc", CONTENT_LENGTH=length))


def test_blocks_share_one_buffer() -> None:
    """Each is a view of it, as large as what one read gave."""
    body = BoundedBody(body_of(b"abcdefgh", CONTENT_LENGTH="8"))

    assert [bytes(block) for block in body.blocks(bytearray(3))] == [
        b"abc",
        b"def",
        b"gh",
    ]
    assert list(BoundedBody(body_of(b"", CONTENT_LENGTH="0"))) == []


def test_read_gives_what_is_there() -> None:
    """At most what was asked for; nothing for nothing."""
    body = BoundedBody(body_of(b"abcdef", CONTENT_LENGTH="6"))

    assert body.read(0) == b""
    assert body.read(4) == b"abcd"
    assert body.read(4) == b"ef"
