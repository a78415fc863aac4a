"""The parser of heads, alone and against h11: what we accept means the same there."""

import h11
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ocsync.server.head import END, HeadError, HeadParser, RequestHead
from ocsync.server.options import Limits

PARSER = HeadParser(limits=Limits())


REFUSALS = {400, 414, 417, 431, 501, 505}


def parse(text: bytes) -> RequestHead:
    """A head that ends in its blank line."""
    end = PARSER.find_end(text)
    assert end >= 0
    return PARSER.parse(text[:end])


def try_to_parse(text: bytes) -> RequestHead | None:
    """A head, or None if it is refused in an orderly way or has not ended."""
    try:
        end = PARSER.find_end(text)
        return None if end < 0 else PARSER.parse(text[:end])
    except HeadError as error:
        refusal = error.status
    assert refusal in REFUSALS
    return None


METHODS = st.sampled_from(["GET", "PUT", "PROPFIND", "OPTIONS", "PATCH", "x-Y"])
TARGETS = st.one_of(
    st.sampled_from(["/", "/a%20b?c=d", "*", "http://h:1/p?q", "//x", "a", "/#"]),
    st.text("ab/%20?&;=-._~", max_size=12).map("/".__add__),
)
VERSIONS = st.sampled_from(["HTTP/1.1"] * 6 + ["HTTP/1.0", "HTTP/2.0", "http/1.1"])
FRAMING = st.sampled_from(
    [
        "",
        "",
        "Content-Length: 5",
        "content-length:0",
        "Content-Length: 0005\t",
        "Content-Length: 5, 5",
        "Content-Length: +5",
        "Content-Length: 1_0",
        "Content-Length: -1",
        "Content-Length : 5",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding:\tCHUNKED ",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: identity",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 6",
    ]
)
OTHERS = st.sampled_from(
    [
        "Connection: close",
        "Connection: keep-alive, x",
        "Expect: 100-continue",
        "X-Empty:",
        "X-Text: \xe9\t!",
        "X_Y: dropped",
        "Upload-Offset: 0",
        'If-Match: "a", "b"',
        "Cookie: a=b",
        "If-Match: *",
        "Range: bytes=0-",
    ]
)
HOSTS = st.sampled_from(["Host: h"] * 6 + ["host:h:80", "Host: a b", "X: no host"])
ODD_BYTES = st.sampled_from([b"\r", b"\n", b"\r\n", b" ", b"\t", b":", b"\0", b","])


@st.composite
def heads(draw: st.DrawFn) -> bytes:
    """Good heads, and heads with one or two bytes out of place."""
    lines = [
        f"{draw(METHODS)} {draw(TARGETS)} {draw(VERSIONS)}",
        draw(
            st.sampled_from(["Host: h"] * 6 + ["host:h:80", "Host: a b", "X: no host"])
        ),
        draw(FRAMING),
        *draw(st.lists(OTHERS, max_size=4, unique=True)),
    ]
    text = "\r\n".join(line for line in lines if line).encode("latin-1")
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2]))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(ODD_BYTES) + text[at + draw(st.integers(0, 1)) :]
    return text + END


