"""The tree of commands. Each is imported when it is used, so that others start fast."""

from collections.abc import Mapping
from importlib import import_module
from typing import Final

import click

from ocsync._version import __version__

_MODULES: Final[Mapping[str, str]] = {
    "serve": "serve",
    "upload": "upload",
    "download": "download",
    "user": "accounts",
    "token": "accounts",
    "space": "spaces",
    "uploads": "uploads",
    "audit": "audit",
    "stats": "stats",
    "fsck": "check",
    "doctor": "doctor",
    "backup": "backups",
    "restore": "backups",
    "config": "configuration",
    "db": "database",
    "oidc": "issuer",
    "omegastream": "api_keys",
    "picora": "api_keys",
    "health": "health",
    "completion": "completion",
    "man": "manual",
}
"""Which module of this package has the command, in the order of the help."""


class LazyGroup(click.Group):
    """A group whose commands live in modules that are imported on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The commands' names."""
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of this name; None if there is none."""
        module = _MODULES.get(cmd_name)
        if module is None:
            return None
        command = getattr(import_module(f"ocsync.cli.{module}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ocsync")
def cli() -> None:
    """A file-sync server that speaks ownCloud Infinite Scale, WebDAV and tus.

    Start with `ocsync serve`. Every setting can also come from the environment or a
    TOML file: `ocsync config show` lists them all.
    """
