"""`ocsync config`: what is set, and where each value came from."""

import click

from ocsync.cli.options import with_settings
from ocsync.cli.output import print_rows
from ocsync.settings import DECLARATIONS, LoadedSettings
from ocsync.settings.reference import format_value, reference_page, sample_file


@click.group()
def config() -> None:
    """The settings and where they come from."""


@config.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def show(loaded: LoadedSettings, as_json: bool) -> None:
    """Print every setting with its value and source.

    Secrets are masked.
    """
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


@config.command("sample")
def sample() -> None:
    """Print a settings file with everything in it, commented."""
    click.echo(sample_file(), nl=False)


@config.command("reference")
def reference() -> None:
    """Print the settings as a Markdown page."""
    click.echo(reference_page(), nl=False)


def _value(loaded: LoadedSettings, key: str) -> object:
    group, _, name = key.partition(".")
    return getattr(getattr(loaded.settings, group), name)


def _shown(value: object, *, is_secret: bool) -> object:
    """A value for people, and for JSON, where numbers and switches stay as they are."""
    if value is None or (isinstance(value, bool | int) and not is_secret):
        return value
    return "********" if is_secret else format_value(value)
