"""A blob store in a bucket, by multipart uploads that last across processes.

How many bytes a staging area holds is known to whoever asks, from its row; from that
number follows which parts and pieces hold them. Parts of an object that is not complete
cannot be read; where that is needed all the same (to catch up with checksums, to take
an upload from a writer that is silent, to join uploads) they are frozen: joined to an
object, which ends the former writer's access as well. Going on copies them within S3.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from spaces.blobs.layout import SHARDS
from spaces.blobs.s3.bucket import Bucket, MultipartGone
from spaces.blobs.s3.parts import USUAL_PLAN, PartPlan
from spaces.blobs.s3.places import Area, Piece, Places, id_of
from spaces.blobs.s3.reader import S3Reader, Segment
from spaces.blobs.s3.staged import S3Staged, Site, Stored
from spaces.errors import BlobNotFound, LengthMismatch
from spaces.ids import BlobId


@dataclass(frozen=True, slots=True)
class _Found:
    """Where staged bytes are: `count` whole parts, then pieces.

    Without an `upload_id`, the parts are frozen.
    """

    size: int
    count: int
    upload_id: str | None
    pieces: tuple[Piece, ...]

    @property
    def is_exact(self) -> bool:
        """Whether nothing goes on beyond the size."""
        return not self.pieces or self.pieces[-1].end == self.size

    def segments(self) -> Iterator[Segment]:
        """The bytes in pieces."""
        for piece in self.pieces:
            length = min(piece.end, self.size) - piece.start
            yield Segment(piece.key, 0, length)


class S3BlobStore:
    """Blobs as objects below one prefix of a bucket."""

    def __init__(
        self, bucket: Bucket, *, prefix: str, plan: PartPlan = USUAL_PLAN
    ) -> None:
        """Prepare; nothing is asked of S3 yet. `prefix` is empty or ends in a slash."""
        self._bucket = bucket
        self._reference = f"s3://{bucket.name}/{prefix}"
        self._places = Places(prefix)
        self._plan = plan

    @property
    def reference(self) -> str | None:
        """The bucket and prefix."""
        return self._reference

    def require_ready(self) -> None:
        """Refuse a bucket that cannot be used.

        Raises:
            StoreUnavailable: says why in one clear line.
        """
        self._bucket.require_ready(self._places.staging)

    def stage(self, blob_id: BlobId) -> S3Staged:
        """Open a new, empty staging area; nothing is sent before there is something."""
        self._places.sealed(blob_id)
        return S3Staged(self._site(blob_id), Stored())

    def resume(self, blob_id: BlobId, size: int) -> S3Staged:
        """Open a staging area again, cut back to the size that is known to be good."""
        site = self._site(blob_id)
        area = site.area()
        return self._open_again(site, area, self._require(site, area, size))

    def open_staged(self, blob_id: BlobId, size: int | None = None) -> S3Reader:
        """Read what is staged; its parts are frozen by that."""
        site = self._site(blob_id)
        area = site.area()
        if size is None:
            size = self._extent(site, area)
        return S3Reader(self._bucket, self._frozen_segments(site, area, size))

    def holds(self, blob_id: BlobId, size: int) -> bool:
        """Whether at least so many bytes are staged, or are sealed."""
        site = self._site(blob_id)
        if self._find(site, site.area(), size) is not None:
            return True
        try:
            return self.size(blob_id) >= size
        except BlobNotFound:
            return False

    def put(self, blob_id: BlobId, data: bytes | bytearray | memoryview) -> None:
        """Keep a small content as a blob at once."""
        self._bucket.put(self._places.sealed(blob_id), bytes(data))

    def seal(self, blob_id: BlobId, size: int) -> None:
        """Complete the object."""
        site = self._site(blob_id)
        area = site.area()
        found = self._find(site, area, size)
        is_open = found is not None and (found.upload_id or not area.is_frozen)
        if not is_open and site.is_sealed(size):
            S3Staged(site, Stored(size=size, keys=area.keys)).forget()
        elif found is not None and found.is_exact:
            self._open_again(site, area, found).seal()
        else:
            received = self._extent(site, area) if area.keys else self.size(blob_id)
            raise LengthMismatch(expected=size, received=received)

    def concatenate(
        self, blob_id: BlobId, parts: tuple[tuple[BlobId, int], ...]
    ) -> S3Staged:
        """Open a staging area that begins with the first bytes of other blobs."""
        staged = self.stage(blob_id)
        try:
            for part_id, size in parts:
                for segment in self._any_segments(part_id, size):
                    staged.append_object(segment.key, segment.length)
        except BaseException:
            staged.discard()
            raise
        return staged

    def discard(self, blob_id: BlobId) -> None:
        """Remove a staging area, with all parts that were sent for it."""
        site = self._site(blob_id)
        area = site.area()
        if area.is_frozen:
            self._bucket.delete(site.key)
        listed = self._bucket.multiparts(site.key)
        upload_ids = {upload_id for key, upload_id in listed if key == site.key}
        for upload_id in upload_ids.union(area.upload_ids):
            self._bucket.abort(site.key, upload_id)
        for key in area.keys:
            self._bucket.delete(key)

    def open(
        self, blob_id: BlobId, start: int = 0, length: int | None = None
    ) -> S3Reader:
        """Read a sealed blob, or a range of it."""
        key = self._places.sealed(blob_id)
        return S3Reader.of_object(self._bucket, key, start, length)

    def size(self, blob_id: BlobId) -> int:
        """Bytes of a sealed blob."""
        return self._bucket.size(self._places.sealed(blob_id))

    def remove(self, blob_id: BlobId) -> None:
        """Remove a sealed blob."""
        self._bucket.delete(self._places.sealed(blob_id))

    def shards(self) -> tuple[str, ...]:
        """As in a folder."""
        return SHARDS

    def blob_ids(self, shard: str) -> Iterator[BlobId]:
        """The sealed blobs of one shard."""
        for key in self._bucket.keys(self._places.shard(shard)):
            blob_id = id_of(key)
            if blob_id is not None:
                yield blob_id

    def staged_ids(self) -> Iterator[BlobId]:
        """All staging areas, and parts that nobody has flushed or given up."""
        seen: set[BlobId] = set()
        folders = self._bucket.folders(self._places.staging)
        multiparts = self._bucket.multiparts(self._places.shard())
        for keys in (folders, (key for key, _ in multiparts)):
            for key in keys:
                blob_id = id_of(key)
                if blob_id is not None and blob_id not in seen:
                    seen.add(blob_id)
                    yield blob_id

    def free_bytes(self) -> int | None:
        """Nobody can tell."""
        return None

    def _site(self, blob_id: BlobId) -> Site:
        return Site(
            bucket=self._bucket, places=self._places, plan=self._plan, blob_id=blob_id
        )

    def _find(self, site: Site, area: Area, size: int) -> _Found | None:
        """Where the first bytes of a staging area are; None if they are not."""
        count = self._plan.full(size)
        begin = self._plan.end(count)
        pieces = area.chain(begin, size)
        if pieces is None or not area.keys:
            return None
        for upload_id in area.upload_ids:
            with suppress(MultipartGone):
                if self._has_parts(site, upload_id, count):
                    return _Found(size, count, upload_id, pieces)
        if not count:
            return _Found(size, count, None, pieces)
        with suppress(BlobNotFound):
            if area.is_frozen and self._bucket.size(site.key) >= begin:
                return _Found(size, count, None, pieces)
        return None

    def _has_parts(self, site: Site, upload_id: str, count: int) -> bool:
        """Whether the last of so many parts is there; the others came before it."""
        before = max(count - 1, 0)
        # Two, for some services count the marker in.
        listed = self._bucket.parts(site.key, upload_id, after=before, limit=2)
        if not count:
            list(listed)
            return True
        size = self._plan.end(count) - self._plan.end(before)
        return any(part.number == count and part.size == size for part in listed)

    def _require(self, site: Site, area: Area, size: int) -> _Found:
        found = self._find(site, area, size)
        if found is None:
            raise BlobNotFound
        return found

    def _extent(self, site: Site, area: Area) -> int:
        """How many bytes are staged, as far as anyone can tell."""
        if not area.keys:
            raise BlobNotFound
        ends = {0, *(piece.end for piece in area.pieces)}
        for upload_id in area.upload_ids:
            with suppress(MultipartGone):
                for part in self._bucket.parts(site.key, upload_id):
                    ends.add(self._plan.end(part.number))
        if area.is_frozen:
            with suppress(BlobNotFound):
                ends.add(self._bucket.size(site.key))
        return max(end for end in ends if self._find(site, area, end) is not None)

    def _open_again(self, site: Site, area: Area, found: _Found) -> S3Staged:
        pieces, size = found.pieces, found.size
        if not found.is_exact:
            with S3Reader(self._bucket, [list(found.segments())[-1]]) as reader:
                data = reader.read()
            cut = self._places.piece(site.blob_id, pieces[-1].start, size)
            self._bucket.put(cut.key, data)
            pieces = (*pieces[:-1], cut)
        kept = {piece.key for piece in pieces}
        if area.is_frozen:
            kept.add(self._places.frozen(site.blob_id))
        if found.upload_id is not None:
            kept.add(self._places.multipart(site.blob_id, found.upload_id))
        if not kept:
            kept = {self._places.piece(site.blob_id, 0, 0).key} & area.keys
        for key in area.keys - kept:
            self._bucket.delete(key)
        upload_id = found.upload_id
        if found.count and upload_id is None:
            upload_id = self._thaw(site, self._plan.end(found.count))
            kept.add(self._places.multipart(site.blob_id, upload_id))
        return S3Staged(
            site,
            Stored(size=size, pieces=pieces, upload_id=upload_id, keys=frozenset(kept)),
        )

    def _thaw(self, site: Site, size: int) -> str:
        """Copy frozen bytes to new parts; their name."""
        staged = S3Staged(site, Stored())
        staged.append_object(site.key, size)
        staged.flush()
        assert staged.upload_id is not None
        return staged.upload_id

    def _frozen_segments(self, site: Site, area: Area, size: int) -> list[Segment]:
        """The first bytes of a staging area, readable."""
        found = self._require(site, area, size)
        if found.upload_id is not None and found.count:
            self._freeze(site, found.upload_id, found.count)
        begin = self._plan.end(found.count)
        whole = [Segment(site.key, 0, begin)] if begin else []
        return [*whole, *found.segments()]

    def _freeze(self, site: Site, upload_id: str, count: int) -> None:
        """Join the first parts to an object that is no blob yet."""
        self._bucket.put(self._places.frozen(site.blob_id), b"")
        try:
            listed = self._bucket.parts(site.key, upload_id)
            tags = {part.number: part.etag for part in listed if part.number <= count}
            if len(tags) != count:
                raise BlobNotFound
            self._bucket.complete(site.key, upload_id, tags)
        except MultipartGone:
            if self._bucket.size(site.key) < self._plan.end(count):
                raise BlobNotFound from None
        self._bucket.delete(self._places.multipart(site.blob_id, upload_id))

    def _any_segments(self, blob_id: BlobId, size: int) -> list[Segment]:
        """The first bytes of a blob that is staged or sealed."""
        site = self._site(blob_id)
        area = site.area()
        if self._find(site, area, size) is not None:
            return self._frozen_segments(site, area, size)
        if self.size(blob_id) < size:
            raise BlobNotFound
        return [Segment(site.key, 0, size)]
