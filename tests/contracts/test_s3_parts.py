"""What a bucket does with parts, pieces and writers that meet, on small parts."""

import random
import threading
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spaces.blobs.s3.bucket import Bucket
from spaces.blobs.s3.parts import USUAL_PLAN, PartPlan
from spaces.blobs.s3.places import Places
from spaces.blobs.s3.store import S3BlobStore
from spaces.errors import BlobNotFound, LengthMismatch, LimitExceeded
from spaces.ids import BlobId, new_id
from tests.s3_server import S3Server

PART = 4 * 1024
PLAN = PartPlan((3, PART), (100, 2 * PART))
DATA = random.Random(7).randbytes(20 * PART)
REAL_PART = 8 * 1024 * 1024


@pytest.fixture
def prefix() -> str:
    """Where one test works."""
    return f"{uuid4()}/"


@pytest.fixture
def store(small_bucket: Bucket, prefix: str) -> S3BlobStore:
    """A store of small parts."""
    return S3BlobStore(small_bucket, prefix=prefix, plan=PLAN)


@pytest.fixture
def blob_id() -> BlobId:
    """A new one."""
    return BlobId(new_id())


def everything(bucket: Bucket, prefix: str) -> list[str]:
    """All objects and objects in the making."""
    return [*bucket.keys(prefix), *(key for key, _ in bucket.multiparts(prefix))]


def read(store: S3BlobStore, blob_id: BlobId) -> bytes:
    """The whole of a blob."""
    with store.open(blob_id) as reader:
        return reader.read()


class TestPlan:
    """Bounds of parts."""

    @given(offset=st.integers(0, USUAL_PLAN.limit - 1))
    def test_each_byte_is_in_one_part(self, offset: int) -> None:
        """The part of a byte begins where the one before it ends."""
        part = USUAL_PLAN.at(offset)

        assert part.start <= offset < part.end
        assert USUAL_PLAN.end(part.number) == part.end
        assert USUAL_PLAN.end(part.number - 1) == part.start
        assert USUAL_PLAN.full(offset) == part.number - 1
        assert USUAL_PLAN.full(part.end) == part.number

    def test_s3_takes_the_parts(self) -> None:
        """At most 10,000, of at least 5 MiB, for files of hundreds of gigabytes."""
        last = USUAL_PLAN.at(USUAL_PLAN.limit - 1)

        assert last.number == 10_000
        assert USUAL_PLAN.at(0).size >= 5 * 1024 * 1024
        assert USUAL_PLAN.limit > 600 * 1024**3
        with pytest.raises(LimitExceeded):
            USUAL_PLAN.at(USUAL_PLAN.limit)


