"""What every blob store must do: a suite that each adapter's test module inherits."""

import hashlib
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spaces.blobs.base import BlobStore
from spaces.blobs.writer import BLOCK_BYTES, FileWriter
from spaces.checksums import RunningChecksums
from spaces.errors import BlobNotFound, LengthMismatch
from spaces.ids import BlobId, new_id


def _fresh() -> BlobId:
    return BlobId(new_id())


class BlobStoreContract:
    """Subclass it and give it a fixture `store`."""

    def _sealed(self, store: BlobStore, content: bytes) -> BlobId:
        blob_id = _fresh()
        with store.stage(blob_id) as staged:
            staged.write(content)
        store.seal(blob_id, len(content))
        return blob_id

    def test_sealed_bytes_are_what_was_staged(self, store: BlobStore) -> None:
        """A blob holds the bytes of all writes, in order."""
        blob_id = _fresh()
        with store.stage(blob_id) as staged:
            staged.write(b"one ")
            staged.write(bytearray(b"two "))
            staged.write(memoryview(b"three"))
            assert staged.size == 13
            staged.flush()

        store.seal(blob_id, 13)

        with store.open(blob_id) as reader:
            assert reader.size == 13
            assert reader.read() == b"one two three"
        assert store.size(blob_id) == 13

    def test_small_content_is_kept_at_once(self, store: BlobStore) -> None:
        """What is put is a sealed blob, and was never staged."""
        blob_id = _fresh()

        store.put(blob_id, memoryview(b"small"))

        assert store.open(blob_id).read() == b"small"
        assert list(store.blob_ids(blob_id[-2:])) == [blob_id]
        assert list(store.staged_ids()) == []

    def test_an_empty_blob_can_be_sealed(self, store: BlobStore) -> None:
        """Nothing is content too."""
        blob_id = self._sealed(store, b"")

        with store.open(blob_id) as reader:
            assert reader.read() == b""
            assert reader.readinto(bytearray(8)) == 0

    def test_staged_bytes_survive_closing(self, store: BlobStore) -> None:
        """An upload goes on where the last request ended."""
        blob_id = _fresh()
        with store.stage(blob_id) as staged:
            staged.write(b"first")

        with store.resume(blob_id, 5) as staged:
            staged.write(b", second")
        store.seal(blob_id, 13)

        assert store.open(blob_id).read() == b"first, second"

    def test_resuming_cuts_back_to_what_is_known_to_be_good(
        self, store: BlobStore
    ) -> None:
        """Bytes that were never acknowledged are dropped."""
        blob_id = _fresh()
        with store.stage(blob_id) as staged:
            staged.write(b"good, garbage")

        with store.resume(blob_id, 4) as staged:
            assert staged.size == 4
            staged.write(b"!")
        store.seal(blob_id, 5)

        assert store.open(blob_id).read() == b"good!"

    def test_resuming_beyond_the_end_is_refused(self, store: BlobStore) -> None:
        """Bytes that are gone are never made up."""
        blob_id = _fresh()
        with store.stage(blob_id) as staged:
            staged.write(b"short")

        with pytest.raises(BlobNotFound):
            store.resume(blob_id, 6)
        with pytest.raises(BlobNotFound):
            store.resume(_fresh(), 0)

    def test_truncating(self, store: BlobStore) -> None:
        """A chunk with a wrong checksum is taken back."""
        blob_id = _fresh()
        with store.stage(blob_id) as staged:
            staged.write(b"keep")
            staged.write(b" drop")
            staged.truncate(4)
            assert staged.size == 4
            staged.write(b"!")
        store.seal(blob_id, 5)

        assert store.open(blob_id).read() == b"keep!"

    def test_staged_bytes_can_be_read(self, store: BlobStore) -> None:
        """Checksums catch up from what is staged."""
        blob_id = _fresh()
        with store.stage(blob_id) as staged:
            staged.write(b"0123456789")

        with store.open_staged(blob_id) as reader:
            assert reader.size == 10
            assert reader.read() == b"0123456789"
        with store.open_staged(blob_id, 4) as reader:
            assert reader.read() == b"0123"
        with pytest.raises(BlobNotFound):
            store.open_staged(blob_id, 11)
        with pytest.raises(BlobNotFound):
            store.open_staged(_fresh())

    def test_asking_how_much_is_held(self, store: BlobStore) -> None:
        """A check can ask beside a writer, and goes on asking when all is sealed."""
        blob_id = _fresh()
        with store.stage(blob_id) as staged:
            staged.write(b"0123456789")
            staged.flush()

            assert [store.holds(blob_id, size) for size in (0, 4, 10, 11)] == [
                True,
                True,
                True,
                False,
            ]
            staged.write(b"!")
            staged.seal()

        assert [store.holds(blob_id, size) for size in (11, 12)] == [True, False]
        assert not store.holds(_fresh(), 0)

    def test_sealing_what_is_open(self, store: BlobStore) -> None:
        """Whoever has written it all seals it without closing it first."""
        blob_id = _fresh()
        with store.stage(blob_id) as staged:
            staged.write(b"content")
            staged.seal()
            staged.discard()

        store.seal(blob_id, 7)
        assert store.open(blob_id).read() == b"content"
        assert blob_id not in set(store.staged_ids())

    def test_discarding_what_is_open(self, store: BlobStore) -> None:
        """A broken upload leaves nothing, whether it was flushed or not."""
        flushed, fresh = _fresh(), _fresh()
        with store.stage(flushed) as staged:
            staged.write(b"half")
            staged.flush()
            staged.discard()
        with store.stage(fresh) as staged:
            staged.write(b"half")
            staged.discard()

        assert list(store.staged_ids()) == []

    def test_what_was_flushed_outlives_an_error(self, store: BlobStore) -> None:
        """A request that fails keeps what it has recorded."""
        blob_id = _fresh()

        def fail() -> None:
            with store.stage(blob_id) as staged:
                staged.write(b"good")
                staged.flush()
                staged.write(b", unrecorded")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        store.resume(blob_id, 4).seal()
        assert store.open(blob_id).read() == b"good"

    def test_sealing_twice_is_sealing_once(self, store: BlobStore) -> None:
        """A finish that is tried again finds its blob."""
        blob_id = self._sealed(store, b"content")

        store.seal(blob_id, 7)

        assert store.open(blob_id).read() == b"content"

    def test_sealing_with_another_size_is_refused(self, store: BlobStore) -> None:
        """A short file is never passed off as a whole one."""
        blob_id = _fresh()
        with store.stage(blob_id) as staged:
            staged.write(b"content")

        with pytest.raises(LengthMismatch) as caught:
            store.seal(blob_id, 8)

        assert (caught.value.expected, caught.value.received) == (8, 7)
        store.seal(blob_id, 7)
        with pytest.raises(LengthMismatch):
            store.seal(blob_id, 8)

    def test_sealing_nothing(self, store: BlobStore) -> None:
        """There must be bytes to seal."""
        with pytest.raises(BlobNotFound):
            store.seal(_fresh(), 0)

    def test_a_staged_blob_is_no_blob_yet(self, store: BlobStore) -> None:
        """Half a file is never served."""
        blob_id = _fresh()
        with store.stage(blob_id) as staged:
            staged.write(b"half")

        with pytest.raises(BlobNotFound):
            store.open(blob_id)
        with pytest.raises(BlobNotFound):
            store.size(blob_id)

    @pytest.mark.parametrize(
        ("start", "length", "expected"),
        [
            (0, None, b"0123456789"),
            (3, None, b"3456789"),
            (3, 4, b"3456"),
            (0, 0, b""),
            (8, 100, b"89"),
            (10, 5, b""),
            (11, None, b""),
        ],
    )
    def test_ranges(
        self, store: BlobStore, start: int, length: int | None, expected: bytes
    ) -> None:
        """A range ends where the blob does."""
        blob_id = self._sealed(store, b"0123456789")

        with store.open(blob_id, start, length) as reader:
            assert reader.size == len(expected)
            assert reader.read() == expected
            assert reader.read() == b""
        with store.open(blob_id, start, length) as reader:
            buffer = bytearray(16)
            count = reader.readinto(buffer)
            assert buffer[:count] == expected

    def test_reading_in_pieces(self, store: BlobStore) -> None:
        """Each read goes on where the last one ended."""
        blob_id = self._sealed(store, b"abcdefgh")

        with store.open(blob_id, 1, 6) as reader:
            assert [reader.read(4), reader.read(4), reader.read(4)] == [
                b"bcde",
                b"fg",
                b"",
            ]

    def test_removing(self, store: BlobStore) -> None:
        """What is removed is gone; removing it again is no error."""
        blob_id = self._sealed(store, b"content")

        store.remove(blob_id)
        store.remove(blob_id)

        with pytest.raises(BlobNotFound):
            store.open(blob_id)

    def test_a_reader_outlives_the_removal(self, store: BlobStore) -> None:
        """A download under way is not cut by the sweeper."""
        blob_id = self._sealed(store, b"content")

        with store.open(blob_id) as reader:
            store.remove(blob_id)

            assert reader.read() == b"content"

    def test_discarding(self, store: BlobStore) -> None:
        """An upload that is given up leaves nothing."""
        blob_id = _fresh()
        store.stage(blob_id).close()

        store.discard(blob_id)
        store.discard(blob_id)

        assert blob_id not in set(store.staged_ids())
        with pytest.raises(BlobNotFound):
            store.resume(blob_id, 0)

    def test_concatenating(self, store: BlobStore) -> None:
        """Parts are joined in order, staged or sealed, as far and as often as named."""
        sealed = self._sealed(store, b"sealed ")
        staged = _fresh()
        with store.stage(staged) as part:
            part.write(b"staged ")
        whole = _fresh()

        parts = ((staged, 7), (sealed, 7), (staged, 4))
        with store.concatenate(whole, parts) as joined:
            assert joined.size == 18
            joined.write(b"end")
        store.seal(whole, 21)

        assert store.open(whole).read() == b"staged sealed stagend"
        assert store.open(sealed).read() == b"sealed "

    def test_concatenating_what_is_not_there(self, store: BlobStore) -> None:
        """No part is silently left out."""
        part = self._sealed(store, b"part")

        with pytest.raises(BlobNotFound):
            store.concatenate(_fresh(), ((part, 4), (_fresh(), 4)))
        with pytest.raises(BlobNotFound):
            store.concatenate(_fresh(), ((part, 5),))
        assert list(store.staged_ids()) == []

    def test_listing(self, store: BlobStore) -> None:
        """Every blob is in exactly one shard; staging areas are apart."""
        sealed = {self._sealed(store, b"x") for _ in range(20)}
        staged = {_fresh() for _ in range(5)}
        for blob_id in staged:
            store.stage(blob_id).close()

        listed = [blob for shard in store.shards() for blob in store.blob_ids(shard)]

        assert sorted(listed) == sorted(sealed)
        assert set(store.staged_ids()) == staged

    @pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "a/b", "A" * 36])
    def test_only_ids_become_names(self, store: BlobStore, name: str) -> None:
        """No text of a client ever becomes a path."""
        with pytest.raises(ValueError, match="not a blob id"):
            store.stage(BlobId(name))

    def test_many_threads_seal_at_once(self, store: BlobStore) -> None:
        """Each finds its own blob durable when `seal` returns."""
        sealed: dict[BlobId, bytes] = {}

        def write(number: int) -> None:
            content = str(number).encode() * 100
            sealed[self._sealed(store, content)] = content

        threads = [threading.Thread(target=write, args=(n,)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(sealed) == 16
        for blob_id, content in sealed.items():
            with store.open(blob_id) as reader:
                assert reader.read() == content

    @settings(
        max_examples=25,
        deadline=None,
        # One store serves all examples, and each subclass runs them by itself.
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
        ],
    )
    @given(
        sizes=st.lists(st.integers(0, 3 * BLOCK_BYTES), max_size=6),
        is_resumable=st.booleans(),
    )
    def test_a_writer_keeps_every_byte(
        self, store: BlobStore, sizes: list[int], is_resumable: bool
    ) -> None:
        """However the bytes arrive, content and checksums are those of the whole."""
        pieces = [bytes([number + 1]) * size for number, size in enumerate(sizes)]
        whole = b"".join(pieces)
        checksums = RunningChecksums(
            ("sha1", "adler32", "md5"), is_resumable=is_resumable
        )

        with FileWriter(store, _fresh(), checksums) as writer:
            for piece in pieces:
                writer.write(piece)
            content = writer.finish()

        assert content.size == len(whole)
        assert content.checksums.sha1 == hashlib.sha1(whole).hexdigest()
        assert content.checksums.md5 == hashlib.md5(whole).hexdigest()
        with store.open(content.blob_id) as reader:
            assert reader.read() == whole
        store.remove(content.blob_id)

    def test_a_long_run_is_hashed_beside_the_writing(self, store: BlobStore) -> None:
        """Blocks pass through the ring of buffers in order."""
        digest = hashlib.sha1()
        with FileWriter(store, _fresh(), RunningChecksums()) as writer:
            for number in range(40):
                block = bytes([number]) * (BLOCK_BYTES - number)
                writer.buffer()[: len(block)] = block
                writer.advance(len(block))
                digest.update(block)
            content = writer.finish()

        assert content.checksums.sha1 == digest.hexdigest()
        store.remove(content.blob_id)

    def test_an_unfinished_writer_leaves_nothing(self, store: BlobStore) -> None:
        """A broken upload is discarded."""
        with FileWriter(store, _fresh(), RunningChecksums()) as writer:
            writer.write(b"half")

        assert list(store.staged_ids()) == []
