"""Looking at trees, making folders, setting times, removing."""

import unicodedata

import pytest

from spaces.clock import Instant
from spaces.errors import (
    AlreadyExists,
    NameRefused,
    NodeNotFound,
    ParentNotFound,
    PreconditionFailed,
    RootRefused,
    SpaceNotFound,
    TooDeep,
)
from spaces.ids import NodeId, SpaceId, new_id
from spaces.model import Actor, Guard, Place
from spaces.names import MAX_DEPTH
from tests.domain import Desk
from tests.statements import statements_run


def _make(desk: Desk, path: str) -> NodeId:
    return desk.library.tree.make_folder(desk.actor, desk.place(path)).id


class TestGet:
    """Finding nodes."""

    def test_root_has_the_id_of_the_space(self, desk: Desk) -> None:
        """An empty path leads to the root."""
        entry = desk.library.tree.get(desk.actor, desk.place(""))

        assert entry.node.id == entry.space.root_id
        assert entry.node.is_root
        assert entry.ancestor_ids == ()
        assert entry.path == ()

    def test_entry_tells_path_and_ancestors(self, desk: Desk) -> None:
        """Ancestors run from the root to the parent."""
        ids = [_make(desk, path) for path in ("a", "a/b", "a/b/c")]

        entry = desk.library.tree.get(desk.actor, desk.place("a/b/c"))

        assert entry.path == ("a", "b", "c")
        assert entry.ancestor_ids == (desk.space_id, *ids[:2])
        assert entry.node.parent_id == ids[1]
        assert entry == desk.library.tree.by_id(desk.actor, ids[2])

    def test_path_may_begin_at_any_folder(self, desk: Desk) -> None:
        """An anchor is another place to count from."""
        anchor = _make(desk, "a")
        _make(desk, "a/b")

        entry = desk.library.tree.get(
            desk.actor, Place(desk.space_id, ("b",), anchor=anchor)
        )

        assert entry.path == ("a", "b")

    def test_other_form_of_a_name_finds_it(self, desk: Desk) -> None:
        """NFC and NFD are the same name; the path is told as it was asked for."""
        stored = unicodedata.normalize("NFD", "Übung")
        asked = unicodedata.normalize("NFC", "Übung")
        _make(desk, stored)

        entry = desk.library.tree.get(desk.actor, desk.place(asked))

        assert entry.node.name == stored
        assert entry.path == (asked,)

    @pytest.mark.parametrize(
        "path", ["x", "x/y", "a/x", "f/x", "f/x/y", "a\0b", "\ud800"]
    )
    def test_nothing_there(self, desk: Desk, path: str) -> None:
        """Whatever is missing on the way, it is the node that is not found."""
        _make(desk, "a")
        desk.put("f")

        with pytest.raises(NodeNotFound):
            desk.library.tree.get(desk.actor, desk.place(path))

    def test_anchor_of_another_space_is_not_found(self, desk: Desk, bob: Actor) -> None:
        """Ids do not lead out of the space that was named."""
        place = Place(desk.space_id, anchor=NodeId(bob.user_id))

        with pytest.raises(NodeNotFound):
            desk.library.tree.get(desk.actor, place)

    def test_removed_node_is_not_found_by_id(self, desk: Desk) -> None:
        """Nor what is below it."""
        _make(desk, "a")
        below = _make(desk, "a/b")
        desk.library.tree.remove(desk.actor, desk.place("a"))

        with pytest.raises(NodeNotFound):
            desk.library.tree.by_id(desk.actor, below)
        with pytest.raises(NodeNotFound):
            desk.library.tree.get(desk.actor, Place(desk.space_id, anchor=below))

    def test_strangers_find_nothing(self, desk: Desk, bob: Actor) -> None:
        """Spaces of others do not seem to exist, neither by path nor by id."""
        node_id = _make(desk, "a")

        with pytest.raises(SpaceNotFound):
            desk.library.tree.get(bob, desk.place("a"))
        with pytest.raises(NodeNotFound):
            desk.library.tree.by_id(bob, node_id)
        with pytest.raises(SpaceNotFound):
            desk.library.tree.get(desk.actor, Place(SpaceId(new_id())))

    def test_deep_paths_are_found(self, desk: Desk) -> None:
        """Paths longer than one statement can join."""
        path = "/".join(["d"] * MAX_DEPTH)
        for depth in range(1, MAX_DEPTH + 1):
            _make(desk, "/".join(["d"] * depth))

        entry = desk.library.tree.get(desk.actor, desk.place(path))

        assert len(entry.ancestor_ids) == MAX_DEPTH
        assert desk.library.tree.by_id(desk.actor, entry.node.id) == entry
        with pytest.raises(TooDeep):
            _make(desk, f"{path}/d")
        with pytest.raises(NodeNotFound):
            desk.library.tree.get(desk.actor, desk.place(f"{path}/d"))


