"""Syncing directories, together where several threads want the same one."""

import errno
import os
from pathlib import Path
from threading import Condition


class DirectorySync:
    """Makes renames durable; one fsync serves every thread that waited for its start.

    A sync that began before a rename proves nothing about it, so whoever arrives
    while one runs waits for the next one, together with all the others who arrive.
    One that fails fails for all of them: to try again would prove nothing, because
    the kernel reports an error once and may have dropped what it could not write.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changed = Condition()
        self._running: set[str] = set()
        self._started: dict[str, int] = {}
        self._ended: dict[str, int] = {}
        self._failed: dict[str, int] = {}

    def sync(self, name: str) -> None:
        """Return when a sync of the directory has succeeded that began after the call.

        Raises:
            OSError: it failed.
        """
        with self._changed:
            wanted = self._started.get(name, 0) + 1
            while name in self._running and self._ended.get(name, 0) < wanted:
                self._changed.wait()
            if self._ended.get(name, 0) >= wanted:
                if self._failed.get(name, 0) >= wanted:
                    raise OSError(errno.EIO, "a sync of the directory failed")
                return
            number = self._started.get(name, 0) + 1
            self._started[name] = number
            self._running.add(name)
        has_failed = True
        try:
            self._fsync(name)
            has_failed = False
        finally:
            with self._changed:
                self._running.discard(name)
                self._ended[name] = number
                if has_failed:
                    self._failed[name] = number
                self._changed.notify_all()

    def _fsync(self, name: str) -> None:
        descriptor = os.open(
            self._folder / name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        )
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
