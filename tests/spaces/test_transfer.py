"""Moving and copying, within a space and from one to another."""

import unicodedata

import pytest

from spaces.errors import (
    AlreadyExists,
    Forbidden,
    IntoItself,
    NodeNotFound,
    ParentNotFound,
    PreconditionFailed,
    QuotaExceeded,
    RootRefused,
    SpaceNotFound,
    TooDeep,
)
from spaces.ids import NodeId
from spaces.library import Library
from spaces.model import Actor, Guard, Place, Role, Written
from spaces.names import MAX_DEPTH
from spaces.properties import Patch
from tests.domain import Desk


def _make(desk: Desk, *paths: str) -> None:
    for path in paths:
        desk.library.tree.make_folder(desk.actor, desk.place(path))


def _id(desk: Desk, path: str) -> NodeId:
    return desk.library.tree.get(desk.actor, desk.place(path)).node.id


def _move(
    desk: Desk, source: str, target: str, *, to: Desk | None = None, over: bool = False
) -> Written:
    return desk.library.tree.move(
        desk.actor, desk.place(source), (to or desk).place(target), overwrite=over
    )


def _copy(
    desk: Desk,
    source: str,
    target: str,
    *,
    to: Desk | None = None,
    over: bool = False,
    deep: bool = True,
) -> Written:
    return desk.library.tree.copy(
        desk.actor,
        desk.place(source),
        (to or desk).place(target),
        overwrite=over,
        deep=deep,
    )


@pytest.fixture
def project(library: Library, admin: Actor, alice: Actor) -> Desk:
    """Alice at work in a project space of 100 bytes."""
    space = library.catalog.create_project(admin, "project", quota=100)
    library.catalog.set_member(admin, space.id, alice.user_id, Role.EDITOR)
    return Desk(library, alice, space.id)


@pytest.fixture
def tree(desk: Desk) -> Desk:
    """A small tree in Alice's space."""
    _make(desk, "a", "a/b", "z")
    desk.put("a/b/c", b"12345")
    desk.put("a/d", b"123")
    return desk


class TestMove:
    """Another name, another folder, another space."""

    def test_ids_and_sizes_follow(self, tree: Desk) -> None:
        """Everything below comes along, untouched."""
        ids = [_id(tree, "a/b"), _id(tree, "a/b/c")]

        written = _move(tree, "a/b", "z/new")

        assert written.is_new
        assert tree.listing() == {"a/": 3, "a/d": 3, "z/": 5, "z/new/": 5, "z/new/c": 5}
        assert [_id(tree, "z/new"), _id(tree, "z/new/c")] == ids
        assert tree.space.quota.used == 8

    def test_both_sides_change(self, tree: Desk) -> None:
        """Old and new folders get the etag, what is below keeps its own."""
        get = tree.library.tree.get
        before = get(tree.actor, tree.place("a/b/c")).node

        moved = _move(tree, "a/b", "z/b").node

        etags = {get(tree.actor, tree.place(p)).node.etag for p in ("", "a", "z")}
        assert etags == {moved.etag}
        assert get(tree.actor, tree.place("z/b/c")).node == before

    def test_name_can_change_its_form(self, desk: Desk) -> None:
        """From NFC to NFD is a rename, not a conflict with itself."""
        composed = unicodedata.normalize("NFC", "é")
        decomposed = unicodedata.normalize("NFD", "é")
        desk.put(composed)

        _move(desk, composed, decomposed)

        assert list(desk.listing()) == [decomposed]

    def test_target_goes_to_the_trash(self, tree: Desk) -> None:
        """When it may be overwritten; its id goes with it."""
        _make(tree, "z/b")
        replaced = _id(tree, "z/b")

        assert not _move(tree, "a/b", "z/b", over=True).is_new

        items = list(tree.library.trash.list(tree.actor, tree.space_id))
        assert [item.node.id for item in items] == [replaced]

    def test_target_is_not_overwritten_unasked(self, tree: Desk) -> None:
        """And nothing moves."""
        before = tree.listing()

        with pytest.raises(AlreadyExists):
            _move(tree, "a/d", "z")
        assert tree.listing() == before

    @pytest.mark.parametrize(
        ("source", "target"),
        [("a", "a/x"), ("a", "a/b/x"), ("a", "a"), ("a/b", "a"), ("a/b/c", "a")],
    )
    def test_nothing_goes_into_itself(
        self, tree: Desk, source: str, target: str
    ) -> None:
        """Nor over a folder that holds it, nor onto itself."""
        with pytest.raises(IntoItself):
            _move(tree, source, target, over=True)

    def test_roots_stay(self, tree: Desk, project: Desk) -> None:
        """They are neither moved nor overwritten."""
        with pytest.raises(RootRefused):
            _move(tree, "", "x", to=project)
        with pytest.raises(RootRefused):
            _move(tree, "a", "", to=project, over=True)

    def test_missing_ends_are_told_apart(self, tree: Desk) -> None:
        """A missing source is another matter than a missing target folder."""
        with pytest.raises(NodeNotFound):
            _move(tree, "x", "y")
        with pytest.raises(ParentNotFound):
            _move(tree, "a", "x/y")
        with pytest.raises(ParentNotFound):
            _move(tree, "z", "a/d/x")

    def test_guard_is_about_the_source(self, tree: Desk) -> None:
        """If-Match with an etag of the past."""
        with pytest.raises(PreconditionFailed):
            tree.library.tree.move(
                tree.actor,
                tree.place("a"),
                tree.place("x"),
                overwrite=False,
                guard=Guard(if_match=("old",)),
            )

    def test_subtree_must_fit_below_the_target(self, desk: Desk) -> None:
        """Its lowest node counts, not only the one that is named."""
        path = "/".join(["d"] * (MAX_DEPTH - 2))
        for depth in range(1, MAX_DEPTH - 1):
            _make(desk, "/".join(["d"] * depth))
        _make(desk, "a", "a/b")

        _move(desk, "a", f"{path}/a")
        _move(desk, f"{path}/a", "a")
        _make(desk, "a/b/c")

        with pytest.raises(TooDeep):
            _move(desk, "a", f"{path}/a")
        with pytest.raises(TooDeep):
            _copy(desk, "a", f"{path}/a")


