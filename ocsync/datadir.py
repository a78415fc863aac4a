"""The data folder: made with safe permissions, with the secrets of this installation.

What else lies in it belongs to others: the database to `spaces.db`, the content to
`spaces.blobs`, the lock of a running server to `ocsync.server`.
"""

import json
import os
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ocsync.settings import Settings

SECRETS_FILE: Final = "secrets.json"

_FOLDER_MODE: Final = 0o700
_SECRET_BYTES: Final = 32


class DataFolderError(Exception):
    """The data folder cannot be used; the text is one clear line."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What signs on behalf of this installation."""

    transfer_key: bytes = field(repr=False)
    """Signs the URLs of uploads and downloads (HS256)."""
    former_keys: tuple[bytes, ...] = field(default=(), repr=False)
    """Sign no more, but URLs that they signed are still accepted."""

    @property
    def url_keys(self) -> tuple[bytes, ...]:
        """The keys of URLs; the first one signs."""
        return (self.transfer_key, *self.former_keys)


def prepare_folder(path: Path) -> None:
    """Make the folder if it is missing, and see that it can be used.

    A new one is for its owner only; the permissions of an old one are its owner's
    business.

    Raises:
        DataFolderError: it cannot be made, is no folder, or cannot be written.
    """
    try:
        path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataFolderError(f"cannot use the data folder {path}: {reason}") from None


def read_secrets(settings: Settings) -> Secrets:
    """The secrets of this installation, made at the first use.

    Raises:
        DataFolderError: the file cannot be read or written, or makes no sense.
    """
    if settings.auth.jwt_secret is not None:
        former = tuple(map(str.encode, settings.auth.former_jwt_secrets))
        return Secrets(settings.auth.jwt_secret.encode(), former)
    path = settings.data / SECRETS_FILE
    try:
        if not path.exists():
            _create_once(path, {"transfer_key": secrets.token_hex(_SECRET_BYTES)})
        document = json.loads(path.read_text())
        former = tuple(map(bytes.fromhex, document.get("former_transfer_keys", ())))
        return Secrets(bytes.fromhex(document["transfer_key"]), former)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataFolderError(f"cannot use the secrets in {path}: {reason}") from None
    except (ValueError, KeyError, TypeError):
        raise DataFolderError(f"the secrets in {path} are damaged") from None


def _create_once(path: Path, document: dict[str, str]) -> None:
    """Write a file that only its owner reads; whoever comes first wins."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".secrets-")
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            return
        _sync_folder(path.parent)
    finally:
        Path(name).unlink()


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
