"""`ocsync backup` and `ocsync restore`."""

from collections.abc import Sequence
from pathlib import Path

import click

from ocsync.cli.options import with_settings
from ocsync.cli.output import print_json, size_words
from ocsync.datadir import prepare_folder
from ocsync.library import open_blob_store, open_library
from ocsync.settings import LoadedSettings, Settings
from ocsync.settings.model import DATABASE_FILE
from spaces.backup import back_up
from spaces.backup_folder import BackupError
from spaces.restore import restore as bring_back
from spaces.restore import verify


@click.command()
@click.argument("destination", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def backup(*, loaded: LoadedSettings, destination: Path, as_json: bool) -> None:
    """Copy everything to the folder DESTINATION.

    The server may be running. A second backup into the same folder copies only what
    is new. File content that is in a bucket stays there: the backup names the bucket.
    """
    settings = loaded.settings
    with open_library(settings) as library:
        try:
            done = back_up(
                destination,
                database=library.database,
                blobs=library.blobs,
                files=_kept_files(settings),
            )
        except BackupError as error:
            raise click.ClickException(str(error)) from error
    if as_json:
        print_json(
            {
                "contents": done.blobs,
                "bytes": done.content_bytes,
                "copied": done.copied_blobs,
                "uploads": done.uploads,
                "files": done.files,
                "missing": list(done.missing),
                "content_at": done.reference,
            }
        )
    elif done.reference is not None:
        click.echo(
            f"kept metadata and secrets in {destination}; {done.blobs} contents"
            f" ({size_words(done.content_bytes)}) stay in {done.reference}",
            err=True,
        )
    else:
        click.echo(
            f"kept {done.blobs} contents ({size_words(done.content_bytes)}),"
            f" {done.copied_blobs} of them new, in {destination}",
            err=True,
        )
    _fail_if_missing(done.missing)


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--check", is_flag=True, help="Only read the backup and say if it is whole."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def restore(
    *, loaded: LoadedSettings, source: Path, check: bool, as_json: bool
) -> None:
    """Make an installation of the backup in the folder SOURCE.

    The data folder must be new or empty.
    """
    try:
        if check:
            _check(loaded.settings, source, as_json=as_json)
        else:
            _restore(loaded.settings, source, as_json=as_json)
    except BackupError as error:
        raise click.ClickException(str(error)) from error


def _check(settings: Settings, source: Path, *, as_json: bool) -> None:
    is_elsewhere = not settings.blob_url.startswith("file:")
    blobs = open_blob_store(settings) if is_elsewhere else None
    found = verify(source, deep=True, blobs=blobs)
    if as_json:
        print_json(
            {
                "contents": found.blobs,
                "bytes": found.content_bytes,
                "missing": list(found.missing),
                "damaged": list(found.damaged),
            }
        )
    else:
        click.echo(
            f"{source} holds {found.blobs} contents"
            f" ({size_words(found.content_bytes)})",
            err=True,
        )
    _fail_if_missing((*found.missing, *found.damaged))


def _restore(settings: Settings, source: Path, *, as_json: bool) -> None:
    if settings.storage.database_url is not None:
        raise click.UsageError("a backup is restored into a data folder's own database")
    prepare_folder(settings.data)
    done = bring_back(
        source,
        data=settings.data,
        database_name=DATABASE_FILE,
        blobs=open_blob_store(settings),
    )
    if as_json:
        print_json(
            {
                "contents": done.blobs,
                "bytes": done.content_bytes,
                "uploads": done.uploads,
                "files": done.files,
                "missing": list(done.missing),
            }
        )
    else:
        click.echo(
            f"restored {done.blobs} contents ({size_words(done.content_bytes)})"
            f" to {settings.data}",
            err=True,
        )
    _fail_if_missing(done.missing)


def _kept_files(settings: Settings) -> list[Path]:
    """Secrets and keys: whatever else the service keeps in the data folder."""
    return sorted(settings.data.glob("*.json"))


def _fail_if_missing(missing: Sequence[str]) -> None:
    if missing:
        raise click.ClickException(
            f"{len(missing)} contents are missing or damaged; `ocsync fsck` names them"
        )
