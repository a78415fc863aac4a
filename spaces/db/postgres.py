"""How PostgreSQL is opened, read and written.

Writers of one space queue on its row, locked before anything else is touched: the
set-based updates of ancestors would deadlock otherwise.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, bindparam, create_engine, event, select
from sqlalchemy.exc import DBAPIError

from spaces.db.failures import as_refusal, is_conflict, is_lost
from spaces.db.schema import spaces
from spaces.db.statement import Statement
from spaces.errors import Busy
from spaces.ids import SpaceId
from spaces.watch import Step, Watch

T = TypeVar("T")

_ATTEMPTS: Final = 20
_LOCK_TIMEOUT: Final = "3s"
"""How long an attempt waits for a lock: all of them together for a minute."""
_PAUSE_SECONDS: Final = 0.002
_POOL_SIZE: Final = 64
_LOCK_SPACE: Final = Statement(
    select(spaces.c.id).where(spaces.c.id == bindparam("space_id")).with_for_update()
)


class PostgresStore:
    """One PostgreSQL database, shared with other machines."""

    def __init__(self, *, url: URL, is_safe: bool, watch: Watch) -> None:
        self._watch = watch
        options = {} if is_safe else {"options": "-c synchronous_commit=off"}
        self._engine = create_engine(
            url,
            pool_size=_POOL_SIZE,
            max_overflow=-1,
            pool_pre_ping=True,
            connect_args=options,
        )

        @event.listens_for(self._engine, "connect")
        def bound_waits(driver: Any, _record: object) -> None:
            # No option of the connection's start: poolers like pgbouncer refuse those.
            driver.execute(f"SET lock_timeout = '{_LOCK_TIMEOUT}'")
            driver.commit()

        self._snapshots = self._engine.execution_options(
            isolation_level="REPEATABLE READ"
        )

        self._alone = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection in a transaction that sees one state."""
        began = perf_counter()
        try:
            with (
                _lost_is_busy(),
                self._snapshots.connect() as connection,
                connection.begin(),
            ):
                yield connection
        finally:
            self._watch.took(Step.READ, began, perf_counter())

    @contextmanager
    def read_once(self) -> Iterator[Connection]:
        """A connection for one statement, in no transaction."""
        began = perf_counter()
        try:
            with _lost_is_busy(), self._alone.connect() as connection:
                yield connection
        finally:
            self._watch.took(Step.READ, began, perf_counter())

    def write(self, job: Callable[[Connection], T], space_id: SpaceId | None) -> T:
        """Run a job, with the space's row locked."""
        for attempt in range(_ATTEMPTS):
            try:
                return self._commit(job, space_id)
            except DBAPIError as error:
                if not is_conflict(error):
                    refusal = as_refusal(error)
                    if refusal is None:
                        raise
                    raise refusal from error
            pause = _PAUSE_SECONDS * 2 ** min(attempt, 6)
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  # no secret
        raise Busy

    def _commit(self, job: Callable[[Connection], T], space_id: SpaceId | None) -> T:
        asked = began = perf_counter()
        is_done = False
        try:
            with self._engine.begin() as connection:
                if space_id is not None:
                    _LOCK_SPACE.first(connection, space_id=space_id)
                    began = perf_counter()
                    self._watch.took(Step.TURN, asked, began)
                result = job(connection)
                is_done = True
        except DBAPIError as error:
            # Lost in the commit itself, nobody can tell what became of it.
            if is_done or not is_lost(error):
                raise
            raise Busy from error
        else:
            self._watch.committed(1)
            return result
        finally:
            self._watch.took(Step.COMMIT, began, perf_counter())

    def close(self) -> None:
        """Close all connections that are not in use."""
        self._engine.dispose()


@contextmanager
def _lost_is_busy() -> Iterator[None]:
    """Where nothing is written: whoever asks again may find the server up again."""
    try:
        yield
    except DBAPIError as error:
        if is_lost(error):
            raise Busy from error
        raise
