"""The tree of commands."""

import click

from ocsync._version import __version__
from ocsync.cli.accounts import token, user
from ocsync.cli.configuration import config
from ocsync.cli.database import db
from ocsync.cli.serve import serve
from ocsync.cli.spaces import space
from ocsync.cli.uploads import uploads


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ocsync")
def cli() -> None:
    """A file-sync server that speaks ownCloud Infinite Scale, WebDAV and tus.

    Start with `ocsync serve`. Every setting can also come from the environment or a
    TOML file: `ocsync config show` lists them all.
    """


for command in (
    serve,
    user,
    token,
    space,
    uploads,
    config,
    db,
):
    cli.add_command(command)
