"""Which schema the database has, and bringing it to the one this program needs."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from spaces.db.urls import parse_url
from spaces.errors import SchemaMismatch

_UPGRADE_LOCK: Final = 0x0C5C
"""One process upgrades, others wait; on SQLite BEGIN IMMEDIATE sees to that."""
_MIGRATIONS: Final = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def latest_revision() -> str:
    """The revision this program needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def revision_of(connection: Connection) -> str | None:
    """The revision the database is at; None if it was never migrated."""
    return MigrationContext.configure(connection).get_current_revision()


def require_current(connection: Connection) -> None:
    """Refuse a database that this program does not fit.

    Raises:
        SchemaMismatch: it is empty, older or newer.
    """
    found = revision_of(connection)
    expected = latest_revision()
    if found != expected:
        raise SchemaMismatch(found or "none", expected)


def upgrade(url: str | URL) -> None:
    """Bring the database to the latest schema, all in one transaction.

    Raises:
        SchemaMismatch: it has a revision this program does not know.
    """
    engine = create_engine(parse_url(url), poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        _begin_for_ddl(engine)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
            require_known(connection)
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def require_known(connection: Connection) -> None:
    """Refuse a database of a version that is later than this program.

    Raises:
        SchemaMismatch: it is.
    """
    found = revision_of(connection)
    known = {
        script.revision
        for script in ScriptDirectory.from_config(_config()).walk_revisions()
    }
    if found is not None and found not in known:
        raise SchemaMismatch(found, latest_revision())


def _begin_for_ddl(engine: Engine) -> None:
    """Let SQLite change the schema inside a transaction, one process at a time."""

    @event.listens_for(engine, "connect")
    def take_over(driver: object, _record: object) -> None:
        driver.isolation_level = None  # type: ignore[attr-defined]
        driver.execute("PRAGMA journal_mode = WAL").close()  # type: ignore[attr-defined]
        driver.execute("PRAGMA busy_timeout = 30000").close()  # type: ignore[attr-defined]

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
