"""`ocsync db`: the schema of the database."""

import sqlite3

import click

from ocsync.cli.options import with_settings
from ocsync.datadir import prepare_folder
from ocsync.settings import LoadedSettings
from spaces.db.revision import latest_revision, upgrade
from spaces.db.safekeeping import is_upgrade_due, keep_copy


@click.group()
def db() -> None:
    """The schema of the database."""


@db.command("upgrade")
@click.option("--no-backup", is_flag=True, help="Do not copy the database before.")
@with_settings
def upgrade_schema(*, loaded: LoadedSettings, no_backup: bool) -> None:
    """Bring the database to the schema that this program needs.

    Stop the server first. Nothing happens if it is there already; else the database is
    copied to a file beside it, to go back to. One in PostgreSQL is yours to copy, with
    pg_dump: say --no-backup when that is done.
    """
    settings = loaded.settings
    prepare_folder(settings.data)
    if not no_backup and is_upgrade_due(settings.database_url):
        _keep_copy(settings.database_url)
    upgrade(settings.database_url)
    click.echo(f"the database has schema {latest_revision()}", err=True)


def _keep_copy(url: str) -> None:
    try:
        copy = keep_copy(url)
    except sqlite3.Error as error:
        raise click.ClickException(f"cannot copy the database: {error}") from error
    if copy is None:
        raise click.UsageError(
            "back the database up with pg_dump, and then say --no-backup"
        )
    click.echo(f"the database as it was is in {copy}", err=True)
