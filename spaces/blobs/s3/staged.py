"""A staging area in a bucket: whole parts in S3's keeping, the rest as small objects.

Bytes are gathered in memory until they fill a part. A flush before that puts down what
has come since the last one as an object of its own, a piece; when the part is full it
is sent as a whole, and its pieces are obsolete. They are removed only after one more
flush, which shows that the one before has been recorded; and those that were there at
the opening stay, so that all that came since can be taken back.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from spaces.blobs.s3.bucket import Bucket, MultipartGone
from spaces.blobs.s3.parts import PartPlan
from spaces.blobs.s3.places import Area, Piece, Places
from spaces.blobs.s3.reader import S3Reader, Segment
from spaces.errors import BlobNotFound, StoreUnavailable
from spaces.ids import BlobId

_MOST_PIECES: Final = 16
"""So many pieces of one part, and they are made one."""
_BLOCK_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a blob grows, and by which plan."""

    bucket: Bucket
    places: Places
    plan: PartPlan
    blob_id: BlobId

    @property
    def key(self) -> str:
        """The object that it will be."""
        return self.places.sealed(self.blob_id)

    def area(self) -> Area:
        """What is staged, as it is now."""
        return Area.of(self.bucket.keys(self.places.area(self.blob_id)))

    def is_sealed(self, size: int) -> bool:
        """Whether the object is there, with so many bytes."""
        try:
            return self.bucket.size(self.key) == size
        except BlobNotFound:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is in the bucket of a staging area that is opened again.

    `pieces` hold the part that is not full yet; `keys` is everything there.
    """

    size: int = 0
    pieces: tuple[Piece, ...] = ()
    upload_id: str | None = None
    keys: frozenset[str] = frozenset()


class S3Staged:
    """A staging area that is open for appending."""

    def __init__(self, site: Site, stored: Stored) -> None:
        """Go on where so much is stored; where nothing is, the area is new."""
        self._site = site
        self._opened_with = stored
        self._flushed = stored.size if stored.keys else None
        self._upload_id = self._opened_with.upload_id
        self._keys = set(self._opened_with.keys)
        self._etags: dict[int, str] = {}
        self._obsolete: list[Piece] = []
        self._removable: list[Piece] = []
        self._has_failed = False
        self._is_closed = False
        self._size = self._stored = self._start = stored.size
        self._buffer = bytearray()
        self._pieces = list(stored.pieces)
        self._part = site.plan.at(stored.size)

    @property
    def size(self) -> int:
        """Bytes staged so far."""
        return self._size

    @property
    def upload_id(self) -> str | None:
        """The name of the parts, where there are any."""
        return self._upload_id

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take all of the data; a part that is full is sent when more follows."""
        self._require_sound()
        rest = memoryview(data)
        while rest:
            self._pass_full_part()
            taken = rest[: self._part.end - self._size]
            self._buffer += taken
            self._size += len(taken)
            rest = rest[len(taken) :]

    def flush(self) -> None:
        """Put down what has come since the last flush."""
        self._require_sound()
        if self._flushed != self._size:
            with self._failing():
                self._flush()
            self._flushed = self._size

    def truncate(self, size: int) -> None:
        """Cut back: within what has come since a flush, or to the opening's size.

        Raises:
            ValueError: to any other size.
        """
        if size > self._size:
            raise ValueError("a staging area cannot be cut to more than it holds")
        opened_with = self._opened_with
        if size >= max(self._start, self._stored):
            del self._buffer[size - self._start :]
            self._size = size
        elif size == opened_with.size:
            with self._failing():
                self._remove_pieces(
                    {*self._pieces, *self._obsolete, *self._removable}
                    - {*opened_with.pieces}
                )
            self._obsolete, self._removable = [], []
            self._size = self._stored = self._start = size
            self._buffer = bytearray()
            self._pieces = list(opened_with.pieces)
            self._part = self._site.plan.at(size)
            self._flushed = size if self._keys else None
        else:
            raise ValueError("a staging area in a bucket cannot be cut to this size")

    def append_object(self, key: str, length: int) -> None:
        """Append the beginning of an object; whole parts are copied within S3.

        Raises:
            BlobNotFound: it is gone, or shorter.
        """
        position = 0
        while position < length:
            self._pass_full_part()
            part = self._part
            room = part.end - self._size
            span = range(position, min(position + room, length))
            if len(span) == part.size:
                self._copy_part(key, span)
            else:
                self._pour(key, span)
            position = span.stop

    def seal(self) -> None:
        """Turn everything written into the blob, and close."""
        self._require_sound()
        with self._failing():
            if self._upload_id is None:
                self._load()
                self._site.bucket.put(self._site.key, self._buffer)
            else:
                self._complete(self._upload_id)
        self.forget()

    def discard(self) -> None:
        """Give everything up, and close."""
        if not self._is_closed:
            if self._upload_id is not None:
                self._site.bucket.abort(self._site.key, self._upload_id)
            self.forget()

    def forget(self) -> None:
        """Remove what a sealed blob no longer needs.

        That the parts were once joined to be read must not be remembered, for it
        would let the blob be given up; the rest may be left to the sweeper.
        """
        self._is_closed, self._buffer = True, bytearray()
        site = self._site
        frozen = site.places.frozen(site.blob_id)
        if frozen in self._keys:
            site.bucket.delete(frozen)
        with suppress(StoreUnavailable):
            for key in self._keys - {frozen}:
                site.bucket.delete(key)

    def close(self) -> None:
        """Keep what was written, and let go."""
        if self._is_closed:
            return
        try:
            if not self._has_failed:
                self.flush()
        finally:
            self._is_closed, self._buffer = True, bytearray()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close; after an error only what was flushed is kept."""
        self._has_failed = self._has_failed or error is not None
        self.close()

    def _flush(self) -> None:
        self._pass_full_part()
        site = self._site
        self._remove_pieces(self._removable)
        self._removable, self._obsolete = self._obsolete, []
        if self._upload_id is not None:
            self._store(site.places.multipart(site.blob_id, self._upload_id), b"")
        if len(self._pieces) >= _MOST_PIECES:
            self._load()
            self._drop_pieces()
            self._stored = self._start
        if self._size > self._stored or not self._keys:
            piece = site.places.piece(site.blob_id, self._stored, self._size)
            self._store(piece.key, self._buffer[self._stored - self._start :])
            self._pieces.append(piece)
        self._stored = self._size

    def _pass_full_part(self) -> None:
        """Send the present part if nothing more fits into it."""
        if self._size == self._part.end:
            self._send_part()
            self._begin_part()

    def _send_part(self) -> None:
        with self._failing():
            self._load()
            upload_id, number = self._begin(), self._part.number
            self._etags[number] = self._site.bucket.put_part(
                self._site.key, upload_id, number, self._buffer
            )

    def _copy_part(self, key: str, span: range) -> None:
        with self._failing():
            upload_id, number = self._begin(), self._part.number
            self._etags[number] = self._site.bucket.copy_part(
                self._site.key, upload_id, number, source=key, span=span
            )
        self._size = self._part.end
        self._begin_part()

    def _begin_part(self) -> None:
        self._drop_pieces()
        self._buffer = bytearray()
        self._start = self._stored = self._size
        self._part = self._site.plan.at(self._size)

    def _begin(self) -> str:
        if self._upload_id is None:
            self._upload_id = self._site.bucket.begin(self._site.key)
        return self._upload_id

    def _pour(self, key: str, span: range) -> None:
        buffer = memoryview(bytearray(_BLOCK_BYTES))
        left = len(span)
        reader = S3Reader.of_object(self._site.bucket, key, span.start, left)
        with reader:
            while count := reader.readinto(buffer):
                self.write(buffer[:count])
                left -= count
        if left:
            raise BlobNotFound

    def _load(self) -> None:
        """Have the whole of the present part in memory."""
        begin, end = self._part.start, self._start
        if end == begin:
            return
        pieces = [piece for piece in self._pieces if piece.end <= end]
        segments = [Segment(each.key, 0, each.end - each.start) for each in pieces]
        with S3Reader(self._site.bucket, segments) as reader:
            data = reader.read()
        if len(data) != end - begin:
            raise BlobNotFound
        self._buffer[:0] = data
        self._start = begin

    def _complete(self, upload_id: str) -> None:
        """Join the parts; if somebody else has done it, that is as well."""
        site, count = self._site, self._part.number - 1
        try:
            if self._size > self._part.start:
                self._send_part()
                count += 1
            site.bucket.complete(site.key, upload_id, self._tags(upload_id, count))
        except (MultipartGone, BlobNotFound):
            if not site.is_sealed(self._size):
                raise BlobNotFound from None

    def _tags(self, upload_id: str, count: int) -> dict[int, str]:
        """The tags of the first parts; S3 is asked for those sent by others."""
        numbers = range(1, count + 1)
        tags = {n: self._etags[n] for n in numbers if n in self._etags}
        if len(tags) < count:
            listed = self._site.bucket.parts(self._site.key, upload_id)
            tags = {part.number: part.etag for part in listed} | tags
        if any(number not in tags for number in numbers):
            raise BlobNotFound
        return {number: tags[number] for number in numbers}

    def _store(self, key: str, data: bytes | bytearray) -> None:
        if data or key not in self._keys:
            self._site.bucket.put(key, data)
            self._keys.add(key)

    def _drop_pieces(self) -> None:
        kept = self._opened_with.pieces
        self._obsolete += [piece for piece in self._pieces if piece not in kept]
        self._pieces = []

    def _remove_pieces(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            self._site.bucket.delete(piece.key)
            self._keys.discard(piece.key)

    def _require_sound(self) -> None:
        if self._is_closed or self._has_failed:
            raise StoreUnavailable("the staging area must be opened again")

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Believe nothing of this area any more after an error."""
        try:
            yield
        except MultipartGone:
            self._has_failed = True
            raise BlobNotFound from None
        except BaseException:
            self._has_failed = True
            raise
