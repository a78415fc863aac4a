"""Digests that grow while bytes arrive.

`RunningChecksums` feeds several algorithms in one pass. A resumable one can be saved
as bytes and continued by another process, where the system has hashes for that
(`spaces.resumable`); else what was saved is refused later, and the bytes must be read
again. How digests are written in headers is not known here.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable
from typing import Final, Protocol, Self

from spaces import resumable
from spaces.errors import ChecksumMismatch
from spaces.model import Checksums

try:
    from isal.isal_zlib import adler32, crc32  # six times as fast
except ImportError:
    from zlib import adler32, crc32

step_adler32: Final = adler32
"""The fastest ADLER32 there is here: bytes and the value so far in, the value out."""

Data = bytes | bytearray | memoryview

ALGORITHMS: Final = ("sha1", "adler32", "md5", "sha256", "sha512", "crc32")
KEPT: Final = ("sha1", "adler32")
"""Computed for all content before it is answered for."""
ALL_KEPT: Final = ("sha1", "adler32", "md5", "sha256")
"""What is kept of content in the end."""

_STATE_VERSION: Final = 2


class _Hash(Protocol):
    def update(self, data: Data, /) -> None: ...

    def hexdigest(self) -> str: ...


class _Rolling:
    """ADLER32 or CRC32: the value is the state, and it costs next to nothing."""

    def __init__(self, name: str, value: int | None = None) -> None:
        self._step = adler32 if name == "adler32" else crc32
        self._value = self._step(b"") if value is None else value

    def update(self, data: Data, /) -> None:
        self._value = self._step(data, self._value)

    def hexdigest(self) -> str:
        return f"{self._value:08x}"

    def state(self) -> str:
        return str(self._value)


_ROLLING: Final = frozenset({"adler32", "crc32"})


class RunningChecksums:
    """Several digests of one stream of bytes."""

    def __init__(
        self, algorithms: Iterable[str] = KEPT, *, is_resumable: bool = False
    ) -> None:
        """Begin at the first byte.

        Raises:
            ValueError: an algorithm is not one of `ALGORITHMS`.
        """
        self._is_resumable = is_resumable
        self._size = 0
        self._hashes: dict[str, _Hash] = {
            name: _new_hash(name, is_resumable=is_resumable)
            for name in dict.fromkeys(algorithms)
        }

    @property
    def size(self) -> int:
        """Bytes taken in so far."""
        return self._size

    @property
    def algorithms(self) -> tuple[str, ...]:
        """What is computed."""
        return tuple(self._hashes)

    @property
    def lanes(self) -> tuple[Callable[[Data], None], ...]:
        """The steps that together make an update.

        Each must be given all bytes in order, and may be on a thread of its own.
        """
        costly = self._costly()
        if not costly:
            return (self._update_cheap,)
        first, *others = costly

        def step(data: Data) -> None:
            first(data)  # what computes long hides how long the bytes take to come
            self._update_cheap(data)

        return (step, *others)

    def update(self, data: Data) -> None:
        """Take in the next bytes."""
        self._update_cheap(data)
        for step in self._costly():
            step(data)

    def _costly(self) -> list[Callable[[Data], None]]:
        return [
            running.update
            for running in self._hashes.values()
            if not isinstance(running, _Rolling)
        ]

    def _update_cheap(self, data: Data) -> None:
        """Count the bytes, and take them into the sums that cost little."""
        for running in self._hashes.values():
            if isinstance(running, _Rolling):
                running.update(data)
        self._size += len(data)

    def hexdigest(self, algorithm: str) -> str:
        """The digest of all bytes so far, in lower case.

        Raises:
            KeyError: the algorithm is not among those computed.
        """
        return self._hashes[algorithm].hexdigest()

    def checksums(self) -> Checksums:
        """The digests that are kept of content; SHA1 and ADLER32 must be among them."""
        return Checksums(
            sha1=self.hexdigest("sha1"),
            adler32=self.hexdigest("adler32"),
            md5=self.hexdigest("md5") if "md5" in self._hashes else None,
            sha256=self.hexdigest("sha256") if "sha256" in self._hashes else None,
        )

    def verify(self, algorithm: str, expected: str) -> None:
        """Compare with a digest that somebody else has computed.

        Raises:
            ChecksumMismatch: they differ.
        """
        computed = self.hexdigest(algorithm)
        if not hmac.compare_digest(computed.encode(), expected.lower().encode()):
            raise ChecksumMismatch(algorithm, expected, computed)

    def state(self) -> bytes:
        """Everything needed to go on elsewhere.

        Raises:
            ValueError: these checksums were not made to be resumable.
        """
        if not self._is_resumable:
            raise ValueError("these checksums cannot be saved")
        hashes = {
            name: state() if (state := getattr(running, "state", None)) else None
            for name, running in self._hashes.items()
        }
        return json.dumps(
            {"version": _STATE_VERSION, "size": self._size, "hashes": hashes}
        ).encode("ascii")

    @classmethod
    def from_state(cls, state: bytes) -> Self:
        """Go on from a saved state.

        Raises:
            ValueError: the state cannot be used here; the bytes must be read again.
        """
        try:
            saved = json.loads(state)
            if saved["version"] != _STATE_VERSION:
                raise ValueError("the state was saved by another version")
            running = cls((), is_resumable=True)
            running._size = int(saved["size"])
            running._hashes = {
                name: _restored(name, text) for name, text in saved["hashes"].items()
            }
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("the saved state is damaged") from error
        return running


def _new_hash(name: str, *, is_resumable: bool) -> _Hash:
    if name not in ALGORITHMS:
        raise ValueError(f"unknown checksum algorithm {name!r}")
    if name in _ROLLING:
        return _Rolling(name)
    started = resumable.start(name) if is_resumable else None
    return started or hashlib.new(name, usedforsecurity=False)


def _restored(name: str, state: str | None) -> _Hash:
    if state is None:
        raise ValueError("hashes cannot be resumed on this system")
    if name in _ROLLING:
        return _Rolling(name, int(state))
    return resumable.resume(name, state)
