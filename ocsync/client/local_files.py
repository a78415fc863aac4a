"""Files of this machine that are to be sent: found, looked at, read in chunks."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ocsync.client.errors import Changed, ClientError

_BLOCK: Final = 1024 * 1024
_SENT_BLOCK: Final = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a file was like when it was looked at."""

    size: int
    mtime_ns: int

    @classmethod
    def at(cls, file: BinaryIO) -> "Look":
        """An open file."""
        found = os.fstat(file.fileno())
        return cls(size=found.st_size, mtime_ns=found.st_mtime_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFile:
    """A file to send. `folders` are the names of those it lies in, on the way down."""

    path: Path
    name: str
    folders: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """How it is called before the user."""
        return "/".join((*self.folders, self.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFolder:
    """A folder that has to be there before what lies in it; named from the top."""

    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """What lies there but cannot be sent, and why."""

    label: str
    reason: str
    is_failure: bool


def find_files(
    paths: Iterable[Path], *, follow: bool
) -> Iterator[LocalFile | LocalFolder | Unfit]:
    """The files that were named, and those in folders that were, in their order.

    Links that were named are followed; those found in folders only if it is wanted.
    """
    for path in paths:
        # `folder/.` and `..` are the folders that they lead to.
        name = path.name if path.name not in {"", ".."} else path.resolve().name
        if path.is_dir():
            yield from _walk(path, (name,) if name else (), follow=follow, above=())
        else:
            yield _file_or_unfit(path, name, ())


def _walk(
    path: Path,
    folders: tuple[str, ...],
    *,
    follow: bool,
    above: tuple[tuple[int, int], ...],
) -> Iterator[LocalFile | LocalFolder | Unfit]:
    label = "/".join(folders)
    try:
        found = path.stat()
        identity = (found.st_dev, found.st_ino)
        if identity in above:
            yield Unfit(
                label=label, reason="a link to a folder above it", is_failure=False
            )
            return
        with os.scandir(path) as listing:
            entries = sorted(listing, key=lambda each: each.name)
    except OSError as error:
        yield Unfit(label=label, reason=_reason(error), is_failure=True)
        return
    yield LocalFolder(folders=folders)
    for entry in entries:
        below = Path(entry.path)
        if entry.is_symlink() and not follow:
            yield Unfit(
                label="/".join((*folders, entry.name)),
                reason="a link (--follow sends what it leads to)",
                is_failure=False,
            )
        elif entry.is_dir(follow_symlinks=follow):
            yield from _walk(
                below, (*folders, entry.name), follow=follow, above=(*above, identity)
            )
        else:
            yield _file_or_unfit(below, entry.name, folders)


def _file_or_unfit(
    path: Path, name: str, folders: tuple[str, ...]
) -> LocalFile | Unfit:
    label = "/".join((*folders, name))
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return Unfit(label=label, reason=_reason(error), is_failure=True)
    if not stat.S_ISREG(mode):
        return Unfit(label=label, reason="not a regular file", is_failure=False)
    try:
        label.encode()
    except UnicodeEncodeError:
        return Unfit(label=label, reason="its name is not UTF-8", is_failure=True)
    return LocalFile(path=path, name=name, folders=folders)


def open_file(path: Path) -> BinaryIO:
    """The file, to be read.

    Raises:
        ClientError: it cannot be.
    """
    try:
        return path.open("rb")
    except OSError as error:
        raise ClientError(_reason(error)) from None


def sha1_of(file: BinaryIO, *, told: Callable[[int], None]) -> str:
    """The checksum of a whole file, in hexadecimal.

    Raises:
        ClientError: it cannot be read.
    """
    digest = hashlib.sha1(usedforsecurity=False)
    read = 0
    try:
        file.seek(0)
        while block := file.read(_BLOCK):
            digest.update(block)
            read += len(block)
            told(read)
    except OSError as error:
        raise ClientError(_reason(error)) from None
    return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A part of a file as the body of a request; `told` hears how far it has gone."""

    file: BinaryIO
    start: int
    length: int
    told: Callable[[int], None]

    def digest(self, algorithm: str) -> bytes:
        """Its checksum.

        Raises:
            Changed: the file has become shorter.
        """
        digest = hashlib.new(algorithm, usedforsecurity=False)
        for block in self._read(_BLOCK):
            digest.update(block)
        return digest.digest()

    def blocks(self) -> Iterator[bytes]:
        """Its bytes.

        Raises:
            Changed: the file has become shorter.
        """
        sent = self.start
        for block in self._read(_SENT_BLOCK):
            yield block
            sent += len(block)
            self.told(sent)

    def _read(self, size: int) -> Iterator[bytes]:
        try:
            self.file.seek(self.start)
            left = self.length
            while left:
                block = self.file.read(min(size, left))
                if not block:
                    raise Changed("it became shorter while it was being sent")
                left -= len(block)
                yield block
        except OSError as error:
            raise Changed(_reason(error)) from None


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
