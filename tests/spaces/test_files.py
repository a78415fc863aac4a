"""Writing files: new, over others, under conditions, within the quota."""

import errno

import pytest

from spaces.clock import Instant
from spaces.errors import (
    AlreadyExists,
    BlobNotFound,
    NotAFile,
    ParentNotFound,
    PreconditionFailed,
    QuotaExceeded,
)
from spaces.files import commit_content
from spaces.ids import BlobId, NodeId, new_id
from spaces.library import Library
from spaces.model import NO_GUARD, Actor, Guard, Place
from tests.domain import Desk, seal


def _versions(desk: Desk, node_id: NodeId) -> list[bytes]:
    """The former contents, the latest first."""
    contents = []
    for version in desk.library.versions.list(desk.actor, node_id):
        with desk.library.files.open(version.content) as reader:
            contents.append(reader.read())
    return contents


def _read(desk: Desk, path: str) -> bytes:
    node = desk.library.tree.get(desk.actor, desk.place(path)).node
    assert node.content is not None
    with desk.library.files.open(node.content) as reader:
        return reader.read()


@pytest.fixture
def small(library: Library, admin: Actor) -> Desk:
    """A desk in a space of ten bytes."""
    space = library.catalog.create_project(admin, "small", quota=10)
    return Desk(library, admin, space.id)


class TestCommit:
    """Content becomes a file."""

    def test_new_file_grows_its_folders(self, desk: Desk) -> None:
        """Sizes, etags and times up to the root."""
        desk.library.tree.make_folder(desk.actor, desk.place("a"))

        written = desk.put("a/b", b"12345")

        assert written.is_new
        assert desk.listing() == {"a/": 5, "a/b": 5}
        assert desk.space.quota.used == 5
        assert desk.space.etag == written.node.etag
        assert _read(desk, "a/b") == b"12345"
        assert desk.library.tree.by_id(desk.actor, written.node.id).node == written.node

    def test_overwriting_keeps_id_and_former_content(self, desk: Desk) -> None:
        """The old content is a version, whatever its size."""
        first = desk.put("a", b"12345").node

        second = desk.put("a", b"123")

        assert not second.is_new
        assert second.node.id == first.id
        assert second.node.etag != first.etag
        assert second.node.created_at == first.created_at
        assert desk.listing() == {"a": 3}
        assert desk.space.quota.used == 3
        assert _versions(desk, first.id) == [b"12345"]

    def test_empty_first_content_is_a_version(self, desk: Desk) -> None:
        """Some clients create files empty first."""
        node = desk.put("a", b"").node
        desk.put("a", b"123")

        assert _versions(desk, node.id) == [b""]

    @pytest.mark.parametrize("times", [2, 3, 4])
    def test_same_content_and_time_make_one_version(
        self, desk: Desk, times: int
    ) -> None:
        """However often a client repeats itself."""
        for _ in range(times):
            node = desk.put("a", b"same", modified_at=Instant(5)).node

        assert _versions(desk, node.id) == [b"same"]

    def test_same_time_with_other_content_makes_versions(self, desk: Desk) -> None:
        """Each content was another."""
        for data in (b"1", b"2", b"3"):
            node = desk.put("a", data, modified_at=Instant(5)).node

        assert _versions(desk, node.id) == [b"2", b"1"]

    def test_media_type_stays_unless_told(self, desk: Desk) -> None:
        """A client that says nothing does not mean to change it."""
        content = seal(desk.library, b"1")
        desk.library.files.commit(
            desk.actor, desk.place("a"), content, media_type="text/plain"
        )

        assert desk.put("a").node.media_type == "text/plain"

    def test_promised_id_is_the_id(self, desk: Desk) -> None:
        """Uploads announce the id before there is a file."""
        node_id = NodeId(new_id())
        database = desk.library.database

        written = database.write(
            lambda connection: commit_content(
                database,
                connection,
                desk.actor,
                desk.place("a"),
                seal(desk.library, b"1"),
                modified_at=None,
                media_type=None,
                guard=NO_GUARD,
                expect_new=True,
                node_id=node_id,
            )
        )

        assert written.node.id == node_id

    def test_existing_file_can_be_named_by_its_id(self, desk: Desk) -> None:
        """The anchor itself is the place, and keeps its name."""
        node = desk.put("a", b"1").node

        written = desk.library.files.commit(
            desk.actor,
            Place(desk.space_id, anchor=node.id),
            seal(desk.library, b"22"),
        )

        assert written.node.id == node.id
        assert desk.listing() == {"a": 2}

    def test_folder_is_not_overwritten(self, desk: Desk) -> None:
        """Nor the root."""
        desk.library.tree.make_folder(desk.actor, desk.place("a"))

        for path in ("a", ""):
            with pytest.raises(NotAFile):
                desk.put(path)

    def test_parent_must_exist(self, desk: Desk) -> None:
        """Folders are not made on the way."""
        with pytest.raises(ParentNotFound):
            desk.put("a/b")

    def test_new_file_may_be_demanded(self, desk: Desk) -> None:
        """Two uploads of the same new name: the second does not overwrite."""
        desk.put("a", b"1")

        with pytest.raises(AlreadyExists):
            desk.library.files.commit(
                desk.actor,
                desk.place("a"),
                seal(desk.library, b"2"),
                expect_new=True,
            )
        assert _read(desk, "a") == b"1"


