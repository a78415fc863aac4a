"""Bodies from a stream of bytes cut anywhere, without a socket; chunks against h11."""

from itertools import pairwise

import h11
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ocsync.server.channel import Channel
from ocsync.server.http_server import Server
from ocsync.server.load import LoadBoard
from ocsync.server.options import Limits
from ocsync.server.pace import Pace
from ocsync.server.request_body import ChunkedBody, LengthBody
from ocsync.server.threads import Threads
from ocsync.server.waking import READABLE, ThreadWakers, Waker
from ocsync.wire.body import BodyError, BodyTimeout, BodyTooSlow, TruncatedBody


class Script:
    """A transport that gives the pieces of a list, one at each receive."""

    fileno = -1
    has_buffered = False
    needs_handshake = False

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = [piece for piece in pieces if piece]
        self.sent = b""
        self.lingered: list[bool] = []

    def begin(self) -> bool:
        """There is no handshake."""
        return True

    def receive(self, size: int, *, wait: bool) -> bytes | None:
        """The next piece, as far as it fits; the end after the last."""
        del wait
        if not self._pieces:
            return b""
        piece = self._pieces.pop(0)
        if len(piece) > size:
            self._pieces.insert(0, piece[size:])
        return piece[:size]

    def receive_into(self, view: memoryview, *, wait: bool) -> int | None:
        """As `receive`."""
        self.lingered.append(wait)
        data = self.receive(len(view), wait=True) or b""
        view[: len(data)] = data
        return len(data)

    def send(self, data: bytes | memoryview, *, more: bool = False) -> int | None:
        """Take everything."""
        del more
        self.sent += bytes(data)
        return len(data)

    def discard_into(self, view: memoryview) -> int | None:
        """As `receive_into`."""
        return self.receive_into(view, wait=False)

    def is_peer_gone(self) -> bool:
        """Whether there are no more pieces."""
        return not self._pieces

    def end_sending(self) -> None:
        """Nothing to do."""

    def abort(self) -> None:
        """Nothing to do."""

    def close(self, *, reset: bool = False) -> None:
        """Nothing to do."""


def threads_of(**bounds: int) -> Threads:
    """A pool without a server behind it."""
    return Threads(Server.__new__(Server), **bounds)


def channel_of(pieces: list[bytes]) -> Channel:
    """A channel on which these pieces come, and then the end."""
    return channel_over(Script(pieces))


def channel_over(transport: Script) -> Channel:
    """A channel that nobody else uses."""
    return Channel(
        transport,
        threads=threads_of(threads=1, most_threads=2),
        wakers=ThreadWakers(),
        limits=Limits(),
        take_time=lambda: None,
    )


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    """The data in pieces."""
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


CUTS = st.lists(st.integers(0, 10_000), max_size=8)


@given(data=st.binary(max_size=200), cuts=CUTS, block=st.integers(1, 50))
def test_a_length_is_kept_however_bytes_come(
    data: bytes, cuts: list[int], block: int
) -> None:
    """The body is the announced bytes; what follows stays for the next request."""
    channel = channel_of(cut(data + b"next", cuts))
    body = LengthBody(
        channel, Pace(limits=Limits()), length=len(data), before_wait=None
    )
    buffer = bytearray(block)

    read = b""
    while count := body.readinto(buffer):
        read += buffer[:count]

    assert read == data
    assert body.is_finished
    rest = channel.buffered
    while channel.fill(wait=True):
        rest = channel.buffered
    assert rest == b"next"


@given(data=st.binary(max_size=100), missing=st.integers(1, 50), cuts=CUTS)
def test_a_cut_length_hands_out_everything_first(
    data: bytes, missing: int, cuts: list[int]
) -> None:
    """All bytes that came, then the error, and again the error."""
    length = len(data) + missing
    channel = channel_of(cut(data, cuts))
    body = LengthBody(channel, Pace(limits=Limits()), length=length, before_wait=None)
    buffer = bytearray(1000)

    read = b""
    while len(read) < len(data):
        read += buffer[: body.readinto(buffer)]

    assert read == data
    with pytest.raises(TruncatedBody):
        body.readinto(buffer)
    assert body.remaining == missing
    with pytest.raises(TruncatedBody):
        body.readinto(buffer)


