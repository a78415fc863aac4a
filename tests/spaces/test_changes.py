"""What changed since: seen from any folder, in pages, until it is forgotten."""

from dataclasses import dataclass

import pytest

from spaces.changes import ChangePage
from spaces.errors import NodeNotFound, SpaceNotFound, SyncTokenExpired
from spaces.library import Library
from spaces.model import Actor, Node, Place, Role
from tests.domain import Desk


@dataclass
class Watch:
    """A client that remembers where it was."""

    desk: Desk
    folder: Node
    token: int

    def page(self, limit: int | None = None) -> ChangePage:
        """Ask once."""
        return self.desk.library.changes.since(
            self.desk.actor, self.folder, self.token, limit=limit
        )

    def report(self) -> tuple[list[str], list[str]]:
        """Paths changed and removed."""
        page = self.page()
        return [path for path, _ in page.changed], list(page.removed)


def _watch(desk: Desk, path: str = "") -> Watch:
    folder = desk.library.tree.get(desk.actor, desk.place(path)).node
    return Watch(desk, folder, desk.library.changes.token(desk.actor, folder))


def _make(desk: Desk, *paths: str) -> None:
    for path in paths:
        desk.library.tree.make_folder(desk.actor, desk.place(path))


def _move(desk: Desk, source: str, target: str) -> None:
    desk.library.tree.move(
        desk.actor, desk.place(source), desk.place(target), overwrite=True
    )


@pytest.fixture
def tree(desk: Desk) -> Desk:
    """A tree with a history."""
    _make(desk, "in", "in/sub", "out")
    desk.put("in/sub/file")
    desk.put("out/file")
    return desk


def test_nothing_happened(tree: Desk) -> None:
    """An up to date token gets an empty page and itself."""
    watch = _watch(tree)

    page = watch.page()

    assert (list(page.changed), page.removed) == ([], ())
    assert page.token == watch.token
    assert not page.is_truncated


@pytest.mark.parametrize("seq", [0, None])
def test_first_listing_has_everything(tree: Desk, seq: int | None) -> None:
    """And the token to go on with."""
    watch = _watch(tree, "in")

    page = tree.library.changes.since(tree.actor, watch.folder, seq)

    assert [path for path, _ in page.changed] == ["sub", "sub/file"]
    assert page.token == watch.token


def test_changes_are_told_once_with_paths_as_they_are_now(tree: Desk) -> None:
    """However often a node changed, wherever it was meanwhile."""
    watch = _watch(tree)
    tree.put("a", b"1")
    tree.put("a", b"2")
    _make(tree, "new")
    tree.put("new/b", b"1")

    assert watch.report() == (["a", "new", "new/b"], [])


def test_nodes_come_as_they_are_now(tree: Desk) -> None:
    """Not as they were when they changed."""
    watch = _watch(tree)
    tree.put("a", b"1")
    node = tree.put("a", b"22").node

    assert dict(watch.page().changed) == {"a": node}


def test_other_folders_do_not_matter(tree: Desk) -> None:
    """Only what is below the folder is told."""
    watch = _watch(tree, "in")
    tree.put("out/other")
    tree.put("in/sub/other")

    assert watch.report() == (["sub/other"], [])


def test_what_came_and_went_is_only_removed(tree: Desk) -> None:
    """It may have been told of in between."""
    watch = _watch(tree)
    tree.put("a")
    tree.library.tree.remove(tree.actor, tree.place("a"))

    assert watch.report() == ([], ["a"])


def test_removed_and_made_again_is_changed(tree: Desk) -> None:
    """A path is not in both lists."""
    watch = _watch(tree, "in")
    tree.library.tree.remove(tree.actor, tree.place("in/sub"))
    _make(tree, "in/sub")

    assert watch.report() == (["sub"], ["sub/file"])


def test_moved_in_is_told_whole(tree: Desk) -> None:
    """The folder's members were not there before either."""
    watch = _watch(tree, "out")

    _move(tree, "in/sub", "out/sub")

    assert watch.report() == (["sub", "sub/file"], [])


def test_moved_out_is_removed(tree: Desk) -> None:
    """With one line for all of it."""
    watch = _watch(tree, "in")

    _move(tree, "in/sub", "out/sub")

    assert watch.report() == ([], ["sub"])


def test_renamed_is_removed_and_told_whole(tree: Desk) -> None:
    """All paths below are new ones."""
    watch = _watch(tree)

    _move(tree, "in", "inside")

    changed, removed = watch.report()
    assert sorted(changed) == ["inside", "inside/sub", "inside/sub/file"]
    assert removed == ["in"]


def test_removed_from_a_folder_that_moved_since(tree: Desk) -> None:
    """The path is that of the folder as it is now, whose move is told as well."""
    watch = _watch(tree)
    tree.library.tree.remove(tree.actor, tree.place("in/sub"))

    _move(tree, "in", "inside")

    assert watch.report() == (["inside"], ["in", "inside/sub"])


def test_members_of_a_replaced_folder_are_removed(tree: Desk) -> None:
    """A client that knows only paths must not keep them below the new folder."""
    watch = _watch(tree)
    _move(tree, "in/sub/file", "moved")
    tree.put("in/sub/second")
    tree.library.tree.remove(tree.actor, tree.place("in"))
    _make(tree, "in", "in/sub")

    changed, removed = watch.report()

    assert changed == ["in", "in/sub", "moved"]
    assert removed == ["in/sub/file", "in/sub/second"]


