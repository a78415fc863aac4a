"""The folder that holds a backup: what lies where in it, and whether it is whole.

    backup.json     what it is and when it was made; written first, and again at last
    metadata.db     the database, a single file
    content/        a blob store of its own, empty where contents stay in a bucket
    files/          further files of the installation, such as its secrets

How a backup is made is `spaces.backup`'s matter, what is done with one
`spaces.restore`'s.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from spaces.blobs.base import BlobReader, Staged
from spaces.blobs.folder import FolderBlobStore

CONTENT_AT: Final = "content_at"
"""What the manifest calls the store of contents that were not copied."""

_FORMAT: Final = 1
_MANIFEST: Final = "backup.json"
_COPY_BYTES: Final = 1024 * 1024


class BackupError(Exception):
    """A backup cannot be made or used; the text is one clear line."""


@dataclass(frozen=True, slots=True)
class BackupFolder:
    """A folder that holds one backup, or will."""

    path: Path

    @property
    def metadata(self) -> Path:
        """The copy of the database; there once the backup is whole."""
        return self.path / "metadata.db"

    @property
    def new_metadata(self) -> Path:
        """The copy of the database while a backup is being made."""
        return self.path / "metadata.db.new"

    @property
    def files(self) -> Path:
        """The folder of further files."""
        return self.path / "files"

    def content(self) -> FolderBlobStore:
        """The store of the contents."""
        return FolderBlobStore(self.path / "content", is_safe=True)

    def prepare(self) -> None:
        """Make it a backup folder: a new one, an empty one, or one that was before.

        Raises:
            BackupError: it holds something else, or cannot be made.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not any(self.path.iterdir()):
                self.write_manifest({})
        except OSError as error:
            raise BackupError(
                f"cannot write to {self.path}: {_reason(error)}"
            ) from None
        self.require_format()

    def reference(self) -> str | None:
        """The store where contents are that were not copied.

        Raises:
            BackupError: this is no backup.
        """
        found = self._manifest().get(CONTENT_AT)
        return None if found is None else str(found)

    def require_format(self) -> None:
        """Refuse a folder that is no backup of a kind this program knows.

        Raises:
            BackupError: says what is wrong with it.
        """
        self._manifest()

    def _manifest(self) -> dict[str, object]:
        try:
            manifest = json.loads((self.path / _MANIFEST).read_bytes())
        except OSError:
            raise BackupError(f"{self.path} holds no backup") from None
        except ValueError:
            raise BackupError(f"{self.path / _MANIFEST} is damaged") from None
        if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
            raise BackupError(f"{self.path} was made by another version of ocsync")
        return manifest

    def require_whole(self) -> None:
        """Refuse a folder that holds no finished backup.

        Raises:
            BackupError: says what is wrong with it.
        """
        self.require_format()
        if not self.metadata.exists():
            raise BackupError(f"the backup in {self.path} was never finished")

    def write_manifest(self, facts: dict[str, str | int]) -> None:
        """Say what this is; at last also when it was made, and how large it is."""
        text = json.dumps({"format": _FORMAT, **facts}, indent=2) + "\n"
        write_private(self.path / _MANIFEST, text.encode())


def write_private(path: Path, data: bytes) -> None:
    """Write or replace a small file at once, durably, for its owner only."""
    with _replacing(path) as file:
        file.write(data)


def copy_private(source: Path, target: Path) -> None:
    """Copy a file at once, durably; the copy is for its owner only."""
    with source.open("rb") as reader, _replacing(target) as writer:
        shutil.copyfileobj(reader, writer, _COPY_BYTES)


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to be written, which takes the path when the block has ended well."""
    new = path.with_name(f"{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    replace_durably(new, path)


def replace_durably(source: Path, target: Path) -> None:
    """Rename a synced file, so that the name survives a power cut too."""
    source.replace(target)
    descriptor = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def pour(reader: BlobReader, staged: Staged) -> None:
    """Append all that can be read to a staging area."""
    buffer = memoryview(bytearray(_COPY_BYTES))
    while count := reader.readinto(buffer):
        staged.write(buffer[:count])


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
