"""`ocsync db`: the schema of the database."""

import click

from ocsync.cli.options import with_settings
from ocsync.datadir import prepare_folder
from ocsync.settings import LoadedSettings
from spaces.db.revision import latest_revision, upgrade


@click.group()
def db() -> None:
    """The schema of the database."""


@db.command("upgrade")
@with_settings
def upgrade_schema(loaded: LoadedSettings) -> None:
    """Bring the database to the schema that this program needs.

    Stop the server and make a backup first. Nothing happens if it is there already.
    """
    settings = loaded.settings
    prepare_folder(settings.data)
    upgrade(settings.database_url)
    click.echo(f"the database has schema {latest_revision()}", err=True)
