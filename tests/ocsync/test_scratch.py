"""Content on its way out: read behind the room for a head, and sent with it."""

import threading
from typing import Any

import pytest

from ocsync.server.response import HttpDate, Response
from ocsync.server.scratch import Scratch


class Sent:
    """A channel that keeps what is sent, call by call."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def send_all(self, data: bytes | memoryview, *, more: bool = False) -> None:
        """Keep a copy: the buffer is used again."""
        del more
        self.parts.append(bytes(data))


def respond(sent: Any, *, extra: str = "") -> Response:
    """A response of four bytes that has not begun."""
    response = Response(sent, method="GET", minor=1, date=HttpDate())
    response.status = "200 OK"
    response.headers = [("Content-Length", "4"), ("X-Extra", extra)]
    return response


@pytest.mark.parametrize(("extra", "calls"), [("short", 1), ("x" * 5000, 2)])
def test_head_and_content_go_out_together(extra: str, calls: int) -> None:
    """In one piece while the head fits before the content, else one after the other."""
    sent, scratch = Sent(), Scratch()
    scratch.content[:6] = b"abcdef"

    respond(sent, extra=extra).send(scratch.content[:4], whole_length=4, within=scratch)

    head, _, body = b"".join(sent.parts).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert extra.encode() in head
    assert body == b"abcd"
    assert len(sent.parts) == calls


def test_parts_after_the_first_have_no_head() -> None:
    """The next part lies where the first one lay, and goes out as it is."""
    sent, scratch = Sent(), Scratch()
    response = respond(sent)

    for part in (b"ab", b"cd"):
        scratch.content[:2] = part
        response.send(scratch.content[:2], whole_length=4, within=scratch)

    assert sent.parts[0].endswith(b"\r\n\r\nab")
    assert sent.parts[1:] == [b"cd"]


def test_each_thread_has_its_own() -> None:
    """What one thread reads is not overwritten by another."""
    scratch = Scratch()
    scratch.content[:1] = b"a"

    def overwrite() -> None:
        scratch.content[:1] = b"b"

    other = threading.Thread(target=overwrite)
    other.start()
    other.join()

    assert bytes(scratch.content[:1]) == b"a"
