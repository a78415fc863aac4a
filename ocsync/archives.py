"""Zip and tar as streams: entries in, bytes out, one block of a file in memory.

Formats only: zip with data descriptors and zip64 where sizes need it (APPNOTE
4.3.9, 4.5.3), stored rather than compressed, since most large files are compressed
already; tar in the POSIX pax form, for names of any length. What goes in is decided
elsewhere.
"""

import io
import struct
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

BLOCK_BYTES: Final = 256 * 1024

_FILE_MODE: Final = 0o644
_FOLDER_MODE: Final = 0o755
_TAR_BLOCK: Final = 512
_ZIP64_FROM: Final = 2**31 - 1
_DOS_EPOCH: Final = 315_532_800
"""1980-01-01: zip knows no time before it, and none from 2108 on."""
_DOS_END: Final = 4_354_819_198
_UNIX_TIME: Final = 0x5455
"""Extra field "UT": the time of modification in UTC, with full seconds."""


class Source(Protocol):
    """Where the bytes of a file come from; a context manager like a file."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to so many bytes; b"" at the end."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """A file or folder of the archive. `open` is None exactly for folders."""

    path: str
    size: int
    modified_at: int
    """Seconds since the epoch."""
    open: Callable[[], Source] | None


def zip_stream(entries: Iterable[ArchiveEntry]) -> Iterator[bytes]:
    """A zip archive of the entries."""
    return (data for data in _zip_blocks(entries) if data)


def tar_stream(entries: Iterable[ArchiveEntry]) -> Iterator[bytes]:
    """A tar archive of the entries."""
    return (data for data in _tar_blocks(entries) if data)


def _zip_blocks(entries: Iterable[ArchiveEntry]) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for entry in entries:
            info = _zip_info(entry)
            if entry.open is None:
                archive.writestr(info, b"")
                continue
            is_large = entry.size >= _ZIP64_FROM
            with archive.open(info, "w", force_zip64=is_large) as member:
                for block in _blocks(entry):
                    member.write(block)
                    yield sink.take()
            yield sink.take()
    yield sink.take()


def _tar_blocks(entries: Iterable[ArchiveEntry]) -> Iterator[bytes]:
    for entry in entries:
        info = tarfile.TarInfo(entry.path)
        info.mtime = entry.modified_at
        if entry.open is None:
            info.type, info.mode = tarfile.DIRTYPE, _FOLDER_MODE
        else:
            info.size, info.mode = entry.size, _FILE_MODE
        yield info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")
        if entry.open is not None:
            yield from _blocks(entry)
            yield b"\0" * (-entry.size % _TAR_BLOCK)
    yield b"\0" * (2 * _TAR_BLOCK)


FORMATS: Final[Mapping[str, Callable[[Iterable[ArchiveEntry]], Iterator[bytes]]]] = {
    "zip": zip_stream,
    "tar": tar_stream,
}
MEDIA_TYPES: Final[Mapping[str, str]] = {
    "zip": "application/zip",
    "tar": "application/x-tar",
}


class _Sink(io.RawIOBase):
    """What the zip module writes into; it cannot seek, so sizes follow the data."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: object, /) -> int:
        """Keep the bytes until they are taken."""
        block = bytes(data)  # type: ignore[call-overload]
        self._blocks.append(block)
        return len(block)

    def take(self) -> bytes:
        """What was written since the last time."""
        data = b"".join(self._blocks)
        self._blocks.clear()
        return data


def _zip_info(entry: ArchiveEntry) -> zipfile.ZipInfo:
    is_folder = entry.open is None
    shown = min(max(entry.modified_at, _DOS_EPOCH), _DOS_END)
    date = time.gmtime(shown)[:6]
    info = zipfile.ZipInfo(f"{entry.path}/" if is_folder else entry.path, date)
    mode = _FOLDER_MODE | 0o040000 if is_folder else _FILE_MODE | 0o100000
    info.external_attr = mode << 16 | (0x10 if is_folder else 0)
    if -(2**31) <= entry.modified_at < 2**31:
        info.extra = struct.pack("<HHBl", _UNIX_TIME, 5, 1, entry.modified_at)
    return info


def _blocks(entry: ArchiveEntry) -> Iterator[bytes]:
    """The content, exactly as long as it was announced.

    Raises:
        OSError: the source is shorter or longer.
    """
    assert entry.open is not None
    left = entry.size
    source = entry.open()
    try:
        while block := source.read(BLOCK_BYTES):
            left -= len(block)
            if left < 0:
                break
            yield block
    finally:
        source.close()
    if left:
        raise OSError(f"{entry.path!r} has not the size it should have")