class TestGuard:
    """Conditions that must hold within the transaction."""

    def test_matching_etag_passes(self, desk: Desk) -> None:
        """The state the client has seen."""
        node = desk.put("a").node

        desk.put("a", guard=Guard(if_match=("other", node.etag)))
        desk.put("a", guard=Guard(if_match=("*",)))
        desk.put("b", guard=Guard(if_none_match=("*",)))
        desk.put("b", guard=Guard(if_none_match=(node.etag,)))

    @pytest.mark.parametrize(
        "guard",
        [Guard(if_match=("old",)), Guard(if_none_match=("*",))],
    )
    def test_other_state_is_refused(self, desk: Desk, guard: Guard) -> None:
        """And nothing changes."""
        node = desk.put("a").node

        with pytest.raises(PreconditionFailed) as caught:
            desk.put("a", guard=guard)

        assert caught.value.etag == node.etag
        assert desk.library.tree.by_id(desk.actor, node.id).node == node

    def test_missing_file_matches_nothing(self, desk: Desk) -> None:
        """If-Match: * wants something to be there."""
        with pytest.raises(PreconditionFailed):
            desk.put("a", guard=Guard(if_match=("*",)))


class TestQuota:
    """What a space may hold."""

    def test_space_can_be_filled_to_the_last_byte(self, small: Desk) -> None:
        """But not further."""
        small.put("a", b"1234567890")

        with pytest.raises(QuotaExceeded) as caught:
            small.put("b", b"1")

        assert caught.value.needed_bytes == 1
        assert caught.value.available_bytes == 0
        assert small.listing() == {"a": 10}
        small.put("c", b"")

    def test_overwriting_counts_the_difference(self, small: Desk) -> None:
        """A full space takes a file of the same size, or a smaller one."""
        small.put("a", b"1234567890")

        small.put("a", b"0987654321")
        small.put("a", b"1")

        assert small.space.quota.used == 1

    def test_shrinking_works_beyond_the_quota(self, small: Desk) -> None:
        """After the quota was lowered."""
        small.put("a", b"1234567890")
        small.library.catalog.update(small.actor, small.space_id, quota=5)

        small.put("a", b"12345678")

        assert small.space.quota.used == 8
        assert small.space.quota.remaining == 0

    def test_removed_files_do_not_count(self, small: Desk) -> None:
        """Nor do versions."""
        small.put("a", b"1234567890")
        small.library.tree.remove(small.actor, small.place("a"))

        small.put("b", b"1234567890")


