"""Idempotency keys: one request for each, until it has failed or is long past."""

import pytest

from spaces.clock import DAY, MINUTE
from spaces.db.engine import Database
from spaces.idempotency import Attempt, IdempotencyKeys
from spaces.model import Actor
from tests.domain import StepClock

FIRST = Attempt(is_first=True)
UNDER_WAY = Attempt(is_first=False)


@pytest.fixture
def keys(database: Database) -> IdempotencyKeys:
    """All keys."""
    return IdempotencyKeys(database=database)


def test_an_answer_is_given_again(keys: IdempotencyKeys, alice: Actor) -> None:
    """To whoever brings the key, while it is kept."""
    assert keys.begin(alice.user_id, "k") == FIRST
    keys.settle(alice.user_id, "k", "done")

    assert keys.begin(alice.user_id, "k") == Attempt(is_first=False, answer="done")


def test_a_day_later_it_is_new(
    keys: IdempotencyKeys, alice: Actor, clock: StepClock
) -> None:
    """Nothing is kept for ever."""
    keys.begin(alice.user_id, "k")
    keys.settle(alice.user_id, "k", "done")
    clock.advance(DAY)

    assert keys.begin(alice.user_id, "k") == FIRST


def test_what_a_crash_cut_short_may_come_anew(
    keys: IdempotencyKeys, alice: Actor, clock: StepClock
) -> None:
    """After ten minutes, in which it could still be under way."""
    keys.begin(alice.user_id, "k")

    clock.advance(9 * MINUTE)
    assert keys.begin(alice.user_id, "k") == UNDER_WAY
    clock.advance(MINUTE)
    assert keys.begin(alice.user_id, "k") == FIRST
    assert keys.begin(alice.user_id, "k") == UNDER_WAY