class TestListing:
    """Children and descendants."""

    def test_children_come_by_name(self, desk: Desk) -> None:
        """Files and folders alike, with their content."""
        _make(desk, "b")
        desk.put("a", b"12345")
        _make(desk, "b/below")
        root = desk.library.tree.get(desk.actor, desk.place("")).node

        children = list(desk.library.tree.children(desk.actor, root))

        assert [child.name for child in children] == ["a", "b"]
        assert children[0].content is not None
        assert children[0].size == 5
        assert children[1].is_folder

    def test_child_is_found_by_name(self, desk: Desk) -> None:
        """One member of a folder."""
        written = desk.put("a").node
        root = desk.library.tree.get(desk.actor, desk.place("")).node

        assert desk.library.tree.child(desk.actor, root, "a") == written
        with pytest.raises(NodeNotFound):
            desk.library.tree.child(desk.actor, root, "b")

    def test_descendants_tell_paths_from_the_folder(self, desk: Desk) -> None:
        """Folders come before what is in them."""
        folder = desk.library.tree.make_folder(desk.actor, desk.place("a"))
        _make(desk, "a/b")
        desk.put("a/b/c")

        found = desk.library.tree.descendants(desk.actor, folder)

        assert [path for path, _ in found] == ["b", "b/c"]

    def test_strangers_list_nothing(self, desk: Desk, bob: Actor) -> None:
        """The refusal comes at once, not while listing."""
        root = desk.library.tree.get(desk.actor, desk.place("")).node

        with pytest.raises(SpaceNotFound):
            desk.library.tree.children(bob, root)
        with pytest.raises(SpaceNotFound):
            desk.library.tree.descendants(bob, root)

    def test_listing_costs_the_same_statements_for_any_number(self, desk: Desk) -> None:
        """One child or a thousand: no query per child anywhere."""
        _make(desk, "one")
        _make(desk, "many")
        desk.put("one/file")
        for number in range(1_000):
            _make(desk, f"many/{number}")
        counts: dict[tuple[str, str], int] = {}

        tree = desk.library.tree
        with statements_run(desk.library.database) as statements:
            for name in ("one", "many"):
                folder = tree.get(desk.actor, desk.place(name)).node
                for listing in (tree.children, tree.descendants):
                    statements.clear()
                    found = list(listing(desk.actor, folder))
                    assert len(found) == (1 if name == "one" else 1_000)
                    counts[listing.__name__, name] = len(statements)

        assert 0 < counts["children", "one"] == counts["children", "many"] <= 6
        assert counts["descendants", "one"] == counts["descendants", "many"] <= 6


