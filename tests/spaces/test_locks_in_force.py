"""Locks in force: what they forbid to whom, and that they stay behind."""

import pytest

from spaces.clock import SECOND
from spaces.errors import (
    Locked,
)
from spaces.model import Guard
from tests.domain import StepClock
from tests.lock_team import Team, holding, locks_on, take_lock


class TestEnforcement:
    """What a lock forbids to whom."""

    def test_a_locked_file_is_written_by_its_holder_alone(self, team: Team) -> None:
        """With the token, and only by whom it was given to."""
        lock = take_lock(team.editor, "a/d.txt")

        for desk, guard in (
            (team.editor, Guard()),
            (team.manager, Guard()),
            (team.manager, holding(lock)),
        ):
            with pytest.raises(Locked) as locked:
                desk.put("a/d.txt", guard=guard)
            assert locked.value.owner == team.editor.actor.user_id

        team.editor.put("a/d.txt", guard=holding(lock))

    def test_a_lock_survives_writing(self, team: Team) -> None:
        """New content does not end it."""
        lock = take_lock(team.editor, "a/d.txt")

        team.editor.put("a/d.txt", b"new", guard=holding(lock))

        assert locks_on(team.editor, "a/d.txt") == (lock,)

    def test_any_shared_lock_is_enough(self, team: Team) -> None:
        """Of several that share, one token opens."""
        mine = take_lock(team.editor, "a/d.txt", exclusive=False)
        take_lock(team.manager, "a/d.txt", exclusive=False)

        with pytest.raises(Locked):
            team.editor.put("a/d.txt")
        team.editor.put("a/d.txt", guard=holding(mine))

    def test_a_deep_lock_covers_all_below(self, team: Team) -> None:
        """Writing, making and removing anywhere below."""
        lock = take_lock(team.editor, "a")
        tree = team.manager.library.tree

        with pytest.raises(Locked):
            team.manager.put("a/b/c.txt")
        with pytest.raises(Locked):
            team.manager.put("a/b/new.txt")
        with pytest.raises(Locked):
            tree.make_folder(team.manager.actor, team.manager.place("a/b/new"))
        with pytest.raises(Locked):
            tree.remove(team.manager.actor, team.manager.place("a/d.txt"))

        team.editor.put("a/b/new.txt", guard=holding(lock))

    def test_a_shallow_lock_keeps_the_membership(self, team: Team) -> None:
        """Members are written, but neither come nor go nor change their names."""
        lock = take_lock(team.editor, "a", deep=False)
        tree, actor, place = (
            team.manager.library.tree,
            team.manager.actor,
            team.manager.place,
        )

        team.manager.put("a/d.txt")
        team.manager.put("a/b/new.txt")
        with pytest.raises(Locked):
            team.manager.put("a/new.txt")
        with pytest.raises(Locked):
            tree.remove(actor, place("a/d.txt"))
        with pytest.raises(Locked):
            tree.move(actor, place("a/d.txt"), place("a/e.txt"), overwrite=False)
        with pytest.raises(Locked):
            tree.move(actor, place("a/b/c.txt"), place("a/c.txt"), overwrite=False)

        team.editor.put("a/new.txt", guard=holding(lock))

    def test_a_folder_with_something_locked_stays(self, team: Team) -> None:
        """It is neither removed nor moved without that token."""
        lock = take_lock(team.editor, "a/b/c.txt")
        tree, actor, place = (
            team.editor.library.tree,
            team.editor.actor,
            team.editor.place,
        )

        with pytest.raises(Locked) as locked:
            tree.remove(actor, place("a"))
        assert locked.value.node_id == lock.node_id
        with pytest.raises(Locked):
            tree.move(actor, place("a"), place("z"), overwrite=False)

        tree.remove(actor, place("a"), guard=holding(lock))

    def test_copying_reads_only(self, team: Team) -> None:
        """What is locked may be copied, and the copy is not locked."""
        take_lock(team.editor, "a")
        place = team.manager.place

        team.manager.library.tree.copy(
            team.manager.actor, place("a"), place("copy"), overwrite=False
        )

        assert locks_on(team.manager, "copy/b/c.txt") == ()

    def test_time_ends_atake_lock(self, team: Team, clock: StepClock) -> None:
        """To the moment, without anybody sweeping."""
        take_lock(team.editor, "a", timeout_seconds=60)

        clock.advance(60 * SECOND)

        assert locks_on(team.manager, "a") == ()
        team.manager.put("a/d.txt")
        take_lock(team.manager, "a")


class TestMoves:
    """Locks stay behind."""

    def test_a_moved_node_is_not_locked(self, team: Team) -> None:
        """Neither by its own lock nor by those below it (RFC 4918 §7.6)."""
        top, inner = (
            take_lock(team.editor, "a", deep=False),
            take_lock(team.editor, "a/b"),
        )
        place = team.editor.place

        team.editor.library.tree.move(
            team.editor.actor,
            place("a"),
            place("z"),
            overwrite=False,
            guard=holding(top, inner),
        )

        assert locks_on(team.editor, "z") == ()
        assert locks_on(team.editor, "z/b") == ()
        team.manager.put("z/b/c.txt")

    def test_a_node_moved_under_a_lock_is_locked(self, team: Team) -> None:
        """By the deep lock of the folder it comes into."""
        lock = take_lock(team.editor, "a/b")
        place = team.editor.place

        team.editor.library.tree.move(
            team.editor.actor,
            place("a/d.txt"),
            place("a/b/d.txt"),
            overwrite=False,
            guard=holding(lock),
        )

        assert locks_on(team.editor, "a/b/d.txt") == (lock,)

    def test_a_removed_node_comes_back_withouttake_lock(self, team: Team) -> None:
        """Its lock ended with the removal."""
        lock = take_lock(team.editor, "a/d.txt")
        desk = team.editor
        desk.library.tree.remove(desk.actor, desk.place("a/d.txt"), guard=holding(lock))

        desk.library.trash.restore(desk.actor, desk.space_id, lock.node_id)

        assert locks_on(desk, "a/d.txt") == ()