@pytest.mark.parametrize("limit", [None, 1, 2])
def test_a_member_that_left_takes_the_place_of_its_folder(
    desk: Desk, limit: int | None
) -> None:
    """However small the pages are in which a client hears of it."""
    _make(desk, "c", "c/d", "c/d/e", "c/f")
    watch, known = _watch(desk), _paths(desk)
    _move(desk, "c", "b")
    _move(desk, "b/d/e", "e")
    _move(desk, "b/d", "c")

    assert _caught_up(watch, known, limit) == _paths(desk)


def test_what_was_purged_makes_clients_list_anew(desk: Desk) -> None:
    """Nobody can tell any more what was in it, should another be in its place."""
    _make(desk, "c", "c/e", "d")
    before = _watch(desk)
    desk.library.tree.remove(desk.actor, desk.place("c"))
    after = _watch(desk)
    desk.library.tree.remove(desk.actor, desk.place("d"))
    desk.library.trash.empty(desk.actor, desk.space_id)
    _make(desk, "c")
    desk.library.sweeper.sweep()

    with pytest.raises(SyncTokenExpired):
        before.page()
    assert after.report() == (["c"], ["d"])


@pytest.mark.parametrize("way", ["restored", "purged", "elsewhere", "moved"])
def test_members_that_left_unseen_make_clients_list_anew(
    desk: Desk, admin: Actor, way: str
) -> None:
    """What a folder lost in the trash, or in another space, this log does not have."""
    library, actor, here = desk.library, desk.actor, desk.space_id
    there = library.catalog.create_project(admin, "there").id
    library.catalog.set_member(admin, there, actor.user_id, Role.MANAGER)
    _make(desk, "c", "c/e")
    watch = _watch(desk)
    node_id = library.tree.get(actor, desk.place("c")).node.id
    if way == "moved":
        library.tree.move(actor, desk.place("c"), Place(there, ("c",)), overwrite=False)
    else:
        library.tree.remove(actor, desk.place("c"))
    if way == "restored":
        library.trash.restore(actor, here, node_id, desk.place("e"), path=("e",))
    elif way == "purged":
        library.trash.purge(actor, here, node_id, path=("e",))
    elif way == "elsewhere":
        library.trash.restore(actor, here, node_id, Place(there, ("c",)))
    _make(desk, "c")

    with pytest.raises(SyncTokenExpired):
        watch.page()


def _paths(desk: Desk) -> set[str]:
    root = desk.library.tree.get(desk.actor, desk.place("")).node
    return {path for path, _ in desk.library.tree.descendants(desk.actor, root)}


def _caught_up(watch: Watch, known: set[str], limit: int | None) -> set[str]:
    """What a client has that knew some paths and does what it is told."""
    while True:
        page = watch.page(limit)
        known = {
            path
            for path in known
            if not any(f"{path}/".startswith(f"{gone}/") for gone in page.removed)
        } | {path for path, _ in page.changed}
        watch.token = page.token
        if not page.is_truncated:
            return known


def test_copied_is_told_whole(tree: Desk) -> None:
    """Though it is one change."""
    watch = _watch(tree)

    tree.library.tree.copy(
        tree.actor, tree.place("in"), tree.place("copy"), overwrite=False
    )

    changed, removed = watch.report()
    assert sorted(changed) == ["copy", "copy/sub", "copy/sub/file"]
    assert removed == []


def test_restored_is_told_whole(tree: Desk) -> None:
    """It may come back long after it was removed."""
    node_id = tree.library.tree.get(tree.actor, tree.place("in/sub")).node.id
    tree.library.tree.remove(tree.actor, tree.place("in/sub"))
    watch = _watch(tree)

    tree.library.trash.restore(tree.actor, tree.space_id, node_id)

    assert watch.report() == (["in/sub", "in/sub/file"], [])


def test_long_history_comes_in_pages(tree: Desk) -> None:
    """Each page has a token that goes on where it ended."""
    watch = _watch(tree)
    for number in range(5):
        tree.put(f"{number}")
    seen: list[str] = []
    sizes: list[int] = []

    while True:
        page = watch.page(limit=2)
        paths = [path for path, _ in page.changed]
        seen += paths
        sizes.append(len(paths))
        watch.token = page.token
        if not page.is_truncated:
            break

    assert sizes == [2, 2, 1]
    assert sorted(seen) == ["0", "1", "2", "3", "4"]
    assert watch.token == _watch(tree).token


@pytest.mark.parametrize("offset", [1, 1_000])
def test_token_of_the_future_is_refused(tree: Desk, offset: int) -> None:
    """It was not handed out by this space."""
    watch = _watch(tree)
    watch.token += offset

    with pytest.raises(SyncTokenExpired):
        watch.page()


def test_forgotten_history_is_refused(tree: Desk) -> None:
    """Changes up to the floor are gone; from the floor on they are told."""
    watch = _watch(tree)
    tree.library.database.write(
        lambda connection: connection.exec_driver_sql(
            f"UPDATE spaces SET change_floor = {watch.token}"
        )
    )

    assert watch.report() == ([], [])
    watch.token -= 1
    with pytest.raises(SyncTokenExpired):
        watch.page()


def test_gone_folder_is_not_found(tree: Desk) -> None:
    """A client watching a folder learns that it was removed."""
    watch = _watch(tree, "in/sub")
    tree.library.tree.remove(tree.actor, tree.place("in"))

    with pytest.raises(NodeNotFound):
        watch.page()


def test_strangers_learn_nothing(tree: Desk, library: Library, bob: Actor) -> None:
    """Not even the token."""
    watch = _watch(tree)

    with pytest.raises(SpaceNotFound):
        library.changes.token(bob, watch.folder)
    with pytest.raises(SpaceNotFound):
        library.changes.since(bob, watch.folder, watch.token)
