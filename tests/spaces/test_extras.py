"""Extras: what hangs on a folder and its members, read at once, and rights."""

from dataclasses import replace

import pytest

from spaces.errors import (
    Forbidden,
    SpaceNotFound,
)
from spaces.library import Library
from spaces.model import NO_EXTRAS, Actor, Entry, Extras, Node
from spaces.properties import Patch, Properties
from spaces.query_parser import parse_query
from tests.domain import Desk
from tests.lock_team import Team, make_team, take_lock
from tests.statements import statements_read

_COLOUR = "{urn:test}colour"
_SHAPE = "{urn:test}shape"
_RED = '<x:colour xmlns:x="urn:test">red</x:colour>'
_BLUE = '<x:colour xmlns:x="urn:test">blue</x:colour>'


@pytest.fixture
def properties(library: Library) -> Properties:
    """The properties of the library."""
    return library.properties


@pytest.fixture
def file(desk: Desk) -> Node:
    """A file in a folder."""
    desk.library.tree.make_folder(desk.actor, desk.place("a"))
    return desk.put("a/file").node


def _entry(desk: Desk, path: str) -> Entry:
    return desk.library.tree.get(desk.actor, desk.place(path))


def _extras(desk: Desk, path: str) -> Extras:
    return desk.library.properties.extras_of(desk.actor, _entry(desk, path))


def _etags(desk: Desk) -> list[str]:
    return [_entry(desk, path).node.etag for path in ("", "a", "a/file")]


class TestExtras:
    """Reading what hangs on a folder and its members."""

    def test_only_nodes_with_something_are_named(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """The folder itself among them, deeper nodes not."""
        folder = _entry(desk, "a")
        desk.put("a/plain")
        desk.library.tree.make_folder(desk.actor, desk.place("a/b"))
        inner = desk.put("a/b/inner").node
        properties.set_favorite(desk.actor, inner.id, is_favorite=True)
        properties.set_favorite(desk.actor, file.id, is_favorite=True)
        properties.set(desk.actor, desk.place("a"), {_COLOUR: _RED})
        properties.set_tags(desk.actor, desk.place("a/file"), ["blue"])
        lock = take_lock(desk, "a/file")

        assert properties.extras(desk.actor, folder) == {
            folder.node.id: Extras(dead_properties={_COLOUR: _RED}),
            file.id: Extras(is_favorite=True, tags=("blue",), locks=(lock,)),
        }
        assert properties.extras(desk.actor, folder, with_children=False) == {
            folder.node.id: Extras(dead_properties={_COLOUR: _RED})
        }

    def test_a_deep_lock_shows_on_every_member(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """Also where nothing else hangs."""
        plain = desk.put("a/plain").node
        lock = take_lock(desk, "")
        folder = _entry(desk, "a")

        found = properties.extras(desk.actor, folder)

        assert found.keys() == {folder.node.id, file.id, plain.id}
        assert {extras.locks for extras in found.values()} == {(lock,)}

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
                patch = Patch(tags=("x",), dead={_COLOUR: _RED}, is_favorite=True)
                properties.patch(desk.actor, desk.place(path), patch)
        counts = []
        for name in ("one", "many"):
            folder = _entry(desk, name)
            with statements_read(desk.library.database) as statements:
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
        properties.set_favorite(desk.actor, file.id, is_favorite=True)
        properties.set(desk.actor, desk.place("a"), {_COLOUR: _RED})
        properties.set_tags(desk.actor, desk.place("a/file"), ["blue", "art"])
        take_lock(desk, "a/file", exclusive=False)
        take_lock(desk, "a", exclusive=False)
        take_lock(desk, "", deep=False, exclusive=False)
        entries = [_entry(desk, path) for path in ("", "a", "a/file", "plain")]

        found = properties.extras_for(desk.actor, entries)

        assert found.keys() == {entry.node.id for entry in entries[:3]}
        for entry in entries:
            alone = properties.extras_of(desk.actor, entry)
            together = found.get(entry.node.id, NO_EXTRAS)
            assert set(together.locks) == set(alone.locks)
            assert replace(together, locks=()) == replace(alone, locks=())

    def test_the_number_of_statements_is_small(
        self, desk: Desk, properties: Properties
    ) -> None:
        """It does not grow with each entry."""
        for number in range(200):
            desk.put(str(number))
        root = _entry(desk, "")
        found = desk.library.search.find(desk.actor, parse_query("*"), limit=200)

        with statements_read(desk.library.database) as statements:
            properties.extras_for(desk.actor, [root, *found.entries])

        assert len(statements) <= 5

    def test_what_one_may_not_see_is_left_out(
        self, desk: Desk, file: Node, properties: Properties, bob: Actor
    ) -> None:
        """Without a word."""
        properties.set_tags(desk.actor, desk.place("a/file"), ["blue"])

        assert properties.extras_for(bob, [_entry(desk, "a/file")]) == {}


class TestRights:
    """Who may change what in a shared space."""

    @pytest.fixture
    def team(self, library: Library, admin: Actor, alice: Actor, bob: Actor) -> Team:
        """The admin manages, alice edits, bob looks on."""
        return make_team(library, admin, alice, bob)

    def test_viewers_mark_favorites_and_nothing_else(
        self, team: Team, properties: Properties
    ) -> None:
        """What is private takes no more than seeing."""
        viewer, place = team.viewer.actor, team.viewer.place("a")

        properties.patch(viewer, place, Patch(is_favorite=True))
        for patch in (Patch(tags=()), Patch(dead={_COLOUR: _RED}, is_favorite=False)):
            with pytest.raises(Forbidden):
                properties.patch(viewer, place, patch)

        assert _extras(team.viewer, "a").is_favorite
        assert not _extras(team.editor, "a").is_favorite

    def test_everyone_sees_what_belongs_to_the_node(
        self, team: Team, properties: Properties
    ) -> None:
        """Whoever hung it there."""
        properties.set_tags(team.editor.actor, team.editor.place("a"), ["blue"])

        assert _extras(team.viewer, "a").tags == ("blue",)
        assert properties.tags_in_use(team.viewer.actor) == ["blue"]

    def test_who_leaves_sees_nothing(
        self, team: Team, properties: Properties, library: Library
    ) -> None:
        """Neither favourites nor extras, though they have the entry still."""
        entry = _entry(team.viewer, "a")
        properties.set_favorite(team.viewer.actor, entry.node.id, is_favorite=True)
        user_id = team.viewer.actor.user_id
        library.catalog.remove_member(team.manager.actor, team.viewer.space_id, user_id)

        assert properties.favorites(team.viewer.actor) == []
        with pytest.raises(SpaceNotFound):
            properties.extras(team.viewer.actor, entry)
