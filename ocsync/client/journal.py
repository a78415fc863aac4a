"""What is remembered of unfinished uploads from one run to the next.

One small file for each upload, named after the local file and where it goes. Its
holder has a lock on it, so two runs never send the same file to the same place at
once. The URL of an upload is a secret, so only the user can read the files.
"""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from ocsync.client.errors import ClientError

_SUFFIX: Final = ".json"
_FORGOTTEN_SECONDS: Final = 30 * 86_400
_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """An upload that began: what the file was like then, and where it is sent to."""

    path: str
    size: int
    mtime_ns: int
    url: str
    checksum: str | None

    @classmethod
    def of_json(cls, text: str) -> Self | None:
        """What a file says; None if it says nothing that can be used."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            return None


class Entry:
    """The place of one upload in the journal, held by this run."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    def read(self) -> Memory | None:
        """What an earlier run left, if anything."""
        size = os.fstat(self._descriptor).st_size
        text = os.pread(self._descriptor, size, 0).decode(errors="replace")
        return Memory.of_json(text) if text else None

    def write(self, memory: Memory) -> None:
        """Remember this from now on, also after the end of this run."""
        data = json.dumps(asdict(memory)).encode()
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, data, 0)
        os.fsync(self._descriptor)

    def forget(self) -> None:
        """Remember nothing any more."""
        os.ftruncate(self._descriptor, 0)

    def close(self) -> None:
        """Let others have it; an empty one is removed."""
        with suppress(OSError):
            if not os.fstat(self._descriptor).st_size:
                self._path.unlink()
        os.close(self._descriptor)


class Journal:
    """The folder that has the files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def hold(self, *key: str) -> Iterator[Entry]:
        """The place for this key, for this run alone.

        Raises:
            ClientError: another run has it, or the folder cannot be used.
        """
        digest = hashlib.sha256("\0".join(key).encode(errors="surrogateescape"))
        path = self._folder / f"{digest.hexdigest()}{_SUFFIX}"
        entry = Entry(path, self._open(path))
        try:
            yield entry
        finally:
            entry.close()

    def tidy(self) -> None:
        """Remove what nobody came back for; servers have forgotten it long since."""
        oldest = time.time() - _FORGOTTEN_SECONDS
        with suppress(OSError):
            for path in self._folder.glob(f"*{_SUFFIX}"):
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _open(self, path: Path) -> int:
        try:
            self._folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            while True:
                descriptor = _open_locked(path)
                if _is_still_there(path, descriptor):
                    return descriptor
                os.close(descriptor)
        except BlockingIOError:
            raise ClientError("another ocsync sends this file there just now") from None
        except OSError as error:
            raise ClientError(
                f"cannot remember uploads in {self._folder}: {error.strerror}"
            ) from None


def default_folder(environ: Mapping[str, str]) -> Path:
    """Where a user's programs keep their state (XDG Base Directory Specification)."""
    state = environ.get("XDG_STATE_HOME", "")
    if not state.startswith("/"):
        state = str(Path(environ.get("HOME") or Path.home(), ".local", "state"))
    return Path(state, "ocsync", "uploads")


def _open_locked(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(path, flags, _FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _is_still_there(path: Path, descriptor: int) -> bool:
    """Whether the locked file has that name still: its last holder may remove it."""
    with suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    return False
