"""Versions: former contents of files, and bringing one back."""

import pytest

from spaces.clock import SECOND, Instant
from spaces.errors import (
    Forbidden,
    Locked,
    NodeNotFound,
    PreconditionFailed,
    QuotaExceeded,
    VersionNotFound,
)
from spaces.ids import NodeId, VersionId, new_id
from spaces.library import Library
from spaces.model import Actor, Content, Guard, Node
from spaces.versions import Versions
from tests.domain import START, Desk
from tests.lock_team import Team, holding, take_lock


@pytest.fixture
def versions(library: Library) -> Versions:
    """The versions of the library."""
    return library.versions


@pytest.fixture
def file(desk: Desk) -> Node:
    """A file in a folder that was written three times."""
    desk.library.tree.make_folder(desk.actor, desk.place("a"))
    for text in (b"one", b"two!", b"three"):
        node = desk.put("a/file", text).node
    return node


def _text(desk: Desk, content: Content | None) -> bytes:
    assert content is not None
    with desk.library.files.open(content) as reader:
        return reader.read()


def _texts(desk: Desk, node_id: NodeId) -> list[bytes]:
    found = desk.library.versions.list(desk.actor, node_id)
    return [_text(desk, version.content) for version in found]


def _now(desk: Desk, path: str) -> Node:
    return desk.library.tree.get(desk.actor, desk.place(path)).node


class TestList:
    """Looking at versions."""

    def test_the_latest_comes_first(self, desk: Desk, file: Node) -> None:
        """The present content is not among them."""
        assert _texts(desk, file.id) == [b"two!", b"one"]

    def test_a_version_is_the_file_as_it_was(
        self, desk: Desk, versions: Versions
    ) -> None:
        """With its content, etag and time, and when it was replaced."""
        at = Instant(START - 60 * SECOND)
        before = desk.put("file", b"one", modified_at=at).node
        after = desk.put("file", b"two").node

        (version,) = versions.list(desk.actor, before.id)

        assert version.node_id == before.id == after.id
        assert version.content == before.content
        assert (version.etag, version.modified_at) == (before.etag, at)
        assert before.created_at < version.replaced_at <= after.modified_at
        assert versions.get(desk.actor, before.id, version.id) == version

    def test_what_was_written_once_has_none(
        self, desk: Desk, versions: Versions
    ) -> None:
        """Nor has a folder."""
        file = desk.put("file").node

        assert versions.list(desk.actor, file.id) == []
        assert versions.list(desk.actor, desk.space.root_id) == []

    def test_what_is_not_there_is_not_found(
        self, desk: Desk, file: Node, versions: Versions, bob: Actor
    ) -> None:
        """Unknown nodes, unknown versions, another's, and another file's."""
        version = versions.list(desk.actor, file.id)[0]
        other = desk.put("other").node

        with pytest.raises(NodeNotFound):
            versions.list(desk.actor, NodeId(new_id()))
        with pytest.raises(NodeNotFound):
            versions.list(bob, file.id)
        with pytest.raises(VersionNotFound):
            versions.get(desk.actor, file.id, VersionId(new_id()))
        with pytest.raises(VersionNotFound):
            versions.get(desk.actor, other.id, version.id)

    def test_versions_do_not_count_in_the_quota(self, desk: Desk, file: Node) -> None:
        """Only the present content does."""
        assert desk.space.quota.used == len(b"three")


