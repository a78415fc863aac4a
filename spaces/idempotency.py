"""Idempotency keys: a request that is sent again gets the answer it got before.

Keys belong to a user and are kept for a day. What an answer looks like is not known
here.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from spaces.clock import DAY, MINUTE, Instant
from spaces.db import idempotency as rows
from spaces.db.engine import Database
from spaces.ids import UserId

_KEPT: Final = DAY
_ABANDONED: Final = 10 * MINUTE
"""A request that has no answer after so long was cut short by a crash."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is known of a key: is this the first request, and else its answer.

    Not the first and no answer means that the first is still under way.
    """

    is_first: bool
    answer: str | None = None


class IdempotencyKeys:
    """The keys of all users."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def begin(self, user_id: UserId, key: str) -> Attempt:
        """Ask whether the request is new; if it is, `settle` must follow."""

        def job(connection: Connection) -> Attempt:
            now = self._database.now(connection)
            rows.remove_old(connection, Instant(now - _KEPT))
            found = rows.find(connection, user_id, key)
            if found is not None:
                since, answer = found
                if answer is not None or now - since < _ABANDONED:
                    return Attempt(is_first=False, answer=answer)
                rows.remove(connection, user_id, key)
            rows.insert_key(connection, user_id, key, now)
            return Attempt(is_first=True)

        return self._database.write(job)

    def settle(self, user_id: UserId, key: str, answer: str | None) -> None:
        """Keep the answer; without one the request has failed and may come anew."""

        def job(connection: Connection) -> None:
            if answer is None:
                rows.remove(connection, user_id, key)
            else:
                rows.set_answer(connection, user_id, key, answer)

        self._database.write(job)
