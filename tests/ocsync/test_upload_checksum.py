"""Checksums as tus, ownCloud's clients and RFC 9530 write them."""

import base64
import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocsync.wire.checksum import (
    ALGORITHMS,
    Checksum,
    ChecksumMalformed,
    ChecksumUnknown,
    format_digest_field,
    parse_digest_field,
    parse_upload_checksum,
    start_digest,
)


def digest_of(algorithm: str, data: bytes) -> bytes:
    """The digest, by the standard library."""
    if algorithm in {"crc32", "adler32"}:
        return int(getattr(zlib, algorithm)(data)).to_bytes(4, "big")
    return hashlib.new(algorithm, data).digest()


@given(st.sampled_from(ALGORITHMS), st.lists(st.binary(max_size=50)))
def test_running_digests(algorithm: str, parts: list[bytes]) -> None:
    """A digest that grows is the digest of the whole."""
    running = start_digest(algorithm)
    for part in parts:
        running.update(memoryview(part))

    assert running.digest() == digest_of(algorithm, b"".join(parts))


@given(st.sampled_from(ALGORITHMS), st.binary(max_size=20))
def test_base64_is_read_by_both(algorithm: str, data: bytes) -> None:
    """Tus's own notation is read strictly and leniently."""
    digest = digest_of(algorithm, data)
    text = f"{algorithm} {base64.b64encode(digest).decode()}"

    for is_lenient in (False, True):
        checksum = parse_upload_checksum(text, is_lenient=is_lenient)
        assert checksum == Checksum(algorithm, digest)
        assert checksum.hex == digest.hex()


@given(st.sampled_from(ALGORITHMS), st.binary(max_size=20), st.booleans())
def test_hexadecimal_is_lenient(algorithm: str, data: bytes, is_upper: bool) -> None:
    """Hexadecimal digits and upper case are read only where that is said."""
    digest = digest_of(algorithm, data)
    text = f"{algorithm} {digest.hex()}"
    text = text.upper() if is_upper else text

    assert parse_upload_checksum(text, is_lenient=True).digest == digest
    with pytest.raises((ChecksumMalformed, ChecksumUnknown)):
        parse_upload_checksum(text, is_lenient=False)


@pytest.mark.parametrize("text", ["", "sha1", " AAAA", "sha1 !!", "sha1 AAAA", "md5 "])
def test_malformed(text: str) -> None:
    """Everything must be there, and as long as it should be."""
    with pytest.raises(ChecksumMalformed):
        parse_upload_checksum(text, is_lenient=True)


def test_unknown() -> None:
    """Other algorithms are not verified, so they are not taken."""
    with pytest.raises(ChecksumUnknown, match="foo"):
        parse_upload_checksum("foo AAAA", is_lenient=True)


@given(st.sampled_from(["md5", "sha1", "sha256", "sha512", "adler32"]), st.binary())
def test_digest_fields_round_trip(algorithm: str, data: bytes) -> None:
    """What is formatted for RFC 9530 is read again."""
    checksum = Checksum(algorithm, digest_of(algorithm, data))

    assert parse_digest_field(format_digest_field(checksum)) == (checksum,)


def test_digest_fields_pass_over_other_algorithms() -> None:
    """Unknown members do no harm, broken ones do."""
    digest = base64.b64encode(hashlib.sha256(b"").digest()).decode()

    found = parse_digest_field(f"unixsum=:AAA=: , sha-256=:{digest}:")

    assert [checksum.algorithm for checksum in found] == ["sha256"]
    for text in ("", "sha-256", "sha-256=abc", "sha-256=:!:", "sha-256=:AAAA:"):
        with pytest.raises(ChecksumMalformed):
            parse_digest_field(text)
