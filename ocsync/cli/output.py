"""Printing results: a table for people, JSON for scripts."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ocsync.settings.quantities import format_size
from spaces.clock import Instant, to_datetime

Row = Mapping[str, object]

_PLAIN_WIDTH = 200


def print_rows(
    rows: Iterable[Row], *, columns: Sequence[str], as_json: bool, empty: str
) -> None:
    """Print the rows; a table shows only the columns, JSON everything."""
    listed = list(rows)
    if as_json:
        print_json(listed)
        return
    if not listed:
        click.echo(empty, err=True)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in listed:
        table.add_row(*(escape(_cell(row[column])) for column in columns))
    _console().print(table)


def print_json(document: object) -> None:
    """Print a document as JSON, for a script."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def iso(instant: Instant | None) -> str | None:
    """An instant as ISO 8601 in UTC."""
    if instant is None:
        return None
    return to_datetime(instant).strftime("%Y-%m-%dT%H:%M:%SZ")


def size_words(size_bytes: int | None) -> str:
    """A size for people: rounded to three digits, or as it was set."""
    if size_bytes is None:
        return "unlimited"
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.3g} {unit}"
    return f"{format_size(size_bytes)} {'byte' if size_bytes == 1 else 'bytes'}"


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _console() -> Console:
    """A console that folds to the terminal, but never cuts what goes to a file."""
    is_terminal = sys.stdout.isatty()
    return Console(width=None if is_terminal else _PLAIN_WIDTH, highlight=False)
