"""How SQLite is opened: pragmas, explicit BEGIN, one engine to read, one to write."""

import sqlite3
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

BUSY_TIMEOUT_MS: Final = 5_000
_MMAP_BYTES: Final = 1 << 30
_READ_CACHE_KIB: Final = 4_096
_WRITE_CACHE_KIB: Final = 65_536
_CHECKPOINT_PAGES: Final = 8_000
_READERS_KEPT: Final = 64


def create_readers(url: URL) -> Engine:
    """An engine whose transactions see one state and never wait for a writer."""
    return _create(
        url, begin="BEGIN", cache_kib=_READ_CACHE_KIB, is_safe=True, kept=_READERS_KEPT
    )


def create_writer(url: URL, *, is_safe: bool) -> Engine:
    """An engine whose transactions may write from the start."""
    return _create(
        url,
        begin="BEGIN IMMEDIATE",
        cache_kib=_WRITE_CACHE_KIB,
        is_safe=is_safe,
        kept=1,
    )


def _create(
    url: URL, *, begin: str, cache_kib: int, is_safe: bool, kept: int
) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=kept,
        max_overflow=-1,
        # Every block ends its transaction itself.
        pool_reset_on_return=None,
        connect_args={"check_same_thread": False, "cached_statements": 512},
    )
    pragmas = (
        f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
        "PRAGMA journal_mode = WAL",
        f"PRAGMA synchronous = {'FULL' if is_safe else 'NORMAL'}",
        "PRAGMA foreign_keys = ON",
        "PRAGMA temp_store = MEMORY",
        f"PRAGMA cache_size = -{cache_kib}",
        f"PRAGMA mmap_size = {_MMAP_BYTES}",
        f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}",
    )

    @event.listens_for(engine, "connect")
    def set_pragmas(driver: Any, _record: object) -> None:
        driver.isolation_level = None  # BEGIN is ours to say
        for pragma in pragmas:
            driver.execute(pragma).close()

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        driver_of(connection).execute(begin)

    return engine


def driver_of(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver
