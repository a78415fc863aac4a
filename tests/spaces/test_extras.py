"""Extras: what hangs on a folder and its members, read at once, and rights."""

from dataclasses import replace

import pytest

from spaces.errors import (
    Forbidden,
    SpaceNotFound,
)
from spaces.library import Library
from spaces.model import NO_EXTRAS, Actor, Extras, Node
from spaces.properties import Patch, Properties
from spaces.query_parser import parse_query
from tests.domain import Desk
from tests.hung import COLOUR, RED, entry_at, extras_at, hang
from tests.lock_team import Team, take_lock
from tests.statements import statements_run


@pytest.fixture
def file(desk: Desk) -> Node:
    """A file in a folder."""
    desk.library.tree.make_folder(desk.actor, desk.place("a"))
    return desk.put("a/file").node


class TestExtras:
    """Reading what hangs on a folder and its members."""

    def test_only_nodes_with_something_are_named(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """The folder itself among them, deeper nodes not."""
        folder = entry_at(desk, "a")
        desk.put("a/plain")
        desk.library.tree.make_folder(desk.actor, desk.place("a/b"))
        desk.put("a/b/inner")
        hang(desk, "a/b/inner", is_favorite=True)
        hang(desk, "a/file", is_favorite=True)
        hang(desk, "a", {COLOUR: RED})
        hang(desk, "a/file", tags=("blue",))
        lock = take_lock(desk, "a/file")

        assert properties.extras(desk.actor, folder) == {
            folder.node.id: Extras(dead_properties={COLOUR: RED}),
            file.id: Extras(is_favorite=True, tags=("blue",), locks=(lock,)),
        }
        assert properties.extras(desk.actor, folder, with_children=False) == {
            folder.node.id: Extras(dead_properties={COLOUR: RED})
        }

    def test_a_deep_lock_shows_on_every_member(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """Also where nothing else hangs."""
        plain = desk.put("a/plain").node
        lock = take_lock(desk, "")
        folder = entry_at(desk, "a")

        found = properties.extras(desk.actor, folder)

        assert found.keys() == {folder.node.id, file.id, plain.id}
        assert {extras.locks for extras in found.values()} == {(lock,)}

    def test_each_member_has_all_locks_that_cover_it(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """Its own and deep ones from above; a shallow one is its folder's alone."""
        desk.put("a/plain")
        own = take_lock(desk, "a/file", exclusive=False)
        shallow = take_lock(desk, "a", deep=False, exclusive=False)
        folder = entry_at(desk, "a")

        before = properties.extras(desk.actor, folder)
        deep = take_lock(desk, "", exclusive=False)
        after = properties.extras(desk.actor, folder)

        assert {node: set(extras.locks) for node, extras in before.items()} == {
            folder.node.id: {shallow},
            file.id: {own},
        }
        assert len(after) == 3
        assert set(after[folder.node.id].locks) == {shallow, deep}
        assert set(after[file.id].locks) == {own, deep}

    @pytest.mark.parametrize("is_marked", [False, True])
    def test_the_number_of_statements_is_fixed(
        self, desk: Desk, properties: Properties, is_marked: bool
    ) -> None:
        """It is the same for one member and for two hundred."""
        desk.library.tree.make_folder(desk.actor, desk.place("many"))
        desk.library.tree.make_folder(desk.actor, desk.place("one"))
        for path in ("one/0", *(f"many/{number}" for number in range(200))):
            desk.put(path)
            if is_marked:
                hang(desk, path, {COLOUR: RED}, tags=("x",), is_favorite=True)
        counts = []
        for name in ("one", "many"):
            folder = entry_at(desk, name)
            with statements_run(desk.library.database) as statements:
                found = properties.extras(desk.actor, folder)
            assert bool(found) is is_marked
            counts.append(len(statements))

        assert counts[0] == counts[1] == 4


class TestExtrasFor:
    """Reading what hangs on entries from anywhere."""

    def test_each_entry_has_what_its_own_folder_would_show(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """Search results look like listings."""
        desk.put("plain")
        hang(desk, "a/file", is_favorite=True)
        hang(desk, "a", {COLOUR: RED})
        hang(desk, "a/file", tags=("blue", "art"))
        take_lock(desk, "a/file", exclusive=False)
        take_lock(desk, "a", exclusive=False)
        take_lock(desk, "", deep=False, exclusive=False)
        entries = [entry_at(desk, path) for path in ("", "a", "a/file", "plain")]

        found = properties.extras_for(desk.actor, entries)

        assert found.keys() == {entry.node.id for entry in entries[:3]}
        for entry in entries:
            alone = extras_at(desk, "/".join(entry.path))
            together = found.get(entry.node.id, NO_EXTRAS)
            assert set(together.locks) == set(alone.locks)
            assert replace(together, locks=()) == replace(alone, locks=())

    def test_the_number_of_statements_is_small(
        self, desk: Desk, properties: Properties
    ) -> None:
        """It does not grow with each entry."""
        for number in range(200):
            desk.put(str(number))
        root = entry_at(desk, "")
        found = desk.library.search.find(desk.actor, parse_query("*"), limit=200)

        with statements_run(desk.library.database) as statements:
            properties.extras_for(desk.actor, [root, *found.entries])

        assert len(statements) <= 5

    def test_what_one_may_not_see_is_left_out(
        self, desk: Desk, file: Node, properties: Properties, bob: Actor
    ) -> None:
        """Without a word."""
        hang(desk, "a/file", tags=("blue",))

        assert properties.extras_for(bob, [entry_at(desk, "a/file")]) == {}


class TestRights:
    """Who may change what in a shared space."""

    def test_viewers_mark_favorites_and_nothing_else(
        self, team: Team, properties: Properties
    ) -> None:
        """What is private takes no more than seeing."""
        viewer, place = team.viewer.actor, team.viewer.place("a")

        properties.patch(viewer, place, Patch(is_favorite=True))
        for patch in (Patch(tags=()), Patch(dead={COLOUR: RED}, is_favorite=False)):
            with pytest.raises(Forbidden):
                properties.patch(viewer, place, patch)

        assert extras_at(team.viewer, "a").is_favorite
        assert not extras_at(team.editor, "a").is_favorite

    def test_everyone_sees_what_belongs_to_the_node(self, team: Team) -> None:
        """Whoever hung it there."""
        hang(team.editor, "a", tags=("blue",))

        assert extras_at(team.viewer, "a").tags == ("blue",)

    def test_who_leaves_sees_nothing(
        self, team: Team, properties: Properties, library: Library
    ) -> None:
        """Neither favourites nor extras, though they have the entry still."""
        entry = entry_at(team.viewer, "a")
        hang(team.viewer, "a", is_favorite=True)
        user_id = team.viewer.actor.user_id
        library.catalog.remove_member(team.manager.actor, team.viewer.space_id, user_id)

        assert properties.favorites(team.viewer.actor) == []
        with pytest.raises(SpaceNotFound):
            properties.extras(team.viewer.actor, entry)