def ask_h11(text: bytes) -> h11.Request:
    """What h11 makes of a head."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    connection.receive_data(text)
    event = connection.next_event()
    assert isinstance(event, h11.Request), event
    return event


def framing_of(request: h11.Request) -> tuple[int, bool]:
    """The length of the body, and whether it is chunked, as h11 understood it."""
    fields = dict(request.headers)
    is_chunked = fields.get(b"transfer-encoding", b"").lower() == b"chunked"
    length = 0 if is_chunked else int(fields.get(b"content-length", b"0"))
    return length, is_chunked


def fields_of(request: h11.Request) -> dict[str, str]:
    """The fields as h11 understood them, as our environ would hold them."""
    fields: dict[str, str] = {}
    for raw_name, raw_value in request.headers.raw_items():
        name, value = raw_name.decode(), raw_value.decode("latin-1")
        is_replaced = name.lower() == "host" and not request.target.startswith(b"/")
        if "_" in name or name.lower() == "proxy" or is_replaced:
            continue
        key = "HTTP_" + name.upper().replace("-", "_")
        key = key.replace("HTTP_CONTENT_LENGTH", "CONTENT_LENGTH")
        comma = "; " if key == "HTTP_COOKIE" else ", "
        fields[key] = f"{fields[key]}{comma}{value}" if key in fields else value
    fields.pop("HTTP_TRANSFER_ENCODING", None)  # h11 folds its case
    return fields


@settings(max_examples=1500, deadline=None)
@given(text=heads())
@example(text=b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n")
@example(
    text=b"PUT http://h/p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
)
def test_whatever_is_accepted_means_the_same_to_h11(text: bytes) -> None:
    """Same method, target, version, fields and framing, or we refuse."""
    head = try_to_parse(text)
    if head is None:
        return

    # h11 does not know the one empty line before a request (RFC 9112 §2.2).
    request = ask_h11(text[: text.index(END) + 4].removeprefix(b"\r\n"))
    assert request.method.decode() == head.method
    assert request.target.decode() == head.target
    assert request.http_version == b"1.%d" % head.minor
    assert framing_of(request) == (head.length, head.is_chunked)
    assert fields_of(request) | head.fields == head.fields


@settings(max_examples=500, deadline=None)
@given(data=st.binary(max_size=300))
@example(data=b"\r\n\r\n")
@example(data=b"\r\n" * 4)
def test_noise_is_refused_or_waited_for(data: bytes) -> None:
    """Any bytes at all end in a head, an orderly refusal, or the wish for more."""
    try_to_parse(data)


@settings(max_examples=300, deadline=None)
@given(text=heads(), cut=st.integers(0, 200))
def test_a_good_head_is_never_refused_half(text: bytes, cut: int) -> None:
    """A prefix of what is acceptable is only waited for."""
    assume(try_to_parse(text) is not None)

    part = text[: text.index(END) + 4][:cut]
    if END not in part:
        assert PARSER.find_end(part) == -1


@pytest.mark.parametrize(
    ("version", "connection", "is_kept"),
    [
        ("1.1", None, True),
        ("1.1", "close", False),
        ("1.1", "keep-alive, CLOSE", False),
        ("1.1", "closed", True),
        ("1.0", None, False),
        ("1.0", "Keep-Alive", True),
        ("1.0", "keep-alive, close", False),
    ],
)
def test_keeping_alive_is_agreed(
    version: str, connection: str | None, *, is_kept: bool
) -> None:
    """RFC 9112 §9.3, token by token."""
    field = "" if connection is None else f"Connection: {connection}\r\n"

    head = parse(f"GET / HTTP/{version}\r\nHost: a\r\n{field}\r\n".encode())

    assert head.keeps_alive is is_kept


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/", "/", ""),
        ("//a//b/../c", "//a//b/../c", ""),
        ("/a%2Fb%25", "/a/b%", ""),
        ("/%zz%", "/%zz%", ""),
        ("/a;b=c?d?e=%20", "/a;b=c", "d?e=%20"),
        ("/?", "/", ""),
        ("http://h", "/", ""),
        ("HTTPS://h?x", "/", "x"),
        ("http://h/a?b", "/a", "b"),
    ],
)
def test_targets_are_split_and_decoded_once(target: str, path: str, query: str) -> None:
    """Nothing is normalised here: that is the application's business."""
    head = parse(f"GET {target} HTTP/1.1\r\nHost: h\r\n\r\n".encode())

    assert (head.path, head.query, head.target) == (path, query, target)


def test_unknown_names_do_not_fill_memory() -> None:
    """Names seen are remembered only up to a bound."""
    parser = HeadParser(limits=Limits())

    for number in range(3000):
        parser.parse(f"GET / HTTP/1.1\r\nHost: a\r\nX-{number}: 1".encode())

    assert len(parser._names._keys) <= 1024
