"""Trash: looking at what was removed, letting it go for good, and who may."""

import pytest

from spaces.errors import (
    Forbidden,
    Locked,
    NotAFolder,
    SpaceNotFound,
    TrashItemNotFound,
)
from spaces.ids import NodeId, SpaceId, new_id
from spaces.library import Library
from spaces.model import Actor
from spaces.trash import Trash
from tests.domain import Desk
from tests.lock_team import Team, take_lock
from tests.removed import make_folder, remove, removed_paths


class TestList:
    """Looking at what was removed."""

    def test_an_item_says_where_it_was(self, desk: Desk, trash: Trash) -> None:
        """And when it was removed, and by whom."""
        make_folder(desk, "a")
        file = desk.put("a/file", b"12345").node
        remove(desk, "a/file")

        (item,) = trash.list(desk.actor, desk.space_id)

        assert item.original_path == ("a", "file")
        assert item.removed_by == desk.actor.user_id
        assert item.removed_at > file.created_at
        assert (item.node.id, item.node.name, item.node.size) == (file.id, "file", 5)
        assert item.node.content == file.content
        assert trash.get(desk.actor, desk.space_id, file.id) == item

    def test_the_last_removed_comes_first(self, desk: Desk) -> None:
        """As people look for it."""
        for name in ("a", "b", "c"):
            desk.put(name)
        for name in ("b", "c", "a"):
            remove(desk, name)

        assert removed_paths(desk) == ["a", "c", "b"]

    def test_a_folder_is_one_item(self, desk: Desk) -> None:
        """With the size of all in it."""
        make_folder(desk, "a")
        desk.put("a/file", b"12345")
        node_id = remove(desk, "a")

        assert removed_paths(desk) == ["a"]
        item = desk.library.trash.get(desk.actor, desk.space_id, node_id)
        assert item.node.size == 5
        assert item.node.is_folder

    def test_a_removed_folder_can_be_looked_into(
        self, desk: Desk, trash: Trash
    ) -> None:
        """At any depth."""
        make_folder(desk, "a")
        make_folder(desk, "a/b")
        file = desk.put("a/b/file").node
        desk.put("a/x")
        node_id = remove(desk, "a")

        def children(*path: str) -> list[str]:
            found = trash.children(desk.actor, desk.space_id, node_id, path)
            return [node.name for node in found]

        assert children() == ["b", "x"]
        assert children("b") == ["file"]
        found = trash.node(desk.actor, desk.space_id, node_id, ("b", "file"))
        assert found.id == file.id

    @pytest.mark.parametrize("path", [("y",), ("x", "y"), ("",), ("\0",), ("..",)])
    def test_what_is_not_there_is_not_found(
        self, desk: Desk, trash: Trash, path: tuple[str, ...]
    ) -> None:
        """Unknown items, unknown paths in known ones, and names nothing bears."""
        make_folder(desk, "a")
        desk.put("a/x")
        node_id = remove(desk, "a")

        with pytest.raises(TrashItemNotFound):
            trash.children(desk.actor, desk.space_id, node_id, path)
        with pytest.raises(TrashItemNotFound):
            trash.get(desk.actor, desk.space_id, NodeId(new_id()))
        with pytest.raises(TrashItemNotFound):
            trash.get(desk.actor, desk.space_id, desk.space.root_id)

    def test_a_file_has_no_members(self, desk: Desk, trash: Trash) -> None:
        """It cannot be looked into."""
        desk.put("x")

        with pytest.raises(NotAFolder):
            trash.children(desk.actor, desk.space_id, remove(desk, "x"))

    def test_items_belong_to_their_space(
        self, desk: Desk, trash: Trash, library: Library, bob: Actor
    ) -> None:
        """One's own trash does not hold another's things."""
        desk.put("x")
        node_id = remove(desk, "x")

        with pytest.raises(TrashItemNotFound):
            trash.get(bob, SpaceId(bob.user_id), node_id)
        with pytest.raises(SpaceNotFound):
            trash.get(bob, desk.space_id, node_id)
        with pytest.raises(SpaceNotFound):
            trash.list(bob, desk.space_id)


class TestPurge:
    """Letting things go for good."""

    def test_a_purged_item_is_gone_for_everyone(self, desk: Desk, trash: Trash) -> None:
        """Nothing finds it any more; the others stay."""
        for name in ("a", "b"):
            desk.put(name)
        first, _ = remove(desk, "a"), remove(desk, "b")

        trash.purge(desk.actor, desk.space_id, first)

        assert removed_paths(desk) == ["b"]
        for attempt in (trash.get, trash.restore, trash.purge):
            with pytest.raises(TrashItemNotFound):
                attempt(desk.actor, desk.space_id, first)

    def test_a_part_of_an_item_can_go(self, desk: Desk, trash: Trash) -> None:
        """The rest comes back without it."""
        make_folder(desk, "a")
        desk.put("a/x", b"12345")
        desk.put("a/y", b"1")
        node_id = remove(desk, "a")

        trash.purge(desk.actor, desk.space_id, node_id, path=("x",))
        trash.restore(desk.actor, desk.space_id, node_id)

        assert desk.listing() == {"a/": 1, "a/y": 1}
        assert desk.space.quota.used == 1
        assert removed_paths(desk) == []

    def test_emptying_takes_all(self, desk: Desk, trash: Trash) -> None:
        """And says how many items that were."""
        for name in ("a", "b", "c"):
            desk.put(name)
            remove(desk, name)
        desk.put("d")

        assert trash.empty(desk.actor, desk.space_id) == 3
        assert trash.empty(desk.actor, desk.space_id) == 0
        assert removed_paths(desk) == []
        assert desk.listing() == {"d": 4}


class TestRights:
    """Who may do what with the trash of a shared space."""

    def test_everybody_may_look(self, team: Team) -> None:
        """Viewers too."""
        remove(team.editor, "a")

        assert removed_paths(team.viewer) == ["a"]

    def test_editors_restore_and_viewers_do_not(self, team: Team) -> None:
        """Restoring is writing."""
        node_id = remove(team.editor, "a")

        for action in ("restore", "purge"):
            with pytest.raises(Forbidden):
                getattr(team.viewer.library.trash, action)(
                    team.viewer.actor, team.viewer.space_id, node_id
                )
        team.editor.library.trash.restore(
            team.editor.actor, team.editor.space_id, node_id
        )

    def test_managers_purge_and_editors_do_not(self, team: Team) -> None:
        """What cannot be undone is the manager's."""
        node_id = remove(team.editor, "a")
        trash, space_id = team.editor.library.trash, team.editor.space_id

        with pytest.raises(Forbidden):
            trash.purge(team.editor.actor, space_id, node_id)
        with pytest.raises(Forbidden):
            trash.empty(team.editor.actor, space_id)
        trash.purge(team.manager.actor, space_id, node_id)

    def test_a_locked_folder_takes_nothing_back(self, team: Team) -> None:
        """Without the token of its lock."""
        node_id = remove(team.editor, "a/d.txt")
        take_lock(team.manager, "a", deep=False)

        with pytest.raises(Locked):
            team.editor.library.trash.restore(
                team.editor.actor, team.editor.space_id, node_id
            )
