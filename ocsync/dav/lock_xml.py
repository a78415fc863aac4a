"""Locks as XML: DAV:activelock elements, and the body of a LOCK request."""

from collections.abc import Callable, Iterable
from typing import Final

from ocsync.wire.sabre import escape
from spaces.clock import SECOND, system_clock
from spaces.ids import NodeId
from spaces.model import Lock

LockRoots = Callable[[NodeId], str]
"""The encoded path of a locked node, as the present request would name it."""

_MIN_SECONDS: Final = 1


def active_locks(locks: Iterable[Lock], roots: LockRoots) -> str:
    """The content of DAV:lockdiscovery."""
    return "".join(_active_lock(lock, roots(lock.node_id)) for lock in locks)


def _active_lock(lock: Lock, root: str) -> str:
    scope = "exclusive" if lock.is_exclusive else "shared"
    depth = "infinity" if lock.is_deep else "0"
    return (
        "<d:activelock><d:locktype><d:write/></d:locktype>"
        f"<d:lockscope><d:{scope}/></d:lockscope><d:depth>{depth}</d:depth>"
        f"{lock.owner_xml}<d:timeout>{_timeout(lock)}</d:timeout>"
        f"<d:locktoken><d:href>{escape(lock.token)}</d:href></d:locktoken>"
        f"<d:lockroot><d:href>{root}</d:href></d:lockroot></d:activelock>"
    )


def _timeout(lock: Lock) -> str:
    if lock.expires_at is None:
        return "Infinite"
    seconds = -((system_clock() - lock.expires_at) // SECOND)
    return f"Second-{max(seconds, _MIN_SECONDS)}"
