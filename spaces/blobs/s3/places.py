"""What lies where in the bucket: names of objects to blobs and back.

    blobs/SHARD/ID                    a sealed blob, and what its parts grow into
    staging/ID/piece-START-END        staged bytes that do not fill a part yet
    staging/ID/multipart-UPLOAD       says under which name S3 keeps the parts
    staging/ID/frozen                 the parts have been joined, so as to be read

Nothing is sent here.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from spaces.blobs.layout import SEALED, STAGING, require_blob_id, shard_of
from spaces.ids import BlobId, is_id

_PIECE: Final = re.compile(r"piece-(\d+)-(\d+)")
_MULTIPART: Final = "multipart-"
_FROZEN: Final = "frozen"


@dataclass(frozen=True, slots=True)
class Piece:
    """An object that holds staged bytes from one offset to another."""

    key: str
    start: int
    end: int


class Places:
    """Names below one prefix, which is empty or ends with a slash."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    @property
    def staging(self) -> str:
        """Where all staging areas are."""
        return f"{self._prefix}{STAGING}/"

    def sealed(self, blob_id: BlobId) -> str:
        """The blob itself."""
        require_blob_id(blob_id)
        return f"{self.shard(shard_of(blob_id))}{blob_id}"

    def shard(self, shard: str = "") -> str:
        """Where the blobs of a shard are, or all of them."""
        folder = f"{self._prefix}{SEALED}/"
        return f"{folder}{shard}/" if shard else folder

    def area(self, blob_id: BlobId) -> str:
        """The staging area of a blob."""
        return f"{self.staging}{require_blob_id(blob_id)}/"

    def piece(self, blob_id: BlobId, start: int, end: int) -> Piece:
        """The piece with those bytes."""
        return Piece(f"{self.area(blob_id)}piece-{start}-{end}", start, end)

    def multipart(self, blob_id: BlobId, upload_id: str) -> str:
        """What says that the parts are under this name."""
        name = base64.urlsafe_b64encode(upload_id.encode()).decode().rstrip("=")
        return f"{self.area(blob_id)}{_MULTIPART}{name}"

    def frozen(self, blob_id: BlobId) -> str:
        """What says that the parts have been joined."""
        return f"{self.area(blob_id)}{_FROZEN}"


@dataclass(frozen=True, slots=True)
class Area:
    """A staging area as it was listed."""

    keys: frozenset[str]
    pieces: tuple[Piece, ...]
    upload_ids: tuple[str, ...]
    is_frozen: bool

    @classmethod
    def of(cls, keys: Iterable[str]) -> Self:
        """Read the names of its objects."""
        every = frozenset(keys)
        pieces: list[Piece] = []
        upload_ids: list[str] = []
        is_frozen = False
        for key in sorted(every):
            name = key.rpartition("/")[2]
            if found := _PIECE.fullmatch(name):
                pieces.append(Piece(key, int(found[1]), int(found[2])))
            elif name.startswith(_MULTIPART):
                upload_ids.append(_upload_id(name.removeprefix(_MULTIPART)))
            is_frozen = is_frozen or name == _FROZEN
        return cls(every, tuple(pieces), tuple(upload_ids), is_frozen)

    def chain(self, start: int, end: int) -> tuple[Piece, ...] | None:
        """The pieces that hold these bytes, in order; None if none do.

        The last one may go on beyond the end, if none ends there.
        """
        exact = self._exact_chain(start, end)
        if exact is not None:
            return exact
        for piece in self.pieces:
            if start <= piece.start < end < piece.end:
                before = self._exact_chain(start, piece.start)
                if before is not None:
                    return (*before, piece)
        return None

    def _exact_chain(self, start: int, end: int) -> tuple[Piece, ...] | None:
        found: list[Piece] = []
        while end > start:
            fitting = [
                piece
                for piece in self.pieces
                if piece.end == end and start <= piece.start < end
            ]
            if not fitting:
                return None
            found.append(min(fitting, key=lambda piece: piece.start))
            end = found[-1].start
        return tuple(reversed(found))


def id_of(key: str) -> BlobId | None:
    """The blob that a sealed object or a staging area's folder is named by."""
    name = key.rstrip("/").rpartition("/")[2]
    return BlobId(name) if is_id(name) else None


def _upload_id(name: str) -> str:
    padding = "=" * (-len(name) % 4)
    return base64.urlsafe_b64decode(name + padding).decode()
