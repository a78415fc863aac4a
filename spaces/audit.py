"""The audit log: who logged in, changed rights, used tokens, removed things.

`record` adds an entry inside the transaction of the deed itself, so there is none
without the other; who did it is known from the context. Entries are only ever added,
and forgotten by age alone (`spaces.sweeper`). Nothing in one opens a door: names, ids
and paths, never a secret.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection

from spaces.account_names import account_key
from spaces.audit_model import CALLER, Action, Deed
from spaces.clock import Instant
from spaces.db import accounts
from spaces.db import audit as rows
from spaces.db.engine import Database
from spaces.errors import SpacesError
from spaces.ids import SpaceId, new_id
from spaces.model import Actor, User

_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})
_FAILURES_PER_MINUTE: Final = 60
_LOGIN_NOTED_SECONDS: Final = 15 * 60
_MOST_LOGINS: Final = 10_000
_MINUTE_SECONDS: Final = 60.0


def record(
    connection: Connection,
    at: Instant,
    action: Action,
    subject: str = "",
    subject_id: str = "",
    *,
    space_id: SpaceId | None = None,
    by: Actor | User | None = None,
    detail: Mapping[str, object] = _NOTHING,
) -> None:
    """Add an entry to the transaction of the deed.

    `by` is who did it, where the call itself does not know: while logging in.
    """
    caller = CALLER.get()
    user_id = by.id if isinstance(by, User) else None if by is None else by.user_id
    name = "" if by is None else by.name
    if caller is not None:
        user_id, name = user_id or caller.user_id, name or caller.user_name
    rows.insert_deed(
        connection,
        Deed(
            id=new_id(),
            at=at,
            action=action,
            user_id=user_id,
            user_name=name,
            address="" if caller is None else caller.address,
            request_id="" if caller is None else caller.request_id,
            subject=subject,
            subject_id=subject_id,
            space_id=space_id,
            detail=detail,
        ),
    )


class AuditLog:
    """Looking into the log, and the entries that belong to no other change."""

    def __init__(
        self, *, database: Database, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._clock = clock
        self._mutex = threading.Lock()
        self._noted: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._minute = 0.0
        self._failures = 0
        self._unrecorded = 0

    def find(
        self, *, since: Instant, user: str = "", action: str = "", most: int = 100
    ) -> Sequence[Deed]:
        """Entries since then, the latest first.

        Args:
            since: the earliest time.
            user: did it, or had it done to them; "" for everybody.
            action: its name or the beginning of it, such as `login.`.
            most: how many entries at most.
        """
        with self._database.read() as connection:
            return tuple(
                rows.find_deeds(
                    connection, since=since, user=user, action=action, most=most
                )
            )

    def note(
        self,
        action: Action,
        subject: str,
        *,
        space_id: SpaceId | None = None,
        by: Actor | None = None,
        detail: Mapping[str, object] = _NOTHING,
    ) -> None:
        """Record a deed that changes nothing in the database."""

        def job(connection: Connection) -> None:
            now = self._database.now(connection)
            record(
                connection,
                now,
                action,
                subject,
                space_id=space_id,
                by=by,
                detail=detail,
            )

        self._database.write(job)

    def logged_in(self, actor: Actor, *, method: str) -> None:
        """Record that somebody proved who they are, once in a while.

        A program sends its password with each request: the same user from the same
        address is recorded again after a quarter of an hour only.
        """
        caller = CALLER.get()
        address = "" if caller is None else caller.address
        if self._is_noted((actor.user_id, address, method)):
            return

        def job(connection: Connection) -> None:
            now = self._database.now(connection)
            record(
                connection,
                now,
                Action.LOGIN_OK,
                actor.name,
                actor.user_id,
                by=actor,
                detail={"method": method},
            )

        with suppress(SpacesError):  # logging in does not depend on it
            self._database.write(job)

    def refused(self, claimed: str, *, method: str) -> None:
        """Record that somebody did not.

        Of a name that nobody has, nothing is kept: people type passwords there. In a
        flood only some are recorded, the next one says how many were not.
        """
        left_out = self._take_failure()
        if left_out is None:
            return
        key = account_key(claimed)
        detail: dict[str, object] = {"method": method}
        if left_out:
            detail["unrecorded"] = left_out

        def job(connection: Connection) -> None:
            now = self._database.now(connection)
            row = None if key is None else accounts.find_by_name(connection, key)
            name, user_id = ("", "") if row is None else (row.user.name, row.user.id)
            record(connection, now, Action.LOGIN_FAILED, name, user_id, detail=detail)

        with suppress(SpacesError):
            self._database.write(job)

    def _is_noted(self, key: tuple[str, str, str]) -> bool:
        """Whether this was recorded lately; it counts as recorded from here on."""
        now = self._clock()
        with self._mutex:
            noted_at = self._noted.get(key)
            if noted_at is not None and now - noted_at < _LOGIN_NOTED_SECONDS:
                return True
            self._noted[key] = now
            self._noted.move_to_end(key)
            while len(self._noted) > _MOST_LOGINS:
                self._noted.popitem(last=False)
        return False

    def _take_failure(self) -> int | None:
        """How many were left out before this one; None if this is one of them."""
        now = self._clock()
        with self._mutex:
            if now - self._minute >= _MINUTE_SECONDS:
                self._minute, self._failures = now, 0
            if self._failures >= _FAILURES_PER_MINUTE:
                self._unrecorded += 1
                return None
            self._failures += 1
            left_out, self._unrecorded = self._unrecorded, 0
            return left_out