class TestMakeFolder:
    """New folders."""

    def test_ancestors_change(self, desk: Desk) -> None:
        """The new folder and all above it share the etag of the change."""
        tree = desk.library.tree
        _make(desk, "a")
        _make(desk, "other")
        before = tree.get(desk.actor, desk.place("other")).node

        made = tree.make_folder(desk.actor, desk.place("a/b"))

        above = [tree.get(desk.actor, desk.place(path)).node for path in ("", "a")]
        assert {made.etag} == {node.etag for node in above}
        assert {made.modified_at} == {node.modified_at for node in above}
        assert tree.get(desk.actor, desk.place("other")).node == before

    def test_time_can_be_given(self, desk: Desk) -> None:
        """As sync clients do."""
        made = desk.library.tree.make_folder(
            desk.actor, desk.place("a"), modified_at=Instant(5)
        )

        assert made.modified_at == 5
        assert desk.library.tree.by_id(desk.actor, made.id).node == made

    def test_taken_names_are_refused(self, desk: Desk) -> None:
        """Also in another form of the same name."""
        _make(desk, unicodedata.normalize("NFC", "é"))

        with pytest.raises(AlreadyExists):
            _make(desk, unicodedata.normalize("NFD", "é"))

    @pytest.mark.parametrize("path", ["x/a", "file/a", "x/y/a"])
    def test_folder_to_hold_it_must_exist(self, desk: Desk, path: str) -> None:
        """A missing parent is told apart from a missing node."""
        desk.put("file")

        with pytest.raises(ParentNotFound):
            _make(desk, path)

    def test_anchor_must_be_a_folder(self, desk: Desk) -> None:
        """A file has no members."""
        written = desk.put("file").node
        place = Place(desk.space_id, ("a",), anchor=written.id)

        with pytest.raises(ParentNotFound):
            desk.library.tree.make_folder(desk.actor, place)

    @pytest.mark.parametrize("name", ["", " ", "..", ".", "a\nb", "x" * 256, "a\\b"])
    def test_forbidden_names_are_refused(self, desk: Desk, name: str) -> None:
        """With the reason in words."""
        with pytest.raises(NameRefused):
            desk.library.tree.make_folder(desk.actor, Place(desk.space_id, (name,)))

    def test_root_exists_already(self, desk: Desk) -> None:
        """The root cannot be made."""
        with pytest.raises(AlreadyExists):
            _make(desk, "")

    def test_guard_is_heeded(self, desk: Desk) -> None:
        """If-None-Match: * where something is."""
        _make(desk, "a")

        with pytest.raises(PreconditionFailed):
            desk.library.tree.make_folder(
                desk.actor, desk.place("a"), guard=Guard(if_none_match=("*",))
            )


class TestRemove:
    """Into the trash."""

    def test_sizes_shrink_and_the_subtree_is_gone(self, desk: Desk) -> None:
        """With everything below it."""
        _make(desk, "a")
        _make(desk, "a/b")
        desk.put("a/b/c", b"12345")
        desk.put("a/d", b"123")

        desk.library.tree.remove(desk.actor, desk.place("a/b"))

        assert desk.listing() == {"a/": 3, "a/d": 3}
        assert desk.space.quota.used == 3

    def test_name_is_free_again(self, desk: Desk) -> None:
        """Another node can have it."""
        first = _make(desk, "a")
        desk.library.tree.remove(desk.actor, desk.place("a"))

        assert _make(desk, "a") != first

    def test_cost_does_not_depend_on_the_subtree(self, desk: Desk) -> None:
        """The same statements for an empty folder and for a full one."""
        _make(desk, "empty")
        _make(desk, "full")
        for number in range(50):
            desk.put(f"full/{number}")
        counts = []

        with statements_run(desk.library.database) as statements:
            for name in ("empty", "full"):
                statements.clear()
                desk.library.tree.remove(desk.actor, desk.place(name))
                counts.append(len(statements))

        assert counts[0] == counts[1] > 0

    def test_root_stays(self, desk: Desk) -> None:
        """A space is not removed as a folder."""
        with pytest.raises(RootRefused):
            desk.library.tree.remove(desk.actor, desk.place(""))

    def test_guard_is_heeded(self, desk: Desk) -> None:
        """If-Match with an etag of the past."""
        desk.put("a")

        with pytest.raises(PreconditionFailed):
            desk.library.tree.remove(
                desk.actor, desk.place("a"), guard=Guard(if_match=("old",))
            )
        assert desk.listing() == {"a": 4}
