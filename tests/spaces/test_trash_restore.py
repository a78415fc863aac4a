"""Restoring from the trash: whole, elsewhere if wanted, and within the rules."""

import pytest

from spaces.errors import (
    AlreadyExists,
    NameRefused,
    NodeNotFound,
    ParentNotFound,
    PreconditionFailed,
    QuotaExceeded,
    RootRefused,
    TooDeep,
    TrashItemNotFound,
)
from spaces.ids import NodeId, new_id
from spaces.library import Library
from spaces.model import Actor, Guard, Node, Role
from spaces.names import MAX_DEPTH
from spaces.trash import Trash
from tests.domain import Desk
from tests.removed import make_folder, remove, removed_paths


def _node(desk: Desk, path: str) -> Node:
    return desk.library.tree.get(desk.actor, desk.place(path)).node


class TestRestore:
    """Bringing things back."""

    def test_a_file_comes_back_where_it_was(self, desk: Desk, trash: Trash) -> None:
        """With its id, content and time, as if nothing had been."""
        make_folder(desk, "a")
        file = desk.put("a/file", b"12345").node
        remove(desk, "a/file")

        written = trash.restore(desk.actor, desk.space_id, file.id)

        assert written.is_new
        found = _node(desk, "a/file")
        assert found == written.node
        assert (found.id, found.content) == (file.id, file.content)
        assert found.modified_at == file.modified_at
        assert found.etag != file.etag
        assert removed_paths(desk) == []

    def test_a_folder_comes_back_whole(self, desk: Desk, trash: Trash) -> None:
        """With everything in it and every id."""
        make_folder(desk, "a")
        make_folder(desk, "a/b")
        file = desk.put("a/b/file", b"12345").node
        before = desk.listing()
        node_id = remove(desk, "a")
        assert desk.listing() == {}

        trash.restore(desk.actor, desk.space_id, node_id)

        assert desk.listing() == before
        assert _node(desk, "a/b/file") == file
        assert _node(desk, "").size == 5
        assert desk.space.quota.used == 5

    def test_it_comes_back_elsewhere(self, desk: Desk, trash: Trash) -> None:
        """Under another name in another folder."""
        desk.put("file", b"12345")
        make_folder(desk, "a")
        node_id = remove(desk, "file")

        trash.restore(desk.actor, desk.space_id, node_id, desk.place("a/other"))

        assert desk.listing() == {"a/": 5, "a/other": 5}
        assert _node(desk, "a/other").id == node_id

    def test_the_folder_it_was_in_may_have_moved(
        self, desk: Desk, trash: Trash
    ) -> None:
        """It comes back into the same folder, wherever that is now."""
        make_folder(desk, "a")
        desk.put("a/file")
        node_id = remove(desk, "a/file")
        desk.library.tree.move(
            desk.actor, desk.place("a"), desk.place("z"), overwrite=False
        )

        trash.restore(desk.actor, desk.space_id, node_id)

        assert "z/file" in desk.listing()

    def test_a_folder_that_is_gone_takes_nothing(
        self, desk: Desk, trash: Trash
    ) -> None:
        """It stays in the trash, and can come back elsewhere."""
        make_folder(desk, "a")
        desk.put("a/file")
        node_id = remove(desk, "a/file")
        remove(desk, "a")

        with pytest.raises(ParentNotFound):
            trash.restore(desk.actor, desk.space_id, node_id)
        with pytest.raises(ParentNotFound):
            trash.restore(desk.actor, desk.space_id, node_id, desk.place("x/file"))
        trash.restore(desk.actor, desk.space_id, node_id, desk.place("file"))

        assert desk.listing() == {"file": 4}

    def test_a_taken_name_is_kept(self, desk: Desk, trash: Trash) -> None:
        """Nothing is overwritten that was not meant to be."""
        desk.put("file", b"old")
        node_id = remove(desk, "file")
        newer = desk.put("file", b"newer").node

        with pytest.raises(AlreadyExists):
            trash.restore(desk.actor, desk.space_id, node_id)

        assert _node(desk, "file") == newer
        assert removed_paths(desk) == ["file"]

    def test_overwriting_is_an_exchange(self, desk: Desk, trash: Trash) -> None:
        """What was there is in the trash then."""
        desk.put("file", b"old")
        node_id = remove(desk, "file")
        newer = desk.put("file", b"newer").node

        written = trash.restore(desk.actor, desk.space_id, node_id, overwrite=True)

        assert not written.is_new
        assert _node(desk, "file").id == node_id
        assert desk.space.quota.used == 3
        (item,) = trash.list(desk.actor, desk.space_id)
        assert item.node.id == newer.id

    def test_a_part_of_an_item_comes_back(self, desk: Desk, trash: Trash) -> None:
        """The rest stays, and counts less."""
        make_folder(desk, "a")
        make_folder(desk, "a/b")
        file = desk.put("a/b/file", b"12345").node
        desk.put("a/x", b"1")
        node_id = remove(desk, "a")

        trash.restore(
            desk.actor,
            desk.space_id,
            node_id,
            desk.place("file"),
            path=("b", "file"),
        )

        assert desk.listing() == {"file": 5}
        assert _node(desk, "file").id == file.id
        assert trash.get(desk.actor, desk.space_id, node_id).node.size == 1
        trash.restore(desk.actor, desk.space_id, node_id)
        assert desk.listing() == {"file": 5, "a/": 1, "a/b/": 0, "a/x": 1}
        assert desk.space.quota.used == 6

    def test_it_comes_back_into_another_space(
        self, desk: Desk, trash: Trash, library: Library, admin: Actor
    ) -> None:
        """With all in it, charged there."""
        make_folder(desk, "a")
        file = desk.put("a/file", b"12345").node
        node_id = remove(desk, "a")
        project = library.catalog.create_project(admin, "Project")
        library.catalog.set_member(admin, project.id, desk.actor.user_id, Role.EDITOR)
        there = Desk(library, desk.actor, project.id)

        trash.restore(desk.actor, desk.space_id, node_id, there.place("b"))

        assert there.listing() == {"b/": 5, "b/file": 5}
        moved = library.tree.by_id(desk.actor, file.id)
        assert moved.space.id == project.id
        assert moved.node.space_id == project.id
        assert (there.space.quota.used, desk.space.quota.used) == (5, 0)
        assert removed_paths(desk) == []

    def test_folders_above_notice(self, desk: Desk, trash: Trash) -> None:
        """Exactly the ancestors of the place it comes to get a new etag."""
        make_folder(desk, "a")
        make_folder(desk, "b")
        desk.put("a/file")
        node_id = remove(desk, "a/file")
        before = {path: _node(desk, path).etag for path in ("", "a", "b")}

        trash.restore(desk.actor, desk.space_id, node_id)

        after = {path: _node(desk, path).etag for path in ("", "a", "b")}
        assert after["a"] == after[""] == _node(desk, "a/file").etag
        assert after[""] != before[""]
        assert after["b"] == before["b"]

    def test_quota_holds(
        self, desk: Desk, trash: Trash, library: Library, admin: Actor
    ) -> None:
        """What does not fit stays in the trash."""
        desk.put("file", b"x" * 60)
        node_id = remove(desk, "file")
        library.catalog.update(admin, desk.space_id, quota=100)
        desk.put("other", b"x" * 60)

        with pytest.raises(QuotaExceeded):
            trash.restore(desk.actor, desk.space_id, node_id)

        assert desk.listing() == {"other": 60}
        assert removed_paths(desk) == ["file"]

    def test_places_are_checked(self, desk: Desk, trash: Trash) -> None:
        """As for everything that is written."""
        desk.put("file")
        node_id = remove(desk, "file")

        with pytest.raises(NameRefused):
            trash.restore(desk.actor, desk.space_id, node_id, desk.place(".."))
        with pytest.raises(RootRefused):
            trash.restore(
                desk.actor, desk.space_id, node_id, desk.place(""), overwrite=True
            )
        with pytest.raises(PreconditionFailed):
            trash.restore(
                desk.actor, desk.space_id, node_id, guard=Guard(if_match=("*",))
            )
        with pytest.raises(TrashItemNotFound):
            trash.restore(desk.actor, desk.space_id, NodeId(new_id()))

    def test_depth_is_bounded(self, desk: Desk, trash: Trash) -> None:
        """Also of what lies below the item."""
        make_folder(desk, "a")
        desk.put("a/file")
        node_id = remove(desk, "a")
        deep = "/".join("d" for _ in range(MAX_DEPTH - 1))
        for depth in range(MAX_DEPTH - 1):
            make_folder(desk, deep[: 2 * depth + 1])

        with pytest.raises(TooDeep):
            trash.restore(desk.actor, desk.space_id, node_id, desk.place(f"{deep}/a"))
        trash.restore(desk.actor, desk.space_id, node_id, desk.place(f"{deep[:-2]}/a"))

    def test_it_is_restored_once(self, desk: Desk, trash: Trash) -> None:
        """Then it is not in the trash any more."""
        desk.put("file")
        node_id = remove(desk, "file")
        trash.restore(desk.actor, desk.space_id, node_id)

        with pytest.raises(TrashItemNotFound):
            trash.restore(desk.actor, desk.space_id, node_id)

    def test_versions_come_back_too(self, desk: Desk, trash: Trash) -> None:
        """They belong to the node."""
        desk.put("file", b"one")
        desk.put("file", b"two")
        node_id = remove(desk, "file")

        with pytest.raises(NodeNotFound):
            desk.library.versions.list(desk.actor, node_id)
        trash.restore(desk.actor, desk.space_id, node_id)

        assert len(desk.library.versions.list(desk.actor, node_id)) == 1
