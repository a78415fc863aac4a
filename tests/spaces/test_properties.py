"""Properties, tags and favourites: kept, bounded, and noticed where they should."""

from dataclasses import replace

import pytest

from spaces.clock import SECOND, Instant
from spaces.errors import (
    LimitExceeded,
    Locked,
    NameRefused,
    NodeNotFound,
    PreconditionFailed,
    SpaceNotFound,
)
from spaces.model import NO_EXTRAS, Actor, Extras, Guard, Node
from spaces.properties import MAX_PROPERTIES, MAX_TAGS, Patch, Properties
from tests.domain import START, Desk
from tests.hung import COLOUR, RED, entry_at, extras_at, hang
from tests.lock_team import holding, take_lock

_SHAPE = "{urn:test}shape"
_BLUE = '<x:colour xmlns:x="urn:test">blue</x:colour>'


@pytest.fixture
def file(desk: Desk) -> Node:
    """A file in a folder."""
    desk.library.tree.make_folder(desk.actor, desk.place("a"))
    return desk.put("a/file").node


def _etags(desk: Desk) -> list[str]:
    return [entry_at(desk, path).node.etag for path in ("", "a", "a/file")]


class TestDeadProperties:
    """What programs hang on nodes."""

    def test_they_are_kept_as_given(self, desk: Desk, file: Node) -> None:
        """Several at once, until they are set otherwise or removed."""
        hang(desk, "a/file", {COLOUR: RED, _SHAPE: "<round/>"})
        assert extras_at(desk, "a/file").dead_properties == {
            COLOUR: RED,
            _SHAPE: "<round/>",
        }

        hang(desk, "a/file", {COLOUR: _BLUE, _SHAPE: None})
        assert extras_at(desk, "a/file").dead_properties == {COLOUR: _BLUE}

    def test_removing_what_is_not_there_is_fine(self, desk: Desk, file: Node) -> None:
        """And changes nothing (RFC 4918 §14.23)."""
        before = _etags(desk)

        hang(desk, "a/file", {COLOUR: None})

        assert _etags(desk) == before

    def test_others_notice(self, desk: Desk, file: Node) -> None:
        """Node and ancestors get a new etag, the log a row; times and sizes stay."""
        root = entry_at(desk, "").node
        seen = desk.library.changes.token(desk.actor, root)
        before = _etags(desk)

        node = hang(desk, "a/file", {COLOUR: RED})

        after = _etags(desk)
        assert set(after) == {node.etag}
        assert node.etag not in before
        assert node.modified_at == file.modified_at
        page = desk.library.changes.since(desk.actor, root, seen)
        assert "a/file" in [path for path, _ in page.changed]

    def test_setting_the_same_again_is_no_change(self, desk: Desk, file: Node) -> None:
        """A client that repeats itself wakes nobody up."""
        hang(desk, "a/file", {COLOUR: RED})
        before = _etags(desk)

        hang(desk, "a/file", {COLOUR: RED})

        assert _etags(desk) == before

    def test_the_root_has_properties_too(self, desk: Desk) -> None:
        """Its etag is the space's."""
        before = desk.space.etag

        hang(desk, "", {COLOUR: RED})

        assert extras_at(desk, "").dead_properties == {COLOUR: RED}
        assert desk.space.etag != before

    def test_they_follow_their_node(self, desk: Desk, file: Node) -> None:
        """Through renaming, new content, and the trash."""
        hang(desk, "a/file", {COLOUR: RED})
        tree = desk.library.tree

        tree.move(
            desk.actor, desk.place("a/file"), desk.place("other"), overwrite=False
        )
        desk.put("other", b"new")
        tree.remove(desk.actor, desk.place("other"))
        desk.library.trash.restore(desk.actor, desk.space_id, file.id)

        assert extras_at(desk, "other").dead_properties == {COLOUR: RED}

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"{urn:test}" + "x" * 1024: "<x/>"}, LimitExceeded),
            ({COLOUR: "x" * 65537}, LimitExceeded),
            ({COLOUR: "ü" * 32769}, LimitExceeded),
            ({f"{{urn:test}}{n}": "x" * 60_000 for n in range(5)}, LimitExceeded),
            ({f"{{urn:test}}{n}": "x" for n in range(201)}, LimitExceeded),
            ({COLOUR: "\0"}, NameRefused),
            ({"{urn:test}\ud800": "x"}, NameRefused),
        ],
    )
    def test_they_are_bounded(
        self,
        desk: Desk,
        file: Node,
        changes: dict[str, str],
        error: type[Exception],
    ) -> None:
        """In number, in size, and in what they are; all or nothing is kept."""
        before = _etags(desk)

        with pytest.raises(error):
            hang(desk, "a/file", {**changes, _SHAPE: "x"})

        assert extras_at(desk, "a/file") == NO_EXTRAS
        assert _etags(desk) == before

    def test_a_full_node_takes_changes_but_no_more(
        self, desk: Desk, file: Node
    ) -> None:
        """What is there can still be set and removed."""
        full = {f"{{urn:test}}{number}": "x" for number in range(MAX_PROPERTIES)}
        hang(desk, "a/file", full)

        with pytest.raises(LimitExceeded):
            hang(desk, "a/file", {COLOUR: RED})
        hang(desk, "a/file", {"{urn:test}0": None, COLOUR: RED})

        assert len(extras_at(desk, "a/file").dead_properties) == MAX_PROPERTIES


