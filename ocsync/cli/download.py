"""`ocsync download`: files and folders from a server, resumable over runs."""

import os
from pathlib import Path

import click

from ocsync.cli.transfer_options import Transfer, transfer_options
from ocsync.cli.transfer_progress import Report
from ocsync.client.download import DownloadRules
from ocsync.client.fetching import Fetching
from ocsync.client.stopping import Stop
from ocsync.client.urls import is_url, parse_url

_FOR_ALL = 0o666


@click.command()
@click.argument("arguments", metavar="URL... [DEST]", nargs=-1, required=True)
@transfer_options
@click.pass_obj
def download(
    umask: int | None, *, arguments: tuple[str, ...], transfer: Transfer
) -> int:
    """Fetch the files and folders at URL into DEST.

    DEST is the current folder if it is left out. A single file may be given its new
    name by it. A folder comes with everything below it; with a slash at the end of
    URL, what is in it comes without the folder.

    Files appear whole and verified, or not at all. Whatever breaks off goes on where
    it was, also when the command is run again. App tokens come from OCSYNC_TOKEN,
    --token-file or ~/.netrc.
    """
    urls = list(arguments)
    destination = Path() if is_url(urls[-1]) else Path(urls.pop())
    if not urls or not all(map(is_url, urls)):
        raise click.UsageError("expected URL... [DEST]")
    if umask is not None:
        # What is fetched is for whoever may read what this user makes otherwise.
        os.umask(umask)
    rules = DownloadRules(
        if_exists=transfer.if_exists,
        checksums=transfer.checksum,
        attempts=transfer.retries,
        file_mode=_FOR_ALL & ~(umask or 0),
    )
    credentials = transfer.credentials(urls)

    def carry(report: Report, stop: Stop) -> int:
        return Fetching(
            connect=transfer.connector(credentials, stop),
            rules=rules,
            listener=report,
            stop=stop,
            parallel=transfer.parallel,
        ).fetch_all(map(parse_url, urls), destination)

    return transfer.run(carry, "fetched")
