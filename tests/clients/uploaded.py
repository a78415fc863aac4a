"""What the upload tests share: contents of every size, and what the server has of them.

Contents never repeat at the borders of chunks, so a piece in the wrong place shows.
"""

import base64
import hashlib
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.live_server import LiveServer

SIZES: Final = (0, 1, 10_000_000, 10_000_001)
HUGE: Final = 200_000_000
MAX_CHUNK: Final = 10_000_000
"""What the server's capabilities announce."""


@dataclass(frozen=True)
class Content:
    """A file to send, and its hash."""

    path: Path
    size: int
    sha256: str


def write_content(folder: Path, size: int, seed: int = 1) -> Content:
    """A file of so many random bytes."""
    path = folder / f"{size}-{seed}.bin"
    data = random.Random(seed).randbytes(size)
    path.write_bytes(data)
    return Content(path, size, hashlib.sha256(data).hexdigest())


def hash_on_server(server: LiveServer, path: str) -> str:
    """The SHA-256 of a file as WebDAV delivers it."""
    digest = hashlib.sha256()
    with server.api() as api, api.stream("GET", path) as answer:
        answer.raise_for_status()
        for piece in answer.iter_bytes(1024 * 1024):
            digest.update(piece)
    return digest.hexdigest()


def basic(server: LiveServer) -> str:
    """The value of a Basic header."""
    pair = f"{server.user}:{server.password}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def encode_metadata(**pairs: str) -> str:
    """The value of Upload-Metadata."""
    return ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}"
        for key, value in pairs.items()
    )
