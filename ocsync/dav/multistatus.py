"""Multi-status answers, written while their rows are read.

Takes finished DAV:response elements; knows nothing of what they say.
"""

from collections.abc import Generator, Iterable, Iterator
from itertools import islice
from typing import Final
from wsgiref.types import StartResponse

from ocsync.dav.request import Headers
from ocsync.dav.xml_names import DECLARATIONS
from ocsync.problems import status_line
from ocsync.wire.content_encoding import accepts_gzip, gzipped
from ocsync.wire.sabre import CONTENT_TYPE

MULTI_STATUS: Final = 207
# Enough to make sending cheap. More would only take longer until the first byte, and
# memory in every thread that has ever listed a folder.
ROWS_PER_CHUNK: Final = 64

_HEAD: Final = f'<?xml version="1.0" encoding="utf-8"?>\n<d:multistatus {DECLARATIONS}>'
_TAIL: Final = "</d:multistatus>\n"


def send_multistatus(
    start_response: StartResponse,
    responses: Iterable[str],
    *,
    headers: Headers = (),
    tail: str = "",
    accept_encoding: str | None = None,
) -> Iterable[bytes]:
    """Answer 207; what fits in one chunk gets a Content-Length.

    The first rows are read before the head goes out, so that an error of the
    database is still answered as one. `tail` stands after the responses. Longer
    answers are compressed where the client's Accept-Encoding is given and allows it.
    """
    rows = iter(responses)
    first = list(islice(rows, ROWS_PER_CHUNK))
    all_headers = [("Content-Type", CONTENT_TYPE), *headers]
    if len(first) < ROWS_PER_CHUNK:
        body = "".join((_HEAD, *first, tail, _TAIL)).encode()
        all_headers.append(("Content-Length", str(len(body))))
        start_response(_status_line(), all_headers)
        return [body]
    chunks = _stream(first, rows, tail)
    if accept_encoding is not None:
        all_headers.append(("Vary", "Accept-Encoding"))
        if accepts_gzip(accept_encoding):
            all_headers.append(("Content-Encoding", "gzip"))
            chunks = gzipped(chunks)
    start_response(_status_line(), all_headers)
    return chunks


def _status_line() -> str:
    return status_line(MULTI_STATUS)


def _stream(
    first: list[str], rows: Iterator[str], tail: str
) -> Generator[bytes, None, None]:
    try:
        yield "".join((_HEAD, *first)).encode()
        while chunk := "".join(islice(rows, ROWS_PER_CHUNK)):
            yield chunk.encode()
        yield (tail + _TAIL).encode()
    finally:
        close = getattr(rows, "close", None)
        if close is not None:
            close()


def status_response(href: str, status: int) -> str:
    """A DAV:response that says one status of one resource."""
    return (
        f"<d:response><d:href>{href}</d:href>"
        f"<d:status>HTTP/1.1 {status_line(status)}</d:status></d:response>"
    )
