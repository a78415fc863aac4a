"""Locks: what they forbid and allow, how long they last, and who sees them."""

import pytest

from spaces.clock import DAY, HOUR, SECOND, Instant
from spaces.errors import (
    Forbidden,
    LimitExceeded,
    LockConflict,
    LockNotFound,
    NodeNotFound,
    PreconditionFailed,
    SpaceNotFound,
)
from spaces.ids import SpaceId
from spaces.library import Library
from spaces.locks import Locks
from spaces.model import Actor, Guard, Role
from tests.domain import Desk, StepClock
from tests.lock_team import Team, locks_on, take_lock


class TestCreate:
    """Taking locks."""

    def test_a_lock_is_as_asked_for(self, team: Team, clock: StepClock) -> None:
        """On its node, with its owner, and for its time."""
        lock = team.editor.library.locks.create(
            team.editor.actor,
            team.editor.place("a/d.txt"),
            owner_xml="<d:href>me</d:href>",
            timeout_seconds=60,
        )

        assert lock.owner_id == team.editor.actor.user_id
        assert lock.owner_xml == "<d:href>me</d:href>"
        assert lock.is_exclusive
        assert lock.token.startswith("opaquelocktoken:")
        assert lock.expires_at == Instant(lock.created_at + 60 * SECOND)
        assert locks_on(team.viewer, "a/d.txt") == (lock,)

    @pytest.mark.parametrize(
        ("asked", "given"),
        [
            (None, HOUR),
            (1, SECOND),
            (0, SECOND),
            (-5, SECOND),
            (86400, DAY),
            (2**32 - 1, DAY),
            (10**30, DAY),
        ],
    )
    def test_timeouts_are_bounded(
        self, team: Team, asked: int | None, given: int
    ) -> None:
        """An hour unless asked, a day at most, and never for ever."""
        lock = take_lock(team.editor, "a", timeout_seconds=asked)

        assert lock.expires_at == lock.created_at + given

    def test_exclusive_locks_exclude(self, team: Team) -> None:
        """Neither another exclusive nor a shared one, by nobody, not even the owner."""
        lock = take_lock(team.editor, "a/d.txt")

        for desk in (team.manager, team.editor):
            for exclusive in (True, False):
                with pytest.raises(LockConflict) as conflict:
                    take_lock(desk, "a/d.txt", exclusive=exclusive)
                assert conflict.value.node_id == lock.node_id

    def test_shared_locks_share(self, team: Team) -> None:
        """Several stand side by side, and keep an exclusive one out."""
        first = take_lock(team.editor, "a/d.txt", exclusive=False)
        second = take_lock(team.manager, "a/d.txt", exclusive=False)

        with pytest.raises(LockConflict):
            take_lock(team.manager, "a/d.txt")

        assert {lock.token for lock in locks_on(team.viewer, "a/d.txt")} == {
            first.token,
            second.token,
        }

    def test_a_deep_lock_above_excludes(self, team: Team) -> None:
        """What it covers is locked."""
        take_lock(team.editor, "a")

        for path in ("a", "a/b", "a/b/c.txt"):
            with pytest.raises(LockConflict):
                take_lock(team.manager, path)

    def test_a_shallow_lock_above_does_not(self, team: Team) -> None:
        """It covers the folder alone."""
        take_lock(team.editor, "a", deep=False)

        take_lock(team.manager, "a/b")

    def test_a_deep_lock_cannot_cover_what_is_locked(self, team: Team) -> None:
        """Anything below that is locked stands in its way."""
        lock = take_lock(team.editor, "a/b/c.txt")

        for path in ("a/b", "a", ""):
            with pytest.raises(LockConflict) as conflict:
                take_lock(team.manager, path)
            assert conflict.value.node_id == lock.node_id
        take_lock(team.manager, "a", deep=False)

    def test_a_lock_beside_does_not_matter(self, team: Team) -> None:
        """Siblings and other spaces are free."""
        take_lock(team.editor, "a/b")

        take_lock(team.manager, "a/d.txt")
        personal = SpaceId(team.editor.actor.user_id)
        take_lock(Desk(team.editor.library, team.editor.actor, personal), "")

    def test_it_takes_the_right_to_write(
        self, team: Team, library: Library, alice: Actor
    ) -> None:
        """A viewer may not; who is no member does not know."""
        with pytest.raises(Forbidden):
            take_lock(team.viewer, "a")
        with pytest.raises(SpaceNotFound):
            take_lock(Desk(library, alice, SpaceId(team.viewer.actor.user_id)), "")

    def test_there_must_be_something(self, team: Team) -> None:
        """Nothing is locked that is not there."""
        with pytest.raises(NodeNotFound):
            take_lock(team.editor, "a/x")

    def test_preconditions_hold(self, team: Team, locks: Locks) -> None:
        """The node must be in the state that is expected."""
        with pytest.raises(PreconditionFailed):
            locks.create(
                team.editor.actor,
                team.editor.place("a"),
                guard=Guard(if_match=("other",)),
            )

    def test_the_number_is_bounded(
        self, team: Team, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of one user in one space; others have theirs."""
        monkeypatch.setattr("spaces.locks.MAX_LOCKS_HELD", 1)
        take_lock(team.editor, "a/d.txt")

        with pytest.raises(LimitExceeded):
            take_lock(team.editor, "a/b/c.txt")
        take_lock(team.manager, "a/b/c.txt")

    def test_the_owner_is_bounded(self, team: Team, locks: Locks) -> None:
        """It is text for people, not a place to keep things."""
        with pytest.raises(LimitExceeded):
            locks.create(
                team.editor.actor, team.editor.place("a"), owner_xml="x" * 20_000
            )


class TestRefresh:
    """Making locks last longer."""

    def test_a_lock_lasts_longer(
        self, team: Team, locks: Locks, clock: StepClock
    ) -> None:
        """From now on, not added to what is left."""
        lock = take_lock(team.editor, "a", timeout_seconds=60)
        clock.advance(50 * SECOND)

        renewed = locks.refresh(
            team.editor.actor,
            team.editor.place("a"),
            lock.token,
            timeout_seconds=60,
        )

        assert lock.expires_at is not None
        assert renewed.expires_at is not None
        assert renewed.expires_at >= lock.expires_at + 50 * SECOND
        assert locks_on(team.viewer, "a") == (renewed,)

    def test_through_anything_it_covers(self, team: Team, locks: Locks) -> None:
        """A deep lock is refreshed at a member as well (RFC 4918 §9.10.2)."""
        lock = take_lock(team.editor, "a")

        locks.refresh(team.editor.actor, team.editor.place("a/b/c.txt"), lock.token)
        with pytest.raises(LockNotFound):
            locks.refresh(team.editor.actor, team.editor.place(""), lock.token)

    def test_not_through_what_it_does_not_cover(self, team: Team, locks: Locks) -> None:
        """A lock on a folder alone is not its members'."""
        lock = take_lock(team.editor, "a", deep=False)

        with pytest.raises(LockNotFound):
            locks.refresh(team.editor.actor, team.editor.place("a/d.txt"), lock.token)

    def test_only_by_its_owner(self, team: Team, locks: Locks) -> None:
        """Others may not, nor anybody what is not there."""
        lock = take_lock(team.editor, "a")

        with pytest.raises(Forbidden):
            locks.refresh(team.manager.actor, team.manager.place("a"), lock.token)
        with pytest.raises(LockNotFound):
            locks.refresh(
                team.editor.actor, team.editor.place("a"), "opaquelocktoken:x"
            )

    def test_not_when_its_time_is_up(
        self, team: Team, locks: Locks, clock: StepClock
    ) -> None:
        """What has ended is gone."""
        lock = take_lock(team.editor, "a", timeout_seconds=1)
        clock.advance(SECOND)

        with pytest.raises(LockNotFound):
            locks.refresh(team.editor.actor, team.editor.place("a"), lock.token)


class TestRelease:
    """Giving locks up."""

    def test_the_owner_releases(self, team: Team, locks: Locks) -> None:
        """Then everyone may write again."""
        lock = take_lock(team.editor, "a")

        locks.release(team.editor.actor, team.editor.place("a"), lock.token)

        assert locks_on(team.editor, "a") == ()
        team.manager.put("a/d.txt")

    def test_through_anything_it_covers(self, team: Team, locks: Locks) -> None:
        """But not through what lies beside."""
        lock = take_lock(team.editor, "a/b")

        with pytest.raises(LockNotFound):
            locks.release(team.editor.actor, team.editor.place("a/d.txt"), lock.token)
        locks.release(team.editor.actor, team.editor.place("a/b/c.txt"), lock.token)

    def test_nobody_else_releases(self, team: Team, locks: Locks) -> None:
        """Not even a manager."""
        lock = take_lock(team.editor, "a")

        with pytest.raises(Forbidden):
            locks.release(team.manager.actor, team.manager.place("a"), lock.token)

        assert locks_on(team.editor, "a") == (lock,)

    def test_twice_is_once_too_often(self, team: Team, locks: Locks) -> None:
        """What is released is not there any more."""
        lock = take_lock(team.editor, "a")
        locks.release(team.editor.actor, team.editor.place("a"), lock.token)

        with pytest.raises(LockNotFound):
            locks.release(team.editor.actor, team.editor.place("a"), lock.token)

    def test_a_former_editor_still_releases(
        self, team: Team, locks: Locks, admin: Actor, library: Library
    ) -> None:
        """Who may no longer write may at least get out of the way."""
        lock = take_lock(team.editor, "a")
        user_id = team.editor.actor.user_id
        library.catalog.set_member(admin, team.editor.space_id, user_id, Role.VIEWER)

        with pytest.raises(Forbidden):
            locks.refresh(team.editor.actor, team.editor.place("a"), lock.token)
        locks.release(team.editor.actor, team.editor.place("a"), lock.token)

        assert locks_on(team.viewer, "a") == ()


class TestListing:
    """Who sees which locks."""

    def test_inherited_locks_are_listed(self, team: Team) -> None:
        """Deep ones from above beside one's own."""
        deep = take_lock(team.editor, "a", exclusive=False)
        own = take_lock(team.editor, "a/b/c.txt", exclusive=False)

        assert set(locks_on(team.viewer, "a/b/c.txt")) == {deep, own}
        assert locks_on(team.viewer, "a/b") == (deep,)
        assert locks_on(team.viewer, "") == ()