class TestRestore:
    """Bringing a version back."""

    def test_contents_change_places(
        self, desk: Desk, file: Node, versions: Versions
    ) -> None:
        """The version becomes the content, the content a version; the id stays."""
        oldest = versions.list(desk.actor, file.id)[-1]

        restored = versions.restore(desk.actor, file.id, oldest.id)

        assert _text(desk, restored.content) == b"one"
        assert restored.id == file.id
        assert restored.modified_at > file.modified_at
        assert _now(desk, "a/file") == restored
        assert _texts(desk, file.id) == [b"three", b"two!"]

    def test_nothing_is_lost_going_to_and_fro(
        self, desk: Desk, file: Node, versions: Versions
    ) -> None:
        """All contents are there after any number of restorations."""
        for _ in range(5):
            oldest = versions.list(desk.actor, file.id)[-1]
            versions.restore(desk.actor, file.id, oldest.id)

        present = _text(desk, _now(desk, "a/file").content)
        assert sorted([present, *_texts(desk, file.id)]) == [b"one", b"three", b"two!"]

    def test_sizes_and_etags_follow(
        self, desk: Desk, file: Node, versions: Versions
    ) -> None:
        """Of the file, its folders, and the space."""
        oldest = versions.list(desk.actor, file.id)[-1]
        before = [_now(desk, path).etag for path in ("", "a", "a/file")]

        restored = versions.restore(desk.actor, file.id, oldest.id)

        nodes = [_now(desk, path) for path in ("", "a", "a/file")]
        assert {node.size for node in nodes} == {len(b"one")}
        assert {node.etag for node in nodes} == {restored.etag}
        assert restored.etag not in before
        assert desk.space.quota.used == len(b"one")

    def test_others_are_told(self, desk: Desk, file: Node, versions: Versions) -> None:
        """The log says that the file changed."""
        root = _now(desk, "")
        seen = desk.library.changes.token(desk.actor, root)
        oldest = versions.list(desk.actor, file.id)[-1]

        versions.restore(desk.actor, file.id, oldest.id)

        page = desk.library.changes.since(desk.actor, root, seen)
        changed = [(path, node.id) for path, node in page.changed]
        assert ("a/file", file.id) in changed

    def test_quota_holds(
        self,
        desk: Desk,
        file: Node,
        versions: Versions,
        library: Library,
        admin: Actor,
    ) -> None:
        """A larger version needs room; without, all stays as it was."""
        desk.put("a/file", b"")
        library.catalog.update(admin, desk.space_id, quota=4)
        latest = versions.list(desk.actor, file.id)[0]

        with pytest.raises(QuotaExceeded):
            versions.restore(desk.actor, file.id, latest.id)

        assert _now(desk, "a/file").size == 0
        assert len(versions.list(desk.actor, file.id)) == 3

    def test_guards_hold(
        self, desk: Desk, file: Node, versions: Versions, library: Library
    ) -> None:
        """Preconditions and locks, as for every change."""
        latest = versions.list(desk.actor, file.id)[0]
        with pytest.raises(PreconditionFailed):
            versions.restore(
                desk.actor, file.id, latest.id, guard=Guard(if_match=("other",))
            )
        lock = take_lock(desk, "a/file")
        with pytest.raises(Locked):
            versions.restore(desk.actor, file.id, latest.id)

        versions.restore(desk.actor, file.id, latest.id, guard=holding(lock))

    def test_what_lies_in_the_trash_stays_as_it_is(
        self, desk: Desk, file: Node, versions: Versions
    ) -> None:
        """It has to come back first."""
        latest = versions.list(desk.actor, file.id)[0]
        desk.library.tree.remove(desk.actor, desk.place("a"))

        with pytest.raises(NodeNotFound):
            versions.restore(desk.actor, file.id, latest.id)
        with pytest.raises(NodeNotFound):
            versions.remove(desk.actor, file.id, latest.id)

    def test_an_unknown_version_changes_nothing(
        self, desk: Desk, file: Node, versions: Versions
    ) -> None:
        """Not even the etag."""
        with pytest.raises(VersionNotFound):
            versions.restore(desk.actor, file.id, VersionId(new_id()))
        with pytest.raises(NodeNotFound):
            versions.restore(desk.actor, NodeId(new_id()), VersionId(new_id()))

        assert _now(desk, "a/file") == file


def test_a_version_can_be_forgotten(desk: Desk, file: Node, versions: Versions) -> None:
    """The others stay, and the file does."""
    latest = versions.list(desk.actor, file.id)[0]

    versions.remove(desk.actor, file.id, latest.id)

    assert _texts(desk, file.id) == [b"one"]
    assert _now(desk, "a/file") == file
    with pytest.raises(VersionNotFound):
        versions.remove(desk.actor, file.id, latest.id)


class TestRights:
    """Who may do what with versions in a shared space."""

    def test_viewers_see_no_versions(self, team: Team, versions: Versions) -> None:
        """Neither the list nor one of them."""
        file = team.editor.put("a/d.txt", b"new").node
        version = versions.list(team.editor.actor, file.id)[0]

        with pytest.raises(Forbidden):
            versions.list(team.viewer.actor, file.id)
        with pytest.raises(Forbidden):
            versions.get(team.viewer.actor, file.id, version.id)
        with pytest.raises(Forbidden):
            versions.restore(team.viewer.actor, file.id, version.id)

    def test_editors_restore_and_managers_forget(
        self, team: Team, versions: Versions
    ) -> None:
        """What cannot be undone is the manager's."""
        file = team.editor.put("a/d.txt", b"new").node
        version = versions.list(team.editor.actor, file.id)[0]

        with pytest.raises(Forbidden):
            versions.remove(team.editor.actor, file.id, version.id)
        versions.restore(team.editor.actor, file.id, version.id)
        (version,) = versions.list(team.editor.actor, file.id)
        versions.remove(team.manager.actor, file.id, version.id)

        assert versions.list(team.manager.actor, file.id) == []

    def test_strangers_learn_nothing(
        self, team: Team, versions: Versions, library: Library
    ) -> None:
        """A file they may not see is not there."""
        file = team.editor.put("a/d.txt", b"new").node
        version = versions.list(team.editor.actor, file.id)[0]
        catalog, space_id = library.catalog, team.editor.space_id
        stranger = team.viewer.actor
        catalog.remove_member(team.manager.actor, space_id, stranger.user_id)

        for attempt in (versions.get, versions.restore, versions.remove):
            with pytest.raises(NodeNotFound):
                attempt(stranger, file.id, version.id)
