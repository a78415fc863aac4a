"""`ocsync config`: what is set, and where each value came from."""

from datetime import timedelta
from pathlib import Path

import click

from ocsync.cli.options import with_settings
from ocsync.cli.output import print_rows
from ocsync.settings import DECLARATIONS, LoadedSettings
from ocsync.settings.quantities import format_duration


@click.group()
def config() -> None:
    """The settings and where they come from."""


@config.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def show(loaded: LoadedSettings, as_json: bool) -> None:
    """Print every setting with its value and source; secrets are masked."""
    rows = [
        {
            "setting": each.key,
            "value": _shown(_value(loaded, each.key), is_secret=each.is_secret),
            "source": loaded.sources[each.key],
            "environment": each.env[0],
            "help": each.help,
        }
        for each in DECLARATIONS
    ]
    columns = ("setting", "value", "source", "environment")
    print_rows(rows, columns=columns, as_json=as_json, empty="")


def _value(loaded: LoadedSettings, key: str) -> object:
    group, _, name = key.partition(".")
    return getattr(getattr(loaded.settings, group), name)


def _shown(value: object, *, is_secret: bool) -> object:
    """A value as it could stand in the TOML file, for people and for JSON."""
    if value is None:
        return None
    if is_secret:
        return "********"
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    if isinstance(value, Path):
        return str(value)
    return value
