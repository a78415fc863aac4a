"""What drivers' errors mean: a conflict, a full disk, a lost server, or a fault."""

import sqlite3
from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError

from spaces.errors import SpacesError, StorageFull

_CONFLICT_STATES: Final = frozenset({"40001", "40P01", "55P03"})
"""PostgreSQL: serialization failure, deadlock, lock not available."""
_FULL_CODES: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})
"""The second where a full disk has no room for the index of the log either."""
_FULL_STATES: Final = frozenset({"53100"})
_LOST_STATES: Final = frozenset({"", "57P01", "57P02", "57P03", "53300"})
"""PostgreSQL: no answer at all, going down, crashed, not up yet, no connection left."""
_CONFLICT_CODES: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def _driver_error(error: BaseException) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error


def is_conflict(error: BaseException) -> bool:
    """Whether the transaction met another one and may succeed if run again."""
    driver_error = _driver_error(error)
    if isinstance(driver_error, sqlite3.Error):
        code = getattr(driver_error, "sqlite_errorcode", 0)
        return (code & 0xFF) in _CONFLICT_CODES
    return getattr(driver_error, "sqlstate", None) in _CONFLICT_STATES


def is_lost(error: BaseException) -> bool:
    """Whether the database server could not be reached, or is so no longer."""
    driver_error = _driver_error(error)
    if not isinstance(error, OperationalError) or isinstance(
        driver_error, sqlite3.Error
    ):
        return False
    state: str = getattr(driver_error, "sqlstate", None) or ""
    return state in _LOST_STATES or state.startswith("08")


def as_refusal(error: BaseException) -> SpacesError | None:
    """The error in the domain's words, None if it has none for it."""
    driver_error = _driver_error(error)
    if isinstance(driver_error, sqlite3.Error):
        code = getattr(driver_error, "sqlite_errorcode", 0)
        return StorageFull() if code in _FULL_CODES else None
    if getattr(driver_error, "sqlstate", None) in _FULL_STATES:
        return StorageFull()
    return None
