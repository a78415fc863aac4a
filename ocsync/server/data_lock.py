"""One server for one data directory, held by the kernel and so by no dead process."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ocsync.server.listening import ServerError

_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
LOCK_NAME: Final = "server.lock"


def running_server(directory: Path) -> int | None:
    """The first process of the server that holds a data directory; None if none does.

    Found without touching the lock, by what the process named in it has open; so only
    where the system tells that, and to whom.
    """
    path = directory.resolve() / LOCK_NAME
    try:
        holder = path.read_text().strip()
        if not holder.isdigit():
            return None
        files = Path(f"/proc/{holder}/fd").iterdir()
        return int(holder) if path in {file.readlink() for file in files} else None
    except OSError:
        return None


class DataLock:
    """Holds a data directory from construction to `close`, or to the process's end.

    Forked workers share it, so the directory stays taken while one of them lives.
    """

    def __init__(self, directory: Path) -> None:
        path = directory / LOCK_NAME
        try:
            self._descriptor = os.open(
                path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        except OSError as error:
            raise ServerError(f"cannot write {path}: {error.strerror}") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._descriptor, 32).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            by = f" (process {holder})" if holder else ""
            message = f"{directory} is in use by another server{by}"
            raise ServerError(message) from error
        os.truncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode("ascii"))

    def close(self) -> None:
        """Let go of the directory; idempotent."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        """Return itself; leaving the block lets go."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go."""
        self.close()