def test_a_client_that_ran_dry_is_not_lingered_for_again() -> None:
    """Whoever filled the buffer gets the linger; whoever did not has just had it."""
    script = Script([b"full", b"dry", b"late", b"full", b"over"])
    channel, pace = channel_over(script), Pace(limits=Limits())
    buffer = memoryview(bytearray(4))

    for _ in range(5):
        channel.receive_into(buffer, pace)

    assert script.lingered == [True, True, False, True, True]


HEAD = b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
ODD = st.sampled_from([b"\r", b"\n", b"\r\n", b" ", b";", b"0", b"x", b"-", b"_"])


@st.composite
def chunked(draw: st.DrawFn) -> bytes:
    """Chunked bodies, some with a byte or two out of place."""
    parts = []
    for data in draw(st.lists(st.binary(min_size=1, max_size=40), max_size=4)):
        size = draw(st.sampled_from(["%x", "%X", "0%x", "%x;a=b", '%x; q="r"']))
        parts += [(size % len(data)).encode(), b"\r\n", data, b"\r\n"]
    parts += [b"0\r\n", draw(st.sampled_from([b"", b"A: b\r\n", b"A: b\r\nC:\r\n"]))]
    text = b"".join([*parts, b"\r\n"])
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2]))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(ODD) + text[at + draw(st.integers(0, 1)) :]
    return text


def ask_h11(text: bytes) -> tuple[bytes, dict[str, str]]:
    """Content and trailers as h11 reads them."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(HEAD + text)
    assert isinstance(connection.next_event(), h11.Request)
    content = b""
    while True:
        event = connection.next_event()
        if isinstance(event, h11.EndOfMessage):
            fields = {key.decode(): value.decode() for key, value in event.headers}
            return content, fields
        assert isinstance(event, h11.Data), event
        content += bytes(event.data)


@settings(max_examples=600, deadline=None)
@given(text=chunked(), cuts=CUTS, block=st.integers(1, 60))
@example(text=b"5\r\nhello\r\n0\r\nA: b\r\n\r\n", cuts=[3, 9], block=4)
def test_whatever_chunks_are_accepted_mean_the_same_to_h11(
    text: bytes, cuts: list[int], block: int
) -> None:
    """Same content and trailers, or an error."""
    body = ChunkedBody(
        channel_of(cut(text, cuts)), Pace(limits=Limits()), before_wait=None
    )
    buffer = bytearray(block)
    content = b""
    try:
        while count := body.readinto(buffer):
            content += buffer[:count]
    except BodyError:
        return

    assert body.is_finished
    assert ask_h11(text) == (content, body.trailers)


def test_the_pace_counts_only_waiting() -> None:
    """Enough in each window is enough; too little in one is too slow."""
    pace = Pace(limits=Limits(minimum_rate=10, rate_window_seconds=2.0))

    pace.add(20)
    pace.add_wait(2.0, is_ready=True)
    pace.require_speed()
    pace.add(19)
    pace.add_wait(1.9, is_ready=True)
    pace.require_speed()
    pace.add_wait(0.1, is_ready=True)
    with pytest.raises(BodyTooSlow):
        pace.require_speed()
    with pytest.raises(BodyTimeout):
        pace.add_wait(30.0, is_ready=False)


def test_the_board_knows_who_holds_least() -> None:
    """Workers that are not there do not count."""
    board = LoadBoard(workers=3)

    board.note(0, 5)
    assert board.is_least(0)
    board.note(1, 4)
    assert not board.is_least(0)
    assert board.is_least(1)
    board.clear(1)
    assert board.is_least(0)


def test_a_few_threads_are_kept_for_the_quick() -> None:
    """Slow requests may have all but the last ones, or half if they are few."""
    roomy, tight = (
        threads_of(threads=4, most_threads=most_threads) for most_threads in (6, 4)
    )

    assert [roomy.begin_slow() for _ in range(4)] == [True, True, True, False]
    assert [tight.begin_slow() for _ in range(3)] == [True, True, False]
    tight.end_slow()
    assert tight.begin_slow()


def test_a_wake_up_before_the_wait_is_not_lost() -> None:
    """However often it is woken, a thread wakes once; then it waits again."""
    waker, other = Waker(), Waker()

    for _ in range(100_000):
        waker.wake()

    assert waker.wait(other._read_end, READABLE, 20.0)
    assert not waker.wait(other._read_end, READABLE, 0.0)
