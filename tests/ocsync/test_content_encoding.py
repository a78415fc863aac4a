"""Answers in gzip: who gets them, and that they can be read while they arrive."""

import gzip
import zlib
from collections.abc import Generator

import pytest

from ocsync.wire.content_encoding import accepts_gzip, gzipped

CHUNKS = [b"<d:response>%d</d:response>" % number * 50 for number in range(20)]


@pytest.mark.parametrize(
    "header", ["gzip", "gzip, deflate, br", "GZIP;q=0.5", "identity, *", "br, gzip;q=1"]
)
def test_who_gets_it(header: str) -> None:
    """Whoever names it, or takes everything."""
    assert accepts_gzip(header)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "identity",
        "deflate",
        "gzip;q=0",
        "gzip;q=0.0, *",
        "*;q=0",
        ";,;q",
        "b=\0",
    ],
)
def test_who_does_not(header: str | None) -> None:
    """Whoever does not name it, refuses it, or says nothing that can be read."""
    assert not accepts_gzip(header)


def test_each_chunk_can_be_read_at_once() -> None:
    """Nothing of a chunk waits for the next one."""
    reader = zlib.decompressobj(wbits=31)

    parts = gzipped(_chunks())

    assert [reader.decompress(next(parts)) for _ in CHUNKS] == CHUNKS
    assert reader.decompress(b"".join(parts)) == b""
    assert reader.eof


def test_it_is_smaller() -> None:
    """Much so, for text that repeats itself."""
    packed = b"".join(gzipped(_chunks()))

    assert gzip.decompress(packed) == b"".join(CHUNKS)
    assert len(packed) * 5 < sum(map(len, CHUNKS))


def test_who_hangs_up_closes_the_source() -> None:
    """Rows are not read on for somebody who is gone."""
    source = _chunks()
    parts = gzipped(source)
    next(parts)

    parts.close()

    assert source.gi_frame is None  # type: ignore[attr-defined]


def _chunks() -> Generator[bytes, None, None]:
    yield from CHUNKS
