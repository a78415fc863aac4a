"""Digests that grow while bytes arrive."""

import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaces import checksums
from spaces.checksums import ALGORITHMS, RunningChecksums
from spaces.errors import ChecksumMismatch


def _expected(name: str, data: bytes) -> str:
    if name == "adler32":
        return f"{zlib.adler32(data):08x}"
    if name == "crc32":
        return f"{zlib.crc32(data):08x}"
    return hashlib.new(name, data).hexdigest()


@given(st.lists(st.binary(max_size=200)), st.booleans())
def test_digests_are_those_of_the_whole(
    pieces: list[bytes], is_resumable: bool
) -> None:
    """The split of the bytes does not matter."""
    running = RunningChecksums(ALGORITHMS, is_resumable=is_resumable)

    for piece in pieces:
        running.update(piece)

    whole = b"".join(pieces)
    assert running.size == len(whole)
    for name in ALGORITHMS:
        assert running.hexdigest(name) == _expected(name, whole)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_a_saved_state_goes_on(first: bytes, second: bytes) -> None:
    """Another process continues where this one ended."""
    running = RunningChecksums(ALGORITHMS, is_resumable=True)
    running.update(first)

    restored = RunningChecksums.from_state(running.state())
    restored.update(memoryview(second))

    assert restored.size == len(first) + len(second)
    for name in ALGORITHMS:
        assert restored.hexdigest(name) == _expected(name, first + second)


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"[]",
        b"{}",
        b'{"version": 2, "size": 0, "hashes": {}}',
        b'{"version": 1, "size": 0, "hashes": {"sha1": "!"}}',
        b'{"version": 1, "size": 0, "hashes": {"sha1": "QUJD"}}',
        b'{"version": 1, "size": 0, "hashes": {"nope": ""}}',
        b'{"version": 1, "size": 0, "hashes": 7}',
    ],
)
def test_a_damaged_state_is_refused(state: bytes) -> None:
    """The caller then reads the staged bytes anew."""
    with pytest.raises(ValueError, match=r"."):
        RunningChecksums.from_state(state)


def test_verifying() -> None:
    """Case does not matter, bytes do."""
    running = RunningChecksums(("sha1",))
    running.update(b"abc")

    running.verify("sha1", hashlib.sha1(b"abc").hexdigest().upper())
    with pytest.raises(ChecksumMismatch):
        running.verify("sha1", hashlib.sha1(b"abd").hexdigest())


def test_what_is_not_resumable_cannot_be_saved() -> None:
    """The mistake shows at once."""
    with pytest.raises(ValueError, match="cannot be saved"):
        RunningChecksums().state()


def test_without_the_package_nothing_is_resumed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Digests are right all the same; what was saved is refused, to be read again."""
    saved = RunningChecksums(is_resumable=True).state()
    monkeypatch.setattr(checksums, "rehashes", None)
    running = RunningChecksums(ALGORITHMS, is_resumable=True)
    running.update(b"bytes")

    assert running.hexdigest("sha1") == _expected("sha1", b"bytes")
    with pytest.raises(ValueError, match="cannot be resumed"):
        RunningChecksums.from_state(running.state())
    with pytest.raises(ValueError, match="cannot be resumed"):
        RunningChecksums.from_state(saved)
