"""How long the next attempt to log in must wait: slows guessing, locks nobody out.

Failures are counted for an address, for an account, and for the two together. The
first ones are free; each further one doubles the wait up to a small bound, and a
failure is forgotten after a while. Whoever has lately logged in from an address is
not slowed there by what others do to the account elsewhere. Attempts refused by a
wait do not count. The memory is bounded; one process knows only its own attempts,
so with N processes a guesser gets at most N times as many.

Pure but for the injected clock; knows no accounts and no HTTP.
"""

import ipaddress
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class _Rule:
    """How failures become seconds."""

    free: int
    longest_seconds: float
    forgiven_seconds: float
    """After so long without failures, one failure is forgotten."""


_PAIR: Final = _Rule(free=5, longest_seconds=60.0, forgiven_seconds=30.0)
_ADDRESS: Final = _Rule(free=20, longest_seconds=60.0, forgiven_seconds=15.0)
_ACCOUNT: Final = _Rule(free=20, longest_seconds=15.0, forgiven_seconds=15.0)
_MAX_COUNTED: Final = 30
"""Above the free ones: so that forgiving never takes longer than some minutes."""
_MAX_ENTRIES: Final = 20_000


@dataclass(slots=True)
class _Count:
    failures: float
    changed_at: float
    blocked_until: float


class Throttle:
    """Counts failed logins and says how long to wait; thread-safe.

    Args:
        clock: seconds that only grow, like `time.monotonic`.
        max_entries: how many accounts, addresses and pairs are remembered of each.
    """

    def __init__(
        self, *, clock: Callable[[], float], max_entries: int = _MAX_ENTRIES
    ) -> None:
        self._clock = clock
        self._mutex = threading.Lock()
        self._pairs = _Counts(_PAIR, max_entries)
        self._addresses = _Counts(_ADDRESS, max_entries)
        self._accounts = _Counts(_ACCOUNT, max_entries)
        self._proven: OrderedDict[str, None] = OrderedDict()
        self._max_entries = max_entries

    def wait_seconds(self, account: str, address: str) -> float:
        """Seconds until an attempt will be looked at; 0.0 when it may come now."""
        name, network = _account_key(account), network_of(address)
        pair = _pair_key(name, network)
        now = self._clock()
        with self._mutex:
            waits = [self._pairs.wait(pair, now)]
            if pair not in self._proven:
                waits.append(self._addresses.wait(network, now))
                waits.append(self._accounts.wait(name, now))
        return max(waits)

    def failed(self, account: str, address: str) -> None:
        """Count an attempt with a wrong credential."""
        name, network = _account_key(account), network_of(address)
        now = self._clock()
        with self._mutex:
            self._pairs.add(_pair_key(name, network), now)
            self._addresses.add(network, now)
            self._accounts.add(name, now)

    def succeeded(self, account: str, address: str) -> None:
        """Forget the failures of this account from this address."""
        name, network = _account_key(account), network_of(address)
        pair = _pair_key(name, network)
        with self._mutex:
            self._pairs.forget(pair)
            self._proven[pair] = None
            self._proven.move_to_end(pair)
            while len(self._proven) > self._max_entries:
                self._proven.popitem(last=False)


class _Counts:
    """Failures by key under one rule, the ones longest untouched dropped first."""

    def __init__(self, rule: _Rule, max_entries: int) -> None:
        self._rule = rule
        self._max_entries = max_entries
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def wait(self, key: str, now: float) -> float:
        count = self._counts.get(key)
        return 0.0 if count is None else max(count.blocked_until - now, 0.0)

    def add(self, key: str, now: float) -> None:
        count = self._counts.pop(key, None)
        left = 0.0
        if count is not None:
            idle = now - count.changed_at
            left = max(count.failures - idle / self._rule.forgiven_seconds, 0.0)
        failures = min(left + 1.0, float(self._rule.free + _MAX_COUNTED))
        wait = self._wait_after(failures)
        self._counts[key] = _Count(failures, now, now + wait)
        while len(self._counts) > self._max_entries:
            self._counts.popitem(last=False)

    def forget(self, key: str) -> None:
        self._counts.pop(key, None)

    def _wait_after(self, failures: float) -> float:
        beyond = int(failures) - self._rule.free
        if beyond <= 0:
            return 0.0
        return min(2.0 ** (beyond - 1), self._rule.longest_seconds)


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 an IPv6 one is in."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _account_key(account: str) -> str:
    return account[:256].casefold()


def _pair_key(name: str, network: str) -> str:
    return f"{network}\0{name}"
