"""The migrations build what the schema says."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from spaces.db.engine import Database
from spaces.db.revision import latest_revision, revision_of
from spaces.db.schema import TABLES, metadata


def test_migrated_schema_equals_the_metadata(database: Database) -> None:
    """Tables, columns, types, indexes and constraints are the same."""
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, metadata)

    assert differences == []


def test_database_is_at_the_latest_revision(database: Database) -> None:
    """A migrated database says so."""
    with database.read() as connection:
        assert revision_of(connection) == latest_revision()


def test_every_table_is_listed() -> None:
    """Backups and tests walk over `TABLES`, in an order that foreign keys allow."""
    assert set(TABLES) == set(metadata.tables.values())
    seen: set[str] = set()
    for table in TABLES:
        needed = {key.column.table.name for key in table.foreign_keys}
        assert needed <= seen | {table.name}
        seen.add(table.name)


def test_migrations_are_shipped() -> None:
    """The scripts lie beside the code that runs them."""
    folder = Path(__file__).parents[2] / "spaces" / "db" / "migrations"

    assert (folder / "env.py").is_file()
    assert list((folder / "versions").glob("0001_*.py"))
