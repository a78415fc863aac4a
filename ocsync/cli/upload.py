"""`ocsync upload`: files and folders to a server, resumable over runs."""

import os
from pathlib import Path

import click

from ocsync.cli.quantities import SizeType
from ocsync.cli.transfer_options import Transfer, transfer_options
from ocsync.cli.transfer_progress import Report
from ocsync.client.journal import Journal, default_folder
from ocsync.client.sending import Sending
from ocsync.client.stopping import Stop
from ocsync.client.upload import UploadRules
from ocsync.client.urls import is_url, parse_url


@click.command()
@click.argument("arguments", metavar="FILE... URL", nargs=-1, required=True)
@click.option(
    "--chunk-size",
    type=SizeType(),
    metavar="SIZE",
    help="Bytes in one request.  [default: as the server wants]",
)
@click.option("--follow", is_flag=True, help="Follow links that lie in folders.")
@transfer_options
def upload(
    *,
    arguments: tuple[str, ...],
    chunk_size: int | None,
    follow: bool,
    transfer: Transfer,
) -> int:
    """Send files and folders to the folder at URL.

    URL is a folder as WebDAV has it (of a space: /dav/spaces/ID/…), /files, the bare
    address of a server (your own files there), or any other tus server's. A single
    file may be given its new name at the end of URL.

    Whatever breaks off goes on where it was, also when the command is run again. App
    tokens come from OCSYNC_TOKEN, --token-file or ~/.netrc.
    """
    *paths, url = arguments
    if not is_url(url):
        raise click.UsageError(f"the last argument must be a URL, not {url!r}")
    if not paths:
        raise click.UsageError("which files? expected FILE... URL")
    if any(map(is_url, paths)):
        raise click.UsageError("only one URL can be sent to; see `ocsync download`")
    rules = UploadRules(
        if_exists=transfer.if_exists,
        checksums=transfer.checksum,
        chunk_bytes=chunk_size,
        attempts=transfer.retries,
    )
    credentials = transfer.credentials([url])

    def carry(report: Report, stop: Stop) -> int:
        return Sending(
            connect=transfer.connector(credentials, stop),
            journal=Journal(default_folder(os.environ)),
            rules=rules,
            listener=report,
            stop=stop,
            parallel=transfer.parallel,
            follow=follow,
        ).send_all(map(Path, paths), parse_url(url))

    return transfer.run(carry, "sent")
