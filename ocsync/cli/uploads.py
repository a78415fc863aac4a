"""`ocsync uploads`: what is being received, and sweeping up what never will be."""

from collections import Counter
from typing import Final

import click

from ocsync.cli.options import with_settings
from ocsync.cli.output import iso, print_rows, size_words
from ocsync.library import open_library
from ocsync.settings import LoadedSettings
from spaces.upload_model import Upload

_SHOWN_CHARACTERS: Final = 8
"""Of an upload's id in the table: on some dialects the id is the credential."""


@click.group()
def uploads() -> None:
    """Unfinished uploads."""


@uploads.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def list_uploads(loaded: LoadedSettings, as_json: bool) -> None:
    """List the uploads that are not finished."""
    with open_library(loaded.settings) as library:
        names = {each.id: each.name for each in library.accounts.list()}
        rows = [
            _upload_row(each, names.get(each.owner_id) if each.owner_id else None)
            for each in library.uploads.list_open()
        ]
    for row in rows if not as_json else ():
        row["id"] = f"{str(row['id'])[:_SHOWN_CHARACTERS]}…"
        row["received"] = f"{_length(row['offset'])} of {_length(row['length'])}"
    print_rows(
        rows,
        columns=("id", "dialect", "name", "owner", "received", "active", "expires"),
        as_json=as_json,
        empty="no uploads are under way",
    )


@uploads.command("sweep")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def sweep(loaded: LoadedSettings, as_json: bool) -> None:
    """Clear away expired uploads, and what nobody can reach.

    The server does so by itself every now and then; both may run at the same time.
    """
    counts: Counter[str] = Counter()
    with open_library(loaded.settings) as library:
        is_done = False
        while not is_done:
            swept = library.sweeper.sweep()
            counts += swept.counts
            is_done = swept.is_done
    print_rows(
        [{"what": name, "count": count} for name, count in sorted(counts.items())],
        columns=("what", "count"),
        as_json=as_json,
        empty="there was nothing to clear away",
    )


def _length(length: object) -> str:
    return size_words(length) if isinstance(length, int) else "?"


def _upload_row(each: Upload, owner: str | None) -> dict[str, object]:
    return {
        "id": each.id,
        "dialect": each.dialect,
        "name": each.name,
        "owner": owner,
        "offset": each.offset,
        "length": each.length,
        "active": iso(each.active_at),
        "expires": iso(each.expires_at),
    }
