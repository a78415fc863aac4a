"""Digests that grow while bytes arrive."""

import base64
import hashlib
import sys
import zlib
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spaces import resumable
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
        b'{"version": 1, "size": 0, "hashes": {}}',
        b'{"version": 2, "size": 0, "hashes": {"sha1": "!"}}',
        b'{"version": 2, "size": 0, "hashes": {"sha1": "QUJD"}}',
        b'{"version": 2, "size": 0, "hashes": {"nope": ""}}',
        b'{"version": 2, "size": 0, "hashes": 7}',
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


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Call it to have only some kinds of hashes that can be saved."""

    def allow(*, openssl: bool, rehashes: bool) -> None:
        if not openssl:
            monkeypatch.setattr(resumable, "_openssl", lambda: None)
        if not rehashes:
            monkeypatch.setattr(resumable, "_rehashes", lambda: None)

    return allow


@pytest.mark.skipif(sys.platform != "linux", reason="rehashes is built for Linux")
@given(first=st.binary(max_size=300), second=st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_package_takes_the_place_of_openssl(
    kinds: Callable[..., None], first: bytes, second: bytes
) -> None:
    """Where Python hides the functions that can save."""
    kinds(openssl=False, rehashes=True)
    running = RunningChecksums(("sha1", "md5"), is_resumable=True)
    running.update(first)

    restored = RunningChecksums.from_state(running.state())
    restored.update(second)

    assert restored.hexdigest("sha1") == _expected("sha1", first + second)
    assert restored.hexdigest("md5") == _expected("md5", first + second)


def test_with_neither_nothing_is_resumed(kinds: Callable[..., None]) -> None:
    """Digests are right all the same; what was saved is refused, to be read again."""
    saved = RunningChecksums(is_resumable=True).state()
    kinds(openssl=False, rehashes=False)
    running = RunningChecksums(ALGORITHMS, is_resumable=True)
    running.update(b"bytes")

    assert running.hexdigest("sha1") == _expected("sha1", b"bytes")
    with pytest.raises(ValueError, match="cannot be resumed"):
        RunningChecksums.from_state(running.state())
    with pytest.raises(ValueError, match="cannot be resumed"):
        RunningChecksums.from_state(saved)


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256", "sha512"])
def test_a_state_that_would_overrun_is_refused(name: str) -> None:
    """A count of begun bytes beyond a block would make OpenSSL write elsewhere."""
    running = resumable.start(name)
    assert running is not None
    kind, _, text = running.state().partition(":")
    if not kind.startswith("openssl"):
        pytest.skip("this Python hides the functions of OpenSSL")
    state = base64.b64decode(text)

    for damaged in (b"\xff" * len(state), state[:-1], state + b"\0"):
        with pytest.raises(ValueError, match="damaged"):
            resumable.resume(name, f"{kind}:{base64.b64encode(damaged).decode()}")


def test_bytes_that_cannot_be_written_to_are_hashed_too() -> None:
    """And strided views, which no buffer of ours ever is."""
    running = resumable.start("sha1")
    assert running is not None

    running.update(memoryview(b"abcdef")[::2])

    assert running.hexdigest() == hashlib.sha1(b"ace").hexdigest()