class TestUploads:
    """Uploads over many requests, each of which could be another process."""

    @settings(
        max_examples=12,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(st.lists(st.integers(0, 3 * PART), max_size=9))
    def test_any_chunks_make_the_same_file(
        self, store: S3BlobStore, small_bucket: Bucket, prefix: str, sizes: list[int]
    ) -> None:
        """However the bytes are divided over requests, they are all there."""
        blob_id, offset = BlobId(new_id()), 0
        store.stage(blob_id).close()
        for size in sizes:
            with store.resume(blob_id, offset) as staged:
                staged.write(DATA[offset : offset + size])
                staged.flush()
            offset += size

        store.seal(blob_id, offset)

        assert read(store, blob_id) == DATA[:offset]
        assert everything(small_bucket, prefix) == [Places(prefix).sealed(blob_id)]
        store.remove(blob_id)

    def test_many_small_flushes(
        self, store: S3BlobStore, blob_id: BlobId, small_bucket: Bucket, prefix: str
    ) -> None:
        """Pieces are made one before they are too many."""
        step = 256
        with store.stage(blob_id) as staged:
            for start in range(0, 3 * PART, step):
                staged.write(DATA[start : start + step])
                staged.flush()

                assert len(list(small_bucket.keys(prefix))) < 60
            staged.seal()

        assert read(store, blob_id) == DATA[: 3 * PART]
        assert everything(small_bucket, prefix) == [Places(prefix).sealed(blob_id)]

    def test_a_crash_between_flush_and_row(
        self, store: S3BlobStore, blob_id: BlobId
    ) -> None:
        """What was flushed but not recorded gives way to what comes next."""
        with store.stage(blob_id) as staged:
            staged.write(DATA[:1000])
            staged.flush()
        with store.resume(blob_id, 1000) as lost:
            lost.write(b"x" * 3 * PART)
            lost.flush()

        with store.resume(blob_id, 1000) as staged:
            staged.write(DATA[1000 : 2 * PART + 5])
            staged.seal()

        assert read(store, blob_id) == DATA[: 2 * PART + 5]

    def test_cutting_back_over_parts(self, store: S3BlobStore, blob_id: BlobId) -> None:
        """A chunk that spoils is taken back to where its request began."""
        with store.stage(blob_id) as staged:
            staged.write(DATA[: PART + 7])
            staged.flush()
        with store.resume(blob_id, PART + 7) as staged:
            for _ in range(3):
                staged.write(b"spoilt" * PART)
                staged.flush()
            staged.truncate(PART + 7)

        with store.resume(blob_id, PART + 7) as staged:
            staged.write(DATA[PART + 7 : 3 * PART])
            staged.truncate(PART + 7)
            staged.write(DATA[PART + 7 : 9 * PART])
        store.seal(blob_id, 9 * PART)

        assert read(store, blob_id) == DATA[: 9 * PART]

    def test_the_first_request_can_be_taken_back(
        self, store: S3BlobStore, blob_id: BlobId
    ) -> None:
        """To nothing at all, over parts that were sent."""
        with store.stage(blob_id) as staged:
            staged.write(b"spoilt" * 2 * PART)
            staged.flush()
            staged.truncate(0)
            staged.write(DATA[: PART + 1])
            staged.flush()

        assert store.holds(blob_id, PART + 1)
        store.resume(blob_id, PART + 1).seal()
        assert read(store, blob_id) == DATA[: PART + 1]

    def test_reading_back_and_going_on(
        self, store: S3BlobStore, blob_id: BlobId, small_bucket: Bucket, prefix: str
    ) -> None:
        """Checksums catch up from parts, and the upload goes on as if nothing was."""
        size = 2 * PART + 100
        with store.stage(blob_id) as staged:
            staged.write(DATA[:size])

        for _ in range(2):
            with store.open_staged(blob_id, size) as reader:
                assert reader.size == size
                assert reader.read() == DATA[:size]
        with store.resume(blob_id, size) as staged:
            staged.write(DATA[size : 5 * PART])
            staged.flush()
            staged.seal()

        assert read(store, blob_id) == DATA[: 5 * PART]
        assert everything(small_bucket, prefix) == [Places(prefix).sealed(blob_id)]

    @pytest.mark.parametrize("size", [2 * PART, 2 * PART + 1])
    def test_reading_back_and_sealing(
        self, store: S3BlobStore, blob_id: BlobId, size: int
    ) -> None:
        """Finishing after a restart reads all, then completes."""
        with store.stage(blob_id) as staged:
            staged.write(DATA[:size])
        with store.open_staged(blob_id, size) as reader:
            assert reader.read() == DATA[:size]

        store.seal(blob_id, size)

        assert read(store, blob_id) == DATA[:size]
        assert list(store.staged_ids()) == []

    def test_giving_up_after_reading_back(
        self, store: S3BlobStore, blob_id: BlobId, small_bucket: Bucket, prefix: str
    ) -> None:
        """What was joined only to be read is no blob, and goes too."""
        with store.stage(blob_id) as staged:
            staged.write(DATA[: 3 * PART])
        store.open_staged(blob_id, 3 * PART).close()

        store.discard(blob_id)

        assert everything(small_bucket, prefix) == []

    def test_the_length_must_be_right(
        self, store: S3BlobStore, blob_id: BlobId
    ) -> None:
        """A short file is never passed off as a whole one, in parts or not."""
        with store.stage(blob_id) as staged:
            staged.write(DATA[: 2 * PART + 10])

        with pytest.raises(LengthMismatch) as caught:
            store.seal(blob_id, 3 * PART)

        assert caught.value.received == 2 * PART + 10
        store.seal(blob_id, 2 * PART + 10)
        with pytest.raises(LengthMismatch):
            store.seal(blob_id, 2 * PART)


class TestMeetings:
    """Writers, finishers and readers that come upon each other."""

    def test_many_finishers(self, store: S3BlobStore, blob_id: BlobId) -> None:
        """All of them find the blob sealed, whoever did it."""
        with store.stage(blob_id) as staged:
            staged.write(DATA[: 4 * PART + 3])
        errors: list[BaseException] = []

        def finish() -> None:
            try:
                store.seal(blob_id, 4 * PART + 3)
            except BaseException as error:  # noqa: BLE001  told below
                errors.append(error)

        threads = [threading.Thread(target=finish) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert errors == []
        assert read(store, blob_id) == DATA[: 4 * PART + 3]

    def test_a_silent_writer_is_fenced_off(
        self, store: S3BlobStore, blob_id: BlobId
    ) -> None:
        """When it wakes up, nothing that it sends reaches the bytes."""
        size = 2 * PART + 50
        silent = store.stage(blob_id)
        silent.write(DATA[:size])
        silent.flush()
        taken = BlobId(new_id())
        with store.concatenate(taken, ((blob_id, size),)) as staged:
            staged.flush()
        store.discard(blob_id)

        with pytest.raises(BlobNotFound):
            silent.write(b"late" * 2 * PART)
        silent.close()
        with store.resume(taken, size) as staged:
            staged.write(DATA[size : 3 * PART])
            staged.seal()

        assert read(store, taken) == DATA[: 3 * PART]

    def test_two_writers_of_one_area(self, store: S3BlobStore, blob_id: BlobId) -> None:
        """Each size that either vouches for is made of whole bytes of the upload."""
        with store.stage(blob_id) as staged:
            staged.write(DATA[:100])
        one, other = store.resume(blob_id, 100), store.resume(blob_id, 100)
        one.write(DATA[100:PART])
        other.write(DATA[100 : 2 * PART + 9])
        other.flush()
        one.flush()
        one.close()

        other.write(DATA[2 * PART + 9 : 3 * PART])
        other.close()
        store.seal(blob_id, 3 * PART)

        assert read(store, blob_id) == DATA[: 3 * PART]

    def test_joining_uploads_in_parts(
        self, store: S3BlobStore, blob_id: BlobId
    ) -> None:
        """Whole parts are copied within S3, the rest by way of the server."""
        first, second = BlobId(new_id()), BlobId(new_id())
        with store.stage(first) as staged:
            staged.write(DATA[: 3 * PART + 5])
        with store.stage(second) as staged:
            staged.write(DATA[: 2 * PART])

        parts = ((first, 3 * PART + 5), (second, 2 * PART), (first, 2 * PART))
        with store.concatenate(blob_id, parts) as staged:
            staged.seal()

        expected = DATA[: 3 * PART + 5] + 2 * DATA[: 2 * PART]
        assert read(store, blob_id) == expected

    def test_an_unfinished_object_is_found(
        self, store: S3BlobStore, blob_id: BlobId, small_bucket: Bucket, prefix: str
    ) -> None:
        """A process that died amid a large file leaves parts that are given up."""
        store.stage(blob_id).write(DATA[: 3 * PART])

        assert list(store.staged_ids()) == [blob_id]
        store.discard(blob_id)

        assert everything(small_bucket, prefix) == []

    def test_leftovers_of_a_sealed_blob_go_alone(
        self, store: S3BlobStore, blob_id: BlobId, small_bucket: Bucket, prefix: str
    ) -> None:
        """A crash just after completion leaves pieces, whose removal harms nothing."""
        places = Places(prefix)
        with store.stage(blob_id) as staged:
            staged.write(DATA[: PART + 5])
            staged.seal()
        small_bucket.put(places.piece(blob_id, PART, PART + 5).key, b"12345")

        store.seal(blob_id, PART + 5)
        small_bucket.put(places.piece(blob_id, PART, PART + 5).key, b"12345")
        store.discard(blob_id)

        assert read(store, blob_id) == DATA[: PART + 5]
        assert everything(small_bucket, prefix) == [places.sealed(blob_id)]


class TestSizes:
    """Sizes about the bounds that S3 itself has."""

    @pytest.mark.parametrize(
        "size",
        [
            0,
            5 * 1024 * 1024,
            5 * 1024 * 1024 + 1,
            REAL_PART,
            REAL_PART + 1,
            10_000_000,
            10_000_001,
            2 * REAL_PART,
        ],
    )
    def test_files_in_two_requests(
        self, real_s3: S3Server, real_bucket: Bucket, prefix: str, size: int
    ) -> None:
        """A server that refuses small parts takes each, in one go and in two."""
        store = S3BlobStore(real_bucket, prefix=prefix)
        data = random.Random(size).randbytes(size)
        whole, cut = BlobId(new_id()), BlobId(new_id())

        with store.stage(whole) as staged:
            staged.write(data)
            staged.seal()
        with store.stage(cut) as staged:
            staged.write(data[:7])
            staged.flush()
        with store.resume(cut, len(data[:7])) as staged:
            staged.write(data[7:])
            staged.flush()
        store.seal(cut, size)

        assert read(store, whole) == data
        assert read(store, cut) == data
        assert len(everything(real_bucket, prefix)) == 2
