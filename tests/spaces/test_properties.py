"""Properties, tags and favourites: kept, bounded, and noticed where they should."""

import pytest

from spaces.clock import SECOND, Instant
from spaces.errors import (
    LimitExceeded,
    Locked,
    NameRefused,
    NodeNotFound,
    PreconditionFailed,
)
from spaces.ids import NodeId, new_id
from spaces.library import Library
from spaces.model import NO_EXTRAS, Actor, Entry, Extras, Guard, Node
from spaces.properties import MAX_PROPERTIES, MAX_TAGS, Patch, Properties
from tests.domain import START, Desk
from tests.lock_team import holding, take_lock

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


class TestDeadProperties:
    """What programs hang on nodes."""

    def test_they_are_kept_as_given(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """Several at once, until they are set otherwise or removed."""
        place = desk.place("a/file")

        properties.set(desk.actor, place, {_COLOUR: _RED, _SHAPE: "<round/>"})
        assert _extras(desk, "a/file").dead_properties == {
            _COLOUR: _RED,
            _SHAPE: "<round/>",
        }

        properties.set(desk.actor, place, {_COLOUR: _BLUE, _SHAPE: None})
        assert _extras(desk, "a/file").dead_properties == {_COLOUR: _BLUE}

    def test_removing_what_is_not_there_is_fine(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """And changes nothing (RFC 4918 §14.23)."""
        before = _etags(desk)

        properties.set(desk.actor, desk.place("a/file"), {_COLOUR: None})

        assert _etags(desk) == before

    def test_others_notice(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """Node and ancestors get a new etag, the log a row; times and sizes stay."""
        root = _entry(desk, "").node
        seen = desk.library.changes.token(desk.actor, root)
        before = _etags(desk)

        node = properties.set(desk.actor, desk.place("a/file"), {_COLOUR: _RED})

        after = _etags(desk)
        assert set(after) == {node.etag}
        assert node.etag not in before
        assert node.modified_at == file.modified_at
        page = desk.library.changes.since(desk.actor, root, seen)
        assert "a/file" in [path for path, _ in page.changed]

    def test_setting_the_same_again_is_no_change(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """A client that repeats itself wakes nobody up."""
        place = desk.place("a/file")
        properties.set(desk.actor, place, {_COLOUR: _RED})
        before = _etags(desk)

        properties.set(desk.actor, place, {_COLOUR: _RED})

        assert _etags(desk) == before

    def test_the_root_has_properties_too(
        self, desk: Desk, properties: Properties
    ) -> None:
        """Its etag is the space's."""
        before = desk.space.etag

        properties.set(desk.actor, desk.place(""), {_COLOUR: _RED})

        assert _extras(desk, "").dead_properties == {_COLOUR: _RED}
        assert desk.space.etag != before

    def test_they_follow_their_node(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """Through renaming, new content, and the trash."""
        properties.set(desk.actor, desk.place("a/file"), {_COLOUR: _RED})
        tree = desk.library.tree

        tree.move(
            desk.actor, desk.place("a/file"), desk.place("other"), overwrite=False
        )
        desk.put("other", b"new")
        tree.remove(desk.actor, desk.place("other"))
        desk.library.trash.restore(desk.actor, desk.space_id, file.id)

        assert _extras(desk, "other").dead_properties == {_COLOUR: _RED}

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"{urn:test}" + "x" * 1024: "<x/>"}, LimitExceeded),
            ({_COLOUR: "x" * 65537}, LimitExceeded),
            ({_COLOUR: "ü" * 32769}, LimitExceeded),
            ({f"{{urn:test}}{n}": "x" * 60_000 for n in range(5)}, LimitExceeded),
            ({f"{{urn:test}}{n}": "x" for n in range(201)}, LimitExceeded),
            ({_COLOUR: "\0"}, NameRefused),
            ({"{urn:test}\ud800": "x"}, NameRefused),
        ],
    )
    def test_they_are_bounded(
        self,
        desk: Desk,
        file: Node,
        properties: Properties,
        changes: dict[str, str],
        error: type[Exception],
    ) -> None:
        """In number, in size, and in what they are; all or nothing is kept."""
        before = _etags(desk)

        with pytest.raises(error):
            properties.set(desk.actor, desk.place("a/file"), {**changes, _SHAPE: "x"})

        assert _extras(desk, "a/file") == NO_EXTRAS
        assert _etags(desk) == before

    def test_a_full_node_takes_changes_but_no_more(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """What is there can still be set and removed."""
        place = desk.place("a/file")
        full = {f"{{urn:test}}{number}": "x" for number in range(MAX_PROPERTIES)}
        properties.set(desk.actor, place, full)

        with pytest.raises(LimitExceeded):
            properties.set(desk.actor, place, {_COLOUR: _RED})
        properties.set(desk.actor, place, {"{urn:test}0": None, _COLOUR: _RED})

        assert len(_extras(desk, "a/file").dead_properties) == MAX_PROPERTIES


class TestTags:
    """What people hang on nodes."""

    def test_a_node_has_exactly_these(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """In order, each once."""
        place = desk.place("a/file")

        properties.set_tags(desk.actor, place, ["urgent", "blue", "urgent"])
        assert _extras(desk, "a/file").tags == ("blue", "urgent")

        properties.set_tags(desk.actor, place, ["blue", "über"])
        assert _extras(desk, "a/file").tags == ("blue", "über")

        properties.set_tags(desk.actor, place, [])
        assert _extras(desk, "a/file") == NO_EXTRAS

    def test_others_notice(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """Unless nothing changes."""
        before = _etags(desk)
        properties.set_tags(desk.actor, desk.place("a/file"), ["blue"])
        after = _etags(desk)

        properties.set_tags(desk.actor, desk.place("a/file"), ["blue"])

        assert all(old != new for old, new in zip(before, after, strict=True))
        assert _etags(desk) == after

    @pytest.mark.parametrize(
        ("tags", "error"),
        [
            (["x" * 101], LimitExceeded),
            ([str(number) for number in range(MAX_TAGS + 1)], LimitExceeded),
            ([""], NameRefused),
            (["  "], NameRefused),
            (["a,b"], NameRefused),
            (["a\0"], NameRefused),
            (["\udfff"], NameRefused),
        ],
    )
    def test_they_are_bounded(
        self,
        desk: Desk,
        file: Node,
        properties: Properties,
        tags: list[str],
        error: type[Exception],
    ) -> None:
        """They are written as a list with commas."""
        with pytest.raises(error):
            properties.set_tags(desk.actor, desk.place("a/file"), tags)

    def test_tags_in_use_are_those_one_can_see(
        self, desk: Desk, file: Node, properties: Properties, bob: Actor
    ) -> None:
        """Not those in the trash, nor those of others; each once, in order."""
        desk.put("gone")
        for path, tags in {
            "": ["root"],
            "a": ["blue"],
            "a/file": ["blue", "art"],
            "gone": ["gone"],
        }.items():
            properties.set_tags(desk.actor, desk.place(path), tags)
        desk.library.tree.remove(desk.actor, desk.place("gone"))

        assert properties.tags_in_use(desk.actor) == ["art", "blue", "root"]
        assert properties.tags_in_use(bob) == []
        desk.library.tree.remove(desk.actor, desk.place("a"))
        assert properties.tags_in_use(desk.actor) == ["root"]


class TestFavorites:
    """What each user marks for themselves."""

    def test_a_mark_is_private(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """It changes nothing that others see."""
        before = _etags(desk)

        properties.set_favorite(desk.actor, file.id, is_favorite=True)
        properties.set_favorite(desk.actor, file.id, is_favorite=True)

        assert _extras(desk, "a/file").is_favorite
        assert _etags(desk) == before
        properties.set_favorite(desk.actor, file.id, is_favorite=False)
        properties.set_favorite(desk.actor, file.id, is_favorite=False)
        assert not _extras(desk, "a/file").is_favorite

    def test_favorites_are_listed_with_their_paths(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """By name, as long as they can be reached."""
        folder, gone = _entry(desk, "a").node, desk.put("gone").node
        for node in (gone, file, folder):
            properties.set_favorite(desk.actor, node.id, is_favorite=True)
        desk.library.tree.remove(desk.actor, desk.place("gone"))

        found = properties.favorites(desk.actor)

        assert [entry.path for entry in found] == [("a",), ("a", "file")]
        assert found == [_entry(desk, "a"), _entry(desk, "a/file")]
        desk.library.trash.restore(desk.actor, desk.space_id, gone.id)
        assert len(properties.favorites(desk.actor)) == 3

    def test_only_what_one_sees_can_be_marked(
        self, file: Node, properties: Properties, bob: Actor
    ) -> None:
        """Neither another's nor nothing."""
        for node_id in (file.id, NodeId(new_id())):
            with pytest.raises(NodeNotFound):
                properties.set_favorite(bob, node_id, is_favorite=True)

        assert properties.favorites(bob) == []


class TestPatch:
    """Several kinds of changes in one."""

    def test_all_of_it_happens(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """As one change of the node."""
        at = Instant(START - 5 * SECOND)
        seen = desk.library.changes.token(desk.actor, file)

        node = properties.patch(
            desk.actor,
            desk.place("a/file"),
            Patch(
                dead={_COLOUR: _RED}, tags=("blue",), is_favorite=True, modified_at=at
            ),
        )

        assert _entry(desk, "a/file").node == node
        assert node.modified_at == at
        assert _extras(desk, "a/file") == Extras(
            is_favorite=True, tags=("blue",), dead_properties={_COLOUR: _RED}
        )
        assert desk.library.changes.token(desk.actor, file) == seen + 1

    def test_or_nothing_of_it(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """One part that is refused undoes the others."""
        place = desk.place("a/file")
        full = {f"{{urn:test}}{number}": "x" for number in range(MAX_PROPERTIES)}
        properties.set(desk.actor, place, full)
        before = _entry(desk, "a/file").node

        with pytest.raises(LimitExceeded):
            properties.patch(
                desk.actor,
                place,
                Patch(dead={_COLOUR: _RED}, is_favorite=True, tags=("blue",)),
            )

        extras = _extras(desk, "a/file")
        assert (extras.is_favorite, extras.tags) == (False, ())
        assert _entry(desk, "a/file").node == before

    def test_guards_hold(self, desk: Desk, file: Node, properties: Properties) -> None:
        """Preconditions and locks, as for every change."""
        place, patch = desk.place("a/file"), Patch(dead={_COLOUR: _RED})
        with pytest.raises(PreconditionFailed):
            properties.patch(desk.actor, place, patch, guard=Guard(if_match=("other",)))
        lock = take_lock(desk, "a/file")
        with pytest.raises(Locked):
            properties.patch(desk.actor, place, patch)

        properties.patch(desk.actor, place, patch, guard=holding(lock))

    def test_there_must_be_something(self, desk: Desk, properties: Properties) -> None:
        """Nothing hangs on nothing."""
        with pytest.raises(NodeNotFound):
            properties.set(desk.actor, desk.place("x"), {_COLOUR: _RED})
