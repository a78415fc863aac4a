"""The memory that all workers of a server share, with one slot of counters for each.

The parent makes it before it forks. A worker that takes the place of another one goes
on counting in the same slot, so nothing is lost or counted twice when one is killed,
and there are no files to clear away. On Linux another process of the same user can
look into it (`find_board`), which is how `ocsync stats` reads a running server.
"""

import json
import mmap
import os
import struct
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from ocsync._version import __version__
from ocsync.metrics.layout import CELL_BYTES, Layout, make_layout

_NAME: Final = "ocsync-metrics"
_HEADER_BYTES: Final = 16 * 1024
_LENGTH: Final = struct.Struct("<I")


class BoardUnreadable(Exception):
    """There is no server to look at, or one of another version."""


class Board:
    """The slots, and a header that says what readers need to know."""

    def __init__(self, memory: mmap.mmap, layout: Layout) -> None:
        self.layout = layout
        self._memory = memory
        self._view = memoryview(memory)

    @classmethod
    def create(cls, *, workers: int) -> Self:
        """New memory, all zero."""
        layout = make_layout()
        size = _HEADER_BYTES + max(1, workers) * layout.cells * CELL_BYTES
        board = cls(_new_memory(size), layout)
        board._describe(workers=max(1, workers), started=time.time(), routes=())
        return board

    @classmethod
    def attach(cls, path: Path) -> Self:
        """The memory of another process, to be read only.

        Raises:
            BoardUnreadable: it is of another version, or cannot be read.
        """
        layout = make_layout()
        try:
            with path.open("rb") as file:
                memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise BoardUnreadable(f"its counters cannot be read: {error}") from error
        board = cls(memory, layout)
        header = board._header()
        if header.get("layout") != layout.fingerprint:
            version = header.get("version", "unknown")
            raise BoardUnreadable(f"it runs another version, {version}")
        return board

    @property
    def workers(self) -> int:
        """How many slots there are."""
        return int(str(self._header()["workers"]))

    @property
    def started(self) -> float:
        """When the server was started, in seconds since the epoch."""
        return float(str(self._header()["started"]))

    @property
    def routes(self) -> tuple[str, ...]:
        """The names of the routes, by number."""
        routes = self._header()["routes"]
        assert isinstance(routes, list)
        return tuple(map(str, routes))

    def name_routes(self, routes: Sequence[str]) -> None:
        """Say what the routes are called; all workers of a server say the same."""
        if self.routes != tuple(routes):
            self._describe(workers=self.workers, started=self.started, routes=routes)

    def slot(self, index: int) -> "memoryview[float]":
        """The numbers of one worker."""
        length = self.layout.cells * CELL_BYTES
        start = _HEADER_BYTES + index * length
        return self._view[start : start + length].cast("d")

    def _header(self) -> dict[str, object]:
        (length,) = _LENGTH.unpack_from(self._memory)
        text = self._memory[_LENGTH.size : _LENGTH.size + length]
        header: dict[str, object] = json.loads(text or b"{}")
        return header

    def _describe(self, *, workers: int, started: float, routes: Sequence[str]) -> None:
        text = json.dumps(
            {
                "layout": self.layout.fingerprint,
                "version": __version__,
                "workers": workers,
                "started": started,
                "routes": list(routes),
            }
        ).encode()
        assert len(text) <= _HEADER_BYTES - _LENGTH.size
        self._memory[: _LENGTH.size + len(text)] = _LENGTH.pack(len(text)) + text


def find_board(process: int) -> Board:
    """The memory of a running server, by the id of its first process.

    Raises:
        BoardUnreadable: it has none, or it cannot be read from here.
    """
    try:
        for path in Path(f"/proc/{process}/fd").iterdir():
            if path.readlink().name.startswith(f"memfd:{_NAME}"):
                return Board.attach(path)
    except OSError as error:
        raise BoardUnreadable(
            f"process {process} cannot be looked into: {error.strerror}"
        ) from error
    raise BoardUnreadable(f"process {process} counts nothing that could be read")


def _new_memory(size: int) -> mmap.mmap:
    """Shared memory, found by others where the system can do that."""
    if not hasattr(os, "memfd_create"):
        return mmap.mmap(-1, size)
    descriptor = os.memfd_create(_NAME, os.MFD_CLOEXEC)
    try:
        os.ftruncate(descriptor, size)
        # Keeps a descriptor of its own as long as it lives: by that others find it.
        return mmap.mmap(descriptor, size)
    finally:
        os.close(descriptor)