class TestCheck:
    """Refusing before a body is read."""

    def test_what_commit_would_take_passes(self, small: Desk) -> None:
        """New and existing files, of known and unknown length."""
        small.put("a", b"1234567890")

        small.library.files.check(small.actor, small.place("a"), 10)
        small.library.files.check(small.actor, small.place("b"), 0)
        small.library.files.check(small.actor, small.place("b"), None)

    def test_what_commit_would_refuse_is_refused(self, small: Desk) -> None:
        """Quota, conditions, places."""
        small.put("a", b"12345")
        files = small.library.files

        with pytest.raises(QuotaExceeded):
            files.check(small.actor, small.place("b"), 6)
        with pytest.raises(PreconditionFailed):
            files.check(
                small.actor, small.place("a"), 1, guard=Guard(if_none_match=("*",))
            )
        with pytest.raises(ParentNotFound):
            files.check(small.actor, small.place("x/y"), 1)
        with pytest.raises(NotAFile):
            files.check(small.actor, small.place(""), 1)


class TestContent:
    """Bytes in and out."""

    def test_staged_content_can_be_committed_and_read(self, desk: Desk) -> None:
        """The way a body goes."""
        with desk.library.files.stage() as writer:
            writer.write(b"12345")
            content = writer.finish()
        desk.library.files.commit(desk.actor, desk.place("a"), content)

        with desk.library.files.open(content, 1, 3) as reader:
            assert reader.read() == b"234"
        node = desk.library.tree.get(desk.actor, desk.place("a")).node
        assert node.content is not None
        assert node.content.checksums.sha1 == content.checksums.sha1

    def test_lost_content_is_told(self, desk: Desk) -> None:
        """A row without its blob is corruption, never an empty file."""
        content = seal(desk.library, b"1")
        desk.library.blobs.remove(content.blob_id)

        with pytest.raises(BlobNotFound):
            desk.library.files.open(content)

    def test_small_content_is_written_like_large_content(self, desk: Desk) -> None:
        """Whether it is held in memory or staged, the same comes of it."""
        data = bytes(range(256)) * 4
        contents = []
        for expected in (len(data), None):
            with desk.library.files.stage(
                expected_bytes=expected, algorithms=["md5", "sha256"]
            ) as writer:
                writer.buffer()[:24] = data[:24]
                writer.advance(24)
                assert writer.settle().hexdigest("md5")
                writer.write(data[24:])
                assert writer.size == len(data)
                contents.append(writer.finish())

        small, large = contents
        assert small.checksums == large.checksums
        assert small.size == large.size == len(data)
        for content in contents:
            assert desk.library.files.open(content).read() == data

    def test_no_more_is_taken_than_was_expected(self, desk: Desk) -> None:
        """There is no room for it, and nothing of it is kept."""
        with (
            pytest.raises(ValueError, match=r"."),
            desk.library.files.stage(expected_bytes=2) as writer,
        ):
            writer.write(b"123")

    def test_refused_content_is_removed(self, desk: Desk) -> None:
        """Nothing is left behind for the sweeper."""
        content = seal(desk.library, b"1")

        with pytest.raises(ParentNotFound):
            desk.library.files.commit(desk.actor, desk.place("no/a"), content)

        with pytest.raises(BlobNotFound):
            desk.library.files.open(content)

    def test_a_refusal_is_told_though_nothing_can_be_removed(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A store that is out of reach does not hide why the file was refused."""

        def fail(_blob_id: BlobId) -> None:
            raise OSError(errno.EIO, "out of reach")

        content = seal(desk.library, b"1")
        monkeypatch.setattr(desk.library.blobs, "remove", fail)

        with pytest.raises(ParentNotFound):
            desk.library.files.commit(desk.actor, desk.place("no/a"), content)
