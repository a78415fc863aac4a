"""Whether the disk has room for what an upload announces.

Asked once, when an upload begins, so that nobody is promised what cannot be kept: a
length beyond all disks would otherwise be held in a space without a quota. Nothing is
set aside; a disk that fills up meanwhile is found out by who writes to it.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from spaces.errors import StorageFull


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The disk of a folder, of which some is to stay free; no folder: no bound."""

    folder: Path | None
    spare_bytes: int

    @classmethod
    def at(cls, blob_url: str, *, spare_bytes: int) -> Self:
        """The room where a blob store keeps its content."""
        url = urlsplit(blob_url)
        folder = Path(unquote(url.path)) if url.scheme == "file" else None
        return cls(folder=folder, spare_bytes=spare_bytes)

    def require(self, length: int | None) -> None:
        """Refuse so many bytes, or the first of nobody knows how many.

        Raises:
            StorageFull: too little would be left.
        """
        if self.folder is None:
            return
        try:
            disk = os.statvfs(self.folder)
        except OSError:
            return  # what is wrong with the folder, its store will say
        if disk.f_bavail * disk.f_frsize - (length or 0) < self.spare_bytes:
            raise StorageFull