class TestTags:
    """What people hang on nodes."""

    def test_a_node_has_exactly_these(self, desk: Desk, file: Node) -> None:
        """In order, each once."""
        hang(desk, "a/file", tags=("urgent", "blue", "urgent"))
        assert extras_at(desk, "a/file").tags == ("blue", "urgent")

        hang(desk, "a/file", tags=("blue", "über"))
        assert extras_at(desk, "a/file").tags == ("blue", "über")

        hang(desk, "a/file", tags=())
        assert extras_at(desk, "a/file") == NO_EXTRAS

    def test_others_notice(self, desk: Desk, file: Node) -> None:
        """Unless nothing changes."""
        before = _etags(desk)
        hang(desk, "a/file", tags=("blue",))
        after = _etags(desk)

        hang(desk, "a/file", tags=("blue",))

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
        tags: list[str],
        error: type[Exception],
    ) -> None:
        """They are written as a list with commas."""
        with pytest.raises(error):
            hang(desk, "a/file", tags=tuple(tags))


class TestFavorites:
    """What each user marks for themselves."""

    def test_a_mark_is_private(self, desk: Desk, file: Node) -> None:
        """It changes nothing that others see."""
        before = _etags(desk)

        hang(desk, "a/file", is_favorite=True)
        hang(desk, "a/file", is_favorite=True)

        assert extras_at(desk, "a/file").is_favorite
        assert _etags(desk) == before
        hang(desk, "a/file", is_favorite=False)
        hang(desk, "a/file", is_favorite=False)
        assert not extras_at(desk, "a/file").is_favorite

    def test_favorites_are_listed_with_their_paths(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """By name, as long as they can be reached."""
        gone = desk.put("gone").node
        for path in ("gone", "a/file", "a"):
            hang(desk, path, is_favorite=True)
        desk.library.tree.remove(desk.actor, desk.place("gone"))

        found = properties.favorites(desk.actor)

        assert [entry.path for entry in found] == [("a",), ("a", "file")]
        assert found == [entry_at(desk, "a"), entry_at(desk, "a/file")]
        desk.library.trash.restore(desk.actor, desk.space_id, gone.id)
        assert len(properties.favorites(desk.actor)) == 3

    def test_only_what_one_sees_can_be_marked(
        self, desk: Desk, file: Node, properties: Properties, bob: Actor
    ) -> None:
        """Neither another's nor nothing."""
        with pytest.raises(SpaceNotFound):
            hang(replace(desk, actor=bob), "a/file", is_favorite=True)
        with pytest.raises(NodeNotFound):
            hang(desk, "none", is_favorite=True)

        assert properties.favorites(bob) == properties.favorites(desk.actor) == []


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
            Patch(dead={COLOUR: RED}, tags=("blue",), is_favorite=True, modified_at=at),
        )

        assert entry_at(desk, "a/file").node == node
        assert node.modified_at == at
        assert extras_at(desk, "a/file") == Extras(
            is_favorite=True, tags=("blue",), dead_properties={COLOUR: RED}
        )
        assert desk.library.changes.token(desk.actor, file) == seen + 1

    def test_or_nothing_of_it(
        self, desk: Desk, file: Node, properties: Properties
    ) -> None:
        """One part that is refused undoes the others."""
        place = desk.place("a/file")
        full = {f"{{urn:test}}{number}": "x" for number in range(MAX_PROPERTIES)}
        hang(desk, "a/file", full)
        before = entry_at(desk, "a/file").node

        with pytest.raises(LimitExceeded):
            properties.patch(
                desk.actor,
                place,
                Patch(dead={COLOUR: RED}, is_favorite=True, tags=("blue",)),
            )

        extras = extras_at(desk, "a/file")
        assert (extras.is_favorite, extras.tags) == (False, ())
        assert entry_at(desk, "a/file").node == before

    def test_guards_hold(self, desk: Desk, file: Node, properties: Properties) -> None:
        """Preconditions and locks, as for every change."""
        place, patch = desk.place("a/file"), Patch(dead={COLOUR: RED})
        with pytest.raises(PreconditionFailed):
            properties.patch(desk.actor, place, patch, guard=Guard(if_match=("other",)))
        lock = take_lock(desk, "a/file")
        with pytest.raises(Locked):
            properties.patch(desk.actor, place, patch)

        properties.patch(desk.actor, place, patch, guard=holding(lock))

    def test_there_must_be_something(self, desk: Desk) -> None:
        """Nothing hangs on nothing."""
        with pytest.raises(NodeNotFound):
            hang(desk, "x", {COLOUR: RED})