class TestMoveAcross:
    """Into another space."""

    def test_subtree_and_quota_move(self, tree: Desk, project: Desk) -> None:
        """Ids stay, also by id."""
        node_id = _id(tree, "a/b/c")

        _move(tree, "a", "a", to=project)

        assert tree.listing() == {"z/": 0}
        assert project.listing() == {"a/": 8, "a/b/": 5, "a/b/c": 5, "a/d": 3}
        assert (tree.space.quota.used, project.space.quota.used) == (0, 8)
        entry = tree.library.tree.by_id(tree.actor, node_id)
        assert entry.space.id == project.space_id
        assert entry.node.space_id == project.space_id

    def test_quota_of_the_target_counts(self, tree: Desk, project: Desk) -> None:
        """And nothing moves when it is exceeded."""
        tree.put("a/large", b"x" * 101)

        with pytest.raises(QuotaExceeded):
            _move(tree, "a", "a", to=project)
        assert project.listing() == {}
        assert tree.listing()["a/"] == 109

    def test_replaced_bytes_make_room(self, tree: Desk, project: Desk) -> None:
        """What goes to the trash does not count any more."""
        tree.put("a/large", b"x" * 90)
        project.put("a", b"y" * 50)

        _move(tree, "a", "a", to=project, over=True)

        assert project.space.quota.used == 98

    def test_both_roles_count(
        self, tree: Desk, project: Desk, library: Library, admin: Actor, bob: Actor
    ) -> None:
        """Editors of both sides may move; viewers may only copy out."""
        library.catalog.set_member(
            admin, project.space_id, tree.actor.user_id, Role.VIEWER
        )

        with pytest.raises(Forbidden):
            _move(tree, "a", "a", to=project)
        with pytest.raises(Forbidden):
            _copy(tree, "a", "a", to=project)
        with pytest.raises(SpaceNotFound):
            library.tree.move(
                bob, tree.place("a"), Place(tree.space_id, ("x",)), overwrite=False
            )


