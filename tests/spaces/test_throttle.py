"""Throttle: guessing is slowed, nobody is locked out, memory is bounded."""

import pytest

from spaces.throttle import Throttle, network_of


class Seconds:
    """A clock that stands still until told otherwise."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The present second."""
        return self.now


@pytest.fixture
def clock() -> Seconds:
    """A clock under the test's control."""
    return Seconds()


@pytest.fixture
def throttle(clock: Seconds) -> Throttle:
    """A throttle that has seen nothing."""
    return Throttle(clock=clock)


def _fail(throttle: Throttle, times: int, account: str, address: str) -> None:
    for _ in range(times):
        throttle.failed(account, address)


def test_a_stranger_may_try_at_once(throttle: Throttle) -> None:
    """Nothing is known, nothing is slowed."""
    assert throttle.wait_seconds("einstein", "192.0.2.1") == 0.0


def test_a_few_typos_are_free(throttle: Throttle) -> None:
    """Five wrong passwords cost no wait."""
    _fail(throttle, 5, "einstein", "192.0.2.1")

    assert throttle.wait_seconds("einstein", "192.0.2.1") == 0.0


def test_each_further_failure_doubles_the_wait(
    throttle: Throttle, clock: Seconds
) -> None:
    """From the sixth failure on: 1, 2, 4 … seconds."""
    _fail(throttle, 5, "einstein", "192.0.2.1")

    waits = []
    for _ in range(4):
        throttle.failed("einstein", "192.0.2.1")
        waits.append(throttle.wait_seconds("einstein", "192.0.2.1"))

    assert waits == [1.0, 2.0, 4.0, 8.0]


def test_the_wait_is_bounded(throttle: Throttle) -> None:
    """A thousand failures cost a minute, not a lifetime."""
    _fail(throttle, 1000, "einstein", "192.0.2.1")

    assert throttle.wait_seconds("einstein", "192.0.2.1") == 60.0


def test_the_wait_runs_out(throttle: Throttle, clock: Seconds) -> None:
    """After the wait the next attempt is looked at."""
    _fail(throttle, 1000, "einstein", "192.0.2.1")

    clock.now += 60.0

    assert throttle.wait_seconds("einstein", "192.0.2.1") == 0.0


def test_failures_are_forgiven_with_time(throttle: Throttle, clock: Seconds) -> None:
    """Half an hour later a single typo is free again."""
    _fail(throttle, 1000, "einstein", "192.0.2.1")
    clock.now += 1800.0

    throttle.failed("einstein", "192.0.2.1")

    assert throttle.wait_seconds("einstein", "192.0.2.1") == 0.0


def test_success_forgets_the_failures(throttle: Throttle) -> None:
    """A right password wipes the slate of this account and address."""
    _fail(throttle, 10, "einstein", "192.0.2.1")

    throttle.succeeded("einstein", "192.0.2.1")

    assert throttle.wait_seconds("einstein", "192.0.2.1") == 0.0


def test_an_address_that_tries_many_accounts_is_slowed(throttle: Throttle) -> None:
    """Spraying one password over many names does not escape."""
    for number in range(30):
        throttle.failed(f"user{number}", "192.0.2.1")

    assert throttle.wait_seconds("another", "192.0.2.1") == 60.0
    assert throttle.wait_seconds("another", "198.51.100.7") == 0.0


def test_an_account_tried_from_many_addresses_is_slowed(throttle: Throttle) -> None:
    """A botnet waits as well, though less long."""
    for number in range(100):
        throttle.failed("einstein", f"192.0.2.{number}")

    assert throttle.wait_seconds("einstein", "198.51.100.7") == 15.0
    assert throttle.wait_seconds("marie", "198.51.100.7") == 0.0


def test_an_attack_does_not_slow_the_owner_at_home(throttle: Throttle) -> None:
    """Where one has logged in before, others' failures do not count."""
    throttle.succeeded("einstein", "203.0.113.5")
    for number in range(100):
        throttle.failed("einstein", f"192.0.2.{number}")

    assert throttle.wait_seconds("einstein", "203.0.113.5") == 0.0


def test_case_of_the_account_does_not_help(throttle: Throttle) -> None:
    """Names are counted as they are compared: without case."""
    _fail(throttle, 10, "Einstein", "192.0.2.1")

    assert throttle.wait_seconds("eINSTEIN", "192.0.2.1") > 0.0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_addresses_of_one_network_count_as_one(address: str, network: str) -> None:
    """An IPv6 guesser has a whole /64, an IPv4 one a single address."""
    assert network_of(address) == network


def test_memory_is_bounded(clock: Seconds) -> None:
    """The accounts longest untouched are dropped; the present one is kept."""
    throttle = Throttle(clock=clock, max_entries=10)
    for number in range(1000):
        throttle.failed(f"user{number}", f"192.0.2.{number % 250}")
        throttle.succeeded(f"good{number}", "192.0.2.1")

    _fail(throttle, 10, "einstein", "198.51.100.1")

    assert throttle.wait_seconds("einstein", "198.51.100.1") > 0.0
    assert len(throttle._accounts._counts) == 10
    assert len(throttle._proven) == 10
