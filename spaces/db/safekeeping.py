"""Before the schema changes: whether it will, and a copy of what there is.

It copies a SQLite file only. PostgreSQL has tools of its own for that, and the content
of files does not change with the schema.
"""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from spaces.db.revision import latest_revision, require_known, revision_of
from spaces.db.urls import parse_url


def is_upgrade_due(url: str | URL) -> bool:
    """Whether there is a database already whose schema is an earlier one.

    Raises:
        SchemaMismatch: it is a later one.
    """
    parsed = parse_url(url)
    if _is_missing_file(parsed):
        return False
    engine = create_engine(parsed, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            if not inspect(connection).get_table_names():
                return False
            require_known(connection)
            return revision_of(connection) != latest_revision()
    finally:
        engine.dispose()


def keep_copy(url: str | URL) -> Path | None:
    """Copy a SQLite database to a file beside it; None if it is in PostgreSQL.

    Raises:
        OSError, sqlite3.Error: there is no room, or the database is damaged.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    path = Path(parsed.database or "")
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    copy = path.with_name(f"{path.name}.{moment}.bak")
    with (
        closing(sqlite3.connect(path)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    return copy


def _is_missing_file(url: URL) -> bool:
    is_sqlite = url.get_backend_name() == "sqlite"
    return is_sqlite and not Path(url.database or "").exists()