class TestCopy:
    """New nodes with the same contents."""

    def test_subtree_is_copied_and_blobs_are_shared(self, tree: Desk) -> None:
        """New ids, same content, sizes add up."""
        original = tree.library.tree.get(tree.actor, tree.place("a/b/c")).node

        written = _copy(tree, "a", "z/a")

        assert written.is_new
        assert tree.listing() == {
            "a/": 8,
            "a/b/": 5,
            "a/b/c": 5,
            "a/d": 3,
            "z/": 8,
            "z/a/": 8,
            "z/a/b/": 5,
            "z/a/b/c": 5,
            "z/a/d": 3,
        }
        copy = tree.library.tree.get(tree.actor, tree.place("z/a/b/c")).node
        assert copy.id != original.id
        assert copy.content == original.content
        assert copy.modified_at == original.modified_at
        assert tree.space.quota.used == 16

    def test_removed_members_are_not_copied(self, tree: Desk) -> None:
        """They are in the trash, not in the folder."""
        tree.library.tree.remove(tree.actor, tree.place("a/b"))

        _copy(tree, "a", "z/a")

        assert tree.listing()["z/a/"] == 3
        assert "z/a/b/" not in tree.listing()

    def test_folder_can_be_copied_without_members(self, tree: Desk) -> None:
        """Depth: 0."""
        _copy(tree, "a", "z/a", deep=False)

        assert tree.listing()["z/a/"] == 0

    def test_folder_alone_can_be_copied_into_itself(self, tree: Desk) -> None:
        """Without its members there is no end to fear."""
        _copy(tree, "a", "a/b/a", deep=False)

        assert tree.listing()["a/b/a/"] == 0

    def test_file_is_copied_with_depth_0_too(self, tree: Desk) -> None:
        """A file has no members to leave behind."""
        _copy(tree, "a/d", "e", deep=False)

        assert tree.listing()["e"] == 3

    def test_dead_properties_are_copied(self, tree: Desk) -> None:
        """Of the node and of all below it (RFC 4918 §8.8.2)."""
        for path in ("a", "a/b/c"):
            tree.library.properties.patch(
                tree.actor, tree.place(path), Patch(dead={"{x}y": "<y xmlns='x'/>"})
            )

        _copy(tree, "a", "z/a")

        for path in ("z/a", "z/a/b/c"):
            entry = tree.library.tree.get(tree.actor, tree.place(path))
            extras = tree.library.properties.extras(tree.actor, entry)
            assert extras[entry.node.id].dead_properties == {"{x}y": "<y xmlns='x'/>"}

    def test_versions_stay_with_the_original(self, tree: Desk) -> None:
        """A copy begins its own history."""
        tree.put("a/d", b"4")

        copy = _copy(tree, "a/d", "e").node

        assert list(tree.library.versions.list(tree.actor, copy.id)) == []

    def test_viewers_may_copy_out(
        self, tree: Desk, project: Desk, library: Library, admin: Actor
    ) -> None:
        """Reading is enough at the source."""
        project.put("p", b"1")
        library.catalog.set_member(
            admin, project.space_id, tree.actor.user_id, Role.VIEWER
        )

        _copy(project, "p", "p", to=tree)

        assert tree.listing()["p"] == 1

    def test_quota_counts(self, tree: Desk, project: Desk) -> None:
        """Shared blobs count for each space as if they were its own."""
        project.put("a", b"x" * 60)

        with pytest.raises(QuotaExceeded):
            _copy(project, "a", "b")
        assert project.listing() == {"a": 60}

    @pytest.mark.parametrize(
        ("source", "target"), [("a", "a/x"), ("a", "a"), ("a/b", "a"), ("", "a/x")]
    )
    def test_nothing_goes_into_itself(
        self, tree: Desk, source: str, target: str
    ) -> None:
        """Nor over a folder that holds it, nor onto itself."""
        with pytest.raises(IntoItself):
            _copy(tree, source, target, over=True)

    def test_whole_space_can_be_copied(self, tree: Desk, project: Desk) -> None:
        """Its root becomes a folder elsewhere."""
        _copy(tree, "", "backup", to=project)

        assert project.listing()["backup/"] == 8
        assert project.listing()["backup/a/b/c"] == 5

    def test_target_goes_to_the_trash(self, tree: Desk) -> None:
        """When it may be overwritten, even with a file over a folder."""
        with pytest.raises(AlreadyExists):
            _copy(tree, "a/d", "z")

        assert not _copy(tree, "a/d", "z", over=True).is_new

        assert tree.listing()["z"] == 3
