"""Cryptographic hashes whose state can be saved and continued by another process.

Python's hashlib cannot save. OpenSSL can: the library that hashlib itself uses still
has the older functions (`SHA1_Init`, `SHA1_Update`, `SHA1_Final`), whose contexts are
plain structures with a public layout that has not changed since version 0.9.7. They
are as fast as hashlib and let other threads run meanwhile. That they behave is tried
once, before they are used. Where Python hides them, the package `rehashes` takes
their place: as fast, but it copies its input and keeps the interpreter's lock. Where
there is neither, nothing is resumable, and `start` says so.
"""

import base64
import ctypes
import hashlib
import importlib
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, Final, Protocol

Data = bytes | bytearray | memoryview

_CONTEXT_ROOM: Final = 512
"""More than any of the structures takes."""


class ResumableHash(Protocol):
    """A hash that can be saved."""

    def update(self, data: Data, /) -> None:
        """Take in the next bytes."""
        ...

    def hexdigest(self) -> str:
        """The digest of all bytes so far."""
        ...

    def state(self) -> str:
        """What `resume` goes on from."""
        ...


@dataclass(frozen=True, slots=True)
class _Shape:
    """One of OpenSSL's contexts. `fill_at`: where it counts bytes of a begun block."""

    prefix: str
    size: int
    fill_at: int
    block_bytes: int
    digest_bytes: int
    rehashes_name: str


_SHAPES: Final[Mapping[str, _Shape]] = {
    "md5": _Shape("MD5", 92, 88, 64, 16, "PyMd5"),
    "sha1": _Shape("SHA1", 96, 92, 64, 20, "PySha1"),
    "sha256": _Shape("SHA256", 112, 104, 64, 32, "PySha256"),
    "sha512": _Shape("SHA512", 216, 208, 128, 64, "PySha512"),
}


def start(name: str) -> ResumableHash | None:
    """A hash that has seen nothing; None where it could not be saved."""
    if name not in _SHAPES:
        return None
    library = _openssl()
    if library is not None:
        return _OpenSslHash(library, name)
    package = _rehashes()
    return None if package is None else _RehashesHash(package, name)


def resume(name: str, state: str) -> ResumableHash:
    """A hash that goes on from a saved state.

    Raises:
        ValueError: the state is damaged, or is of a kind that is not had here.
    """
    kind, _, text = state.partition(":")
    saved = base64.b64decode(text, validate=True)
    library, package = _openssl(), _rehashes()
    if kind == _OpenSslHash.KIND and library is not None:
        return _OpenSslHash(library, name, saved)
    if kind == _RehashesHash.KIND and package is not None:
        return _RehashesHash(package, name, saved)
    raise ValueError("hashes of this kind cannot be resumed on this system")


class _OpenSslHash:
    """A context of OpenSSL's, in memory of ours."""

    KIND: Final = f"openssl-{sys.byteorder}"

    def __init__(
        self, library: ctypes.CDLL, name: str, state: bytes | None = None
    ) -> None:
        shape = _SHAPES[name]
        self._shape = shape
        self._update: Any = getattr(library, f"{shape.prefix}_Update")
        self._final: Any = getattr(library, f"{shape.prefix}_Final")
        self._context = ctypes.create_string_buffer(_CONTEXT_ROOM)
        if state is None:
            getattr(library, f"{shape.prefix}_Init")(self._context)
        else:
            _require_sound(shape, state)
            ctypes.memmove(self._context, state, shape.size)

    def update(self, data: Data, /) -> None:
        """Take in the next bytes; other threads run meanwhile."""
        view = memoryview(data)
        if not view.nbytes:
            return
        if view.readonly or not view.contiguous:
            self._update(self._context, bytes(view), ctypes.c_size_t(view.nbytes))
            return
        first = ctypes.c_char.from_buffer(view)
        self._update(self._context, ctypes.byref(first), ctypes.c_size_t(view.nbytes))

    def hexdigest(self) -> str:
        """The digest of all bytes so far; more may follow."""
        context = ctypes.create_string_buffer(self._context.raw, _CONTEXT_ROOM)
        digest = ctypes.create_string_buffer(self._shape.digest_bytes)
        self._final(digest, context)
        return digest.raw.hex()

    def state(self) -> str:
        """The context's bytes."""
        saved = self._context.raw[: self._shape.size]
        return f"{self.KIND}:{base64.b64encode(saved).decode('ascii')}"


class _RehashesHash:
    """A hash of the package `rehashes`."""

    KIND: Final = "rehashes"

    def __init__(
        self, package: ModuleType, name: str, state: bytes | None = None
    ) -> None:
        kind: Any = getattr(package, _SHAPES[name].rehashes_name)
        self._hash: Any = kind() if state is None else kind.deserialize(state)

    def update(self, data: Data, /) -> None:
        """Take in the next bytes, by way of a copy."""
        self._hash.update(bytes(data))

    def hexdigest(self) -> str:
        """The digest of all bytes so far."""
        return str(self._hash.finalize())

    def state(self) -> str:
        """As the package saves it."""
        saved = base64.b64encode(self._hash.serialize()).decode("ascii")
        return f"{self.KIND}:{saved}"


def _require_sound(shape: _Shape, state: bytes) -> None:
    """Refuse what would make OpenSSL write beyond its context."""
    if len(state) != shape.size:
        raise ValueError("the saved state is damaged")
    (fill,) = struct.unpack_from("=I", state, shape.fill_at)
    if fill >= shape.block_bytes:
        raise ValueError("the saved state is damaged")


@cache
def _openssl() -> ctypes.CDLL | None:
    """The library behind hashlib, if it does what is expected of it."""
    try:
        own = importlib.import_module("_hashlib").__file__
        library = ctypes.CDLL(own)
        is_right = all(_behaves(library, name) for name in _SHAPES)
    except (ImportError, OSError, AttributeError, ValueError):
        return None
    return library if is_right else None


def _behaves(library: ctypes.CDLL, name: str) -> bool:
    """Whether it computes the right digest over a saved state, at any fill."""
    sample = bytes(range(256))
    for cut in (0, 1, 63, 64, 111, 128, 200):
        first = _OpenSslHash(library, name)
        first.update(sample[:cut])
        state = base64.b64decode(first.state().partition(":")[2])
        second = _OpenSslHash(library, name, state)
        second.update(bytearray(sample[cut:]))
        right = hashlib.new(name, sample, usedforsecurity=False).hexdigest()
        if second.hexdigest() != right:
            return False
    return True


@cache
def _rehashes() -> ModuleType | None:
    try:
        return importlib.import_module("rehashes")
    except ImportError:
        return None
